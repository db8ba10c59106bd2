"""Runs in the client pod of dev/bench/throughput: one computation, by turns on the PlanetaryCluster and on a LocalCluster here.

Each side is a process of its own that waits for its turn. The last line is JSON: seconds of each turn, requests and bytes of one.
"""

import json
import os
import statistics
import subprocess
import sys
import time
import urllib.request

CONTROL = "http://control.planetary-computer.svc:8080"
STAC = "https://planetarycomputer.microsoft.com/api/stac/v1"


def work(days: int):
    """NDVI over the stand-in's summer, as if it had lasted `days` times as long: lazy, and reads each scene anew."""
    from datetime import timedelta

    import odc.stac
    import pystac_client

    box = [5.18, 52.12, 5.28, 52.16]
    search = pystac_client.Client.open(STAC).search(collections=["sentinel-2-l2a"], bbox=box, datetime="2020-06/2020-07")
    items = []
    for item in search.items():
        for day in range(days):
            copy = item.clone()
            copy.id, copy.datetime = f"{item.id}-{day}", item.datetime + timedelta(days=365 * day)
            items.append(copy)
    data = odc.stac.load(
        items,
        bands=["B04", "B08", "SCL"],
        bbox=box,
        crs="EPSG:32631",
        resolution=10,
        groupby="solar_day",
        chunks={"x": 512, "y": 512},
    )
    red, nir = data.B04.astype("f8"), data.B08.astype("f8")
    return ((nir - red) / (nir + red)).where(data.SCL.isin([4, 5, 6]) & (red + nir > 0)).mean()


def side(name: str, workers: int, threads: int, days: int) -> None:
    """Compute once for each line on stdin; the first to warm up."""
    from dask.distributed import Client, LocalCluster

    if name == "planetary":
        client = Client()
    else:
        client = Client(LocalCluster(n_workers=workers, threads_per_worker=threads, memory_limit="2GiB", dashboard_address=None))
    with client:
        client.wait_for_workers(workers, timeout=120)
        assert sum(client.nthreads().values()) == workers * threads
        lazy = work(days)
        for _ in sys.stdin:
            began = time.perf_counter()
            mean = float(lazy.compute())
            print(json.dumps({"seconds": time.perf_counter() - began, "mean": mean}), flush=True)


def control(path: str, method: str = "GET") -> dict:
    """Ask the stand-in."""
    with urllib.request.urlopen(urllib.request.Request(CONTROL + path, method=method), timeout=30) as answer:
        return json.load(answer)


def main(workers: int, threads: int, rounds: int, days: int) -> None:
    """Take turns and tell."""
    plain = {k: v for k, v in os.environ.items() if not k.startswith("DASK_DISTRIBUTED__COMM") and k != "DASK_SCHEDULER_ADDRESS"}
    sides = {}
    for name in ("planetary", "local"):
        command = [sys.executable, __file__, "side", name, str(workers), str(threads), str(days)]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        sides[name] = subprocess.Popen(command, env=plain if name == "local" else os.environ, **pipes)
    found = {name: {"seconds": []} for name in sides}
    means = set()
    for turn in range(rounds + 1):
        for name in list(sides) if turn % 2 else list(sides)[::-1]:
            control("/reset", "POST")
            sides[name].stdin.write("go\n")
            sides[name].stdin.flush()
            said = json.loads(sides[name].stdout.readline())
            means.add(round(said["mean"], 12))
            if turn == 0:
                continue
            reads = [c for what, c in control("/stats")["blob"].items() if what.startswith(("GET ", "HEAD "))]
            found[name]["seconds"].append(round(said["seconds"], 3))
            found[name]["requests"] = sum(c["requests"] for c in reads)
            found[name]["bytes"] = sum(c["bytes"] for c in reads)
            print(f"turn {turn}: {name} {said['seconds']:.2f} s, {found[name]['requests']} requests", flush=True)
    for process in sides.values():
        process.stdin.close()
        process.wait(60)
    assert len(means) == 1, f"the sides do not agree: {means}"
    for of in found.values():
        of["median"] = statistics.median(of["seconds"])
    found["ratio"] = round(found["local"]["median"] / found["planetary"]["median"], 4)
    print(json.dumps(found))


if __name__ == "__main__":
    if sys.argv[1] == "side":
        side(sys.argv[2], *map(int, sys.argv[3:]))
    else:
        main(*map(int, sys.argv[1:]))
