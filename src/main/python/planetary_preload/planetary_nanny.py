"""``dask worker --preload-nanny planetary_nanny.py``: renews the nanny's certificates, as its worker's."""

from __future__ import annotations

import logging
import os
import sys

from distributed import Nanny, Status

# A nanny runs a copy of this file in its own directory, as a worker does.
sys.path[:0] = [os.path.dirname(os.path.abspath(__file__)), "/etc/planetary/preload"]

import planetary_renewal  # noqa: E402

logger = logging.getLogger("distributed.planetary")

dask_setup = planetary_renewal.follow


def dask_teardown(nanny: Nanny) -> None:
    """End at once if the worker never got to its scheduler.

    A nanny that closes waits until its worker is up (distributed's WorkerProcess.kill). One whose cluster was
    deleted or suspended on its way up never is, and the pod would stay for its whole grace period. It holds
    nothing.
    """
    planetary_renewal.stop(nanny)
    process = getattr(nanny, "process", None)
    if process is not None and process.status == Status.starting:
        logger.info("the worker has not reached its scheduler yet: ending without it")
        logging.shutdown()
        os._exit(0)
