# Sourced: one-node Kubernetes out of programs built here, step by step. Each step does nothing where it is done already.

for f in process binaries pki control-plane network node reset; do . "$ROOT/dev/cluster/lib/$f.sh"; done

S=$PLANETARY_STATE
DAEMONS=(etcd apiserver controller-manager scheduler containerd kubelet felix proxy)

source_inputs() { echo "$K8S_BIN $CALICO_BIN $(input_hash dev/cluster/lib dev/cluster/manifests)"; }

# source_healthy: brought up to the end, by these very files, and everything still runs and answers.
source_healthy() {
  local d
  [ -e "$S/run/complete" ] && [ "$(cat "$S/inputs" 2>/dev/null)" = "$(source_inputs)" ] || return 1
  for d in "${DAEMONS[@]}"; do alive $d || return 1; done
  apiserver_ready $NODE_IP 6443 >/dev/null
}

# source_resumable: the parts that hold state run, so that what is missing can be started beside them.
source_resumable() {
  [ "$(cat "$S/inputs" 2>/dev/null)" = "$(source_inputs)" ] && alive etcd && alive apiserver && alive containerd
}

source_credentials() {
  local u
  ca
  cert apiserver /CN=kube-apiserver \
    "DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,DNS:kubernetes.default.svc.cluster.local,IP:127.0.0.1,IP:10.96.0.1,IP:$NODE_IP"
  cert admin /O=system:masters/CN=admin
  cert controller-manager /CN=system:kube-controller-manager
  cert scheduler /CN=system:kube-scheduler
  cert kubelet "/O=system:nodes/CN=system:node:$NODE" "DNS:$NODE,IP:$NODE_IP,IP:127.0.0.1"
  cert proxy /CN=system:kube-proxy
  # The names that Calico's own role bindings know.
  cert felix /CN=system:serviceaccount:kube-system:calico-node
  cert cni /CN=system:serviceaccount:kube-system:calico-cni-plugin
  for u in admin controller-manager scheduler kubelet proxy felix cni; do
    kubeconfig $u https://$NODE_IP:6443 "$S/conf/$u.kubeconfig"
  done
  cp -p "$S/conf/admin.kubeconfig" "$KUBECONFIG"
}

source_up() {
  local how=resumed
  [ "$(id -u)" = 0 ] || die "the cluster from source needs root; run as root, or install a container engine and kind, or set CONTEXT"
  binaries
  if source_healthy; then return 0; fi
  need_apt containerd runc containernetworking-plugins iptables ipset conntrack iproute2 openssl curl procps
  if ! source_resumable; then
    step "starting Kubernetes $KUBERNETES_VERSION"
    how=fresh
    reset
  else
    step "starting what is missing of Kubernetes $KUBERNETES_VERSION"
  fi
  mkdir -p "$S"/{bin,conf,log,pki,run,cni/conf}
  source_inputs >"$S/inputs"
  ln -sfn "$K8S_BIN/kubectl" "$S/bin/kubectl"
  source_credentials
  node_address

  etcd_start 22379
  apiserver_start $NODE_IP 6443 22379 --advertise-address=$NODE_IP --enable-admission-plugins=NodeRestriction \
    --kubelet-client-certificate="$S/pki/admin.crt" --kubelet-client-key="$S/pki/admin.key" \
    --kubelet-certificate-authority="$S/pki/ca.crt" --kubelet-preferred-address-types=InternalIP
  containerd_start
  containerd_ready $how
  wait_for apiserver 120 apiserver_ready $NODE_IP 6443
  step "API server ready"

  controllers_start
  kubelet_start
  proxy_start
  logged calico-objects calico_objects || die "Calico's objects could not be made; see the lines above"
  cni_config   # only now: the node turns Ready by it, and pods would fail before
  felix_start
  wait_for felix 60 curl -sf http://127.0.0.1:9099/readiness
  wait_for kubelet 60 kubectl wait --for=condition=Ready node/$NODE --timeout=5s
  step "node ready"

  # Left alone once it is there: others put names into its ConfigMap.
  if ! kubectl -n kube-system get service kube-dns >/dev/null 2>&1; then
    logged coredns kubectl apply --server-side -f "$ROOT/dev/cluster/manifests/coredns.yaml" || die "CoreDNS could not be set up"
  fi
  wait_for kubelet 60 kubectl -n kube-system rollout status deployment/coredns --timeout=50s
  wait_for controller-manager 30 kubectl -n default get serviceaccount default
  touch "$S/run/complete"
}

source_down() {
  reset
  rm -f "$OWNER" "$KUBECONFIG" "$S/provider" "$S/bin/kubectl"
}
