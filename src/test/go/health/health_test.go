// Package health reads what the operator wrote as GitOps tools do: Argo CD by our Lua in its own runner, Flux by our CEL in its own
// evaluator, and everybody else by kstatus. Statuses are those of the operator's golden files, so that they cannot drift.
package health

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	argoapi "github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"
	"github.com/argoproj/argo-cd/v3/util/lua"
	"github.com/argoproj/gitops-engine/pkg/health"
	fluxstatus "github.com/fluxcd/cli-utils/pkg/kstatus/status"
	"github.com/fluxcd/pkg/apis/kustomize"
	"github.com/fluxcd/pkg/runtime/cel"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/cli-utils/pkg/kstatus/status"
	"sigs.k8s.io/yaml"
)

const (
	root    = "../../../.."
	scripts = "deploy/argocd/resource_customizations/planetary.dev"
	cluster = "PlanetaryCluster"
	job     = "PlanetaryJob"
	pool    = "PlanetaryNodePool"
)

// shown are the recorded objects that are kept beside the scripts, in argo-cd's layout, and what Argo CD is to make of them.
var shown = map[string]map[string]string{
	cluster: {
		"running":              "Healthy",
		"limit-lowered":        "Healthy",
		"stopped":              "Healthy",
		"suspended":            "Suspended",
		"starting":             "Progressing",
		"stopping":             "Progressing",
		"suspending":           "Progressing",
		"scale-up":             "Progressing",
		"worker-unschedulable": "Progressing",
		"worker-crash-loop":    "Degraded",
		"image-pull":           "Degraded",
		"silent-scheduler":     "Degraded",
		"stalled":              "Degraded",
		"stalled-but-running":  "Degraded",
	},
	job: {
		"job-succeeded-completed":            "Healthy",
		"job-suspended-suspended":            "Suspended",
		"job-pending-cluster-not-found":      "Progressing",
		"job-pending-retrying":               "Progressing",
		"job-starting-runner-unschedulable":  "Progressing",
		"job-running-running":                "Progressing",
		"job-failed-program-failed":          "Degraded",
		"job-failed-start-deadline-exceeded": "Degraded",
	},
	pool: {
		"ready":           "Healthy",
		"creating":        "Progressing",
		"throttled":       "Progressing",
		"failed-capacity": "Progressing",
		"failed-quota":    "Degraded",
		"conflict":        "Degraded",
	},
}

// in each phase Argo CD may say these.
var perPhase = map[string]map[string][]string{
	cluster: {
		"Running":   {"Healthy"},
		"Stopped":   {"Healthy", "Progressing"},
		"Suspended": {"Suspended", "Progressing"},
		"Pending":   {"Progressing", "Degraded"},
		"Degraded":  {"Progressing", "Degraded"},
		"Failed":    {"Degraded"},
	},
	job: {
		"Pending":   {"Progressing"},
		"Starting":  {"Progressing"},
		"Running":   {"Progressing"},
		"Succeeded": {"Healthy"},
		"Suspended": {"Suspended"},
		"Failed":    {"Degraded"},
	},
	pool: {
		"Pending":  {"Progressing"},
		"Updating": {"Progressing"},
		"Ready":    {"Healthy"},
		"Failed":   {"Degraded"},
	},
}

func TestTheExamplesBesideTheScripts(t *testing.T) {
	for kind, examples := range shown {
		recorded := records(t, kind)
		for name, want := range examples {
			one := recorded[name]
			if one == nil {
				t.Fatalf("nothing is recorded as %s", name)
			}
			if got, _ := argo(t, one); got != want {
				t.Errorf("%s %s: %s, not %s", kind, name, got, want)
			}
		}
	}
}

func TestEveryRecordedStatusIsReadAlikeByAll(t *testing.T) {
	for kind := range shown {
		phases := map[string]bool{}
		for name, one := range records(t, kind) {
			phase, _, _ := unstructured.NestedString(one.Object, "status", "phase")
			phases[phase] = true
			inArgo, message := argo(t, one)
			inFlux, inOthers := flux(t, one), kstatus(t, one)
			if !slices.Contains(perPhase[kind][phase], inArgo) {
				t.Errorf("%s is %s, and %s in Argo CD", name, phase, inArgo)
			}
			if message == "" {
				t.Errorf("%s: nobody says why it is %s", name, inArgo)
			}
			want := map[string]status.Status{
				"Healthy": status.CurrentStatus, "Suspended": status.CurrentStatus,
				"Progressing": status.InProgressStatus, "Degraded": status.FailedStatus,
			}[inArgo]
			if inFlux != want {
				t.Errorf("%s is %s in Argo CD, and %s in Flux", name, inArgo, inFlux)
			}
			// kstatus knows of nothing but conditions: what crashes is in progress to it.
			stalled := condition(one, "Stalled") == "True"
			if inOthers != want && (inArgo != "Degraded" || stalled || inOthers != status.InProgressStatus) {
				t.Errorf("%s is %s in Argo CD, and %s by kstatus", name, inArgo, inOthers)
			}
		}
		for phase := range perPhase[kind] {
			if !phases[phase] {
				t.Errorf("no %s in phase %s is recorded", kind, phase)
			}
		}
	}
}

