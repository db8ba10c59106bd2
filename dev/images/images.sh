# Sourced: the table of images, what builds them, and their names. A name's tag is a hash of everything that goes in.

# image NAME: sets `context`, `dockerfile` and `inputs` (what the tag is a hash of).
image() {
  local client=(.dockerignore images/client src/main/python/planetary_cluster src/main/python/planetary_preload/planetary_{renewal,signing,tls}.py)
  case $1 in
    base) context=images/base dockerfile=images/base/Dockerfile inputs=(images/base) ;;
    operator)
      context=. dockerfile=Dockerfile inputs=(Dockerfile .dockerignore pom.xml src/main) ;;
    client) context=. dockerfile=images/client/Dockerfile inputs=("${client[@]}") ;;
    client-root | client-named)   # for tests: the client image with another user
      context=src/test/images/$1 dockerfile=src/test/images/$1/Dockerfile inputs=("${client[@]}" "src/test/images/$1") ;;
    client-jupyter) context=images/client-jupyter dockerfile=images/client-jupyter/Dockerfile inputs=("${client[@]}" images/client-jupyter) ;;
    standin)   # what deploys it and tells of it is not in it
      context=dev/standin dockerfile=dev/standin/Dockerfile
      inputs=(dev/standin/{Dockerfile,azurite,createdb,data,requirements.lock,start,{control,front,sas,seed}.py}) ;;
    *) die "there is no image called '$1'; choose from: base operator client client-jupyter standin" ;;
  esac
  [ -e "$ROOT/$dockerfile" ] || die "$dockerfile is missing, so image $1 cannot be built"
}

# engine: docker or podman where one answers, else buildah (which needs no daemon and no registry).
engine() {
  if [ -z "${PLANETARY_ENGINE:-}" ]; then
    PLANETARY_ENGINE=buildah
    local e
    for e in podman docker; do
      if command -v $e >/dev/null && timeout 10 $e info >/dev/null 2>&1; then PLANETARY_ENGINE=$e; fi
    done
    export PLANETARY_ENGINE
  fi
}

# local_base: true where the Dockerfiles' public images are not used. PLANETARY_BASE=local|public decides otherwise.
local_base() {
  engine
  case ${PLANETARY_BASE:-} in
    local) return 0 ;;
    public) return 1 ;;
    *) [ "$PLANETARY_ENGINE" = buildah ] ;;
  esac
}

# image_ref NAME: localhost/planetary/NAME:TAG for what the files say now, built or not.
image_ref() {
  local context dockerfile inputs hash
  image "$1"
  hash=$(input_hash "${inputs[@]}")
  if [ "$1" != base ] && local_base; then hash=$(printf '%s ' "$hash" "$(input_hash images/base)" | sha256sum); fi
  echo "localhost/planetary/$1:${hash:0:12}"
}

# image_built REF: the engine has it.
image_built() {
  case $PLANETARY_ENGINE in
    buildah) buildah inspect --type image "$1" >/dev/null 2>&1 ;;
    *) $PLANETARY_ENGINE image inspect "$1" >/dev/null 2>&1 ;;
  esac
}
