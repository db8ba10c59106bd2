# Sourced: brings a built image into the current cluster.

# may_load: asked before anything is built: the user's own cluster pulls from a registry, or it has nothing to run.
may_load() {
  [ "$(provider)" != context ] || [ -n "${REGISTRY:-}" ] ||
    die "set REGISTRY to a registry that you may push to and your cluster pulls from (REGISTRY=registry.example/me): it can get the images nowhere else. LOAD=no only builds"
}

# load NAME REF
load() {
  case $(provider) in
    source) load_source "$1" "$2" ;;
    kind) load_kind "$1" "$2" ;;
    context)
      step "pushing image $1 to $REGISTRY"
      logged "push-$1" push "$2" "$REGISTRY/${2#localhost/}" || die "$2 could not be pushed; log in to $REGISTRY with $PLANETARY_ENGINE first" ;;
    *) step "image $1 is built; no cluster is up, so it is not loaded" ;;
  esac
}

push() { # REF TARGET
  if [ "$PLANETARY_ENGINE" = buildah ]; then buildah push "$1" "docker://$2"; else $PLANETARY_ENGINE tag "$1" "$2" && $PLANETARY_ENGINE push "$2"; fi
}

load_kind() {
  local node file
  node=$(kind get nodes --name planetary | head -n 1)
  if $PLANETARY_ENGINE exec "$node" crictl inspecti "$2" >/dev/null 2>&1; then return 0; fi
  step "loading image $1 into kind"
  file=$(mktemp --suffix=.tar)
  logged "load-$1" sh -c '$1 save -o "$2" "$3" && kind load image-archive --name planetary "$2"' sh "$PLANETARY_ENGINE" "$file" "$2" ||
    die "image $1 could not be loaded into kind"
  rm -f "$file"
}

load_source() {
  local ctr=(ctr --address "$PLANETARY_STATE/run/containerd.sock" --namespace k8s.io)
  if "${ctr[@]}" images ls -q "name==$2" 2>/dev/null | grep -q .; then return 0; fi
  step "loading image $1 into the cluster"
  exec {loading}>"$PLANETARY_CACHE/load.lock"
  flock $loading   # the blobs are shared between images
  logged "load-$1" "$ROOT/dev/images/import" "$PLANETARY_ENGINE" "$2" "${ctr[@]}" ||
    die "image $1 could not be imported; look whether dev/cluster/up says that the cluster is up"
  remember "$1" "$2"
  exec {loading}>&-
}

# remember NAME REF: of each image the last five stay; older ones go, or every change of code would fill the disk a bit.
remember() {
  local list=$PLANETARY_STATE/loaded-$1 old
  { grep -vxF "$2" "$list" 2>/dev/null || true; echo "$2"; } >"$list.new"
  while [ "$(wc -l <"$list.new")" -gt 5 ]; do
    old=$(head -n 1 "$list.new")
    sed -i 1d "$list.new"
    forget "$old"
    $PLANETARY_ENGINE rmi "$old" >/dev/null 2>&1 || true
  done
  mv "$list.new" "$list"
}

# forget REF: in the cluster. The kubelet's own name for it (by digest) goes, too, if no other name is left.
forget() {
  local all digest
  all=$("${ctr[@]}" images ls | awk 'NR > 1 { print $1, $3 }')
  digest=$(awk -v ref="$1" '$1 == ref { print $2 }' <<<"$all")
  if [ -z "$digest" ]; then return 0; fi
  all=$(awk -v ref="$1" -v digest="$digest" '$2 == digest && $1 != ref { print $1 }' <<<"$all")
  if grep -q '^localhost/' <<<"$all"; then all=; fi
  # shellcheck disable=SC2086 # names hold no blanks
  "${ctr[@]}" images rm "$1" $all >/dev/null || true
}
