# Sourced: etcd, API server, controller manager and scheduler. The second, bare control plane (dev/cluster/apiserver)
# uses the first two.

# etcd_start PORT: data in $S/etcd. Nothing is synced to disk: after a crash of the machine the cluster starts empty anyway.
etcd_start() {
  local client=http://127.0.0.1:$1 peer=http://127.0.0.1:$(($1 + 1))
  start etcd "$K8S_BIN/etcd" --data-dir "$S/etcd" --unsafe-no-fsync --log-level warn --quota-backend-bytes $((4 << 30)) \
    --listen-client-urls "$client" --advertise-client-urls "$client" \
    --listen-peer-urls "$peer" --initial-advertise-peer-urls "$peer" --initial-cluster "default=$peer"
}

# apiserver_start ADDRESS PORT ETCD_PORT FLAG…: /readyz on https://ADDRESS:PORT. Every request is in $S/log/audit.log.
apiserver_start() {
  start apiserver "$K8S_BIN/kube-apiserver" --bind-address="$1" --secure-port="$2" --etcd-servers="http://127.0.0.1:$3" \
    --service-cluster-ip-range="$SERVICE_CIDR" --authorization-mode=Node,RBAC --allow-privileged=true \
    --tls-cert-file="$S/pki/apiserver.crt" --tls-private-key-file="$S/pki/apiserver.key" --client-ca-file="$S/pki/ca.crt" \
    --service-account-key-file="$S/pki/sa.pub" --service-account-signing-key-file="$S/pki/sa.key" \
    --service-account-issuer=https://kubernetes.default.svc.cluster.local \
    --audit-policy-file="$ROOT/dev/cluster/manifests/audit.yaml" --audit-log-path="$S/log/audit.log" --audit-log-maxsize=2000 --audit-log-maxbackup=1 \
    --event-ttl=30m --profiling=false "${@:4}"
}

# apiserver_ready ADDRESS PORT
apiserver_ready() { curl -sf --max-time 5 --cacert "$S/pki/ca.crt" "https://$1:$2/readyz"; }

# Request rates for tests that start twenty clusters at once; no leader election, for there is one of each.
CLIENT_RATES=(--kube-api-qps=200 --kube-api-burst=400)

# A busy small machine is not a dead node: the grace period is long.
controllers_start() {
  start controller-manager "$K8S_BIN/kube-controller-manager" --kubeconfig="$S/conf/controller-manager.kubeconfig" \
    --bind-address=127.0.0.1 --secure-port=0 --leader-elect=false "${CLIENT_RATES[@]}" \
    --service-account-private-key-file="$S/pki/sa.key" --root-ca-file="$S/pki/ca.crt" --use-service-account-credentials \
    --cluster-signing-cert-file="$S/pki/ca.crt" --cluster-signing-key-file="$S/pki/ca.key" \
    --cluster-cidr="$POD_CIDR" --allocate-node-cidrs --node-cidr-mask-size=20 --node-monitor-grace-period=2m --profiling=false
  start scheduler "$K8S_BIN/kube-scheduler" --kubeconfig="$S/conf/scheduler.kubeconfig" \
    --bind-address=127.0.0.1 --secure-port=0 --leader-elect=false "${CLIENT_RATES[@]}" --profiling=false
}
