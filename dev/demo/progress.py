"""What the demo prints while it goes: pleasant on a terminal, one line at a time in a log."""

import sys
import time

from dask.distributed import Client
from distributed.diagnostics.progressbar import TextProgressBar

STARTED = time.monotonic()


def say(text: str) -> None:
    """Print with the seconds since the start."""
    print(f"{time.monotonic() - STARTED:6.1f} s  {text}", flush=True)


class Tasks(TextProgressBar):
    """Prints tasks done of total: one line that changes on a terminal, at most one line a second elsewhere."""

    def __init__(self, futures: list, label: str) -> None:
        """Follow the tasks that `futures` need, until they are done."""
        self.label, self.shown = label, ""
        super().__init__(futures, interval="1s")

    def _draw_bar(self, remaining: int, all: int, **_: object) -> None:  # noqa: A002
        text = f"{self.label}: {all - remaining} of {all} tasks done"
        if text != self.shown:
            self.shown = text
            tty = sys.stdout.isatty()
            print(f"\r          {text}\033[K" if tty else f"          {text}", end="" if tty else "\n", flush=True)

    def _draw_stop(self, **_: object) -> None:
        if sys.stdout.isatty():
            print("\r\033[K", end="", flush=True)


def wait_for_workers(client: Client, wanted: int, seconds: int) -> None:
    """Wait until `wanted` workers are there; then go on with as many as there are."""
    end, shown = time.monotonic() + seconds, -1
    while True:
        there = len(client.nthreads())
        if there != shown:
            say(f"{there} of {wanted} workers are there")
        shown = there
        if there >= wanted or (there and time.monotonic() > end):
            return
        if time.monotonic() > end:
            sys.exit(f"no worker came within {seconds} s; look at `kubectl get pods` and at the status of the cluster")
        time.sleep(0.5)
