package packaging

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	types "github.com/google/cel-go/cel"
	admissionregistration "k8s.io/api/admissionregistration/v1"
	core "k8s.io/api/core/v1"
	rbac "k8s.io/api/rbac/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/admission/plugin/cel"
	limits "k8s.io/apiserver/pkg/apis/cel"
	"k8s.io/apiserver/pkg/authentication/user"
	environments "k8s.io/apiserver/pkg/cel/environment"
	"sigs.k8s.io/yaml"
)

const (
	theHub   = "system:serviceaccount:jupyterhub:hub"
	enforced = "pod-security.kubernetes.io/enforce"
)

// hubs are the objects of the hub's rights, of which RBAC alone would be the whole cluster.
func hubs[T any](t *testing.T, kind string) T {
	t.Helper()
	var found T
	rights := byKey(t, text(t, "deploy/jupyter/jupyterhub/rights.yaml"))
	raw, err := yaml.Marshal(rights[kind+" <nil>/planetary-jupyterhub"])
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.UnmarshalStrict(raw, &found); err != nil {
		t.Fatal(kind, err)
	}
	return found
}

func TestThePolicyIsInForceForAllThatTheHubMakesAndDeletes(t *testing.T) {
	policy := hubs[admissionregistration.ValidatingAdmissionPolicy](t, "ValidatingAdmissionPolicy").Spec
	binding := hubs[admissionregistration.ValidatingAdmissionPolicyBinding](t, "ValidatingAdmissionPolicyBinding").Spec
	if binding.PolicyName != "planetary-jupyterhub" || !slices.Equal(binding.ValidationActions, []admissionregistration.ValidationAction{"Deny"}) {
		t.Error(binding)
	}
	subject := hubs[rbac.ClusterRoleBinding](t, "ClusterRoleBinding").Subjects[0]
	if "system:serviceaccount:"+subject.Namespace+":"+subject.Name != theHub {
		t.Error(subject)
	}
	reading := []string{"get", "list", "watch", "bind"}
	for _, rule := range hubs[rbac.ClusterRole](t, "ClusterRole").Rules {
		for _, verb := range rule.Verbs {
			for _, resource := range rule.Resources {
				covered := slices.ContainsFunc(policy.MatchConstraints.ResourceRules, func(of admissionregistration.NamedRuleWithOperations) bool {
					return slices.Contains(of.Operations, admissionregistration.OperationType(strings.ToUpper(verb))) &&
						slices.Contains(of.Resources, resource) && slices.Contains(of.APIGroups, rule.APIGroups[0])
				})
				if !covered && !slices.Contains(reading, verb) {
					t.Errorf("the hub may %s %s everywhere", verb, resource)
				}
			}
		}
	}
	config := text(t, "deploy/jupyter/jupyterhub/planetary_hub.py")
	for _, wanted := range []string{`user_namespace_template = "notebook-\{username\}"`, `user_namespace_labels = \{"` + enforced + `": "restricted"\}`} {
		if !regexp.MustCompile(wanted).MatchString(config) {
			t.Errorf("the hub's configuration has no %s", wanted)
		}
	}
}

