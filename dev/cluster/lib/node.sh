# Sourced: containerd and kubelet. Everything lies under $S and in the cgroup /planetary.

NODE=node1
CGROUP=planetary

# cgroup_dirs: our cgroup in every hierarchy (v1) or in the one (v2).
cgroup_dirs() {
  local d
  if [ -e /sys/fs/cgroup/cgroup.controllers ]; then echo /sys/fs/cgroup/$CGROUP; return 0; fi
  for d in /sys/fs/cgroup/*/; do
    if [ -e "$d/cgroup.procs" ]; then echo "$(readlink -f "$d")/$CGROUP"; fi
  done | sort -u
}

cgroups_make() {
  local d c
  for d in $(cgroup_dirs); do
    mkdir -p "$d"
    # A fresh cpuset has neither processors nor memory; v2's root hands on only the controllers that it is told to.
    for c in cpuset.cpus cpuset.mems; do
      if [ -e "$d/../cgroup.procs" ] && [ -s "$d/../$c" ] && [ -e "$d/$c" ] && [ -z "$(<"$d/$c")" ]; then cat "$d/../$c" >"$d/$c"; fi
    done
  done
  if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
    for c in $(cat /sys/fs/cgroup/cgroup.controllers); do echo "+$c" >/sys/fs/cgroup/cgroup.subtree_control 2>/dev/null || true; done
  fi
}

containerd_start() {
  local cri='plugins."io.containerd.grpc.v1.cri"'
  # restrict_oom_score_adj: without CAP_SYS_RESOURCE (a container, a sandbox) no pod would start.
  cat >"$S/conf/containerd.toml" <<X
version = 2
root = "$S/containerd"
state = "$S/run/containerd"
[grpc]
  address = "$S/run/containerd.sock"
[debug]
  level = "warn"
[plugins."io.containerd.internal.v1.opt"]
  path = "$S/run/opt"
[$cri]
  sandbox_image = "registry.k8s.io/pause:3.10"
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  stream_server_address = "127.0.0.1"
[$cri.cni]
  bin_dir = "$S/cni/bin"
  conf_dir = "$S/cni/conf"
[$cri.containerd]
  snapshotter = "overlayfs"
  discard_unpacked_layers = false
[$cri.containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
[$cri.containerd.runtimes.runc.options]
  Root = "$S/run/runc"
X
  start containerd containerd --config "$S/conf/containerd.toml"
}

containerd_ctr() { ctr --address "$S/run/containerd.sock" --namespace k8s.io "$@"; }

# containerd_ready fresh|resumed: it answers, has the images that no registry gives it, and, where the cluster starts
# afresh, knows of no container of the former one.
containerd_ready() {
  wait_for containerd 30 containerd_ctr version
  if [ "$1" = fresh ] && [ -n "$(containerd_ctr containers ls -q)" ]; then
    containers_forget
    stop containerd   # its pod list is made when it starts
    containerd_start
    wait_for containerd 30 containerd_ctr version
  fi
  if [ "$(cat "$S/containerd/imported" 2>/dev/null)" != "$K8S_BIN" ]; then
    containerd_ctr images import "$K8S_BIN/pause.tar" >/dev/null
    containerd_ctr images import "$K8S_BIN/coredns.tar" >/dev/null
    echo "$K8S_BIN" >"$S/containerd/imported"
  fi
}

containers_forget() {
  local i ids
  for ((i = 0; i < 20; i++)); do
    ids=$(containerd_ctr containers ls -q 2>/dev/null) || return 0
    [ -n "$ids" ] || return 0
    containerd_ctr containers rm $ids >/dev/null 2>&1 || sleep 0.2
  done
}

# kubelet_start: 250 pods; never throws an image away (no registry would give it back); lives with a nearly full disk.
kubelet_start() {
  local resolv=/etc/resolv.conf
  if [ -e /run/systemd/resolve/resolv.conf ]; then resolv=/run/systemd/resolve/resolv.conf; fi
  cgroups_make
  cat >"$S/conf/kubelet.yaml" <<X
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: $NODE_IP
healthzPort: 0
readOnlyPort: 0
authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: $S/pki/ca.crt}}
authorization: {mode: Webhook}
tlsCertFile: $S/pki/kubelet.crt
tlsPrivateKeyFile: $S/pki/kubelet.key
clusterDomain: cluster.local
clusterDNS: [$DNS_IP]
resolvConf: $resolv
containerRuntimeEndpoint: unix://$S/run/containerd.sock
cgroupDriver: cgroupfs
cgroupRoot: /$CGROUP
failCgroupV1: false
failSwapOn: false
maxPods: 250
serializeImagePulls: false
kubeAPIQPS: 200
kubeAPIBurst: 400
evictionHard: {nodefs.available: 1%, nodefs.inodesFree: 1%, imagefs.available: 1%, imagefs.inodesFree: 1%, memory.available: 100Mi}
imageGCHighThresholdPercent: 100
imageGCLowThresholdPercent: 99
containerLogMaxSize: 20Mi
containerLogMaxFiles: 2
podLogsDir: $S/run/pod-logs
volumePluginDir: $S/run/volume-plugins
X
  start kubelet "$K8S_BIN/kubelet" --config="$S/conf/kubelet.yaml" --kubeconfig="$S/conf/kubelet.kubeconfig" \
    --root-dir="$S/run/kubelet" --hostname-override="$NODE" --node-ip="$NODE_IP"
}
