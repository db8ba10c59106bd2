#!/usr/bin/env python3
"""Vegetation from space: search the Planetary Computer, compute on a Dask cluster, leave pictures and numbers.

Runs in a pod of the client image with the cluster's client Secret; the pod's environment says where the cluster is.
The code is what one writes against the real Planetary Computer: nothing here says that a stand-in answers. Nor does it sign
anything: workers get tokens when they read.

1. NDVI of a Sentinel-2 scene    2. NDVI of one place over four dates    3. a true-colour mosaic of two Landsat scenes
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np
import odc.stac
import pystac_client
import xarray as xr
from dask.distributed import Client
from odc.geo.geobox import GeoBox
from pystac import Item
from pystac_client.exceptions import APIError

import pictures
import truth
from progress import Tasks, say, wait_for_workers

STAC = "https://planetarycomputer.microsoft.com/api/stac/v1"
SEARCHES = {
    "scene": {"collections": ["sentinel-2-l2a"], "bbox": [5, 52, 6, 53], "datetime": "2020-05"},
    "dates": {"collections": ["naip"], "bbox": [-72.3, 18.5, -72.2, 18.6], "datetime": "2016-01-01/2017-12-31"},
    "mosaic": {"collections": ["landsat-c2-l2"], "bbox": [-55.5, -25.7, -54.2, -25.0], "datetime": "2020-05-18"},
}
Numbers = dict[str, float | int]


def grid(items: list[Item], asset: str) -> GeoBox:
    """Give the pixel grid that all `items` share and that just covers them."""
    found = [i.assets[asset].extra_fields for i in items]
    boxes, step = np.array([f["proj:bbox"] for f in found]), found[0]["proj:transform"][0]
    bounds = (*boxes[:, :2].min(0), *boxes[:, 2:].max(0))
    crs = items[0].properties.get("proj:code") or items[0].properties["proj:epsg"]
    return GeoBox.from_bbox(bounds, crs=crs, resolution=step, tight=True)


def load(items: list[Item], bands: list[str], asset: str, chunk: int, dtype: str, nodata: int | None = None) -> xr.Dataset:
    """Lazy (time, y, x) arrays in chunks of `chunk` pixels; scenes of one day become one."""
    kinds = {"*": {"assets": {"*": {"data_type": dtype, "nodata": nodata}}}}
    return odc.stac.load(
        items,
        bands=bands,
        geobox=grid(items, asset),
        chunks={"x": chunk, "y": chunk},
        groupby="solar_day",
        stac_cfg=kinds,  # the catalogue does not say what numbers these are
    )


def ndvi(red: xr.DataArray, nir: xr.DataArray) -> xr.DataArray:
    """Normalised difference vegetation index, -1 … 1; NaN where both are 0."""
    red, nir = red.astype("f8"), nir.astype("f8")
    return ((nir - red) / (nir + red)).where(nir + red > 0)


def search(name: str) -> list[Item]:
    """Search the catalogue; items in the order of time."""
    try:
        items = sorted(pystac_client.Client.open(STAC).search(**SEARCHES[name]).items(), key=lambda i: i.datetime)
    except APIError as e:
        sys.exit(f"error: the catalogue {STAC} does not answer: {e}")
    say(f"{name}: {len(items)} items of {SEARCHES[name]['collections'][0]} found")
    if not items:
        sys.exit(f"nothing found in {STAC} for {SEARCHES[name]}")
    return items


def compute(client: Client, label: str, **what: xr.DataArray) -> dict[str, np.ndarray]:
    """Compute lazy arrays on the workers, with progress."""
    futures = client.compute(list(what.values()))
    Tasks(futures, label)
    return {k: v.values for k, v in zip(what, client.gather(futures), strict=True)}


def scene(client: Client, items: list[Item], picture: Path) -> Numbers:
    """NDVI of one Sentinel-2 scene, 10 m."""
    data = load(items[:1], ["B04", "B03", "B02", "B08"], "B04", 150, "uint16", 0).isel(time=0)
    index = ndvi(data.B04, data.B08)
    rgb = data[["B04", "B03", "B02"]].to_dataarray()
    got = compute(client, "scene", mean=index.mean(), pixels=index.count(), ndvi=index, rgb=rgb)
    pictures.scene(picture, items[0].id, got["rgb"], got["ndvi"])
    return {"mean": float(got["mean"]), "pixels": int(got["pixels"])}


def dates(client: Client, items: list[Item], picture: Path) -> Numbers:
    """NDVI of one place at each date, from four-band aerial pictures."""
    data = load(items, ["red", "nir"], "image", 256, "uint8")
    index = ndvi(data.red, data.nir)
    got = compute(client, "dates", mean=index.mean(["y", "x"]), pixels=index.count(["y", "x"]), ndvi=index)
    days = [str(t)[:10] for t in data.time.values]
    pictures.dates(picture, days, got["ndvi"])
    means = {f"mean {d}": float(m) for d, m in zip(days, got["mean"], strict=True)}
    return means | {f"pixels {d}": int(n) for d, n in zip(days, got["pixels"], strict=True)}


def mosaic(client: Client, items: list[Item], picture: Path) -> Numbers:
    """True colour across neighbouring Landsat scenes of one day, 30 m; the earlier scene on top."""
    bands = ["red", "green", "blue"]
    data = load(items, bands, "red", 1024, "uint16", 0).isel(time=0)
    sums = {f"sum {b}": data[b].astype("u8").sum() for b in bands}
    rgb = data.to_dataarray()[:, ::3, ::3]
    got = compute(client, "mosaic", pixels=(data.red > 0).sum(), rgb=rgb, **sums)
    title = f"{len(items)} Landsat 8 scenes of {items[0].datetime:%Y-%m-%d}, {data.sizes['x']} x {data.sizes['y']} pixels of 30 m"
    pictures.mosaic(picture, title, got.pop("rgb"))
    return {k: int(v) for k, v in got.items()}


def main() -> int:
    """Compute, save, check; 1 if a number differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder for pictures and numbers.json (default: out)")
    parser.add_argument("--workers", type=int, default=2, help="workers to wait for (default: 2)")
    parser.add_argument("--wait", type=int, default=180, help="seconds to wait for them (default: 180)")
    parser.add_argument("--only", choices=PARTS, action="append", help="do only this part; may be given again")
    parser.add_argument(
        "--check", metavar="URL", help="compare with numpy on the source arrays served there; fail if a number differs"
    )
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    odc.stac.configure_rio(cloud_defaults=True)  # no sidecar files, retries; goes to the workers with the graph
    numbers: dict[str, Numbers] = {}
    wrong: list[str] = []
    with Client() as client:
        say(f"connected to the scheduler at {client.scheduler.address}")
        wait_for_workers(client, args.workers, args.wait)
        for name in args.only or PARTS:
            items = search(name)
            numbers[name] = PARTS[name](client, items, args.out / f"{name}.png")
            say(f"{name}: saved {args.out / name}.png")
            if args.check:
                wrong += truth.differences(name, numbers[name], items, args.check)
    (args.out / "numbers.json").write_text(
        json.dumps({"numbers": numbers, "checked": bool(args.check), "different": wrong}, indent=2) + "\n"
    )
    if wrong:
        print(f"error: not the numbers that numpy gives: {', '.join(wrong)}", file=sys.stderr)
    elif args.check:
        say("every number is the one that numpy gives on the source arrays")
    return bool(wrong)


PARTS = {"scene": scene, "dates": dates, "mosaic": mosaic}

if __name__ == "__main__":
    sys.exit(main())
