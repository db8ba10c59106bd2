"""What a PlanetaryCluster's status says to a user: lines, each told once; whether it can still work out.

Pure: objects in, words out.
"""

from __future__ import annotations

ON_ITS_WAY = {
    "SchedulerStarting",
    "WorkersStarting",
    "WorkersReplacing",
    "WorkersLeaving",
    "SchedulerNotReady",
    "LocatingData",
    "",
}
"""Reasons that are no trouble."""
HOPELESS = ("ImagePullBackOff", "ErrImagePull", "InvalidImageName", "ErrImageNeverPull", "CrashLoopBackOff")
"""Ends of reasons that seldom go away by waiting."""
ENDED = {"Stopped", "Suspended"}


def current(cluster: dict) -> dict:
    """The status, unless it speaks of a spec before this one."""
    status = cluster.get("status") or {}
    return status if status.get("observedGeneration") == cluster["metadata"].get("generation") else {}


def address(cluster: dict) -> str:
    """The scheduler's, inside the Kubernetes cluster; no change of the spec changes it."""
    return ((cluster.get("status") or {}).get("scheduler") or {}).get("address", "")


def condition(cluster: dict, kind: str) -> dict:
    """A condition of the present spec; empty if there is none."""
    found = (c for c in current(cluster).get("conditions", []) if c["type"] == kind)
    return next(found, {})


def holds(cluster: dict, kind: str) -> bool:
    return condition(cluster, kind).get("status") == "True"


def workers(cluster: dict) -> tuple[int, int]:
    """How many workers are ready, and how many are wanted, over all groups."""
    groups = current(cluster).get("groups", [])
    return sum(g.get("ready", 0) for g in groups), sum(g.get("desired", 0) for g in groups)


def all_there(cluster: dict) -> bool:
    """Scheduler and as many workers as it is to have now."""
    ready, wanted = workers(cluster)
    return holds(cluster, "SchedulerReady") and bool(current(cluster).get("groups")) and ready >= wanted


def verdict(cluster: dict) -> str:
    """Why the cluster cannot go on without a change; empty while it may."""
    stalled = condition(cluster, "Stalled")
    return f"{stalled['reason']}: {stalled['message']}" if stalled.get("status") == "True" else ""


def hopeless(cluster: dict) -> str:
    """Trouble of the scheduler that waiting seldom helps; empty if there is none."""
    scheduler = condition(cluster, "SchedulerReady")
    return _why(scheduler) if scheduler.get("reason", "").endswith(HOPELESS) else ""


def why_not_ready(cluster: dict) -> str:
    """What is missing, in the operator's words; empty if nothing is or nothing is known."""
    for kind in ("Stalled", "Limited"):
        if holds(cluster, kind):
            return _why(condition(cluster, kind))
    for kind in ("SchedulerReady", "Ready", "WorkersReady"):
        found = condition(cluster, kind)
        if found.get("status") == "False":
            return _why(found)
    return ""


def expiry(cluster: dict) -> str:
    """The warning that the cluster is stopped or deleted soon; empty while it is not."""
    if not holds(cluster, "ExpiresSoon"):
        return ""
    end = current(cluster).get("expiresAt", "soon")
    what = "deleted" if cluster.get("spec", {}).get("onExpiry") == "Delete" else "stopped"
    reason = condition(cluster, "ExpiresSoon")["reason"]
    why = "it has reached its maxLifetime" if reason == "MaxLifetime" else "nobody uses it"
    words = f"Warning: the cluster is {what} at {end}, for {why}, and results on its workers are lost"
    return f"{words}; compute to keep it." if reason != "MaxLifetime" else f"{words}."


def summary(cluster: dict) -> dict:
    """One line of a list of clusters."""
    ready, wanted = workers(cluster)
    return {
        "name": cluster["metadata"]["name"],
        "phase": current(cluster).get("phase", "Pending"),
        "workers": ready,
        "wanted": wanted,
        "reason": condition(cluster, "Ready").get("reason", ""),
    }


class Steps:
    """The lines to show of one cluster's statuses, in order, without repetitions."""

    def __init__(self):
        self._told: dict[str, str] = {}

    def of(self, cluster: dict | None) -> list[str]:
        """What is new in this status; ``None`` is a cluster that is gone."""
        if cluster is None:
            return ["Cluster deleted"]
        if not current(cluster):
            return []
        lines = [
            self._new("scheduler", self._scheduler(cluster)),
            self._new("workers", self._workers(cluster)),
            self._new("limited", self._limited(cluster)),
            self._new("data", self._far(cluster)),
            self._new("expiry", expiry(cluster)),
        ]
        return [line for line in lines if line]

    def _new(self, subject: str, line: str) -> str:
        told = self._told.get(subject)
        self._told[subject] = line
        return "" if line == told else line

    @staticmethod
    def _scheduler(cluster: dict) -> str:
        phase = current(cluster).get("phase", "")
        if phase in ENDED:
            return f"{phase}: {condition(cluster, 'Ready').get('message', '')}"
        ready = condition(cluster, "SchedulerReady")
        if ready.get("status") == "True":
            return "Scheduler running"
        if ready.get("reason", "") in ON_ITS_WAY:
            return "Scheduler starting"
        return f"Scheduler starting: {_why(ready)}"

    @staticmethod
    def _workers(cluster: dict) -> str:
        ready, wanted = workers(cluster)
        if not holds(cluster, "SchedulerReady") or not wanted:
            return ""
        trouble = next(
            (
                _why(found)
                for found in (condition(cluster, "WorkersReady"), condition(cluster, "Ready"))
                if found.get("status") == "False" and found.get("reason", "") not in ON_ITS_WAY
            ),
            "",
        )
        return f"Workers {ready}/{wanted}" + (f": {trouble}" if trouble and ready < wanted else "")

    @staticmethod
    def _limited(cluster: dict) -> str:
        return f"Limited: {condition(cluster, 'Limited')['message']}" if holds(cluster, "Limited") else ""

    @staticmethod
    def _far(cluster: dict) -> str:
        """Only of one that runs all the same: what is refused has its own words."""
        found = condition(cluster, "DataLocal")
        far = found.get("status") == "False" or found.get("reason") == "CollectionNotFound"
        return f"Warning: {found['message']}" if far and not verdict(cluster) else ""


def _why(found: dict) -> str:
    """Reason and message; the reason only where the message does not say it."""
    reason, message = found.get("reason", ""), found.get("message", "")
    said = reason in message or any(reason.endswith(word) and word in message for word in HOPELESS)
    return message if said or not reason else f"{reason}: {message}"
