# %% [markdown]
# # Where the air is worst, from Parquet
# A hundred sensors at Chicago's bus stops measure fine dust (Project Eclipse), a folder of Parquet files each week. Here: the
# five places with the most of it.

# %%
import json
import os

import dask.dataframe as dd
import pystac_client
from dask.distributed import Client
from planetary_cluster import PlanetaryCluster

DATES = os.environ.get("PARAM_DATES", "2022-01-02/2022-01-15")

# %%
cluster = None if "PLANETARY_ATTEMPT" in os.environ else PlanetaryCluster(n_workers=2)
client = Client(cluster)

# %%
catalogue = pystac_client.Client.open("https://planetarycomputer.microsoft.com/api/stac/v1")
weeks = [item.assets["data"] for item in catalogue.search(collections=["eclipse"], datetime=DATES).items()]
readings = dd.read_parquet(
    [f"{week.href}/*.parquet" for week in weeks],
    columns=["LocationName", "CalibratedPM25"],
    storage_options=weeks[0].extra_fields["table:storage_options"],
)

# %% [markdown]
# Workers read only these two columns. Readings without a calibrated value do not count.

# %%
places = readings.groupby("LocationName").CalibratedPM25.mean().nlargest(5).compute()
print(places)

# %%
print(json.dumps({"places": {str(name): float(value) for name, value in places.items()}, "weeks": len(weeks)}))

# %%
client.close()
if cluster is not None:
    cluster.close()
