# The front door. Everything behind it installs or asks for what it needs.
SHELL := /bin/bash
.DEFAULT_GOAL := help
export PLANETARY_STARTED := $(shell date +%s)

.PHONY: help demo check test bench cluster cluster-down may-standin images standin deploy generate clean

# DATA=planetary-computer: the real service in the stand-in's place.
REAL := $(filter planetary-computer,$(DATA))

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: cluster may-standin images standin deploy ## a Dask cluster beside (a stand-in of) the Planetary Computer computes NDVI; pictures in out/. DATA=planetary-computer: the examples on the real one
	@dev/demo/$(if $(REAL),examples,demo)

check: ## build, static checks, drift of generated files, pure tests; no cluster, a few minutes
	@dev/check

test: ## everything: check, a bare API server, a real cluster with real Dask
	@dev/test

bench: ## how fast and at what cost, beside the floor, on fake nodes; a quarter of an hour; results in out/
	@dev/bench/run

cluster: ## a Kubernetes to work on: CONTEXT=name (yours), else kind, else one node built from source
	@dev/cluster/up

cluster-down: ## stop it and take it away
	@dev/cluster/down

images: cluster ## build what changed and load it into the cluster
	@dev/images/build client $(if $(REAL),,standin) operator

# Asked before anything is built: what would a stand-in do to a cluster of the user's?
may-standin: cluster
	@$(if $(REAL),,dev/standin/names may)

standin: may-standin images ## deploy the Planetary Computer stand-in
	@dev/standin/$(if $(REAL),down,up)

deploy: standin ## deploy the operator with the settings of deploy/manifests/overlays/local
	@dev/deploy

generate: ## write CRDs and their reference anew
	@dev/mvn test -Dtest=CrdTest -Dplanetary.generate=true -Dsurefire.failIfNoSpecifiedTests=false

clean: ## remove what was built here (not the caches of the cluster and images)
	@rm -rf target out
