"""Reads scenes on four workers for many lives of a token, and says at each step how far it is (SigningE2E).

It names blobs as the catalogue does: without a token. What it reads it compares with numpy on the source arrays.
"""

import io
import json
import os
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor

BROKER, PROFILE, LIFE, RUN = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
os.environ["PC_SDK_SAS_URL"] = f"{BROKER}/api/sas/v1/token"  # read once, when planetary_computer is first used

import numpy as np
import odc.stac
import planetary_computer
import pystac_client
from dask.distributed import Client, as_completed, get_worker
from odc.geo.geobox import GeoBox

CONTROL = "http://control.planetary-computer.svc:8080"
STAC = "https://planetarycomputer.microsoft.com/api/stac/v1"


def say(*words):
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


def control(path, **query):
    query = "&".join(f"{k}={v}" for k, v in query.items())
    with urllib.request.urlopen(f"{CONTROL}{path}?{query}", timeout=30) as answer:
        return json.load(answer)


def source(item):
    with urllib.request.urlopen(f"{CONTROL}/source/{item.id}.npz", timeout=60) as answer:
        return dict(np.load(io.BytesIO(answer.read())))


def window(href, row, column, side):
    """Read a window as anybody would; whatever GDAL has read before is forgotten, so that it needs a token."""
    import rasterio
    from rasterio.cache import invalidate_all

    invalidate_all()
    with rasterio.open(href) as scene:
        pixels = scene.read(1, window=((row, row + side), (column, column + side)))
    time.sleep(1)
    return int(pixels.sum(dtype="u8"))


def by_adlfs(href):
    """The first bytes of a blob, through a file system that is made once in each process."""
    import fsspec

    account, rest = href.removeprefix("https://").split(".blob.core.windows.net/")
    return fsspec.filesystem("abfs", account_name=account).cat_file(rest, start=0, end=64)


def by_obstore(href):
    from obstore.auth.planetary_computer import PlanetaryComputerCredentialProvider
    from obstore.store import AzureStore

    folder, name = href.rsplit("/", 1)
    store = AzureStore(credential_provider=PlanetaryComputerCredentialProvider(folder))
    return bytes(store.get_range(name, start=0, end=64))


def by_sdk(href):
    import planetary_computer

    with urllib.request.urlopen(planetary_computer.sign(href), timeout=60) as answer:
        return answer.read(64)


def without_tokens(item, bands):
    """Load where no token can be had, with errors ignored: a token problem must not become missing data."""
    import odc.stac
    import planetary_signing

    tokens, planetary_signing.TOKENS = planetary_signing.TOKENS, planetary_signing.Tokens(wait=1)
    try:
        odc.stac.load([item], bands=bands, fail_on_error=False)
        return "loaded"
    except ConnectionError as e:
        return str(e)
    finally:
        planetary_signing.TOKENS = tokens


def where():
    return get_worker().address


def check(name, got, want):
    if got != want:
        sys.exit(f"wrong: {name}: {got!r}, not {want!r}")
    say("right", name)


def first(collection):
    return next(iter(catalogue.search(collections=[collection], max_items=1).items()))


catalogue = pystac_client.Client.open(STAC)
scene, landsat, naip = first("sentinel-2-l2a"), first("landsat-c2-l2"), first("naip")
truth = source(scene)
red, href = truth["B04"], scene.assets["B04"].href
small = scene.clone()
small.assets = {band: scene.assets[band] for band in ("B04", "B08")}
place = scene.assets["B04"].extra_fields
CRS = scene.properties.get("proj:code") or scene.properties["proj:epsg"]
GRID = GeoBox.from_bbox(place["proj:bbox"], crs=CRS, resolution=place["proj:transform"][0], tight=True)
KINDS = {"*": {"assets": {"*": {"data_type": "uint16", "nodata": 0}}}}

with Client() as client:
    client.wait_for_workers(4, timeout=120)
    say("begin")
    begin = time.monotonic()

    # What a user of today does: tokens are baked into the graph, and have ended long before it is computed.
    baked = odc.stac.load([small], geobox=GRID, chunks={}, stac_cfg=KINDS, patch_url=planetary_computer.sign)
    signed = planetary_computer.sign(href)
    worker = client.submit(where, pure=False).result()
    start = client.submit(by_adlfs, href, workers=[worker], pure=False).result()

    def submit(n):
        row, column = (n * 37) % 200, (n * 53) % 200
        future = client.submit(window, href, row, column, 100, pure=False)
        future.want = int(red[row : row + 100, column : column + 100].sum(dtype="u8"))
        return future

    def outage():
        """30 s without a token service; a container nobody has a token for is read meanwhile, and has to wait."""
        time.sleep(RUN / 2)
        control("/settings", profile=PROFILE, token_status=503)
        cold = client.submit(window, landsat.assets["red"].href, 0, 0, 50, pure=False)
        time.sleep(30)
        control("/settings", profile=PROFILE, token_status=0)
        pixels = source(landsat)["red"][:50, :50]
        check("a first read in an outage", cold.result(timeout=60), int(pixels.sum(dtype="u8")))

    trouble = ThreadPoolExecutor(1).submit(outage)
    reads, told = 0, 0
    going = as_completed([submit(n) for n in range(8)])
    for future in going:
        if future.result() != future.want:
            sys.exit(f"wrong: {future.result()}, not {future.want}, after {time.monotonic() - begin:.0f} s")
        reads += 1
        now = time.monotonic() - begin
        while told + 15 <= now:
            told += 15
            say(f"second-{told}")
        if now < RUN:
            going.add(submit(reads + 8))
    trouble.result()
    elapsed = time.monotonic() - begin
    counted = control("/stats")

    check("adlfs, lives later", client.submit(by_adlfs, href, workers=[worker], pure=False).result(), start)
    check("obstore", client.submit(by_obstore, href, pure=False).result(), start)
    check("planetary_computer", client.submit(by_sdk, href, pure=False).result(), start)
    check("a token that ended", client.submit(window, signed, 0, 0, 100, pure=False).result(), int(red[:100, :100].sum(dtype="u8")))
    loaded = baked.compute().isel(time=0)
    for band in ("B04", "B08"):
        check(f"a graph with tokens that ended, {band}", bool(np.array_equal(loaded[band].values, truth[band])), True)

    # A file that is not there is an error that names it, without a token.
    try:
        client.submit(window, href + ".gone", 0, 0, 1, pure=False).result()
        sys.exit("wrong: read what is not there")
    except Exception as e:
        check("no token in an error", "sig=" in repr(e) + str(e), False)

    control("/settings", profile=PROFILE, token_status=403)
    answer = client.submit(without_tokens, naip, ["red"], pure=False).result()
    check("no silent NaN", answer.startswith("no token to read "), True)
    control("/settings", profile=PROFILE, token_status=0)
    check("healed", client.submit(window, naip.assets["image"].href, 0, 0, 1, pure=False).result() > 0, True)

    account, rest = href.removeprefix("https://").split(".blob.core.windows.net/")
    path = f"/api/sas/{PROFILE}/token/{account}/{rest.split('/')[0]}"
    asked = [r for r in counted["requests"] if r["path"] == path]
    say("result", json.dumps({"reads": reads, "seconds": elapsed, "asked": sum(r["count"] for r in asked), "by": len({r["client"] for r in asked})}))
