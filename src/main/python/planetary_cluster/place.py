"""Where a cluster is: what differs between Kubernetes, a bundle and this machine."""

from __future__ import annotations

from collections.abc import Callable

from distributed.security import Security

from .errors import PlanetaryError

Tell = Callable[[str], None]


class Place:
    """Opened once; deleted and closed until nothing remains. What it cannot do it refuses with a sentence."""

    name: str
    namespace: str | None = None
    scales = True
    security: Security | None = None

    async def open(self) -> str:
        """Makes or finds the cluster; the address of its scheduler."""
        raise NotImplementedError

    async def delete(self) -> None:
        """What ``open`` made elsewhere, if it is ours to delete; also of a place that was closed."""

    async def close(self) -> None:
        """Lets go of what ``open`` made here."""

    def remains(self) -> bool:
        """Whether there is, or may be, something to delete."""
        return False

    async def image(self) -> str:
        """The scheduler's, to name where versions differ."""
        return ""

    async def scale(self, n: int, group: str) -> None:
        raise self._cannot("scale")

    async def adapt(self, minimum: int, maximum: int | None, group: str) -> None:
        raise self._cannot("adapt")

    async def logs(self, tail: int):
        """By pod; None where there is no better source than Dask."""
        return None

    async def run_job(self, job: dict):
        raise self._cannot("run_job")

    async def bundle(self, path, scale_hours: float) -> None:
        raise self._cannot("bundle")

    def dashboard(self) -> str:
        """Its link; empty where there is none."""
        return ""

    def trouble(self) -> str:
        """Why the way to the scheduler may be closed."""
        return ""

    def why_not_ready(self) -> str:
        return ""

    def ended(self) -> bool:
        """Whether there is nothing to come back to: deleted, stopped or suspended."""
        return False

    def facts(self) -> list[tuple[str, str, str]]:
        """Label, value and remark, for the notebook."""
        return []

    def scaling(self) -> tuple[str, int, int] | None:
        """Mode, workers ready and wanted; None: as Dask knows it."""
        return None

    def _cannot(self, verb: str) -> PlanetaryError:
        return PlanetaryError(
            f"{verb} needs Kubernetes, and this connection to {self.name} has none; "
            f"PlanetaryCluster.from_name does it "
            "where there is a kubeconfig."
        )
