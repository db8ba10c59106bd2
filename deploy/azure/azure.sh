# Sourced by up and down: options, calls of az, questions.
. "$(dirname "${BASH_SOURCE[0]}")/../../dev/lib.sh"
AZURE=$ROOT/deploy/azure

group=planetary subscription='' yes=''

# help: the comment at the head of the script.
help() {
  sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//p}' "$0"
  exit 0
}

# value OPTION VALUE…: what stands after it.
value() {
  [ $# -gt 1 ] && [ -n "$2" ] || die "$1 wants a value; see --help"
  printf '%s' "$2"
}

# azure ARG…: az, about that subscription, without colours and hints.
azure() { az "$@" --subscription "$subscription" --only-show-errors; }

# found ARG…: what az shows of a thing; nothing where there is none. That is its exit code 3 and no other: a login that has expired, or a
# moment without network, tells nothing of what is there.
found() {
  local rc=0
  azure "$@" 2>"$PLANETARY_STATE/log/az.log" || rc=$?
  [ $rc = 0 ] || [ $rc = 3 ] || { cat "$PLANETARY_STATE/log/az.log" >&2; die "az $* failed; its words are above. Run this again when that is cured"; }
}

# begin: finds the subscription out, and makes the state folder of this group the one that everything in dev/ looks into.
begin() {
  local tool
  [[ $group =~ ^[a-z][a-z0-9-]{0,39}$ ]] || die "--group $group: write lower case letters, digits and -, 40 at most"
  for tool in az kubectl; do command -v $tool >/dev/null || die "there is no $tool; please install it"; done
  subscription=$(az account show ${subscription:+--subscription "$subscription"} --query id -o tsv --only-show-errors) ||
    die "az knows no such subscription, or nobody is logged in: run 'az login' first (az account list shows what there is)"
  export PLANETARY_STATE=$PLANETARY_CACHE/azure/$subscription/$group
  export KUBECONFIG=$PLANETARY_STATE/kubeconfig
  mkdir -p "$PLANETARY_STATE/log"
  exec {lock}>"$PLANETARY_STATE/lock"
  flock -n $lock || die "another deploy/azure/up or down is at work on $group"
}

# ours: whether the group is one that up made. Fails where there is none.
ours() {
  local there tag
  there=$(azure group exists -n "$group" -o tsv) || die "az could not say whether there is a resource group $group; its words are above. Is the login still good (az login)?"
  [ "$there" = true ] || return
  tag=$(azure group show -n "$group" --query 'tags."made-by"' -o tsv) || die "az could not show resource group $group; its words are above"
  [ "$tag" = planetary-operator ] || die "resource group $group is there and was not made by deploy/azure/up; choose another name (--group)"
}

# sure QUESTION
sure() {
  local answer=
  [ -n "$yes" ] && return
  [ -t 0 ] || die "nobody is there to be asked: say --yes"
  read -rp "$1 [y/N] " answer
  [[ $answer =~ ^[yY] ]] || die "nothing was done"
}
