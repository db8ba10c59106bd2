# %% [markdown]
# # A year of weather from Zarr
# Daymet has the weather of each square kilometre and day since 1980. Here: Hawaii's months, how warm and how wet.

# %%
import json
import os

import pystac_client
import xarray as xr
from dask.distributed import Client
from planetary_cluster import PlanetaryCluster

YEAR = os.environ.get("PARAM_YEAR", "2020")

# %%
cluster = None if "PLANETARY_ATTEMPT" in os.environ else PlanetaryCluster(n_workers=2)
client = Client(cluster)

# %% [markdown]
# The whole archive is one Zarr, an asset of the collection itself. Opening it reads some kilobytes of metadata; `storage_options`
# need no token.

# %%
catalogue = pystac_client.Client.open("https://planetarycomputer.microsoft.com/api/stac/v1")
asset = catalogue.get_collection("daymet-daily-hi").assets["zarr-abfs"]
data = xr.open_zarr(
    asset.href,
    storage_options=asset.extra_fields["xarray:storage_options"],
    **asset.extra_fields["xarray:open_kwargs"],
)
year = data[["tmax", "prcp"]].sel(time=YEAR).astype("f8")

# %% [markdown]
# Over land only, which is where there are numbers: the mean of the days' highest temperatures, and the sum of rain.

# %%
warm = year.tmax.groupby("time.month").mean().mean(["y", "x"])
wet = year.prcp.groupby("time.month").sum(min_count=1).mean(["y", "x"])
months = xr.Dataset({"tmax": warm, "prcp": wet}).compute()
print(months.to_dataframe().round(1))

# %%
print(json.dumps({name: [float(value) for value in months[name]] for name in months}))

# %%
client.close()
if cluster is not None:
    cluster.close()
