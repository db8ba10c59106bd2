"""Measures the operator beside the floor, in turns and within one run, on the control plane of dev/bench/run."""

import argparse
import json
import os
import platform
import signal
import statistics
import sys
import time

import jobs
import kube
import report
from operators import Floor, Ours

WORKERS = 4
SCENARIOS = ("latency", "create", "scale", "jobs", "idle")


class Window:
    """What something cost: seconds, requests of its user, CPU of its process and of the control plane."""

    def __init__(self, who):
        self.who, self.audit = who, kube.Audit()
        self.plane, self.began = kube.plane_cpu(), time.monotonic()
        self.cpu = kube.cpu(who.pid) if who.pid else 0

    def cost(self):
        figures = {
            "window_s": round(time.monotonic() - self.began, 3),
            "plane_cpu_s": round(kube.plane_cpu() - self.plane, 2),
            "audit": self.audit.of(self.who.user),
            "load": round(os.getloadavg()[0], 1),
        }
        if self.who.pid:
            figures["cpu_s"] = round(kube.cpu(self.who.pid) - self.cpu, 2)
            figures["rss_mb"] = round(kube.rss_mb(self.who.pid), 1)
        return figures


class Bench:
    def __init__(self, options):
        self.options, self.results = options, []
        self.watch = kube.Watch()
        self.ours, self.floor = Ours(self.watch), Floor()

    def note(self, scenario, who, **figures):
        self.results.append({"scenario": scenario, "who": type(who).__name__.lower(), **figures})
        short = {k: v for k, v in figures.items() if isinstance(v, (int, float))}
        print(scenario, type(who).__name__.lower(), short, flush=True)

    def create(self, who, clusters, workers):
        """Seconds from the first request to the last of all pods being Ready, and to the last status that says so."""
        with self.watch.changed:
            self.watch.pod_at.clear()
        window, began = Window(who), time.monotonic()
        who.create(clusters, workers)
        at, told = self.ready(clusters, workers + 1), self.told(who, clusters)
        return {"pods_s": round(at - began, 3), "status_s": round(max(at, told) - began, 3), **self.settled(window)}

    def ready(self, clusters, pods):
        """When the last pod of all turned Ready."""
        return self.watch.until(lambda: all(len(self.watch.ready_pods.get(c, ())) == pods for c in clusters))

    def told(self, who, clusters):
        """When the last status said so."""
        return self.watch.until(lambda: who.up(clusters))

    def settled(self, window):
        """What it cost up to the last request: statuses are still written when everything is Ready."""
        quiet, last = 0, -1
        while quiet < 3:
            time.sleep(0.5)
            now = window.audit.of(window.who.user)["requests"]
            quiet, last = (quiet + 1 if now == last else 0), now
        return window.cost()

    def delete(self, who, clusters):
        window, began = Window(who), time.monotonic()
        pods = len(self.watch.pods)
        who.delete(clusters)
        gone = self.watch.until(lambda: not self.watch.pods and not self.watch.clusters)
        return {"clusters": len(clusters), "pods": pods, "gone_s": round(gone - began, 3), **window.cost()}

    def warm_up(self):
        """As much as a JVM needs to compile what runs often; what is measured is a process that has been up for a while."""
        counts = (1, 5) if self.options.quick else (1, 40, 100, 100)
        for who, count in ((self.floor, 5), *((self.ours, n) for n in counts)):
            clusters = [f"warm{i}" for i in range(count)]
            self.create(who, clusters, WORKERS)
            self.delete(who, clusters)

    def latency(self):
        runs = 5 if self.options.quick else 25
        samples = {self.floor: [], self.ours: []}
        for i in range(runs):
            for who, times in samples.items():
                cluster = [f"l{i}"]
                began = time.monotonic()
                who.create(cluster, WORKERS)
                at, told = self.ready(cluster, WORKERS + 1), self.told(who, cluster)
                times.append((1000 * (at - began), 1000 * (max(at, told) - began)))
                who.delete(cluster)
                self.watch.until(lambda: not self.watch.pods and not self.watch.clusters)
        for who, times in samples.items():
            pods, status = sorted(t[0] for t in times), sorted(t[1] for t in times)
            self.note("latency", who, runs=runs, pods_p50_ms=round(statistics.median(pods), 1), pods_p99_ms=round(pods[-1], 1),
                      status_p50_ms=round(statistics.median(status), 1), status_p99_ms=round(status[-1], 1),
                      samples_ms=[[round(x, 1) for x in t] for t in times], load=round(os.getloadavg()[0], 1))  # fmt: skip

    def scenario_create(self):
        for count, repeat in ((1, 1), (20, 1), (100, 0 if self.options.quick else self.options.repeat)):
            for i in range(repeat):
                clusters = [f"c{count}-{i}-{n}" for n in range(count)]
                for who in (self.floor, self.ours):
                    self.note("create", who, clusters=count, pods=count * (WORKERS + 1), **self.create(who, clusters, WORKERS))
                    self.note("delete", who, **self.delete(who, clusters))

    def scale(self):
        to = 20 if self.options.quick else 200
        for i in range(self.options.repeat):
            cluster = f"s{i}"
            for who in (self.floor, self.ours):
                self.create(who, [cluster], 0)
                window, began = Window(who), time.monotonic()
                who.scale(cluster, 0, to)
                at = self.ready([cluster], to + 1)
                self.note("scale", who, to=to, pods_s=round(at - began, 3), **self.settled(window))
                self.delete(who, [cluster])

    def jobs(self):
        """All on one cluster; a few before, to warm up."""
        cluster = ["jobs"]
        self.create(self.ours, cluster, WORKERS)
        watch = jobs.JobWatch()
        for round_, count in (("warm", 20), ("j", 20 if self.options.quick else 200)):
            window, began = Window(self.ours), time.monotonic()
            names = [f"{round_}{i}" for i in range(count)]
            kube.parallel(jobs.create, [(name, *cluster) for name in names])
            ended = watch.until(lambda names=names: all((name, "Succeeded") in watch.jobs for name in names), 300)
            if round_ != "warm":
                self.note("jobs", self.ours, jobs=count, **jobs.figures(watch, names, began, ended), **self.settled(window))
            kube.call("DELETE", kube.JOBS)
            watch.until(lambda: not watch.there, 300)
        self.delete(self.ours, cluster)

    def idle(self):
        """In a fresh process: heaps do not shrink."""
        count = 10 if self.options.quick else 300
        self.ours.stop()
        self.ours.start()
        clusters = ["warm"]
        self.create(self.ours, clusters, WORKERS)
        self.delete(self.ours, clusters)
        before = kube.rss_mb(self.ours.pid)
        clusters = [f"i{n}" for n in range(count)]
        made = self.create(self.ours, clusters, WORKERS)
        self.note("create", self.ours, clusters=count, pods=count * (WORKERS + 1), cold=True, **made)
        time.sleep(10)
        window = Window(self.ours)
        time.sleep(20 if self.options.quick else 90)
        rested, pods = window.cost(), len(self.watch.pods)
        self.note("idle", self.ours, clusters=count, pods=pods, rss_before_mb=round(before, 1),
                  mb_per_pod=round((rested["rss_mb"] - before) / pods, 4),
                  cpu_percent=round(100 * rested["cpu_s"] / rested["window_s"], 2), **rested)  # fmt: skip
        self.note("delete", self.ours, **self.delete(self.ours, clusters))

    def run(self):
        try:
            self.ours.start()
            if set(self.options.only) - {"idle"}:  # which begins with a process of its own
                self.warm_up()
            steps = {
                "latency": self.latency,
                "create": self.scenario_create,
                "scale": self.scale,
                "jobs": self.jobs,
                "idle": self.idle,
            }
            for scenario in self.options.only:
                steps[scenario]()
        finally:
            self.ours.stop()