func TestAStatusOfAnOlderSpecIsNotBelieved(t *testing.T) {
	for kind := range shown {
		for name, one := range records(t, kind) {
			one.SetGeneration(one.GetGeneration() + 1)
			if got, _ := argo(t, one); got != "Progressing" {
				t.Errorf("%s: %s in Argo CD", name, got)
			}
			if got := flux(t, one); got != status.InProgressStatus {
				t.Errorf("%s: %s in Flux", name, got)
			}
			if got := kstatus(t, one); got != status.InProgressStatus {
				t.Errorf("%s: %s by kstatus", name, got)
			}
		}
	}
}

func TestWhatTheOperatorHasNotSeenIsNotReady(t *testing.T) {
	for kind := range shown {
		one := anyOf(records(t, kind))
		unstructured.RemoveNestedField(one.Object, "status")
		if got, message := argo(t, one); got != "Progressing" || message == "" {
			t.Errorf("%s: %s in Argo CD: %s", kind, got, message)
		}
		// An expression that finds no status is an error, on which Flux waits; without any it would call the object ready.
		if got, err := evaluate(t, one); err == nil {
			t.Errorf("%s: %s in Flux", kind, got.Status)
		}
		if got := kstatus(t, one); got != status.CurrentStatus {
			t.Errorf("kstatus has learned to wait: %s. Say so in docs/gitops.md", got)
		}
	}
}

func TestWhatIsBeingDeletedIsTerminating(t *testing.T) {
	for kind := range shown {
		for name, one := range records(t, kind) {
			_ = unstructured.SetNestedField(one.Object, "2026-03-01T12:00:00Z", "metadata", "deletionTimestamp")
			if got, _ := argo(t, one); got != "Progressing" {
				t.Errorf("%s: %s in Argo CD", name, got)
			}
			if got := kstatus(t, one); got != status.TerminatingStatus {
				t.Errorf("%s: %s", name, got)
			}
		}
	}
}

// Argo CD's layout: PLANETARY_GENERATE=1 writes it.

type healthTests struct {
	Tests []healthTest `json:"tests"`
}

type healthTest struct {
	HealthStatus struct {
		Status  string `json:"status"`
		Message string `json:"message"`
	} `json:"healthStatus"`
	InputPath string `json:"inputPath"`
}

