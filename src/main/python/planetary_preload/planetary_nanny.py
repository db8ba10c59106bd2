"""``dask worker --preload-nanny planetary_nanny.py``: renews the nanny's certificates, as its worker's."""

from __future__ import annotations

import os
import sys

# A nanny runs a copy of this file in its own directory, as a worker does.
sys.path[:0] = [os.path.dirname(os.path.abspath(__file__)), "/etc/planetary/preload"]

import planetary_renewal  # noqa: E402

dask_setup = planetary_renewal.follow
dask_teardown = planetary_renewal.stop
