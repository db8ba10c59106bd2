"""``dask worker --preload-nanny planetary_nanny.py``: waits for the scheduler, and renews the nanny's
certificates as its worker's."""

from __future__ import annotations

import asyncio
import logging
import os
import sys

from distributed import Nanny, Status
from distributed.comm.core import FatalCommClosedError

# A nanny runs a copy of this file in its own directory, as a worker does.
sys.path[:0] = [os.path.dirname(os.path.abspath(__file__)), "/etc/planetary/preload"]

import planetary_renewal  # noqa: E402

logger = logging.getLogger("distributed.planetary")

TRY_SECONDS = 4.0
"""Dask tries within it, less and less often: long ones find a scheduler late."""
PAUSE_SECONDS = 0.5

waiting = False


async def dask_setup(nanny: Nanny) -> None:
    """Wait for the scheduler, as long as it takes.

    Dask's nanny ends when it did not reach it within 30 s. A scheduler may take minutes, for its node, its
    image or its volume, and Kubernetes starts a container that ends again and again later each time.
    """
    global waiting
    planetary_renewal.follow(nanny)
    address = nanny.scheduler.address
    waiting = True
    try:
        while not await answers(nanny, address):
            logger.info("the scheduler at %s does not answer yet", address)
            await asyncio.sleep(PAUSE_SECONDS)
    finally:
        waiting = False


async def answers(nanny: Nanny, address: str) -> bool:
    """Whether it does; the connection is kept for the nanny's registration."""
    try:
        nanny.rpc.reuse(address, await nanny.rpc.connect(address, timeout=TRY_SECONDS))
    except FatalCommClosedError:
        raise  # another cluster's, say: trying again is no help
    except OSError:
        return False
    return True


def dask_teardown(nanny: Nanny) -> None:
    """End at once if the worker never got to its scheduler.

    A nanny that closes waits until its worker is up (distributed's WorkerProcess.kill). One whose cluster was
    deleted or suspended on its way up never is, and the pod would stay for its whole grace period. It holds
    nothing.
    """
    planetary_renewal.stop(nanny)
    process = getattr(nanny, "process", None)
    if waiting or (process is not None and process.status == Status.starting):
        logger.info("the worker has not reached its scheduler yet: ending without it")
        logging.shutdown()
        os._exit(0)
