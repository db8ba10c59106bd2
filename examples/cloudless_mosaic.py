# %% [markdown]
# # A picture without clouds
# True colour from a summer of Sentinel-2: of each pixel the median of those days on which no cloud was over it.

# %%
import json
import os
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import odc.stac
import pystac_client
from dask.distributed import Client
from planetary_cluster import PlanetaryCluster

BBOX = [float(degree) for degree in os.environ.get("PARAM_BBOX", "5.18,52.12,5.28,52.16").split(",")]
DATES = os.environ.get("PARAM_DATES", "2020-06/2020-09")

# %%
cluster = None if "PLANETARY_ATTEMPT" in os.environ else PlanetaryCluster(n_workers=2)
client = Client(cluster)

# %%
catalogue = pystac_client.Client.open("https://planetarycomputer.microsoft.com/api/stac/v1")
search = catalogue.search(
    collections=["sentinel-2-l2a"], bbox=BBOX, datetime=DATES, query={"eo:cloud_cover": {"lt": 60}}
)
data = odc.stac.load(
    search.items(),
    bands=["B04", "B03", "B02", "SCL"],
    bbox=BBOX,
    crs="EPSG:32631",
    resolution=10,
    groupby="solar_day",
    chunks={"time": -1, "x": 256, "y": 256},
)

# %% [markdown]
# Only what is seen clearly (4 vegetation, 5 bare soil, 6 water); the median of the days is worked out block by block, on workers.

# %%
rgb = data[["B04", "B03", "B02"]].to_dataarray("band")
clear = data.SCL.isin([4, 5, 6]) & (rgb > 0)
mosaic = rgb.astype("f4").where(clear).median("time").compute()

# %%
picture = np.moveaxis(np.nan_to_num(np.clip(mosaic.values / 2500, 0, 1)), 0, -1)
plt.figure(figsize=(9, 5), layout="constrained")
plt.imshow(picture)
plt.axis("off")
folder = Path(os.environ.get("PLANETARY_OUTPUT", "."))  # a job's output, if it has one
if os.access(folder, os.W_OK):
    plt.savefig(folder / "cloudless_mosaic.png", dpi=110)

# %%
names = {"B04": "red", "B03": "green", "B02": "blue"}
result = {names[str(band.band.values)]: float(band.mean(dtype="f8")) for band in mosaic}
print(json.dumps({"pixels": int(mosaic[0].notnull().sum()), **result}))

# %%
client.close()
if cluster is not None:
    cluster.close()