func TestExamplesAreAsRecorded(t *testing.T) {
	for kind, examples := range shown {
		recorded, dir := records(t, kind), filepath.Join(root, scripts, kind)
		wanted := map[string]string{}
		var all healthTests
		names := []string{}
		for name := range examples {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			var one healthTest
			one.InputPath = "testdata/" + name + ".yaml"
			one.HealthStatus.Status = examples[name]
			_, one.HealthStatus.Message = argo(t, recorded[name])
			all.Tests = append(all.Tests, one)
			wanted[one.InputPath] = asYaml(t, recorded[name].Object)
		}
		wanted["health_test.yaml"] = asYaml(t, all)
		if os.Getenv("PLANETARY_GENERATE") != "" {
			_ = os.RemoveAll(filepath.Join(dir, "testdata"))
			_ = os.MkdirAll(filepath.Join(dir, "testdata"), 0o755)
			for file, text := range wanted {
				if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		}
		files, _ := filepath.Glob(filepath.Join(dir, "testdata/*"))
		if len(files) != len(examples) {
			t.Errorf("%s: %d files in testdata, not %d", kind, len(files), len(examples))
		}
		for file, want := range wanted {
			got, _ := os.ReadFile(filepath.Join(dir, file))
			if string(got) != want {
				t.Errorf("%s/%s/%s is not as recorded: PLANETARY_GENERATE=1 go test ./health", scripts, kind, file)
			}
		}
	}
}

func asYaml(t *testing.T, what any) string {
	t.Helper()
	text, err := yaml.Marshal(what)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// The three readers

// argo is what Argo CD shows: the ConfigMap's script in its own runner.
func argo(t *testing.T, one *unstructured.Unstructured) (string, string) {
	t.Helper()
	script, err := os.ReadFile(filepath.Join(root, scripts, one.GetKind(), "health.lua"))
	if err != nil {
		t.Fatal(err)
	}
	overrides := lua.ResourceHealthOverrides{"planetary.dev/" + one.GetKind(): argoapi.ResourceOverride{HealthLua: string(script)}}
	found, err := health.GetResourceHealth(one, overrides)
	if err != nil {
		t.Fatal(one.GetName(), err)
	}
	return string(found.Status), found.Message
}

func kstatus(t *testing.T, one *unstructured.Unstructured) status.Status {
	t.Helper()
	result, err := status.Compute(one)
	if err != nil {
		t.Fatal(one.GetName(), err)
	}
	return result.Status
}

func flux(t *testing.T, one *unstructured.Unstructured) status.Status {
	t.Helper()
	result, err := evaluate(t, one)
	if err != nil {
		t.Fatal(one.GetName(), err)
	}
	return status.Status(result.Status)
}

func evaluate(t *testing.T, one *unstructured.Unstructured) (*fluxstatus.Result, error) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "deploy/flux/sync.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, document := range strings.Split(string(text), "\n---\n") {
		var sync struct {
			Kind string `json:"kind"`
			Spec struct {
				HealthCheckExprs []kustomize.CustomHealthCheck `json:"healthCheckExprs"`
			} `json:"spec"`
		}
		if err := yaml.Unmarshal([]byte(document), &sync); err != nil {
			t.Fatal(err)
		}
		for _, check := range sync.Spec.HealthCheckExprs {
			if check.Kind == one.GetKind() && check.APIVersion == one.GetAPIVersion() {
				evaluator, err := cel.NewStatusEvaluator(&check.HealthCheckExpressions)
				if err != nil {
					t.Fatal(err)
				}
				return evaluator.Evaluate(context.Background(), one)
			}
		}
	}
	t.Fatalf("deploy/flux says nothing of %s", one.GetKind())
	return nil, nil
}

// What the operator wrote

// records are whole objects with a status as the operator writes it, by their file or folder.
func records(t *testing.T, kind string) map[string]*unstructured.Unstructured {
	t.Helper()
	found := map[string]*unstructured.Unstructured{}
	goldens := map[string]string{cluster: "golden", job: "golden-jobs", pool: "golden-pools"}[kind]
	folders, _ := filepath.Glob(filepath.Join(root, "src/test/resources", goldens, "*"))
	for _, folder := range folders {
		one := object(t, filepath.Join(folder, "in-"+kind+".yaml"))
		if one.GetDeletionTimestamp() != nil {
			continue // whatever it says, it ends
		}
		if _, err := os.Stat(filepath.Join(folder, "out-status.yaml")); err != nil {
			continue
		}
		one.Object["status"] = object(t, filepath.Join(folder, "out-status.yaml")).Object
		if condition(one, "Ready") == "" {
			continue // a status of before that its golden file leaves as it is
		}
		found[filepath.Base(folder)] = one
	}
	files, _ := filepath.Glob(filepath.Join(root, "src/test/resources/argo/*.json"))
	for _, file := range files {
		if one := object(t, file); one.GetKind() == kind {
			found[strings.TrimSuffix(filepath.Base(file), ".json")] = one
		}
	}
	if len(found) < 20 {
		t.Fatalf("only %d of %s are recorded", len(found), kind)
	}
	return found
}

func object(t *testing.T, file string) *unstructured.Unstructured {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text, err = yaml.YAMLToJSON(text)
	if err != nil {
		t.Fatal(file, err)
	}
	one := &unstructured.Unstructured{}
	// With whole numbers, as an API server's are.
	if err := json.Unmarshal(text, &one.Object); err != nil {
		t.Fatal(file, err)
	}
	return one
}

func condition(one *unstructured.Unstructured, kind string) string {
	conditions, _, _ := unstructured.NestedSlice(one.Object, "status", "conditions")
	for _, entry := range conditions {
		if c := entry.(map[string]any); c["type"] == kind {
			return c["status"].(string)
		}
	}
	return ""
}

func anyOf(all map[string]*unstructured.Unstructured) *unstructured.Unstructured {
	for _, one := range all {
		return one
	}
	return nil
}
