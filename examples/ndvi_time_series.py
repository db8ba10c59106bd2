# %% [markdown]
# # Vegetation over a summer
# How green a piece of the Netherlands was in the summer of 2020: NDVI of each cloudless pixel of Sentinel-2, averaged by day.

# %%
import json
import os

import numpy as np
import odc.stac
import pystac_client
from dask.distributed import Client
from planetary_cluster import PlanetaryCluster

BBOX = [float(degree) for degree in os.environ.get("PARAM_BBOX", "5.18,52.12,5.28,52.16").split(",")]
DATES = os.environ.get("PARAM_DATES", "2020-06/2020-09")

# %% [markdown]
# In a PlanetaryJob `Client()` finds the job's cluster. Anywhere else one line makes a cluster, which goes with `cluster.close()`.

# %%
cluster = None if "PLANETARY_ATTEMPT" in os.environ else PlanetaryCluster(n_workers=2)
client = Client(cluster)

# %% [markdown]
# Search the catalogue. Nothing is signed here: workers get a token when they read.

# %%
catalogue = pystac_client.Client.open("https://planetarycomputer.microsoft.com/api/stac/v1")
search = catalogue.search(
    collections=["sentinel-2-l2a"], bbox=BBOX, datetime=DATES, query={"eo:cloud_cover": {"lt": 60}}
)
items = search.item_collection()
print(f"{len(items)} scenes")

# %% [markdown]
# Lazy arrays of (time, y, x). SCL is the scene classification: 4 is vegetation, 5 bare soil, 6 water, the rest clouds, shadows,
# nothing. (From 2022 on, processing baseline 04.00, subtract 1000 from the bands.)

# %%
data = odc.stac.load(
    items,
    bands=["B04", "B08", "SCL"],
    bbox=BBOX,
    crs="EPSG:32631",
    resolution=10,
    groupby="solar_day",
    chunks={"x": 512, "y": 512},
)
red, nir = data.B04.astype("f8"), data.B08.astype("f8")
clear = data.SCL.isin([4, 5, 6]) & (red + nir > 0)
ndvi = ((nir - red) / (nir + red)).where(clear)

# %%
means = ndvi.mean(["y", "x"]).compute()
days = [str(day) for day in np.datetime_as_string(means.time, unit="D")]
print(json.dumps({day: float(mean) for day, mean in zip(days, means, strict=True) if mean.notnull()}))

# %%
client.close()
if cluster is not None:
    cluster.close()
