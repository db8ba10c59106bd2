"""``dask worker --preload planetary_worker.py``: who a worker is, and what it does with its tasks.

A worker is known by its pod: its Dask name is ``<pod>-<first 8 of the pod's uid>``, and it publishes the uid,
which stays when the nanny replaces the process.
"""

from __future__ import annotations

import os
import sys

# A worker runs a copy of this file in its own directory, away from the others. But `dask worker` has run this
# line with the original, and the process it spawns inherits the path; else they are where they always are.
sys.path[:0] = [os.path.dirname(os.path.abspath(__file__)), "/etc/planetary/preload"]

from distributed import Worker  # noqa: E402

import planetary_guard  # noqa: E402
import planetary_renewal  # noqa: E402
import planetary_signing  # noqa: E402
import planetary_tls  # noqa: E402, F401  (mends ssl when it is imported)

planetary_guard.install()
planetary_signing.install()

POD, UID = os.environ["PLANETARY_POD_NAME"], os.environ["PLANETARY_POD_UID"]
GROUP = os.environ.get("PLANETARY_GROUP") or "default"
if not POD or not UID:
    raise ValueError("PLANETARY_POD_NAME and PLANETARY_POD_UID must not be empty")


@planetary_guard.fatal
def dask_setup(worker: Worker) -> None:
    """Name the worker; distributed calls this before the worker registers."""
    who = {"uid": UID, "group": GROUP}
    worker.name = f"{POD}-{UID[:8]}"
    worker.startup_information["planetary"] = lambda _: who
    worker.handlers["planetary_tasks"] = lambda keys: tasks(worker, keys)
    planetary_renewal.follow(worker)
    planetary_guard.arm()


dask_teardown = planetary_renewal.stop


def tasks(worker: Worker, keys: list) -> dict:
    """The worker's status, and its state of each of these tasks (None: unknown here), in the same order.

    Asked by planetary_retire of any version of this project: add to the answer, change nothing.
    """
    known = worker.state.tasks
    states = [known[key].state if key in known else None for key in keys]
    return {"status": worker.status.name, "states": states}
