// Package argo checks deploy/argo without Argo, whose module no proxy serves: with the libraries that its executor uses
// (label selectors over gjson, kubectl's jsonpath, expr, fasttemplate), on statuses that the operator wrote.
package argo

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/expr-lang/expr"
	"github.com/tidwall/gjson"
	"github.com/valyala/fasttemplate"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/util/jsonpath"
	"sigs.k8s.io/yaml"
)

const root = "../../../.."

// Of Argo's types what the templates use: strict reading refuses every other word. API reference: fields.md of Argo.

type parameter struct {
	Name      string  `json:"name"`
	Value     *string `json:"value,omitempty"`
	ValueFrom *struct {
		JSONPath string `json:"jsonPath"`
	} `json:"valueFrom,omitempty"`
}

type parameters struct {
	Parameters []parameter `json:"parameters"`
}

type resource struct {
	Action            string   `json:"action"`
	SetOwnerReference bool     `json:"setOwnerReference,omitempty"`
	SuccessCondition  string   `json:"successCondition,omitempty"`
	FailureCondition  string   `json:"failureCondition,omitempty"`
	Manifest          string   `json:"manifest,omitempty"`
	Flags             []string `json:"flags,omitempty"`
}

type step struct {
	Name        string `json:"name"`
	Template    string `json:"template,omitempty"`
	TemplateRef *struct {
		Name     string `json:"name"`
		Template string `json:"template"`
	} `json:"templateRef,omitempty"`
	Arguments parameters `json:"arguments,omitempty"`
}

type template struct {
	Name                  string     `json:"name"`
	Inputs                parameters `json:"inputs,omitempty"`
	Outputs               parameters `json:"outputs,omitempty"`
	Steps                 [][]step   `json:"steps,omitempty"`
	Resource              *resource  `json:"resource,omitempty"`
	ActiveDeadlineSeconds int        `json:"activeDeadlineSeconds,omitempty"`
}

type workflowSpec struct {
	Entrypoint          string     `json:"entrypoint,omitempty"`
	OnExit              string     `json:"onExit,omitempty"`
	ServiceAccountName  string     `json:"serviceAccountName,omitempty"`
	Arguments           parameters `json:"arguments,omitempty"`
	Templates           []template `json:"templates,omitempty"`
	WorkflowTemplateRef *struct {
		Name string `json:"name"`
	} `json:"workflowTemplateRef,omitempty"`
}

type object[S any] struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   struct {
		Name string `json:"name"`
	} `json:"metadata"`
	Spec S `json:"spec"`
}

type cronSpec struct {
	Schedules                  []string     `json:"schedules"`
	Timezone                   string       `json:"timezone"`
	ConcurrencyPolicy          string       `json:"concurrencyPolicy"`
	StartingDeadlineSeconds    int          `json:"startingDeadlineSeconds"`
	SuccessfulJobsHistoryLimit int          `json:"successfulJobsHistoryLimit"`
	FailedJobsHistoryLimit     int          `json:"failedJobsHistoryLimit"`
	WorkflowSpec               workflowSpec `json:"workflowSpec"`
}

func read[T any](t *testing.T, file string) T {
	t.Helper()
	var into T
	if err := yaml.UnmarshalStrict(content(t, "deploy/argo/"+file), &into); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return into
}

func content(t *testing.T, file string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, file))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func workflowTemplates(t *testing.T) []object[workflowSpec] {
	return []object[workflowSpec]{
		read[object[workflowSpec]](t, "planetary-job.yaml"),
		read[object[workflowSpec]](t, "planetary-pipeline.yaml"),
	}
}

// resources are all templates that act on an object.
func resources(t *testing.T) []template {
	var found []template
	for _, workflow := range workflowTemplates(t) {
		for _, one := range workflow.Spec.Templates {
			if one.Resource != nil {
				found = append(found, one)
			}
		}
	}
	return found
}

// What the operator wrote

type recorded struct {
	file  string
	phase string
	json  []byte
}

