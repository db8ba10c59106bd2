# Sourced: the node's address, pod networking with enforced NetworkPolicies (Calico's CNI plugin and Felix), kube-proxy.

# The node's address lies on a bridge without ports: pods reach it (API server, kubelet), no other machine does.
# A bridge, for not every kernel has dummy devices.
NODE_DEVICE=planetary0
NODE_IP=10.246.0.1
POD_CIDR=10.245.0.0/16
SERVICE_CIDR=10.96.0.0/16
DNS_IP=10.96.0.10

node_address() {
  if ! ip link show $NODE_DEVICE >/dev/null 2>&1; then ip link add $NODE_DEVICE type bridge; fi
  ip addr replace $NODE_IP/32 dev $NODE_DEVICE
  ip link set $NODE_DEVICE up
  # The pods' gateway. The host answers for it only if it has a route there, and off-line it has no default one.
  ip route replace 169.254.1.1/32 dev $NODE_DEVICE
  sysctl -qw net.ipv4.ip_forward=1
  sysctl -qw net.bridge.bridge-nf-call-iptables=1 2>/dev/null || true   # only there with br_netfilter
  services_stay_inside
}

# kube-proxy changes one table after the other: while a Service gets or loses its endpoints, packets to it may pass as
# they are. They must not leave this machine, where anything may answer them; dropped, they are sent again.
services_stay_inside() {
  local rule=(FORWARD -d "$SERVICE_CIDR" -m comment --comment planetary-services -j DROP)
  iptables -w -t mangle -C "${rule[@]}" 2>/dev/null || iptables -w -t mangle -A "${rule[@]}"
}

# cni_config: /20 of addresses, so that those of pods just gone need not be taken again at once.
cni_config() {
  local p
  mkdir -p "$S/cni/bin" "$S/cni/conf"
  for p in host-local portmap loopback; do ln -sf "/usr/lib/cni/$p" "$S/cni/bin/$p"; done
  ln -sf "$CALICO_BIN/calico" "$S/cni/bin/calico"
  cat >"$S/cni/conf/10-calico.conflist" <<X
{"cniVersion": "0.3.1", "name": "pods", "plugins": [
  {"type": "calico", "log_level": "warning", "log_file_path": "$S/log/cni.log", "datastore_type": "kubernetes",
   "nodename": "$NODE", "nodename_file_optional": true, "mtu": 1400,
   "ipam": {"type": "host-local", "dataDir": "$S/run/leases", "ranges": [[{"subnet": "10.245.0.0/20"}]]},
   "policy": {"type": "k8s"}, "kubernetes": {"kubeconfig": "$S/conf/cni.kubeconfig"}},
  {"type": "portmap", "snat": true, "capabilities": {"portMappings": true}}]}
X
}

calico_objects() {
  kubectl apply --server-side -f "$CALICO_BIN/calico.yaml" &&
    kubectl wait --for=condition=Established crd/clusterinformations.crd.projectcalico.org crd/ippools.crd.projectcalico.org --timeout=60s &&
    kubectl apply --server-side -f "$ROOT/dev/cluster/manifests/calico.yaml"
}

# Felix drops what pods send to the host unless told otherwise; policies on pods hold all the same.
felix_start() {
  : >"$S/conf/felix.cfg"   # it insists on a file, and is known by it
  start felix env KUBECONFIG="$S/conf/felix.kubeconfig" FELIX_DATASTORETYPE=kubernetes FELIX_FELIXHOSTNAME="$NODE" \
    FELIX_DEFAULTENDPOINTTOHOSTACTION=ACCEPT FELIX_IPTABLESBACKEND=nft FELIX_IPV6SUPPORT=false FELIX_XDPENABLED=false \
    FELIX_BPFENABLED=false FELIX_USAGEREPORTINGENABLED=false FELIX_PROMETHEUSMETRICSENABLED=false \
    FELIX_LOGFILEPATH=none FELIX_LOGSEVERITYFILE=none FELIX_LOGSEVERITYSYS=none FELIX_LOGSEVERITYSCREEN=warning \
    FELIX_HEALTHENABLED=true FELIX_HEALTHHOST=127.0.0.1 FELIX_HEALTHPORT=9099 "$CALICO_BIN/calico-felix" -c "$S/conf/felix.cfg"
}

proxy_start() {
  cat >"$S/conf/proxy.yaml" <<X
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
clientConnection: {kubeconfig: $S/conf/proxy.kubeconfig, qps: 100, burst: 200}
mode: iptables
iptables: {minSyncPeriod: 0.2s}
bindAddress: 127.0.0.1
healthzBindAddress: 127.0.0.1:10256
metricsBindAddress: 127.0.0.1:10249
nodePortAddresses: [$NODE_IP/32]
clusterCIDR: $POD_CIDR
hostnameOverride: $NODE
conntrack: {maxPerCore: 0}
X
  start proxy "$K8S_BIN/kube-proxy" --config="$S/conf/proxy.yaml"
}

# network_remove: devices, rules and sets that the above left behind. Rules of others stay as they are.
network_remove() {
  local l t s
  for l in $(ip -o link | grep -o 'cali[0-9a-f]\{11\}' | sort -u); do ip link del "$l" 2>/dev/null || true; done
  ip link del $NODE_DEVICE 2>/dev/null || true
  for t in iptables ip6tables; do
    s=$($t-save 2>/dev/null || true)
    if grep -qE 'cali[-:]|KUBE-|CNI-|planetary-' <<<"$s"; then grep -vE 'cali[-:]|KUBE-|CNI-|planetary-' <<<"$s" | $t-restore || true; fi
  done
  for s in $(ipset list -n 2>/dev/null | grep '^cali' || true); do ipset destroy "$s" 2>/dev/null || true; done
}
