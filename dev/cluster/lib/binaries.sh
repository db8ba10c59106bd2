# Sourced: builds the cluster's programs from Go modules, once for each change of their inputs. Sets K8S_BIN and CALICO_BIN.

KUBERNETES_VERSION=1.34.4

binaries() { # [kubernetes|all]
  K8S_BIN=$PLANETARY_CACHE/kubernetes-$(input_hash dev/cluster/kubernetes dev/cluster/lib/binaries.sh | cut -c1-12)
  CALICO_BIN=$PLANETARY_CACHE/calico-$(input_hash dev/cluster/calico dev/cluster/lib/binaries.sh | cut -c1-12)
  mkdir -p "$PLANETARY_CACHE"
  exec {building}>"$PLANETARY_CACHE/binaries.lock"
  flock $building
  if [ ! -e "$K8S_BIN" ]; then build_kubernetes; fi
  if [ "${1:-all}" = all ] && [ ! -e "$CALICO_BIN" ]; then build_calico; fi
  exec {building}>&-
}

# go_build MODULE OUT LDFLAGS PACKAGE…: static binaries, into OUT.
go_build() {
  cd "$ROOT/dev/cluster/$1" && mkdir -p "$2" &&
    CGO_ENABLED=0 GOFLAGS=-buildvcs=false nice go build -trimpath -ldflags "-s -w $3" -o "$2/" "${@:4}"
}

need_go() {
  command -v go >/dev/null ||
    die "please install Go 1.26 (the cluster is built from source here), or a container engine and kind, or set CONTEXT to a context of your kubeconfig"
}

build_kubernetes() {
  local v=v$KUBERNETES_VERSION flags
  need_go
  need_apt gcc libc6-dev python3
  step "building Kubernetes $v, etcd and CoreDNS from source (first time: about 10 minutes)"
  # Without a version kubectl cannot compare client and server.
  flags="-X k8s.io/component-base/version.gitVersion=$v -X k8s.io/component-base/version.gitTreeState=clean"
  flags+=" -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=34"
  rm -rf "$K8S_BIN.part"
  logged build-kubernetes go_build kubernetes "$K8S_BIN.part" "$flags" \
    k8s.io/kubernetes/cmd/{kube-apiserver,kube-controller-manager,kube-scheduler,kubelet,kube-proxy,kubectl} ./etcd ./coredns ||
    die "Kubernetes could not be built"
  logged build-images small_images "$K8S_BIN.part" || die "the pause and CoreDNS images could not be built"
  mv "$K8S_BIN.part" "$K8S_BIN"
}

# small_images DIR: images of one static program each, with no registry and no engine.
small_images() {
  local pause mkimage=$ROOT/dev/cluster/lib/mkimage
  pause=$(cd "$ROOT/dev/cluster/kubernetes" && go list -m -f '{{.Dir}}' k8s.io/kubernetes)/build/pause/linux/pause.c
  gcc -Os -static -DVERSION=v3.10 -o "$1/pause" "$pause" &&
    "$mkimage" "$1/pause" registry.k8s.io/pause:3.10 "$1/pause.tar" &&
    "$mkimage" "$1/coredns" localhost/planetary/coredns:local "$1/coredns.tar"
}

build_calico() {
  local module=github.com/projectcalico/calico
  need_go
  step "building Calico's Felix and CNI plugin from source (first time: about 4 minutes)"
  rm -rf "$CALICO_BIN.part"
  logged build-calico go_build calico "$CALICO_BIN.part" "-X $module/felix/buildinfo.GitVersion=v3.28.5" \
    $module/felix/cmd/calico-felix $module/cni-plugin/cmd/calico || die "Calico could not be built"
  calico_manifest "$(cd "$ROOT/dev/cluster/calico" && go list -m -f '{{.Dir}}' $module)" >"$CALICO_BIN.part/calico.yaml"
  mv "$CALICO_BIN.part" "$CALICO_BIN"
}

# calico_manifest MODULE_DIR: the custom resource definitions and the two programs' roles, out of Calico's own manifest.
calico_manifest() {
  awk 'BEGIN { RS = "---\n"; ORS = "---\n" }
    /\nkind: CustomResourceDefinition\n/ ||
    /kind: ClusterRole(Binding)?\n/ && /\n  name: calico-(node|cni-plugin)\n/' "$1/manifests/calico.yaml"
}
