package packaging

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// named is the overlay of one AKS cluster, as deploy/azure/up makes it.
func named(t *testing.T, prometheus string) map[string]object {
	t.Helper()
	dir := t.TempDir()
	make := exec.Command("bash", root+"/deploy/azure/overlay", dir)
	make.Env = append(os.Environ(),
		"OPERATOR_IMAGE=mine.example/planetary/operator:one", "CLIENT_IMAGE=mine.example/planetary/client:two",
		"SUBSCRIPTION_ID=11111111-1111-1111-1111-111111111111", "RESOURCE_GROUP=space", "CLUSTER_NAME=earth",
		"CLIENT_ID=22222222-2222-2222-2222-222222222222", "PROMETHEUS="+prometheus)
	if said, err := make.CombinedOutput(); err != nil {
		t.Fatal(err, string(said))
	}
	return kustomized(t, dir)
}

// Nothing of overlays/aks that stands for somebody's own is left, and nothing else is changed.
func TestTheOverlayOfOneAksClusterHasItsNames(t *testing.T) {
	text := func(objects map[string]object) string {
		made, err := yaml.Marshal(objects)
		if err != nil {
			t.Fatal(err)
		}
		return string(made)
	}
	want := strings.NewReplacer(
		"image: planetary.example/planetary-operator:0.1.0", "image: mine.example/planetary/operator:one",
		"planetary.example/planetary-client:0.1.0", "mine.example/planetary/client:two",
		"client-id: 00000000-0000-0000-0000-000000000000", "client-id: 22222222-2222-2222-2222-222222222222",
		"value: 00000000-0000-0000-0000-000000000000", "value: 11111111-1111-1111-1111-111111111111",
		"value: planetary\n", "value: %name%\n",
	).Replace(text(kustomized(t, manifests+"/overlays/aks")))
	for _, name := range []string{"space", "earth"} {
		want = strings.Replace(want, "value: %name%", "value: "+name, 1)
	}

	if got := text(named(t, "yes")); got != want {
		t.Error(difference(got, want))
	}
}

func difference(got, want string) string {
	theirs := strings.Split(want, "\n")
	for i, line := range strings.Split(got, "\n") {
		if i >= len(theirs) || line != theirs[i] {
			return fmt.Sprintf("line %d: %q, wanted %q", i, line, theirs[min(i, len(theirs)-1)])
		}
	}
	return "it ends too early"
}

// A cluster without managed Prometheus knows no PodMonitor: applying one would fail.
func TestWithoutManagedPrometheusThereIsNoPodMonitor(t *testing.T) {
	with, without := named(t, "yes"), named(t, "")
	for key, one := range with {
		if _, there := without[key]; there == (one["kind"] == "PodMonitor") {
			t.Error(key, there)
		}
	}
	if len(with) != len(without)+3 {
		t.Error(len(with), len(without))
	}
}

// The demo's workers go to its node pool, which lets their namespace in; all else is as in examples.
func TestTheDemoOnAzureRunsTheExamplesOnItsPool(t *testing.T) {
	made, plain := kustomized(t, root+"/deploy/azure/demo"), kustomized(t, root+"/examples")
	if len(made) != len(plain)+1 {
		t.Error(len(made), len(plain))
	}
	workers := find(t, made, "PlanetaryCluster", "examples")["spec"].(object)["workers"].(object)
	pool := find(t, made, "PlanetaryNodePool", workers["nodePool"].(string))["spec"].(object)
	if pool["priority"] != "Spot" || workers["spot"] != "Prefer" || workers["replicas"] == nil {
		t.Error(pool, workers)
	}
	if allowed := pool["allowedNamespaces"].(object)["matchLabels"].(object); allowed["kubernetes.io/metadata.name"] != "examples" {
		t.Error(allowed)
	}
}
