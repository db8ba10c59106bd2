"""Many jobs at once on one cluster: how long their status lags behind their pods. Runners are fake pods that end well
after 2 to 22 s (dev/kwok/stages.yaml), and no scheduler counts their tasks."""

import statistics
import threading
import time

import kube

JOB = "planetary.dev/job"


class JobWatch(kube.Waiting):
    """When each runner's pod, and then its job's status, was seen to be Running and to be Succeeded: (job, phase) to a moment."""

    def __init__(self):
        super().__init__()
        self.pods, self.jobs = {}, {}
        self.there = set()
        watches = (
            (f"{kube.PODS}?labelSelector={JOB}", self._pod, lambda _: None),
            (kube.JOBS, self._job, self._gone),
        )
        for path, see, gone in watches:
            threading.Thread(target=kube.follow, args=(path, see, gone), daemon=True).start()

    def _pod(self, pod):
        self._see(self.pods, pod["metadata"]["labels"][JOB], pod)

    def _job(self, job):
        self.there.add(job["metadata"]["name"])
        self._see(self.jobs, job["metadata"]["name"], job)

    def _see(self, seen, job, it):
        with self.changed:
            seen.setdefault((job, it.get("status", {}).get("phase")), time.monotonic())
            self.changed.notify_all()

    def _gone(self, job):
        with self.changed:
            self.there.discard(job)
            self.changed.notify_all()

    def told(self):
        return f"{len(self.jobs)} phases of jobs were seen"

    def lags(self, jobs, phase):
        """Seconds from a pod's phase to its job's, sorted. A status may come first: another watch, another connection."""
        both = [key for job in jobs if (key := (job, phase)) in self.jobs and key in self.pods]
        return sorted(max(0.0, self.jobs[key] - self.pods[key]) for key in both)


def create(name, cluster):
    job = {
        "apiVersion": "planetary.dev/v1alpha1",
        "kind": "PlanetaryJob",
        "metadata": {"name": name},
        "spec": {"clusterRef": {"name": cluster}, "command": ["true"], "retries": 0},
    }
    kube.call("POST", kube.JOBS, job)


def figures(watch, jobs, began, ended):
    both = {phase.lower(): watch.lags(jobs, phase) for phase in ("Running", "Succeeded")}
    lags = sorted(both["running"] + both["succeeded"])
    return {
        "all_s": round(ended - began, 2),
        "lag_p50_s": round(statistics.median(lags), 3),
        "lag_p99_s": round(lags[-1 - len(lags) // 100], 3),
        **{f"{phase}_max_s": round(of[-1], 3) for phase, of in both.items()},
    }
