//go:build tools

// Names the command that is built from this module, so that go.mod keeps it.
package tools

import _ "github.com/fluxcd/kustomize-controller"
