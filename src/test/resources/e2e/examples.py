"""What the examples have to find, by plain numpy on the arrays that the stand-in's files were written from (ExamplesE2E).

No Dask, no xarray, no blobs, no catalogue but for the list of scenes. Prints each example's result as a line of JSON.
"""

import io
import json
import urllib.request

import numpy as np

SOURCE = "http://control.planetary-computer.svc:8080/source"
DAYS = ("20200612", "20200707", "20200811", "20200915")  # that of 2020-08-26 has nothing but clouds
TILES = ("31UFT", "31UGT")


def source(name):
    with urllib.request.urlopen(f"{SOURCE}/{name}.npz", timeout=60) as answer:
        return dict(np.load(io.BytesIO(answer.read())))


def scene(day, tile):
    bands = source(f"S2B_MSIL2A_{day}T104619_R051_T{tile}_{day}T210000")
    clear = np.isin(bands["SCL"], (4, 5, 6)).repeat(2, 0).repeat(2, 1)  # of 20 m on the grid of 10 m
    return {name: np.where(clear, bands[name].astype("f8"), np.nan) for name in ("B02", "B03", "B04", "B08")}


def ndvi_time_series():
    found = {}
    for day in DAYS:
        pixels = [scene(day, tile) for tile in TILES]
        index = np.concatenate([(p["B08"] - p["B04"]) / (p["B08"] + p["B04"]) for p in pixels], axis=1)
        found[f"{day[:4]}-{day[4:6]}-{day[6:]}"] = np.nanmean(index)
    return found


def cloudless_mosaic():
    found = {}
    for name, color in (("B04", "red"), ("B03", "green"), ("B02", "blue")):
        series = np.stack([np.concatenate([scene(day, tile)[name] for tile in TILES], axis=1) for day in DAYS])
        median = np.nanmedian(series, axis=0)
        found.setdefault("pixels", int(np.isfinite(median).sum()))
        found[color] = np.nanmean(median)
    return found


def daymet_zarr():
    data = source("daymet-daily-hi")
    months = data["time"].astype("M8[M]")
    found = {"tmax": [], "prcp": []}
    for month in np.arange("2020-01", "2021-01", dtype="M8[M]"):
        found["tmax"].append(np.nanmean(data["tmax"][months == month].astype("f8")))
        rain = data["prcp"][months == month].astype("f8").sum(axis=0)
        found["prcp"].append(np.nanmean(rain))
    return found


def air_quality_parquet():
    weeks = [source(f"Chicago-{week}") for week in ("2022-01-02", "2022-01-09")]
    name, value = (np.concatenate([week[c] for week in weeks]) for c in ("LocationName", "CalibratedPM25"))
    means = {str(place): np.nanmean(value[name == place]) for place in np.unique(name)}
    worst = sorted(means, key=means.get, reverse=True)[:5]
    return {"places": {place: means[place] for place in worst}, "weeks": len(weeks)}


for example in (ndvi_time_series, cloudless_mosaic, daymet_zarr, air_quality_parquet):
    print(example.__name__.replace("_", "-"), json.dumps(example()))
