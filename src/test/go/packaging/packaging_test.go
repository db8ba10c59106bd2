// Package packaging renders deploy/manifests with kustomize and deploy/helm with Helm, both as libraries, and compares what they make.
package packaging

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	"helm.sh/helm/v3/pkg/lint"
	"helm.sh/helm/v3/pkg/lint/support"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

const (
	root      = "../../../.."
	manifests = root + "/deploy/manifests"
	chartDir  = root + "/deploy/helm/planetary-operator"
	hook      = "helm.sh/hook"
)

type object = map[string]any

// kustomized is what `kubectl kustomize` of that folder makes, by kind, namespace and name.
func kustomized(t *testing.T, dir string) map[string]object {
	t.Helper()
	made, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), dir)
	if err != nil {
		t.Fatal(dir, err)
	}
	text, err := made.AsYaml()
	if err != nil {
		t.Fatal(dir, err)
	}
	return byKey(t, string(text))
}

func loaded(t *testing.T, dir string) *chart.Chart {
	t.Helper()
	found, err := loader.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// render is what `helm template` makes, or the schema's refusal.
func render(t *testing.T, of *chart.Chart, namespace, values string) (map[string]string, error) {
	t.Helper()
	var given map[string]any
	if err := yaml.UnmarshalStrict([]byte(values), &given); err != nil {
		t.Fatal(err)
	}
	release := chartutil.ReleaseOptions{Name: "planetary", Namespace: namespace, Revision: 1, IsInstall: true}
	all, err := chartutil.ToRenderValues(of, given, release, chartutil.DefaultCapabilities)
	if err != nil {
		return nil, err
	}
	return engine.Render(of, all)
}

// charted are the objects of a release, and those of `helm test`.
func charted(t *testing.T, of *chart.Chart, namespace, values string) (objects, hooks map[string]object) {
	t.Helper()
	files, err := render(t, of, namespace, values)
	if err != nil {
		t.Fatal(err)
	}
	objects, hooks = map[string]object{}, map[string]object{}
	for name, text := range files {
		if strings.HasSuffix(name, ".txt") {
			continue
		}
		for key, one := range byKey(t, text) {
			if _, is := annotations(one)[hook]; is {
				hooks[key] = one
			} else {
				objects[key] = one
			}
		}
	}
	return objects, hooks
}

func byKey(t *testing.T, text string) map[string]object {
	t.Helper()
	found := map[string]object{}
	for _, document := range strings.Split("\n"+text, "\n---\n") {
		var one object
		if err := yaml.UnmarshalStrict([]byte(document), &one); err != nil {
			t.Fatal(err, document)
		}
		if len(one) == 0 {
			continue
		}
		key := keyOf(one)
		if found[key] != nil {
			t.Errorf("%s is there twice", key)
		}
		found[key] = one
	}
	return found
}

func keyOf(one object) string {
	meta := one["metadata"].(object)
	return fmt.Sprintf("%v %v/%v", one["kind"], meta["namespace"], meta["name"])
}

func annotations(one object) object { return child(one["metadata"].(object), "annotations") }

func child(of object, name string) object {
	below, _ := of[name].(object)
	return below
}

// Labels of a chart by convention; they select nothing.
var conventional = []string{
	"app.kubernetes.io/name", "app.kubernetes.io/instance", "app.kubernetes.io/version", "app.kubernetes.io/managed-by", "helm.sh/chart",
}

// alike takes away what may differ: labels by convention, Helm's word to keep a CRD, the order of the environment, and whether the
// namespace is written or asked for.
func alike(objects map[string]object) map[string]object {
	for _, one := range objects {
		meta := one["metadata"].(object)
		without(meta, "labels", conventional...)
		without(meta, "annotations", "helm.sh/resource-policy")
		if one["kind"] != "Deployment" {
			continue
		}
		for name, value := range environment(one) {
			if value == "field metadata.namespace" {
				value = meta["namespace"].(string)
			}
			env := container(one)["env"].([]any)
			for i := range env {
				if env[i].(object)["name"] == name {
					env[i] = object{"name": name, "value": value}
				}
			}
		}
		slices.SortFunc(container(one)["env"].([]any), func(a, b any) int {
			return strings.Compare(a.(object)["name"].(string), b.(object)["name"].(string))
		})
	}
	return objects
}

func without(meta object, what string, keys ...string) {
	entries := child(meta, what)
	for _, key := range keys {
		delete(entries, key)
	}
	if len(entries) == 0 {
		delete(meta, what)
	}
}

func podSpec(deployment object) object {
	return child(child(child(deployment, "spec"), "template"), "spec")
}

func container(deployment object) object {
	return podSpec(deployment)["containers"].([]any)[0].(object)
}

// environment is the operator's, by name; what is taken from the pod as "field …".
func environment(deployment object) map[string]string {
	found := map[string]string{}
	for _, entry := range container(deployment)["env"].([]any) {
		one := entry.(object)
		value, plain := one["value"].(string)
		if !plain {
			value = fmt.Sprint("field ", child(child(one, "valueFrom"), "fieldRef")["fieldPath"])
		}
		found[one["name"].(string)] = value
	}
	return found
}

// tagged gives the images of base, which have none, the tag that the chart is given.
func tagged(objects map[string]object) map[string]object {
	for _, one := range objects {
		if one["kind"] == "Deployment" {
			container(one)["image"] = container(one)["image"].(string) + ":x"
			for _, entry := range container(one)["env"].([]any) {
				if e := entry.(object); e["name"] == "PLANETARY_CLIENT_IMAGE" {
					e["value"] = e["value"].(string) + ":x"
				}
			}
		}
	}
	return objects
}

const localImages = `
image: {repository: planetary-operator, tag: x}
clientImage: {repository: planetary-client, tag: x}
`

func same(t *testing.T, kustomize, helm map[string]object) {
	t.Helper()
	// Helm makes the namespace itself, if it is told to.
	maps.DeleteFunc(kustomize, func(_ string, one object) bool { return one["kind"] == "Namespace" })
	if diff := cmp.Diff(alike(kustomize), alike(helm)); diff != "" {
		t.Errorf("kustomize (-) and Helm (+) differ:\n%s", diff)
	}
}

func TestBothMakeTheSameOfTheBase(t *testing.T) {
	helm, _ := charted(t, loaded(t, chartDir), "planetary-system", localImages)
	if len(helm) != 15 {
		t.Errorf("three CRDs; account, role, binding and deployment; three roles of users; the broker's five: %v", slices.Sorted(maps.Keys(helm)))
	}
	same(t, tagged(kustomized(t, manifests+"/base")), helm)
}

func TestBothMakeTheSameForAks(t *testing.T) {
	values, err := os.ReadFile(chartDir + "/values-aks.yaml")
	if err != nil {
		t.Fatal(err)
	}
	helm, _ := charted(t, loaded(t, chartDir), "planetary-system", string(values))
	same(t, kustomized(t, manifests+"/overlays/aks"), helm)
}

func TestBothMakeTheSameForOneNamespace(t *testing.T) {
	helm, _ := charted(t, loaded(t, chartDir), "team-a", localImages+`
crds: {install: false}
watch: {namespaces: [team-a]}
`)
	for key := range helm {
		if strings.Contains(key, "<nil>/") {
			t.Errorf("%s needs a cluster-scoped right to be made", key)
		}
	}
	same(t, tagged(kustomized(t, manifests+"/overlays/namespaced")), helm)
}

func TestAnotherNamespaceIsGivenTheSameRights(t *testing.T) {
	helm, _ := charted(t, loaded(t, chartDir), "team-a", localImages+`
crds: {install: false}
watch: {namespaces: [team-a, team-b]}
`)
	if got := environment(helm["Deployment team-a/planetary-operator"])["PLANETARY_WATCH_NAMESPACES"]; got != "team-a,team-b" {
		t.Errorf("it watches %q", got)
	}
	maps.DeleteFunc(helm, func(key string, _ object) bool { return !strings.Contains(key, " team-b/") })
	same(t, kustomized(t, manifests+"/overlays/namespaced-rights"), helm)
}

func TestEveryOverlayAndTheSamplesRender(t *testing.T) {
	var dirs []string
	_ = filepath.WalkDir(root+"/deploy", func(path string, _ fs.DirEntry, _ error) error {
		if filepath.Base(path) == "kustomization.yaml" {
			dirs = append(dirs, filepath.Dir(path))
		}
		return nil
	})
	if len(dirs) < 9 {
		t.Errorf("only %v", dirs)
	}
	for _, dir := range dirs {
		if len(kustomized(t, dir)) == 0 {
			t.Errorf("%s makes nothing", dir)
		}
	}
}

func TestArgoCdFindsTheScriptsUnderItsOwnKeys(t *testing.T) {
	data := child(kustomized(t, root+"/deploy/argocd")["ConfigMap argocd/argocd-cm"], "data")
	want := object{}
	for _, kind := range []string{"PlanetaryCluster", "PlanetaryJob", "PlanetaryNodePool"} {
		want["resource.customizations.health.planetary.dev_"+kind] =
			text(t, "deploy/argocd/resource_customizations/planetary.dev/"+kind+"/health.lua")
	}
	if diff := cmp.Diff(want, data); diff != "" {
		t.Error(diff)
	}
}

func TestHelmLintHasNothingToSay(t *testing.T) {
	for _, message := range lint.AllWithKubeVersion(chartDir, nil, "x", nil).Messages {
		if message.Severity > support.InfoSev {
			t.Error(message)
		}
	}
}

func TestTheChartWantsTheKubernetesThatItsCrdsNeed(t *testing.T) {
	needs := regexp.MustCompile(`need Kubernetes ([0-9.]+) or newer`).FindStringSubmatch(text(t, "docs/crd-reference.md"))
	if got, want := loaded(t, chartDir).Metadata.KubeVersion, ">="+needs[1]+".0-0"; got != want {
		t.Errorf("%s, wanted %s", got, want)
	}
}

func TestAPackedChartHasEverything(t *testing.T) {
	packed, err := chartutil.Save(loaded(t, chartDir), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	want, hooks := charted(t, loaded(t, chartDir), "x", "{}")
	got, packedHooks := charted(t, loaded(t, packed), "x", "{}")
	if diff := cmp.Diff(want, got) + cmp.Diff(hooks, packedHooks); diff != "" {
		t.Error(diff)
	}
}

// Values

func deployment(t *testing.T, values string) object {
	t.Helper()
	objects, _ := charted(t, loaded(t, chartDir), "x", values)
	return objects["Deployment x/planetary-operator"]
}

func TestCrdsStayWhenTheReleaseGoes(t *testing.T) {
	for values, want := range map[string]object{
		"{}":                     {"helm.sh/resource-policy": "keep"},
		"crds: {keep: false}":    nil,
		"crds: {install: false}": nil,
	} {
		objects, _ := charted(t, loaded(t, chartDir), "x", values)
		crds := 0
		for _, one := range objects {
			if one["kind"] == "CustomResourceDefinition" {
				crds++
				if diff := cmp.Diff(want, annotations(one)); diff != "" {
					t.Error(values, diff)
				}
			}
		}
		if install := !strings.Contains(values, "install: false"); install != (crds == 3) || !install && crds > 0 {
			t.Errorf("%s: %d CRDs", values, crds)
		}
	}
}

func TestSettingsAndLimitsBecomeTheOperatorsEnvironment(t *testing.T) {
	got := environment(deployment(t, `
settings: {trustedCaConfigMap: cas, scaleDownAfter: PT2M, caLife: P30D, certificateLife: P7D, secretDelivery: PT1M, sasUrl: "https://sas.example/", stacUrl: "https://stac.example/v1", stacTimeout: PT5S, dataRegion: uksouth}
limits:
  clusters: 5
  workers: 1000000
  cores: 64
  memory: 512Gi
  namespaces:
    team-b: {clusters: 0, cores: 500m}
    team-a: {clusters: 20, workers: 2000000, memory: 2Ti}
logs: {json: false}
extraEnv: [{name: HTTPS_PROXY, value: "http://proxy:3128"}]
`))
	want := map[string]string{
		"HTTPS_PROXY":                      "http://proxy:3128",
		"PLANETARY_CA_LIFE":                "P30D",
		"PLANETARY_CERTIFICATE_LIFE":       "P7D",
		"PLANETARY_CLIENT_IMAGE":           "planetary.example/planetary-client:0.1.0",
		"PLANETARY_DATA_REGION":            "uksouth",
		"PLANETARY_LIMITS_CLUSTERS":        "5",
		"PLANETARY_LIMITS_CLUSTERS_OF":     "team-a=20,team-b=0",
		"PLANETARY_LIMITS_CORES":           "64",
		"PLANETARY_LIMITS_CORES_OF":        "team-b=500m",
		"PLANETARY_LIMITS_MEMORY":          "512Gi",
		"PLANETARY_LIMITS_MEMORY_OF":       "team-a=2Ti",
		"PLANETARY_LIMITS_WORKERS":         "1000000",
		"PLANETARY_LIMITS_WORKERS_OF":      "team-a=2000000",
		"PLANETARY_NAMESPACE":              "field metadata.namespace",
		"PLANETARY_SAS_URL":                "https://sas.example/",
		"PLANETARY_SCALE_DOWN_AFTER":       "PT2M",
		"PLANETARY_SECRET_DELIVERY":        "PT1M",
		"PLANETARY_STAC_TIMEOUT":           "PT5S",
		"PLANETARY_STAC_URL":               "https://stac.example/v1",
		"PLANETARY_TRUSTED_CA_CONFIG_MAP":  "cas",
		"QUARKUS_LOG_CONSOLE_JSON_ENABLED": "false",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	// Each is a setting of the operator.
	settings := text(t, "docs/settings.md")
	for name := range want {
		if name != "PLANETARY_CLIENT_IMAGE" && strings.HasPrefix(name, "PLANETARY_") && !strings.HasPrefix(name, "PLANETARY_LIMITS_") && !strings.Contains(settings, "`"+name+"`") {
			t.Errorf("docs/settings.md knows no %s", name)
		}
	}
	if unset := environment(deployment(t, "{}")); len(unset) != 5 {
		t.Errorf("unset values are given all the same: %v", unset)
	}
}

func TestWithoutABrokerPodsAreToldOfNone(t *testing.T) {
	objects, _ := charted(t, loaded(t, chartDir), "x", "sasBroker: {enabled: false}")
	for key := range objects {
		if strings.Contains(key, "sas-broker") {
			t.Errorf("%s is made all the same", key)
		}
	}
	if url, told := environment(objects["Deployment x/planetary-operator"])["PLANETARY_SAS_URL"]; told {
		t.Errorf("pods are told of %s", url)
	}
}

func TestWithoutACatalogueNobodyIsAsked(t *testing.T) {
	got := environment(deployment(t, `settings: {stacUrl: ""}`))
	if url, told := got["PLANETARY_STAC_URL"]; !told || url != "" {
		t.Errorf("the operator's default is in force: %q", url)
	}
}

func TestPlacementAndImageAreTheUsers(t *testing.T) {
	one := deployment(t, `
image: {pullPolicy: Always, pullSecrets: [{name: registry}]}
podLabels: {team: geo, app.kubernetes.io/name: other}
nodeSelector: {a: b}
tolerations: [{key: CriticalAddonsOnly, operator: Exists}]
affinity: {podAntiAffinity: {}}
priorityClassName: system-cluster-critical
resources: {limits: {memory: 1Gi}}
metrics: {annotations: false}
`)
	spec := podSpec(one)
	for _, field := range []struct{ got, want any }{
		{container(one)["imagePullPolicy"], "Always"},
		{spec["imagePullSecrets"], []any{object{"name": "registry"}}},
		{spec["nodeSelector"], object{"a": "b"}},
		{spec["tolerations"], []any{object{"key": "CriticalAddonsOnly", "operator": "Exists"}}},
		{spec["affinity"], object{"podAntiAffinity": object{}}},
		{spec["priorityClassName"], "system-cluster-critical"},
		{container(one)["resources"], object{"limits": object{"memory": "1Gi"}, "requests": object{"cpu": "100m", "memory": "256Mi"}}},
		{child(child(child(one, "spec"), "template"), "metadata"), object{"labels": object{"team": "geo", "app.kubernetes.io/name": "planetary-operator"}}},
	} {
		if diff := cmp.Diff(field.want, field.got); diff != "" {
			t.Error(diff)
		}
	}
}

// Whatever runs is scraped: an alert on what nobody scrapes never fires.
func TestThePodMonitorsAreThoseOfTheDocs(t *testing.T) {
	const on = "metrics: {podMonitor: {enabled: true}}\n"
	for values, parts := range map[string][]string{
		on:                                 {"operator", "sas-broker"},
		on + "sasBroker: {enabled: false}": {"operator"},
		on + "azure: {enabled: true, subscriptionId: s, resourceGroup: r, clusterName: c, clientId: i}": {"operator", "sas-broker", "azure"},
	} {
		objects, _ := charted(t, loaded(t, chartDir), "planetary-system", values)
		want := map[string]object{}
		for _, part := range parts {
			maps.Copy(want, byKey(t, text(t, "deploy/observability/"+part+"-podmonitor.yaml")))
		}
		got := map[string]object{}
		for key, one := range objects {
			if one["kind"] == "PodMonitor" {
				got[key] = one
			}
		}
		if diff := cmp.Diff(want, alike(got)); diff != "" {
			t.Error(values, diff)
		}
		for _, one := range got {
			finds(t, objects, one)
		}
	}
}

// finds: there is a Deployment whose pods have these labels and that port.
func finds(t *testing.T, objects map[string]object, monitor object) {
	t.Helper()
	spec := child(monitor, "spec")
	wanted := child(child(spec, "selector"), "matchLabels")["app.kubernetes.io/name"]
	port := spec["podMetricsEndpoints"].([]any)[0].(object)["port"]
	for _, one := range objects {
		if one["kind"] != "Deployment" {
			continue
		}
		labels := child(child(child(child(one, "spec"), "template"), "metadata"), "labels")
		if labels["app.kubernetes.io/name"] == wanted && container(one)["ports"].([]any)[0].(object)["name"] == port {
			return
		}
	}
	t.Errorf("no pod is found by %v and port %v", wanted, port)
}

func TestTheSchemaRefusesWhatTheChartDoesNotKnow(t *testing.T) {
	for _, wrong := range []string{
		"watch: {namespace: team-a}",
		"watch: {namespaces: [Team_A]}",
		"settings: {caLife: 30d}",
		"settings: {clientImage: x}",
		"limits: {clusters: -1}",
		"limits: {clusters: five}",
		"limits: {memory: 512 GB}",
		"limits: {namespaces: {team-a: {}}}",
		"image: {repository: ''}",
		"metrics: {podMonitor: {apiVersion: monitoring.coreos.com/v2}}",
		"replicas: 2",
		"azure: {enabled: true, subscriptionId: s, resourceGroup: r, clusterName: c}",
	} {
		if _, err := render(t, loaded(t, chartDir), "x", wrong); err == nil || !strings.Contains(err.Error(), "schema") {
			t.Errorf("%s: %v", wrong, err)
		}
	}
}

func TestHelmTestWaitsForAClusterOfItsOwn(t *testing.T) {
	for values, namespace := range map[string]string{"{}": "x", "watch: {namespaces: [team-a, team-b]}": "team-a"} {
		_, hooks := charted(t, loaded(t, chartDir), "x", values)
		name := namespace + "/planetary-operator-test"
		want := []string{"Pod", "PlanetaryCluster", "Role", "RoleBinding", "ServiceAccount"}
		for _, kind := range want {
			one := hooks[kind+" "+name]
			if one == nil {
				t.Fatalf("there is no %s %s among %v", kind, name, slices.Sorted(maps.Keys(hooks)))
			}
			before := annotations(one)["helm.sh/hook-weight"] == "-1"
			if annotations(one)[hook] != "test" || before == (kind == "Pod") {
				t.Errorf("%s %s: %v", kind, name, annotations(one))
			}
		}
		if len(hooks) != len(want) {
			t.Errorf("more hooks: %v", slices.Sorted(maps.Keys(hooks)))
		}
		if suspended := child(hooks["PlanetaryCluster "+name], "spec"); !cmp.Equal(suspended, object{"suspend": true}) {
			t.Errorf("the cluster would need pods: %v", suspended)
		}
		pod := child(hooks["Pod "+name], "spec")["containers"].([]any)[0].(object)
		if args := fmt.Sprint(pod["args"]); !strings.Contains(args, "--namespace="+namespace+" --for=condition=Ready") ||
			!strings.HasSuffix(args, "/planetary-operator-test]") {
			t.Errorf("the pod waits for something else: %s", args)
		}
	}
}

func TestNotesSayWhatIsMissing(t *testing.T) {
	for values, missing := range map[string]bool{"{}": true, localImages: false} {
		files, err := render(t, loaded(t, chartDir), "x", values)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(files["planetary-operator/templates/NOTES.txt"], "nobody's"); got != missing {
			t.Errorf("%s: %v", values, files)
		}
	}
}

func text(t *testing.T, file string) string {
	t.Helper()
	found, err := os.ReadFile(filepath.Join(root, file))
	if err != nil {
		t.Fatal(err)
	}
	return string(found)
}