func TestTheHubWorksInUsersNamespacesOnly(t *testing.T) {
	restricted := map[string]string{enforced: "restricted"}
	namespace := func(name string, labels map[string]string) *core.Namespace {
		return &core.Namespace{ObjectMeta: meta.ObjectMeta{Name: name, Labels: labels}}
	}
	jane := namespace("notebook-jane", restricted)
	refusal := policed(t)
	for _, one := range []struct {
		what      string
		resource  string
		operation admission.Operation
		object    runtime.Object
		in        *core.Namespace
		by        string
		refused   string
	}{
		{what: "a user's namespace", resource: "namespaces", object: jane},
		{what: "another", resource: "namespaces", object: namespace("team-a", restricted), refused: "namespaces notebook-*"},
		{what: "one without pod security", resource: "namespaces", object: namespace("notebook-jane", nil), refused: "restricted"},
		{what: "one with little", resource: "namespaces", object: namespace("notebook-jane", map[string]string{enforced: "privileged"}), refused: "restricted"},
		{what: "another's, by somebody else", resource: "namespaces", object: namespace("team-a", nil), by: "jane"},
		{what: "a notebook", resource: "pods", object: &core.Pod{}, in: jane},
		{what: "a pod of the cluster's", resource: "pods", object: &core.Pod{}, in: namespace("kube-system", restricted), refused: "namespaces notebook-*"},
		{what: "a pod elsewhere", resource: "pods", object: &core.Pod{}, in: namespace("notebooks", restricted), refused: "namespaces notebook-*"},
		{what: "a pod beside the hub", resource: "pods", object: &core.Pod{}, in: namespace("jupyterhub", restricted), refused: "namespaces notebook-*"},
		{what: "a pod without pod security", resource: "pods", object: &core.Pod{}, in: namespace("notebook-jane", nil), refused: "restricted"},
		{what: "a notebook's end", resource: "pods", operation: admission.Delete, in: namespace("notebook-jane", nil)},
		{what: "another pod's end", resource: "pods", operation: admission.Delete, in: namespace("team-a", restricted), refused: "namespaces notebook-*"},
		{what: "a home", resource: "persistentvolumeclaims", object: &core.PersistentVolumeClaim{}, in: jane},
		{what: "another home's end", resource: "persistentvolumeclaims", operation: admission.Delete, in: namespace("team-a", nil), refused: "namespaces notebook-*"},
		{what: "an account", resource: "serviceaccounts", object: &core.ServiceAccount{}, in: jane},
		{what: "a user's rights", resource: "rolebindings", object: &rbac.RoleBinding{}, in: jane},
		{what: "rights on the cluster's Secrets", resource: "rolebindings", object: &rbac.RoleBinding{}, in: namespace("kube-system", nil), refused: "namespaces notebook-*"},
	} {
		if one.operation == "" {
			one.operation = admission.Create
		}
		if one.by == "" {
			one.by = theHub
		}
		kind, name, namespace := schema.GroupVersionKind{Version: "v1", Kind: "Any"}, "one", ""
		if one.in == nil {
			name = one.object.(*core.Namespace).Name
		} else {
			namespace = one.in.Name
		}
		asked := admission.NewAttributesRecord(one.object, nil, kind, namespace, name, kind.GroupVersion().WithResource(one.resource), "",
			one.operation, nil, false, &user.DefaultInfo{Name: one.by})
		if got := refusal(asked, one.in); (got == "") != (one.refused == "") || !strings.Contains(got, one.refused) {
			t.Errorf("%s: %q, wanted %q", one.what, got, one.refused)
		}
	}
}

// policed is the hub's policy in the API server's own CEL: what it says of a request; nothing where it lets it pass.
func policed(t *testing.T) func(admission.Attributes, *core.Namespace) string {
	t.Helper()
	policy := hubs[admissionregistration.ValidatingAdmissionPolicy](t, "ValidatingAdmissionPolicy").Spec
	expressions := []cel.ExpressionAccessor{expression(policy.MatchConditions[0].Expression)}
	for _, one := range policy.Validations {
		expressions = append(expressions, expression(one.Expression))
	}
	compiler := cel.NewConditionCompiler(environments.MustBaseEnvSet(environments.DefaultCompatibilityVersion(), true))
	compiled := compiler.CompileCondition(expressions, cel.OptionalVariableDeclarations{StrictCost: true}, environments.NewExpressions)
	for _, err := range compiled.CompilationErrors() {
		t.Fatal(err)
	}
	return func(asked admission.Attributes, in *core.Namespace) string {
		t.Helper()
		versioned := &admission.VersionedAttributes{Attributes: asked, VersionedKind: asked.GetKind(), VersionedObject: asked.GetObject()}
		request := cel.CreateAdmissionRequest(asked, meta.GroupVersionResource(asked.GetResource()), meta.GroupVersionKind(asked.GetKind()))
		results, _, err := compiled.ForInput(t.Context(), versioned, request, cel.OptionalVariableBindings{}, in, limits.RuntimeCELCostBudget)
		if err != nil {
			t.Fatal(err)
		}
		if results[0].EvalResult.Value() == false {
			return ""
		}
		var said []string
		for i, result := range results[1:] {
			if result.Error != nil {
				said = append(said, result.Error.Error())
			} else if result.EvalResult.Value() == false {
				said = append(said, policy.Validations[i].Message)
			}
		}
		return strings.Join(said, "; ")
	}
}

type expression string

func (e expression) GetExpression() string { return string(e) }

func (e expression) ReturnTypes() []*types.Type { return []*types.Type{types.BoolType} }
