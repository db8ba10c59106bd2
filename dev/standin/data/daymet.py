"""A small Zarr laid out as the Planetary Computer's daymet-daily-hi: two years of days, from a formula, seas are NaN.

Zarr's second format, as the real one, with its consolidated metadata: JSON and compressed arrays, written by hand.
"""

import json
import zlib
from pathlib import Path

import numpy as np

DAYS = 365  # of any year: Daymet leaves out the last day of leap years
YEARS = ("2019", "2020")
SHAPE = (14, 20)


def arrays() -> dict[str, tuple[list[str], np.ndarray, dict]]:
    """Dimensions, numbers and attributes by name."""
    days = _days()
    random = np.random.default_rng(20200101)
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    season = np.cos(2 * np.pi * (np.arange(len(days)) % DAYS - 230) / DAYS)[:, None, None]
    sea = (y - 6) ** 2 / 36 + (x - 10) ** 2 / 81 > 1
    warm = 25 + 2.5 * season - 0.4 * np.abs(y - 6) + random.normal(0, 1, (len(days), *SHAPE))
    rain = np.maximum(0, random.gamma(0.5, 8, (len(days), *SHAPE)) - 2 - 2 * season)
    cube = ["time", "y", "x"]
    noon = (days - np.datetime64("1980-01-01")).astype("f8") + 0.5
    return {
        "time": (["time"], noon, {"units": "days since 1980-01-01", "calendar": "standard"}),
        "y": (["y"], (-38_000 - 1000.0 * np.arange(SHAPE[0])).astype("f4"), {"units": "m"}),
        "x": (["x"], (-5_802_250 + 1000.0 * np.arange(SHAPE[1])).astype("f4"), {"units": "m"}),
        "tmax": (cube, np.where(sea, np.nan, warm).astype("f4"), {"units": "degrees C"}),
        "prcp": (cube, np.where(sea, np.nan, rain).astype("f4"), {"units": "mm/day"}),
    }  # fmt: skip


def _days() -> np.ndarray:
    return np.concatenate([np.datetime64(f"{year}-01-01") + np.arange(DAYS) for year in YEARS])


def write(out: Path) -> None:
    """Write blob/daymeteuwest/daymet-zarr/daily/hi.zarr and source/daymet-daily-hi.npz below `out`."""
    root = out / "blob/daymeteuwest/daymet-zarr/daily/hi.zarr"
    found = arrays()
    files = {".zgroup": {"zarr_format": 2}, ".zattrs": {"source": "Daymet in shape only: numbers of a formula"}}
    for name, (dimensions, data, attributes) in found.items():
        chunks = [DAYS, *data.shape[1:]] if dimensions[0] == "time" else list(data.shape)
        (root / name).mkdir(parents=True)
        files[f"{name}/.zattrs"] = {"_ARRAY_DIMENSIONS": dimensions, **attributes}
        files[f"{name}/.zarray"] = {
            "zarr_format": 2, "shape": data.shape, "chunks": chunks, "dtype": data.dtype.str, "order": "C", "filters": None,
            "fill_value": "NaN" if data.ndim == 3 else None, "compressor": {"id": "zlib", "level": 1},
        }  # fmt: skip
        for i in range(data.shape[0] // chunks[0]):
            key = ".".join([str(i)] + ["0"] * (data.ndim - 1))
            part = np.ascontiguousarray(data[i * chunks[0] : (i + 1) * chunks[0]])
            (root / name / key).write_bytes(zlib.compress(part.tobytes(), 1))
    for name, content in files.items():
        (root / name).write_text(json.dumps(content))
    (root / ".zmetadata").write_text(json.dumps({"zarr_consolidated_format": 1, "metadata": files}))
    plain = {name: data for name, (_, data, _) in found.items()}
    np.savez_compressed(out / "source/daymet-daily-hi.npz", **{**plain, "time": _days()})