// records are objects of this kind as the operator left them: whole ones, and the statuses of its golden files.
func records(t *testing.T, kind string) []recorded {
	t.Helper()
	files, _ := filepath.Glob(filepath.Join(root, "src/test/resources/argo/*.json"))
	var found []recorded
	for _, file := range files {
		text, _ := os.ReadFile(file)
		if gjson.GetBytes(text, "kind").String() == kind {
			found = append(found, recorded{file, gjson.GetBytes(text, "status.phase").String(), text})
		}
	}
	if kind == "PlanetaryCluster" {
		files, _ = filepath.Glob(filepath.Join(root, "src/test/resources/golden/*/out-status.yaml"))
		for _, file := range files {
			text, _ := os.ReadFile(file)
			status, err := yaml.YAMLToJSON(text)
			if err != nil {
				t.Fatal(file, err)
			}
			whole := fmt.Appendf(nil, `{"kind": %q, "metadata": {"name": "ndvi"}, "status": %s}`, kind, status)
			found = append(found, recorded{file, gjson.GetBytes(whole, "status.phase").String(), whole})
		}
	}
	return found
}

var phases = map[string][]string{
	"PlanetaryJob":     {"Failed", "Pending", "Running", "Starting", "Succeeded", "Suspended"},
	"PlanetaryCluster": {"Degraded", "Failed", "Pending", "Running", "Stopped", "Suspended"},
}
var succeeds = map[string]string{"PlanetaryJob": "Succeeded", "PlanetaryCluster": "Running"}

func TestEveryPhaseIsRecorded(t *testing.T) {
	for kind, all := range phases {
		var seen []string
		for _, one := range records(t, kind) {
			seen = append(seen, one.phase)
		}
		slices.Sort(seen)
		if seen = slices.Compact(seen); !slices.Equal(seen, all) {
			t.Errorf("%s: recorded are %v, not %v", kind, seen, all)
		}
	}
}

// Conditions: as Argo's executor evaluates them

// fields are an object as labels.Labels.
type fields struct{ json []byte }

func (f fields) Has(path string) bool   { return gjson.GetBytes(f.json, path).Exists() }
func (f fields) Get(path string) string { return gjson.GetBytes(f.json, path).String() }
func (f fields) Lookup(path string) (string, bool) {
	return f.Get(path), f.Has(path)
}

func requirements(t *testing.T, condition string) labels.Requirements {
	t.Helper()
	selector, err := labels.Parse(condition)
	if err != nil {
		t.Fatalf("%q: %v", condition, err)
	}
	found, _ := selector.Requirements()
	if len(found) == 0 {
		t.Fatalf("%q says nothing", condition)
	}
	return found
}

// outcome: any of the failure's requirements fails the step, all of the success's end it, else it is asked again.
func outcome(t *testing.T, of *resource, object []byte) string {
	t.Helper()
	failure, success := requirements(t, of.FailureCondition), requirements(t, of.SuccessCondition)
	if slices.ContainsFunc(failure, func(r labels.Requirement) bool { return r.Matches(fields{object}) }) {
		return "failed"
	}
	if !slices.ContainsFunc(success, func(r labels.Requirement) bool { return !r.Matches(fields{object}) }) {
		return "succeeded"
	}
	return "waits"
}

func TestConditionsHoldInTheirPhasesOnly(t *testing.T) {
	for _, one := range resources(t) {
		if one.Resource.Action != "create" {
			continue
		}
		kind := kindOf(t, one)
		objects := append(records(t, kind), recorded{"just created", "", []byte(`{"metadata": {"name": "x"}, "spec": {}}`)})
		for _, object := range objects {
			want := "waits"
			if object.phase == succeeds[kind] {
				want = "succeeded"
			} else if object.phase == "Failed" {
				want = "failed"
			}
			if got := outcome(t, one.Resource, object.json); got != want {
				t.Errorf("%s, %s in phase %q: %s, not %s", one.Name, object.file, object.phase, got, want)
			}
		}
	}
}

