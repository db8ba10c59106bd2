# Sourced: builds kwok (fake nodes and pods) from its Go module, once for each change of this file. Sets KWOK.

KWOK_VERSION=0.8.0

kwok_build() {
  KWOK=$PLANETARY_CACHE/kwok-$(input_hash dev/bench/kwok.sh | cut -c1-12)
  if [ -e "$KWOK" ]; then return 0; fi
  need_go
  step "building kwok v$KWOK_VERSION from source (first time: about 3 minutes)"
  rm -rf "$KWOK.part"
  # In a folder without a module of ours: with its own versions of its dependencies.
  logged build-kwok env -C / GOBIN="$KWOK.part" CGO_ENABLED=0 GOFLAGS=-buildvcs=false \
    nice go install -trimpath -ldflags '-s -w' sigs.k8s.io/kwok/cmd/kwok@v$KWOK_VERSION || die "kwok could not be built"
  mv "$KWOK.part" "$KWOK"
}
