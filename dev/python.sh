# Sourced: the Python that the preloads' tests run with.

# A Python of the version the images have, or one close to it, with what the preloads' tests need; made anew when that list changes.
python_venv() {
  local hash venv python
  hash=$(input_hash src/test/python/requirements.txt)
  venv=$PLANETARY_CACHE/venv-${hash:0:12}
  if [ ! -e "$venv/ready" ]; then
    for python in python3.13 "$HOME"/.pyenv/versions/3.13*/bin/python python3.12 python3.11 python3; do
      command -v "$python" >/dev/null && "$python" -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && break
      python=
    done
    [ -n "$python" ] || die "Python 3.11 or newer is needed and was not found; install python3.13"
    step "installing what the Python tests need"
    rm -rf "$venv"
    logged python-venv sh -c "'$python' -m venv '$venv' && '$venv/bin/pip' install -q -r src/test/python/requirements.txt" ||
      die "the Python tests' packages could not be installed; see above"
    touch "$venv/ready"
  fi
  echo "$venv"
}
