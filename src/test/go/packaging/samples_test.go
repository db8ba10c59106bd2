package packaging

import (
	"path/filepath"
	"testing"
)

// Each example is a job whose script is a key of the ConfigMap that kustomize makes of the scripts.
func TestExamplesAreJobs(t *testing.T) {
	made := kustomized(t, root+"/examples")
	scripts, err := filepath.Glob(root + "/examples/*.py")
	if err != nil || len(scripts) == 0 {
		t.Fatal(scripts, err)
	}
	missing := map[string]bool{}
	for _, script := range scripts {
		missing[filepath.Base(script)] = true
	}
	for key, of := range made {
		if of["kind"] != "PlanetaryJob" {
			continue
		}
		spec := of["spec"].(object)
		from := spec["scriptFrom"].(object)["configMapKeyRef"].(object)
		files := find(t, made, "ConfigMap", from["name"].(string))["data"].(object)
		if _, there := files[from["key"].(string)]; !there {
			t.Errorf("%s: there is no %s", key, from["key"])
		}
		find(t, made, "PlanetaryCluster", spec["clusterRef"].(object)["name"].(string))
		delete(missing, from["key"].(string))
	}
	for script := range missing {
		t.Errorf("%s is no job", script)
	}
}

// What one person's JupyterLab may do is what planetary-user may, in one namespace.
func TestJupyterLabHasTheRoleOfUsersInItsNamespace(t *testing.T) {
	made := kustomized(t, root+"/deploy/jupyter/jupyterlab")
	namespace := find(t, made, "Namespace", "notebook-jane")
	labels := namespace["metadata"].(object)["labels"].(object)
	if labels["pod-security.kubernetes.io/enforce"] != "restricted" {
		t.Error(labels)
	}
	binding := find(t, made, "RoleBinding", "jupyterlab")
	subject := binding["subjects"].([]any)[0].(object)
	pod := find(t, made, "Deployment", "jupyterlab")["spec"].(object)["template"].(object)["spec"].(object)
	if role := binding["roleRef"].(object); role["kind"] != "ClusterRole" || role["name"] != "planetary-user" {
		t.Error(role)
	}
	if subject["namespace"] != "notebook-jane" || subject["name"] != pod["serviceAccountName"] {
		t.Error(subject, pod["serviceAccountName"])
	}
	for key, of := range made {
		if at := of["metadata"].(object)["namespace"]; at != nil && at != "notebook-jane" {
			t.Error(key, at)
		}
	}
}

func find(t *testing.T, made map[string]object, kind, name string) object {
	t.Helper()
	for _, of := range made {
		if of["kind"] == kind && of["metadata"].(object)["name"] == name {
			return of
		}
	}
	t.Fatalf("there is no %s %s", kind, name)
	return nil
}