// Outputs: as kubectl reads them

func TestOutputsAreWhatTheObjectSays(t *testing.T) {
	want := map[string]string{
		"job": "metadata.name", "name": "metadata.name", "result": "status.result", "duration": "status.duration",
		"scheduler": "status.scheduler.address",
	}
	asked := 0
	for _, one := range resources(t) {
		for _, output := range one.Outputs.Parameters {
			for _, object := range records(t, kindOf(t, one)) {
				if object.phase != succeeds[kindOf(t, one)] {
					continue // Argo reads them of a step that succeeded
				}
				path := jsonpath.New(output.Name).AllowMissingKeys(true)
				if err := path.Parse(output.ValueFrom.JSONPath); err != nil {
					t.Fatal(output.ValueFrom.JSONPath, err)
				}
				var whole any
				if err := json.Unmarshal(object.json, &whole); err != nil {
					t.Fatal(err)
				}
				var got bytes.Buffer
				if err := path.Execute(&got, whole); err != nil {
					t.Fatal(err)
				}
				asked++
				if expected := gjson.GetBytes(object.json, want[output.Name]).String(); got.String() != expected {
					t.Errorf("%s of %s: %q, not %q", output.Name, object.file, got.String(), expected)
				}
			}
		}
	}
	if asked == 0 || !slices.ContainsFunc(records(t, "PlanetaryJob"), func(r recorded) bool { return gjson.GetBytes(r.json, "status.result").String() != "" }) {
		t.Error("no recorded job has a result")
	}
}

// Manifests: rendered as Argo does

// render fills {{name}} and {{=expression}} in, each where the template stands as a string of its JSON.
func render(t *testing.T, text string, values map[string]string) string {
	t.Helper()
	env := map[string]any{"toJson": func(v any) string { b, _ := json.Marshal(v); return string(b) }}
	for path, value := range values {
		into, parts := env, strings.Split(path, ".")
		for _, part := range parts[:len(parts)-1] {
			if into[part] == nil {
				into[part] = map[string]any{}
			}
			into = into[part].(map[string]any)
		}
		into[parts[len(parts)-1]] = value
	}
	quoted, _ := json.Marshal(text)
	filled, err := fasttemplate.ExecuteFuncStringWithErr(string(quoted), "{{", "}}", func(w io.Writer, tag string) (int, error) {
		value, known := values[strings.TrimSpace(tag)]
		if expression, is := strings.CutPrefix(tag, "="); is {
			var unquoted string
			if err := json.Unmarshal([]byte(`"`+expression+`"`), &unquoted); err != nil {
				return 0, err
			}
			result, err := expr.Eval(unquoted, env)
			if err != nil {
				return 0, err
			}
			value, known = fmt.Sprint(result), true
		}
		if !known {
			return 0, fmt.Errorf("nobody gives {{%s}}", tag)
		}
		inside, _ := json.Marshal(value)
		return w.Write(inside[1 : len(inside)-1])
	})
	if err != nil {
		t.Fatal(err)
	}
	var rendered string
	if err := json.Unmarshal([]byte(filled), &rendered); err != nil {
		t.Fatal(err)
	}
	return rendered
}

const nasty = "import json\n# \"quotes\", 'single', \\ back, ü ✓, tab\t, # no comment\nprint(json.dumps({\"a\": [1]}))\n\n"

// values are all parameters that a template may name.
func values(one template, workflow object[workflowSpec]) map[string]string {
	given := map[string]string{"workflow.uid": "0e2d1c4a-1f2a-11f0-8a6b-0242ac110002"}
	for _, p := range workflow.Spec.Arguments.Parameters {
		given["workflow.parameters."+p.Name] = *p.Value
	}
	for _, p := range one.Inputs.Parameters {
		if p.Value != nil {
			given["inputs.parameters."+p.Name] = *p.Value
		}
	}
	given["inputs.parameters.cluster"] = "ndvi"
	given["inputs.parameters.script"] = nasty
	given["inputs.parameters.workers"] = "3"
	given["inputs.parameters.parameters"] = `{"found": "{\"years\": [1, 2]}", "bbox": "5,52,6,53"}`
	return given
}

