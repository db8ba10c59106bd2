"""Dask clusters next to the Planetary Computer's data, from Python. Documentation: docs/client.md."""

from .cluster import PlanetaryCluster
from .errors import JobFailed, PlanetaryError, WorkersMissing
from .version import VERSION

__version__ = VERSION
__all__ = ["JobFailed", "PlanetaryCluster", "PlanetaryError", "WorkersMissing"]
