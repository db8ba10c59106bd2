"""Puts the results of bench.py into a table beside the goals. Alone: report.py out/bench.json."""

import json
import statistics
import sys

# dask-kubernetes 2026.3.0 (kopf), measured once in the same way on a quiet machine of two cores, where the floor was: 68 ms to
# Ready, 80 pods/s at 100 clusters, 2.16 s for 0 to 200 workers.
PEER = {
    "p50": "596 ms", "p99": "847 ms", "rate": "8.5", "requests": "41.8", "cpu": "0.407", "scale": "14.8 s", "mb": "0.107",
    "rss": "303", "writes": "0.18/s", "lists": "", "percent": "4.14",
}  # fmt: skip


def table(document):
    def runs(scenario, who, **having):
        return [
            r for r in document["results"]
            if r["scenario"] == scenario and r["who"] == who and all(r.get(k) == v for k, v in having.items())
        ]  # fmt: skip

    def median(found, figure):
        return statistics.median(figure(r) for r in found) if found else None

    rows = []

    def row(name, ours, floor, goal, met, peer, form="{:.0f}"):
        def cell(x):
            return "" if x is None else form.format(x)

        judged = "" if ours is None or met is None else "yes" if met else "**no**"
        if ours is not None:
            rows.append(f"| {name} | {cell(ours)} | {cell(floor)} | {goal} | {judged} | {PEER.get(peer, '')} |")

    l_ours, l_floor = runs("latency", "ours"), runs("latency", "floor")
    if l_ours:
        o, f = l_ours[0], l_floor[0]
        row("apply to all pods Ready, p50, ms", o["pods_p50_ms"], f["pods_p50_ms"], "2.5 × floor",
            o["pods_p50_ms"] <= 2.5 * f["pods_p50_ms"], "p50")  # fmt: skip
        row(f"the same, p99 (longest of {o['runs']}), ms", o["pods_p99_ms"], f["pods_p99_ms"], "500",
            o["pods_p99_ms"] <= 500, "p99")  # fmt: skip
        row("apply to status Ready, p50, ms", o["status_p50_ms"], None, "", None, "")
        row("the same, p99, ms", o["status_p99_ms"], None, "", None, "")
    for count in sorted({r["clusters"] for r in document["results"] if r["scenario"] == "create" and not r.get("cold")}):
        ours, floor = runs("create", "ours", clusters=count), runs("create", "floor", clusters=count)
        ours = [r for r in ours if not r.get("cold")]
        judged, at = count == 100, f"{count} cluster{'s' if count > 1 else ''} of 1 + 4"
        o, f = (median(r, lambda r: r["pods"] / r["pods_s"]) for r in (ours, floor))
        row(f"{at}: pods/s", o, f, "0.45 × floor" if judged else "", o >= 0.45 * f if judged else None,
            "rate" if judged else "", "{:.1f}")  # fmt: skip
        o = median(ours, lambda r: r["audit"]["requests"] / r["clusters"])
        row(f"{at}: requests per cluster", o, median(floor, lambda r: r["audit"]["requests"] / r["clusters"]),
            "18" if judged else "", o <= 18 if judged else None, "requests" if judged else "", "{:.1f}")  # fmt: skip
        o = median(ours, lambda r: r["cpu_s"] / r["clusters"])
        row(f"{at}: operator CPU s per cluster", o, None, "0.06" if judged else "", o <= 0.06 if judged else None,
            "cpu" if judged else "", "{:.3f}")  # fmt: skip
        row(f"{at}: control plane CPU s per cluster", median(ours, lambda r: r["plane_cpu_s"] / r["clusters"]),
            median(floor, lambda r: r["plane_cpu_s"] / r["clusters"]), "", None, "", "{:.3f}")  # fmt: skip
        row(f"{at}: all deleted, s", median(runs("delete", "ours", clusters=count), lambda r: r["gone_s"]),
            median(runs("delete", "floor", clusters=count), lambda r: r["gone_s"]), "", None, "", "{:.1f}")  # fmt: skip
    ours, floor = runs("scale", "ours"), runs("scale", "floor")
    if ours:
        o, f = (median(r, lambda r: r["pods_s"]) for r in (ours, floor))
        row(f"0 to {ours[0]['to']} workers, s", o, f, "1.5 × floor", o <= 1.5 * f, "scale", "{:.2f}")
        row("the same: requests", median(ours, lambda r: r["audit"]["requests"]),
            median(floor, lambda r: r["audit"]["requests"]), "", None, "")  # fmt: skip
        row("the same: operator CPU s", median(ours, lambda r: r["cpu_s"]), None, "", None, "", "{:.2f}")
    for r in runs("jobs", "ours"):
        at = f"{r['jobs']} jobs at once on a cluster"
        row(f"{at}: from a pod's phase to its job's, p50, ms", 1000 * r["lag_p50_s"], None, "", None, "")
        row("the same, p99, ms", 1000 * r["lag_p99_s"], None, "2000", r["lag_p99_s"] <= 2, "")
        row("the same: requests per job", r["audit"]["requests"] / r["jobs"], None, "", None, "", "{:.1f}")
        row("the same: operator CPU s per job", r["cpu_s"] / r["jobs"], None, "", None, "", "{:.3f}")
    for r in runs("idle", "ours"):
        at = f"{r['clusters']} clusters at rest"
        row(f"{at}: RSS, MB", r["rss_mb"], None, "400", r["rss_mb"] <= 400, "rss")
        row(f"{at}: MB for each pod beyond one cluster", r["mb_per_pod"], None, "0.05", r["mb_per_pod"] <= 0.05, "mb", "{:.3f}")
        row(f"{at}, {r['window_s']:.0f} s: writes", r["audit"]["writes"], None, "0", r["audit"]["writes"] == 0, "writes")
        row("the same: lists", r["audit"]["lists"], None, "0", r["audit"]["lists"] == 0, "lists")
        row("the same: % of a core", r["cpu_percent"], None, "1", r["cpu_percent"] <= 1, "percent", "{:.2f}")
    loads = [r["load"] for r in document["results"]]
    head = f"{document['started']}, {document['machine']}, load {min(loads)} to {max(loads)}"
    if document["quick"]:
        head += " (quick run: no figures to quote)"
    columns = "| figure | ours | floor | goal | met | dask-kubernetes |\n|---|---|---|---|---|---|\n"
    return f"{head}\n\n{columns}" + "\n".join(rows) + "\n"


if __name__ == "__main__":
    with open(sys.argv[1]) as results:
        print(table(json.load(results)))
