# Sourced by every script under dev/ and by the front scripts (bash; safe under `set -euo pipefail`).
# Says where things lie, shows progress, runs long commands with a log, and hashes inputs.

# die TEXT: one sentence that says what is wrong and what to do.
die() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# What is used below and everywhere: GNU's find, sort and sed; descriptors by name and empty arrays; locks.
[[ $OSTYPE == linux* ]] && [ $((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1])) -ge 404 ] && command -v flock >/dev/null ||
  die "this runs on Linux, with bash 4.4 or newer and flock (of util-linux); here are $OSTYPE, bash $BASH_VERSION and $(command -v flock || echo 'no flock')"

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# What can be made again but takes long (binaries, base root file system, image blobs) / one cluster's state.
export PLANETARY_CACHE=${PLANETARY_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/planetary-operator}
export PLANETARY_STATE=${PLANETARY_STATE:-$PLANETARY_CACHE/cluster}
export PLANETARY_API_STATE=${PLANETARY_API_STATE:-$PLANETARY_CACHE/api}   # the bare API server's, see dev/cluster/apiserver

# The user's own kubeconfig is only read (CONTEXT=name); everything here uses the cluster's.
export PLANETARY_USER_KUBECONFIG=${PLANETARY_USER_KUBECONFIG-${KUBECONFIG:-}}
export KUBECONFIG=$PLANETARY_STATE/kubeconfig

# Holds the kubectl built with the cluster; does not exist where the cluster is kind's or the user's.
case :$PATH: in *":$PLANETARY_STATE/bin:"*) ;; *) export PATH=$PLANETARY_STATE/bin:$PATH ;; esac

# Start of the front script: inherited, so that nested scripts go on counting.
export PLANETARY_STARTED=${PLANETARY_STARTED:-$(date +%s)}

# step TEXT: progress with minutes and seconds since the front script started. On stderr: stdout is for results.
step() {
  local s=$(($(date +%s) - PLANETARY_STARTED))
  printf '%02d:%02d  %s\n' $((s / 60)) $((s % 60)) "$*" >&2
}

# provider: how the cluster was brought up: context (the user's own), kind or source; nothing if none is up.
provider() { cat "$PLANETARY_STATE/provider" 2>/dev/null || true; }

# logged NAME CMD…: runs CMD with its output in $PLANETARY_STATE/log/NAME.log; a sign of life every 30 s;
# when it fails, the end of that file, its name, and CMD's exit code.
logged() {
  local name=$1 file=$PLANETARY_STATE/log/$1.log rc=0 beat
  shift
  mkdir -p "$PLANETARY_STATE/log"
  # The beat reads from a pipe in which nothing is ever written: a wait that leaves no `sleep` behind.
  (
    exec >/dev/null {quiet}<> <(:)
    while kill -0 $$ 2>/dev/null; do
      read -rt 30 -u "$quiet" || [ $? -gt 128 ] || exit 0
      step "… $name goes on: $(tail -n 1 "$file" 2>/dev/null | tr -d '\r' | cut -c1-100)"
    done
  ) &
  beat=$!
  "$@" >"$file" 2>&1 </dev/null || rc=$?
  kill $beat 2>/dev/null || true
  wait $beat 2>/dev/null || true
  [ $rc = 0 ] && return 0
  { echo "--- $name failed ($rc); the end of $file:"; tail -n 20 "$file"; echo "---"; } >&2
  return $rc
}

# need_apt PKG…: Debian packages that must be there; installs the missing ones as root, else says what to install.
need_apt() {
  local p missing=()
  for p in "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Abbrev}' "$p" 2>/dev/null)" = 'ii ' ] || missing+=("$p")
  done
  [ ${#missing[@]} = 0 ] && return 0
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null ||
    die "please install ${missing[*]} (Debian's names), then run this again"
  step "installing ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  logged apt-update apt-get update || die "apt-get update failed; check this machine's package sources"
  logged apt-install apt-get install -y --no-install-recommends "${missing[@]}" ||
    die "apt-get could not install ${missing[*]}"
}

# input_hash PATH…: sha256 over names, executable bits and content of files and whole folders (paths as seen from ROOT).
# Nothing else of a mode: that differs between one clone and the next.
input_hash() (
  cd "$ROOT" || exit
  list() {
    find "$@" \( -name __pycache__ -o -name node_modules -o -name .pytest_cache \) -prune -o \
      \( -type f -o -type l \) ! -name '*.pyc' \( -perm -u+x -printf 'x %p\0' -o -printf '- %p\0' \) | LC_ALL=C sort -z
  }
  { list "$@" && list "$@" | cut -zd' ' -f2- | xargs -0r sha256sum; } | sha256sum | cut -d' ' -f1
)