func manifest(t *testing.T, one template, workflow object[workflowSpec]) map[string]any {
	t.Helper()
	var object map[string]any
	if err := yaml.UnmarshalStrict([]byte(render(t, one.Resource.Manifest, values(one, workflow))), &object); err != nil {
		t.Fatalf("%s: %v", one.Name, err)
	}
	return object
}

func kindOf(t *testing.T, one template) string {
	t.Helper()
	for _, workflow := range workflowTemplates(t) {
		for _, other := range workflow.Spec.Templates {
			if other.Name == one.Name {
				return manifest(t, one, workflow)["kind"].(string)
			}
		}
	}
	t.Fatal(one.Name)
	return ""
}

func TestManifestsCarryWhatIsGiven(t *testing.T) {
	jobs := 0
	for _, workflow := range workflowTemplates(t) {
		for _, one := range workflow.Spec.Templates {
			if one.Resource == nil || one.Resource.Action != "create" {
				continue
			}
			object := manifest(t, one, workflow)
			knownFields(t, object)
			if dump := os.Getenv("PLANETARY_RENDERED"); dump != "" {
				text, _ := yaml.Marshal(object)
				_ = os.WriteFile(filepath.Join(dump, one.Name+".yaml"), text, 0o644)
			}
			if !one.Resource.SetOwnerReference {
				t.Errorf("%s: who deletes the workflow would leave it", one.Name)
			}
			if object["kind"] != "PlanetaryJob" {
				continue
			}
			jobs++
			spec := object["spec"].(map[string]any)
			if spec["script"] != nasty {
				t.Errorf("%s: the script became %q", one.Name, spec["script"])
			}
			if found := spec["parameters"].(map[string]any)["found"]; found != `{"years": [1, 2]}` {
				t.Errorf("%s: a result became %q", one.Name, found)
			}
		}
	}
	if jobs != 2 {
		t.Errorf("%d templates make jobs", jobs)
	}
}

// knownFields compares with the schema that the API server has: it would prune, or refuse, other words.
func knownFields(t *testing.T, object map[string]any) {
	t.Helper()
	file := fmt.Sprintf("deploy/crds/%ss.planetary.dev-v1.yaml", strings.ToLower(object["kind"].(string)))
	if _, err := os.Stat(filepath.Join(root, file)); os.IsNotExist(err) {
		t.Logf("%s is not here yet", file)
		return
	}
	crd, err := yaml.YAMLToJSON(content(t, file))
	if err != nil {
		t.Fatal(err)
	}
	schema := gjson.GetBytes(crd, "spec.versions.0.schema.openAPIV3Schema")
	var walk func(path string, value any, schema gjson.Result)
	walk = func(path string, value any, schema gjson.Result) {
		switch value := value.(type) {
		case map[string]any:
			if schema.Get("additionalProperties").Exists() || schema.Get(`x-kubernetes-preserve-unknown-fields`).Bool() {
				return
			}
			for name, field := range value {
				known := schema.Get("properties").Get(name)
				if !known.Exists() {
					t.Errorf("%s has no field %s.%s", file, path, name)
				}
				walk(path+"."+name, field, known)
			}
		case []any:
			for _, item := range value {
				walk(path+"[]", item, schema.Get("items"))
			}
		}
	}
	walk("spec", object["spec"], schema.Get("properties.spec"))
}

// Workflows hang together

