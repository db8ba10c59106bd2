"""The demo's numbers once more, with plain numpy on the source arrays: no Dask, no odc, no GDAL, no blobs.

The arrays come from the stand-in's control server, which only the demo and the tests know; they are what the COGs in
the catalogue were written from: per item a .npz of (y, x) by band name.
"""

import io
import urllib.request

import numpy as np
from pystac import Item

from progress import say

Numbers = dict[str, float | int]
Bands = dict[str, np.ndarray]


def fetch(source: str, item: Item) -> Bands:
    """Get the arrays of one item."""
    with urllib.request.urlopen(f"{source}/{item.id}.npz", timeout=60) as answer:
        return dict(np.load(io.BytesIO(answer.read())))


def ndvi(red: np.ndarray, nir: np.ndarray) -> np.ndarray:
    """Give NDVI where it is defined, flat."""
    red, nir = red.astype("f8"), nir.astype("f8")
    some = (red + nir) > 0
    return ((nir - red)[some]) / ((nir + red)[some])


def scene(items: list[Item], source: str) -> Numbers:
    """NDVI of the first item."""
    bands = fetch(source, items[0])
    index = ndvi(bands["B04"], bands["B08"])
    return {"mean": index.mean(), "pixels": index.size}


def dates(items: list[Item], source: str) -> Numbers:
    """NDVI of each item, by its day."""
    out: Numbers = {}
    for item in items:
        bands = fetch(source, item)
        index = ndvi(bands["red"], bands["nir"])
        out |= {f"mean {item.datetime:%Y-%m-%d}": index.mean(), f"pixels {item.datetime:%Y-%m-%d}": index.size}
    return out


def mosaic(items: list[Item], source: str) -> Numbers:
    """Lay the items on one canvas, the first on top, and sum each band; 0 is nothing."""
    grids = [i.assets["red"].extra_fields for i in items]
    left, top = min(g["proj:bbox"][0] for g in grids), max(g["proj:bbox"][3] for g in grids)
    right, bottom = max(g["proj:bbox"][2] for g in grids), min(g["proj:bbox"][1] for g in grids)
    step = grids[0]["proj:transform"][0]
    canvas = {b: np.zeros((round((top - bottom) / step), round((right - left) / step)), "u2") for b in ("red", "green", "blue")}
    for item, grid in zip(items, grids, strict=True):
        row, column = round((top - grid["proj:bbox"][3]) / step), round((grid["proj:bbox"][0] - left) / step)
        height, width = grid["proj:shape"]
        for name, pixels in fetch(source, item).items():
            part = canvas[name][row : row + height, column : column + width]
            np.copyto(part, pixels, where=part == 0)
    return {"pixels": int((canvas["red"] > 0).sum()), **{f"sum {b}": int(a.sum(dtype="u8")) for b, a in canvas.items()}}


def differences(name: str, got: Numbers, items: list[Item], source: str) -> list[str]:
    """Say where Dask's numbers are not numpy's; 1e-12 is the room that another order of adding up takes."""
    want = {"scene": scene, "dates": dates, "mosaic": mosaic}[name](items, source)
    wrong = []
    for key in sorted(want.keys() | got.keys()):
        a, b = got.get(key, float("nan")), want.get(key, float("nan"))
        same = bool(np.isclose(a, b, rtol=1e-12, atol=0))
        say(f"{name}: {key} = {a}; numpy: {b}{'' if same else '   DIFFERENT'}")
        wrong += [] if same else [f"{name}: {key}"]
    return wrong
