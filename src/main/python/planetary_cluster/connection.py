"""The way to a cluster's scheduler: straight, through its load balancer, or the Kubernetes API."""

from __future__ import annotations

import contextlib
from urllib.parse import urlsplit

from . import steps
from .api import Api, in_pod
from .credentials import ClusterSecurity
from .dashboard import Dashboard
from .errors import NotThere, PlanetaryError
from .listener import LOOPBACK
from .tunnel import Tunnel, reachable

COMM_PORT, HTTP_PORT = 8786, 8787
PATIENCE_SECONDS = 4.0
"""How long a way that should be there is tried; a NetworkPolicy drops packets without a word."""


class Connection:
    """``address`` is what Dask connects to, ``how`` says which way that is."""

    def __init__(self, address: str, how: str, tunnels: list[Tunnel], dashboard: Dashboard | None):
        self.address, self.how = address, how
        self.tunnels, self.dashboard = tunnels, dashboard

    @classmethod
    async def to(cls, api: Api, cluster: dict, token: str, security: ClusterSecurity | None) -> Connection:
        """The shortest way that is open."""
        name = cluster["metadata"]["name"]
        protocol = "tls" if security else "tcp"
        context = security.context if security else None
        tunnels: list[Tunnel] = []
        try:
            for address, how in await candidates(api, cluster):  # noqa: B007
                if await reachable(*host_and_port(address), context, PATIENCE_SECONDS):
                    break
            else:
                tunnel = await Tunnel(api, _pod_of(api, name), COMM_PORT).start()
                tunnels.append(tunnel)
                address, how = (
                    f"{protocol}://{LOOPBACK}:{tunnel.port}",
                    "through the Kubernetes API (port-forward)",
                )
            dashboard = await cls._dashboard(api, name, token, context, tunnels)
            return cls(address, how, tunnels, dashboard)
        except BaseException:
            for tunnel in tunnels:
                await tunnel.close()
            raise

    @classmethod
    async def _dashboard(cls, api, name, token: str, context, tunnels: list[Tunnel]) -> Dashboard | None:
        """A NetworkPolicy that lets Dask through does not let the dashboard through: always by the API."""
        with contextlib.suppress(PlanetaryError):
            tunnel = await Tunnel(api, _pod_of(api, name), HTTP_PORT).start()
            tunnels.append(tunnel)
            # A pod's loopback address is its own.
            return await Dashboard(tunnel.port, token, context, guarded=not in_pod()).start()
        return None

    async def close(self) -> None:
        if self.dashboard is not None:
            await self.dashboard.close()
        for tunnel in self.tunnels:
            await tunnel.close()

    @property
    def trouble(self) -> str:
        """Why the last connection through the Kubernetes API failed, if it did."""
        return next((str(tunnel.trouble) for tunnel in self.tunnels if tunnel.trouble), "")


async def candidates(api: Api, cluster: dict) -> list[tuple[str, str]]:
    """Addresses that may be open from here, the best first."""
    inside = steps.address(cluster)
    outside = await external_address(api, cluster)
    found = [(inside, "inside the Kubernetes cluster")] if in_pod() and inside else []
    return found + ([(outside, "through its load balancer")] if outside else [])


async def external_address(api: Api, cluster: dict) -> str:
    """The load balancer's, if the cluster asks for one and it has an address."""
    service = cluster.get("spec", {}).get("scheduler", {}).get("service", {})
    if service.get("type") != "LoadBalancer":
        return ""
    try:
        found = await api.get(f"services/{cluster['metadata']['name']}-external", "v1")
    except NotThere:
        return ""
    ingress = found.get("status", {}).get("loadBalancer", {}).get("ingress") or [{}]
    host = ingress[0].get("ip") or ingress[0].get("hostname") or ""
    return f"tls://{f'[{host}]' if ':' in host else host}:{COMM_PORT}" if host else ""


async def scheduler_pod(api: Api, name: str) -> dict:
    """The pod that is the scheduler now."""
    selector = f"planetary.dev/cluster={name},app.kubernetes.io/component=scheduler"
    pods = (await api.get("pods", "v1", labelSelector=selector))["items"]
    alive = [pod for pod in pods if "deletionTimestamp" not in pod["metadata"]]
    if not alive:
        raise NotThere(f"Cluster {name} has no scheduler at the moment.")
    return max(alive, key=lambda pod: pod["metadata"]["creationTimestamp"])


def host_and_port(address: str) -> tuple[str, int]:
    url = urlsplit(address)
    return url.hostname or "", url.port or COMM_PORT


def _pod_of(api: Api, name: str):
    async def pod() -> str:
        return (await scheduler_pod(api, name))["metadata"]["name"]

    return pod