def scenarios(text):
    names = text.split(",")
    if set(names) - set(SCENARIOS):
        raise argparse.ArgumentTypeError(f"scenarios are {', '.join(SCENARIOS)}")
    return names


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true", help="small numbers, to see that it works; no figures to quote")
    parser.add_argument("--only", type=scenarios, default=list(SCENARIOS))
    parser.add_argument("--repeat", type=int, default=2, help="of create at 100 clusters and of scale")
    parser.add_argument("--out", default="out/bench", help="writes OUT.json and OUT.md")
    options = parser.parse_args()
    with open("/proc/cpuinfo") as f:
        model = next((line.split(":")[1].strip() for line in f if line.startswith("model name")), platform.machine())
    document = {
        "started": time.strftime("%FT%TZ", time.gmtime()),
        "machine": f"{os.cpu_count()} cores, {model}",
        "load": [round(os.getloadavg()[0], 1)],
        "quick": options.quick,
    }
    # What was measured is kept, and the operator ended, whoever breaks it off.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("broken off"))
    bench = Bench(options)
    try:
        bench.run()
    finally:
        document["load"].append(round(os.getloadavg()[0], 1))
        document["results"] = bench.results
        os.makedirs(os.path.dirname(options.out) or ".", exist_ok=True)
        with open(options.out + ".json", "w") as f:
            json.dump(document, f, indent=1)
    table = report.table(document)
    with open(options.out + ".md", "w") as f:
        f.write(table)
    print(table)


if __name__ == "__main__":
    main()
