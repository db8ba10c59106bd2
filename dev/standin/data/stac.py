"""STAC items and collections shaped as the Planetary Computer's: ids, asset names, properties, hosts of blobs."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from rasterio.transform import Affine
from rasterio.warp import transform_bounds

COG = "image/tiff; application=geotiff; profile=cloud-optimized"
EXTENSIONS = [f"https://stac-extensions.github.io/{e}/schema.json" for e in ("eo/v1.0.0", "projection/v1.1.0", "raster/v1.1.0")]
WAVELENGTHS = {"blue": 0.49, "green": 0.56, "red": 0.665, "nir": 0.842}
S2 = {"B02": "blue", "B03": "green", "B04": "red", "B08": "nir"}
PARQUET = "application/x-parquet"

# id -> title, storage account, container, ground sample distance in m, from, to
COLLECTIONS = {
    "sentinel-2-l2a": ("Sentinel-2 Level-2A", "sentinel2l2a01", "sentinel2-l2", 10, "2015-06-27T10:25:31Z", None),
    "landsat-c2-l2": ("Landsat Collection 2 Level-2", "landsateuwest", "landsat-c2", 30, "1982-08-22T00:00:00Z", None),
    "naip": (
        "NAIP: National Agriculture Imagery Program",
        "naipeuwest",
        "naip",
        1,
        "2010-01-01T00:00:00Z",
        "2023-12-31T00:00:00Z",
    ),
    "daymet-daily-hi": (
        "Daymet Daily Hawaii",
        "daymeteuwest",
        "daymet-zarr",
        1000,
        "1980-01-01T12:00:00Z",
        "2020-12-30T12:00:00Z",
    ),
    "eclipse": ("Urban Innovation Eclipse Sensor Data", "ai4edataeuwest", "eclipse", 0, "2021-01-01T00:00:00Z", None),
}


@dataclass
class Scene:
    """One item and its pixels: bands are (y, x) by name, files say which bands lie in which blob."""

    item: dict[str, Any]
    bands: dict[str, np.ndarray]
    files: dict[str, list[str]]
    epsg: int
    transform: Affine
    nodata: int | None


def eo_band(name: str, common: str) -> dict[str, Any]:
    """Describe one band as the eo extension does."""
    return {"name": name, "common_name": common, "center_wavelength": WAVELENGTHS[common]}


def blob(collection: str, name: str) -> str:
    """Give the unsigned address of a blob of a collection."""
    _, account, container, *_ = COLLECTIONS[collection]
    return f"https://{account}.blob.core.windows.net/{container}/{name}"


def item(
    collection: str,
    ident: str,
    time: str,
    shape: tuple[int, ...],
    epsg: int,
    transform: Affine,
    properties: dict[str, Any],
    assets: dict[str, Any],
) -> dict[str, Any]:
    """Build an item; geometry is the outline of the grid in degrees. An asset may lie on a coarser grid of its own."""
    height, width = shape
    left, top = transform.c, transform.f
    box = [left, top + height * transform.e, left + width * transform.a, top]
    west, south, east, north = (round(v, 6) for v in transform_bounds(f"EPSG:{epsg}", "EPSG:4326", *box))
    ring = [[east, south], [east, north], [west, north], [west, south], [east, south]]
    grid = {"proj:shape": [height, width], "proj:bbox": box, "proj:transform": list(transform)[:6]}
    return {
        "type": "Feature", "stac_version": "1.0.0", "stac_extensions": EXTENSIONS, "id": ident, "collection": collection,
        "bbox": [west, south, east, north], "geometry": {"type": "Polygon", "coordinates": [ring]},
        "properties": {"datetime": time, "proj:epsg": epsg, **properties}, "links": [],
        "assets": {k: {"type": COG, "roles": ["data"], **grid, **a} for k, a in assets.items()},
    }  # fmt: skip


def sentinel2(
    bands: dict[str, np.ndarray], epsg: int, transform: Affine, date: str = "20200518", tile: str = "31UFT", clouds: float = 1.2
) -> Scene:
    """Shape a chip as an item of sentinel-2-l2a; baseline 02.14: no offset of 1000 in the numbers yet. SCL is of 20 m."""
    ident = f"S2B_MSIL2A_{date}T104619_R051_T{tile}_{date}T210000"
    day = f"{date[:4]}/{date[4:6]}/{date[6:]}"
    granule = f"{tile[:2]}/{tile[2]}/{tile[3:]}/{day}/{ident}.SAFE/GRANULE/L2A_T{tile}_A016710_{date}T104619"
    href = {
        b: blob("sentinel-2-l2a", f"{granule}/IMG_DATA/R{m}m/T{tile}_{date}T104619_{b}_{m}m.tif")
        for b, m in ((b, 20 if b == "SCL" else 10) for b in bands)
    }
    assets = {b: {"href": h, "gsd": 10.0, "eo:bands": [eo_band(b, S2[b])]} for b, h in href.items() if b in S2}
    if "SCL" in bands:
        coarse = transform * Affine.scale(2)
        assets["SCL"] = {"href": href["SCL"], "gsd": 20.0, "title": "Scene classfication map (SCL)"}
        assets["SCL"] |= {"proj:shape": list(bands["SCL"].shape), "proj:transform": list(coarse)[:6]}
    properties = {
        "platform": "Sentinel-2B", "constellation": "Sentinel 2", "instruments": ["msi"], "sat:relative_orbit": 51,
        "eo:cloud_cover": clouds, "s2:nodata_pixel_percentage": 0.0, "s2:mgrs_tile": tile, "s2:product_type": "S2MSI2A",
        "s2:processing_baseline": "02.14",
    }  # fmt: skip
    time = f"{date[:4]}-{date[4:6]}-{date[6:]}T10:46:19.024000Z"
    doc = item("sentinel-2-l2a", ident, time, bands["B02"].shape, epsg, transform, properties, assets)
    return Scene(doc, bands, {h: [b] for b, h in href.items()}, epsg, transform, 0)


def landsat(bands: dict[str, np.ndarray], epsg: int, transform: Affine, row: str) -> Scene:
    """Shape a scene of path 224 as an item of landsat-c2-l2."""
    ident = f"LC08_L2SP_224{row}_20200518_02_T1"
    full = f"LC08_L2SP_224{row}_20200518_20200820_02_T1"
    number = {"blue": "B2", "green": "B3", "red": "B4"}
    href = {b: blob("landsat-c2-l2", f"level-2/standard/oli-tirs/2020/224/{row}/{full}/{full}_SR_{number[b]}.TIF") for b in bands}
    raster = {"scale": 2.75e-05, "offset": -0.2, "nodata": 0, "data_type": "uint16", "spatial_resolution": 30}
    assets = {
        b: {"href": h, "gsd": 30, "eo:bands": [eo_band(f"OLI_{number[b]}", b)], "raster:bands": [raster]} for b, h in href.items()
    }
    properties = {
        "platform": "landsat-8", "instruments": ["oli", "tirs"], "gsd": 30, "eo:cloud_cover": 0.5, "landsat:wrs_path": "224",
        "landsat:wrs_row": row, "landsat:wrs_type": "2", "landsat:collection_number": "02", "landsat:collection_category": "T1",
        "landsat:correction": "L2SP", "landsat:scene_id": f"LC8224{row}2020139LGN00",
    }  # fmt: skip
    seconds = {"077": "04", "078": "28"}[row]
    doc = item(
        "landsat-c2-l2", ident, f"2020-05-18T13:32:{seconds}.500000Z", bands["red"].shape, epsg, transform, properties, assets
    )
    return Scene(doc, bands, {h: [b] for b, h in href.items()}, epsg, transform, 0)


def naip(bands: dict[str, np.ndarray], epsg: int, transform: Affine, date: str) -> Scene:
    """Shape an aerial scene as an item of naip: one asset, `image`, with four bands."""
    ident = f"pr_m_1807219_se_18_5_{date}"
    href = blob("naip", f"v002/pr/{date[:4]}/pr_500cm_{date[:4]}/18072/{ident}.tif")
    labels = {"red": "Red", "green": "Green", "blue": "Blue", "nir": "NIR"}
    eo = [{**eo_band(labels[b], b), "description": "near-infrared" if b == "nir" else b} for b in bands]
    assets = {"image": {"href": href, "title": "RGBIR COG tile", "eo:bands": eo, "raster:bands": [{"data_type": "uint8"}] * 4}}
    time = f"{date[:4]}-{date[4:6]}-{date[6:]}T16:00:00Z"
    doc = item(
        "naip", ident, time, bands["red"].shape, epsg, transform, {"gsd": 5.0, "naip:year": date[:4], "naip:state": "pr"}, assets
    )
    return Scene(doc, bands, {href: list(bands)}, epsg, transform, None)


def collections() -> list[dict[str, Any]]:
    """Build the collections, with the fields that say where their blobs are."""
    out = []
    for ident, (title, account, container, gsd, start, end) in COLLECTIONS.items():
        out.append({
            "type": "Collection", "stac_version": "1.0.0", "stac_extensions": [], "id": ident, "title": title,
            "description": f"Stand-in for {title}: a few scenes, shaped as the real collection's.",
            "license": "proprietary", "links": [],
            "msft:region": "westeurope", "msft:storage_account": account, "msft:container": container,
            "msft:short_description": title, "summaries": {"gsd": [gsd]},
            "extent": {"spatial": {"bbox": [[-180, -90, 180, 90]]}, "temporal": {"interval": [[start, end]]}},
            "assets": COLLECTION_ASSETS.get(ident, {}),
        })  # fmt: skip
    return out


COLLECTION_ASSETS = {
    "daymet-daily-hi": {
        "zarr-abfs": {
            "href": "abfs://daymet-zarr/daily/hi.zarr", "type": "application/vnd+zarr",
            "title": "Daily Hawaii Daymet Azure Blob File System Zarr root",
            "roles": ["data", "zarr", "abfs"], "xarray:storage_options": {"account_name": "daymeteuwest"},
            "xarray:open_kwargs": {"consolidated": True},
        }
    }
}  # fmt: skip


def week(start: str, end: str, bbox: list[float]) -> dict[str, Any]:
    """Shape a week of sensors' readings as an item of eclipse: a folder of Parquet files."""
    west, south, east, north = bbox
    ring = [[east, south], [east, north], [west, north], [west, south], [east, south]]
    asset = {"href": f"abfs://eclipse/Chicago/{start}", "type": PARQUET, "title": "Weekly dataset", "roles": ["data"]}
    asset["table:storage_options"] = {"account_name": "ai4edataeuwest"}
    return {
        "type": "Feature", "stac_version": "1.0.0", "stac_extensions": [], "id": f"Chicago-{start}", "collection": "eclipse",
        "bbox": bbox, "geometry": {"type": "Polygon", "coordinates": [ring]}, "links": [], "assets": {"data": asset},
        "properties": {"datetime": None, "start_datetime": f"{start}T00:00:00Z", "end_datetime": f"{end}T23:59:59Z"},
    }  # fmt: skip
