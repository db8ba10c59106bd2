-- Argo CD gives a script neither the string library nor more than a second.
local hs = { status = "Progressing", message = "the operator has not looked at it yet" }
local status = obj.status
if status == nil or status.conditions == nil or status.observedGeneration ~= obj.metadata.generation then
  return hs
end

-- Ready is False and nobody mends it by waiting: pods that crash or cannot start, and a scheduler that cannot be reached.
local trouble = { SchedulerUnreachable = true, PodsEndEarly = true }
for _, part in ipairs({ "Scheduler", "Worker" }) do
  for _, reason in ipairs({ "CrashLoopBackOff", "ImagePullBackOff", "InvalidImageName", "CreateContainerConfigError",
    "CreateContainerError", "RunContainerError", "ErrImageNeverPull" }) do
    trouble[part .. reason] = true
  end
end

for _, condition in ipairs(status.conditions) do
  if condition.type == "Ready" then
    hs.message = condition.message
    if condition.status == "True" then
      -- Stopped for being idle is where a cluster rests; suspended is what somebody asked for.
      hs.status = status.phase == "Suspended" and "Suspended" or "Healthy"
    elseif trouble[condition.reason] then
      hs.status = "Degraded"
    end
  end
end
for _, condition in ipairs(status.conditions) do
  if condition.type == "Stalled" and condition.status == "True" then
    return { status = "Degraded", message = condition.message }
  end
end
return hs