func TestReferencesLeadSomewhere(t *testing.T) {
	workflows := workflowTemplates(t)
	cron := read[object[cronSpec]](t, "cronworkflow.yaml")
	find := func(name string) *object[workflowSpec] {
		for i := range workflows {
			if workflows[i].Metadata.Name == name {
				return &workflows[i]
			}
		}
		t.Fatalf("there is no WorkflowTemplate %s", name)
		return nil
	}
	names := func(list []parameter) []string {
		var all []string
		for _, p := range list {
			all = append(all, p.Name)
		}
		return all
	}
	theirs := find(cron.Spec.WorkflowSpec.WorkflowTemplateRef.Name)
	for _, p := range cron.Spec.WorkflowSpec.Arguments.Parameters {
		if !slices.Contains(names(theirs.Spec.Arguments.Parameters), p.Name) {
			t.Errorf("%s has no parameter %s", theirs.Metadata.Name, p.Name)
		}
	}
	template := func(of *object[workflowSpec], name string) *template {
		for i := range of.Spec.Templates {
			if of.Spec.Templates[i].Name == name {
				return &of.Spec.Templates[i]
			}
		}
		t.Fatalf("%s has no template %s", of.Metadata.Name, name)
		return nil
	}
	for i := range workflows {
		of := &workflows[i]
		template(of, of.Spec.Entrypoint)
		if of.Spec.OnExit != "" {
			template(of, of.Spec.OnExit)
		}
		for _, one := range of.Spec.Templates {
			outputs := map[string]string{}
			for _, p := range []string{"workflow.uid"} {
				outputs[p] = "x"
			}
			for _, group := range one.Steps {
				for _, step := range group {
					called := of
					name := step.Template
					if step.TemplateRef != nil {
						called, name = find(step.TemplateRef.Name), step.TemplateRef.Template
					}
					target := template(called, name)
					for _, argument := range step.Arguments.Parameters {
						if !slices.Contains(names(target.Inputs.Parameters), argument.Name) {
							t.Errorf("%s takes no %s", name, argument.Name)
						}
						render(t, *argument.Value, outputs) // fails on what no earlier step gives
					}
					for _, input := range target.Inputs.Parameters {
						if input.Value == nil && !slices.Contains(names(step.Arguments.Parameters), input.Name) {
							t.Errorf("%s wants %s", name, input.Name)
						}
					}
					for _, output := range target.Outputs.Parameters {
						outputs["steps."+step.Name+".outputs.parameters."+output.Name] = "given"
					}
				}
			}
		}
	}
}

// Rights

func TestRightsAreThoseThatTheTemplatesNeed(t *testing.T) {
	want := map[string][]string{"workflowtaskresults": {"create", "patch"}}
	need := func(resource string, verbs ...string) {
		for _, verb := range verbs {
			if !slices.Contains(want[resource], verb) {
				want[resource] = append(want[resource], verb)
			}
		}
	}
	for _, one := range resources(t) {
		switch one.Resource.Action {
		case "create": // and get: for the conditions and the outputs
			need(strings.ToLower(kindOf(t, one))+"s", "create", "get")
		case "delete":
			if !slices.Contains(one.Resource.Flags, "--selector") || !slices.Contains(one.Resource.Flags, "--wait=false") {
				t.Errorf("%s: kubectl would also watch", one.Name)
			}
			need(strings.TrimSuffix(one.Resource.Flags[0], ".planetary.dev"), "list", "delete")
		}
	}
	got := map[string][]string{}
	for _, document := range bytes.Split(content(t, "deploy/argo/rbac.yaml"), []byte("\n---\n")) {
		text, err := yaml.YAMLToJSON(document)
		if err != nil {
			t.Fatal(err)
		}
		for _, rule := range gjson.GetBytes(text, "rules").Array() {
			for _, resource := range rule.Get("resources").Array() {
				for _, verb := range rule.Get("verbs").Array() {
					got[resource.String()] = append(got[resource.String()], verb.String())
				}
			}
		}
	}
	for _, verbs := range []map[string][]string{want, got} {
		for _, list := range verbs {
			slices.Sort(list)
		}
	}
	if fmt.Sprint(want) != fmt.Sprint(got) {
		t.Errorf("needed %v, given %v", want, got)
	}
}
