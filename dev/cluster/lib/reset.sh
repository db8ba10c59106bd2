# Sourced: ends everything of the cluster and takes away what it left on the machine, whatever state it was in: running,
# half started, or killed with only files left. Images, certificates and logs stay.

# leftovers_kill: every process in our cgroup: the containers, whether anything still watches over them or not.
leftovers_kill() {
  local i d pids p
  for ((i = 0; i < 100; i++)); do
    pids=
    for d in $(cgroup_dirs); do
      if [ -d "$d" ]; then pids+=" $(find "$d" -name cgroup.procs -exec cat {} + 2>/dev/null | tr '\n' ' ' || true)"; fi
    done
    pids=$(tr ' ' '\n' <<<"$pids" | sort -u)
    [ -n "${pids//[$'\n ']/}" ] || break
    for p in $pids; do kill -9 "$p" 2>/dev/null || true; done
    sleep 0.05
  done
}

# strays_kill: what still works for this state directory: the shims between containerd and its containers, which outlive
# both, and daemons whose pid file got lost.
strays_kill() {
  local p
  for p in /proc/[0-9]*; do
    if { tr '\0' ' ' <"$p/cmdline"; } 2>/dev/null |
      grep -qE "^[^ ]*/?(containerd(-shim-runc-v2)?|etcd|kubelet|kube-(apiserver|controller-manager|scheduler|proxy)|calico-felix) .*[ =]$S/"; then
      kill -9 "${p#/proc/}" 2>/dev/null || true
    fi
  done
}

unmount_all() {
  local m
  # Newest first; lazily, for a dying process may still look at one.
  for m in $(cut -d' ' -f2 /proc/mounts | grep -F "$S/" | tac); do umount -l "$(printf '%b' "$m")" 2>/dev/null || true; done
}

# The machine has one such cluster: network and cgroup are its own. This file names the state directory it belongs to.
OWNER=/run/planetary-operator.cluster

own() {
  local other
  other=$(cat $OWNER 2>/dev/null || true)
  if [ -n "$other" ] && [ "$other" != "$S" ] && { S=$other alive etcd || S=$other alive kubelet; }; then
    die "this machine already runs the cluster of $other; use that one, or run: PLANETARY_STATE=$other dev/cluster/down"
  fi
  echo "$S" >$OWNER
}

reset() {
  local d
  own
  stop kubelet proxy
  leftovers_kill
  if alive containerd; then containers_forget; fi
  stop felix scheduler controller-manager containerd apiserver etcd
  strays_kill
  leftovers_kill   # what a stray kubelet may have begun meanwhile
  unmount_all
  network_remove
  for d in $(cgroup_dirs); do if [ -d "$d" ]; then find "$d" -depth -type d -exec rmdir {} + 2>/dev/null || true; fi; done
  rm -rf --one-file-system "$S/etcd" "$S/run" "$S/cni" "$S/inputs" "$S"/log/audit*.log
  # Left by kubelet and Felix at places that they cannot be talked out of.
  find /var/log/containers -lname "$S/*" -delete 2>/dev/null || true
  rm -f /var/lib/calico/mtu && rmdir /var/lib/calico 2>/dev/null || true
}
