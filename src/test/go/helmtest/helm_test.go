// Package helmtest does what `helm test` does, with Helm as a library, on a cluster where the operator runs.
package helmtest

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/release"
	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/client-go/kubernetes"
)

const (
	chartDir = "../../../../deploy/helm/planetary-operator"
	// Of the chart's pod.
	pod  = "planetary-operator-test"
	name = "planetary"
)

func TestTheChartsOwnTestPassesWhereTheOperatorRuns(t *testing.T) {
	t.Parallel()
	config, client, namespace := cluster(t)
	record(t, config, client, namespace, func(manifest string) string { return manifest })

	tested, err := run(config, namespace)
	if err != nil {
		t.Fatal(err, logs(client, namespace))
	}
	for _, hook := range tested.Hooks {
		if hook.LastRun.Phase != release.HookPhaseSucceeded {
			t.Errorf("%s %s: %s", hook.Kind, hook.Name, hook.LastRun.Phase)
		}
	}
	// Nothing is left behind where it passes.
	if _, err := client.CoreV1().Pods(namespace).Get(context.Background(), pod, meta.GetOptions{}); !errors.IsNotFound(err) {
		t.Error("the pod is there still:", err)
	}
}

func TestItFailsWhereTheClusterDoesNotGetReadyAndLeavesThePodToBeRead(t *testing.T) {
	t.Parallel()
	config, client, namespace := cluster(t)
	record(t, config, client, namespace, func(manifest string) string {
		changed := strings.ReplaceAll(manifest, "--for=condition=Ready", "--for=condition=Stalled")
		return strings.ReplaceAll(changed, "--timeout=60s", "--timeout=1s")
	})

	if _, err := run(config, namespace); err == nil {
		t.Fatal("it passed")
	}
	if log := logs(client, namespace); !strings.Contains(log, "timed out waiting for the condition") {
		t.Error(log)
	}
}

// cluster is a namespace of the test's own under restricted pod security, and the ways to it.
func cluster(t *testing.T) (*action.Configuration, *kubernetes.Clientset, string) {
	t.Helper()
	kubeconfig := os.Getenv("PLANETARY_E2E_KUBECONFIG")
	if kubeconfig == "" {
		t.Skip("wants a cluster with the operator in it: dev/helm-test")
	}
	flags := genericclioptions.NewConfigFlags(true)
	flags.KubeConfig = &kubeconfig
	cache := t.TempDir()
	flags.CacheDir = &cache
	rest, err := flags.ToRESTConfig()
	if err != nil {
		t.Fatal(err)
	}
	client, err := kubernetes.NewForConfig(rest)
	if err != nil {
		t.Fatal(err)
	}
	made, err := client.CoreV1().Namespaces().Create(context.Background(), &core.Namespace{ObjectMeta: meta.ObjectMeta{
		GenerateName: "helmtest-",
		Labels:       map[string]string{"pod-security.kubernetes.io/enforce": "restricted"},
	}}, meta.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := client.CoreV1().Namespaces().Delete(context.Background(), made.Name, meta.DeleteOptions{}); err != nil {
			t.Error(err)
		}
	})
	flags.Namespace = &made.Name
	config := new(action.Configuration)
	if err := config.Init(flags, made.Name, "memory", t.Logf); err != nil {
		t.Fatal(err)
	}
	return config, client, made.Name
}

// record notes a release of the chart without installing it: the operator may have been deployed in another way, and all that
// `helm test` looks at is the record.
func record(t *testing.T, config *action.Configuration, client *kubernetes.Clientset, namespace string, changed func(string) string) {
	t.Helper()
	found, err := loader.Load(chartDir)
	if err != nil {
		t.Fatal(err)
	}
	install := action.NewInstall(&action.Configuration{Log: t.Logf})
	install.ClientOnly = true
	install.DryRun = true
	install.KubeVersion = version(t, client)
	install.ReleaseName = name
	install.Namespace = namespace
	rendered, err := install.Run(found, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, hook := range rendered.Hooks {
		hook.Manifest = changed(hook.Manifest)
	}
	rendered.SetStatus(release.StatusDeployed, "as if it had been installed")
	if err := config.Releases.Create(rendered); err != nil {
		t.Fatal(err)
	}
}

// version is the cluster's, of which the chart wants a minimum.
func version(t *testing.T, client *kubernetes.Clientset) *chartutil.KubeVersion {
	t.Helper()
	told, err := client.ServerVersion()
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := chartutil.ParseKubeVersion(told.GitVersion)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func run(config *action.Configuration, namespace string) (*release.Release, error) {
	test := action.NewReleaseTesting(config)
	test.Namespace = namespace
	test.Timeout = 2 * time.Minute
	return test.Run(name)
}

func logs(client *kubernetes.Clientset, namespace string) string {
	log, err := client.CoreV1().Pods(namespace).GetLogs(pod, &core.PodLogOptions{}).DoRaw(context.Background())
	if err != nil {
		return err.Error()
	}
	return string(log)
}
