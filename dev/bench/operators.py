"""The two who make pods: the operator, run as the process that its image runs, and the floor, bare pods by 50 threads."""

import os
import re
import signal
import subprocess
import sys
import time
import urllib.request

import kube

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
MEMORY_LIMIT = "512m"  # of the Deployment: the JVM takes its shares of this, not of the whole machine


class Ours:
    user = "system:serviceaccount:planetary-system:planetary-operator"

    def __init__(self, watch):
        self.watch, self.process, self.schedulers = watch, None, None

    def start(self):
        """Returns when it is ready."""
        here = os.path.dirname(os.path.abspath(__file__))
        with open(f"{kube.STATE}/log/schedulers.log", "a") as log:
            self.schedulers = subprocess.Popen(
                [sys.executable, f"{here}/schedulers.py"], stdout=subprocess.PIPE, stderr=log, text=True
            )
        if self.schedulers.stdout.readline() != "ready\n":
            raise RuntimeError("the stand-in for schedulers did not start; see log/schedulers.log")
        with open(f"{ROOT}/Dockerfile") as f:
            options = re.search(r'JAVA_TOOL_OPTIONS="([^"]*)"', f.read()).group(1)
        env = dict(
            os.environ,
            KUBECONFIG=f"{kube.STATE}/conf/operator.kubeconfig",
            JAVA_TOOL_OPTIONS=f"{options} -XX:MaxRAM={MEMORY_LIMIT} {os.environ.get('BENCH_JAVA_OPTIONS', '')}",
            PLANETARY_CLIENT_IMAGE="planetary-client:bench",
            PLANETARY_NAMESPACE="planetary-system",
            HOSTNAME="bench",
        )
        java = os.path.join(os.environ["JAVA_HOME"], "bin", "java")
        with open(f"{kube.STATE}/log/operator.log", "a") as log:
            command = [java, "-jar", f"{ROOT}/target/quarkus-app/quarkus-run.jar"]
            self.process = subprocess.Popen(command, env=env, stdout=log, stderr=log)
        for _ in range(1200):
            if self.process.poll() is not None:
                break
            try:
                urllib.request.urlopen("http://127.0.0.1:8080/q/health/ready", timeout=1).read()
                return
            except OSError:
                time.sleep(0.1)
        raise RuntimeError("the operator did not come up; see log/operator.log")

    def stop(self):
        for process in (self.process, self.schedulers):
            if process and process.poll() is None:
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(20)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()

    @property
    def pid(self):
        return self.process.pid

    def create(self, clusters, workers):
        kube.parallel(self._create, [(c, workers) for c in clusters])

    def _create(self, name, workers):
        manifest = {
            "apiVersion": "planetary.dev/v1alpha1",
            "kind": "PlanetaryCluster",
            "metadata": {"name": name},
            "spec": {"workers": {"replicas": workers}},
        }
        kube.call("POST", kube.CLUSTERS, manifest)

    def scale(self, cluster, _, to):
        """As kubectl scale does."""
        body = {"spec": {"replicas": to}}
        kube.call("PATCH", f"{kube.CLUSTERS}/{cluster}/scale", body, content="application/merge-patch+json")

    def delete(self, clusters):
        kube.parallel(kube.call, [("DELETE", f"{kube.CLUSTERS}/{c}") for c in clusters])

    def up(self, clusters):
        """Their statuses say Ready."""
        return all(c in self.watch.status_at for c in clusters)


class Floor:
    user, pid = "bench:floor", None

    def create(self, clusters, workers):
        pods = [(c, "scheduler") for c in clusters] + [(c, f"worker-{i}") for i in range(workers) for c in clusters]
        kube.parallel(self._create, pods)

    def _create(self, cluster, name):
        manifest = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": f"{cluster}-{name}", "labels": {"bench/cluster": cluster}},
            "spec": {"containers": [{"name": "dask", "image": "dask:1", "args": ["dask", "worker"]}]},
        }
        kube.call("POST", kube.PODS, manifest, user="floor")

    def scale(self, cluster, old, to):
        kube.parallel(self._create, [(cluster, f"worker-{i}") for i in range(old, to)])

    def delete(self, clusters):
        one = "?labelSelector=bench/cluster="
        kube.parallel(kube.call, [("DELETE", f"{kube.PODS}{one}{c}", None, "floor") for c in clusters])

    def up(self, clusters):
        return True
