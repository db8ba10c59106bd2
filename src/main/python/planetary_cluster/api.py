"""The Kubernetes API, as far as clusters and jobs need it: kr8s, with our errors, in Dask's event loop."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx

from .errors import NoAnswer, PlanetaryError, no_answer, refusal

GROUP = "planetary.dev/v1alpha1"
SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
ATTEMPTS = 4
"""So often a request is made that the API server is too busy for, or that does not reach it."""
OUTAGE_SECONDS = 300.0
"""So long whoever follows an object waits for an API server that cannot be reached: networks change."""
PAUSE_SECONDS = 0.5
ANSWER_SECONDS = 30
"""So long one answer is waited for."""
UPGRADE_SECONDS = 30.0
"""So long a way to a pod may take to open."""
WATCH_SECONDS = 240
MERGE, JSON_PATCH = "application/merge-patch+json", "application/json-patch+json"
BUSY = (429, 500, 502, 503, 504)


def in_pod() -> bool:
    """Whether this is a pod with a service account."""
    return "KUBERNETES_SERVICE_HOST" in os.environ and (SERVICE_ACCOUNT / "token").exists()


def own_namespace() -> str:
    """That of this pod."""
    return (SERVICE_ACCOUNT / "namespace").read_text().strip()


class Api:
    """Requests in one namespace. Made by ``open``."""

    def __init__(self, client, namespace: str):
        self.client = client
        self.namespace = namespace

    @classmethod
    async def open(
        cls,
        namespace: str | None = None,
        kubeconfig=None,
        context: str | None = None,
        tell: Callable[[str], None] = print,
    ) -> Api:
        """By kubeconfig (a path, or its content), or else by the pod's service account.

        ``tell`` gets a line when a login program is waited for, now or at a later login.
        """
        from .login import Client  # a second of imports that bundles and local clusters can do without

        if not isinstance(kubeconfig, dict):
            kubeconfig = str(kubeconfig) if kubeconfig else None
        client = Client(kubeconfig, context, namespace, tell)
        await client.login()
        if namespace is None and not client.auth.active_context and in_pod():
            namespace = own_namespace()
        api = cls(client, namespace or client.namespace)
        try:
            await api._greet()
        except BaseException:
            await api.close()
            raise
        return api

    async def close(self) -> None:
        await self.client.aclose()

    async def _greet(self) -> None:
        """That there is an API server, and that it knows us."""
        response = await self._send(
            {"method": "GET", "version": "", "base": "/version", "timeout": ANSWER_SECONDS}
        )
        if response.is_error:
            raise refusal("GET", "version", self.namespace, response.status_code, _json(response))
        if "gitVersion" not in _json(response):
            raise PlanetaryError(
                f"What answers at {self.server} is no Kubernetes API server. "
                "Is this the right kubeconfig context, and does a proxy come between?"
            )

    @property
    def server(self) -> str:
        return self.client.auth.server

    @property
    def authority(self) -> str:
        """Which certificates the API server shows; empty: those that everybody trusts."""
        file = self.client.auth.server_ca_file
        return Path(file).read_text() if file else ""

    async def get(self, what: str, version: str = GROUP, **params) -> dict:
        return json.loads(await self._request("GET", what, version, params=params))

    async def text(self, what: str, version: str = "v1", **params) -> str:
        return await self._request("GET", what, version, params=params)

    async def create(self, what: str, body: dict, version: str = GROUP) -> dict:
        """Whoever is cancelled meanwhile leaves nothing: what the request made is deleted again."""
        making = asyncio.ensure_future(self._request("POST", what, version, body=body))
        try:
            return json.loads(await asyncio.shield(making))
        except asyncio.CancelledError:
            with contextlib.suppress(PlanetaryError):
                made = json.loads(await making).get("metadata", {})
                if uid := made.get("uid"):  # a token, say, has none
                    await self.delete(f"{what}/{made['name']}", uid, version)
            raise

    async def patch(self, what: str, body: dict | list, version: str = GROUP) -> dict:
        kind = JSON_PATCH if isinstance(body, list) else MERGE
        return json.loads(await self._request("PATCH", what, version, body=body, kind=kind))

    async def delete(self, what: str, uid: str, version: str = GROUP) -> None:
        """Deletes this very object: not one that has its name by now."""
        body = {"propagationPolicy": "Background", "preconditions": {"uid": uid}}
        await self._request("DELETE", what, version, body=body)

    async def _request(self, method, what, version, body=None, kind="application/json", params=None) -> str:
        request = {"method": method, "version": version, "namespace": self.namespace, "url": what}
        request |= {"params": params or None, "headers": {"Content-Type": kind}, "timeout": ANSWER_SECONDS}
        if body is not None:
            request["content"] = json.dumps(body)
        for attempt in range(1, ATTEMPTS + 1):
            last = attempt == ATTEMPTS
            try:
                response = await self._send(request)
                # What a POST did that failed nobody knows.
                if last or response.status_code not in (BUSY if method != "POST" else (429,)):
                    break
            except NoAnswer:
                if last or method == "POST":
                    raise
            await asyncio.sleep(PAUSE_SECONDS * 2**attempt)
        if response.is_error:
            raise refusal(method, what, self.namespace, response.status_code, _json(response))
        return response.text

    async def _send(self, request: dict) -> httpx.Response:
        import kr8s

        try:
            async with self.client.using() as session:
                response = await self._answer(request)
            if response.status_code != 401:
                return response
            await self.client.renew(session)
            async with self.client.using():
                return await self._answer(request)
        except (httpx.HTTPError, kr8s.APITimeoutError) as error:
            raise no_answer(self.server, error) from None

    async def _answer(self, request: dict) -> httpx.Response:
        async with self.client.call_api(raise_for_status=False, **request) as response:
            return response

    async def follow(self, what: str, version: str = GROUP) -> AsyncIterator[dict | None]:
        """One object: as it is, then at each change, at last None, when it is gone. Outlives lost watches.

        An API server that cannot be reached is waited for, for ``OUTAGE_SECONDS``.
        """
        import kr8s

        resource, _, name = what.partition("/")
        heard = time.monotonic()
        while True:
            try:
                found = await self.get(resource, version, fieldSelector=f"metadata.name={name}")
            except NoAnswer:
                if time.monotonic() - heard > OUTAGE_SECONDS:
                    raise
                continue
            if not found["items"]:
                yield None
                return
            yield found["items"][0]
            params = {"fieldSelector": f"metadata.name={name}", "watch": "true"}
            params |= {
                "resourceVersion": found["metadata"]["resourceVersion"],
                "timeoutSeconds": WATCH_SECONDS,
            }
            request = {"version": version, "namespace": self.namespace, "url": resource, "params": params}
            with contextlib.suppress(httpx.HTTPError, kr8s.APITimeoutError):
                async with (
                    self.client.using(),
                    self.client.call_api(
                        stream=True, raise_for_status=False, timeout=WATCH_SECONDS + 30, **request
                    ) as response,
                ):
                    if not response.is_error:
                        async for line in response.aiter_lines():
                            event = json.loads(line)
                            if event["type"] == "ERROR":
                                break
                            if event["type"] == "DELETED":
                                yield None
                                return
                            yield event["object"]
            heard = time.monotonic()
            await asyncio.sleep(PAUSE_SECONDS)

    @contextlib.asynccontextmanager
    async def port(self, pod: str, port: int):
        """A websocket to a port of a pod: the first byte of each message is its channel."""
        import httpx_ws

        limit = asyncio.timeout(UPGRADE_SECONDS)
        try:
            async with (
                limit,
                self.client.using(),
                self.client.open_websocket(
                    version="v1",
                    namespace=self.namespace,
                    url=f"pods/{pod}/portforward",
                    params={"ports": str(port)},
                    # A way that is busy answers late, and would be closed for it.
                    keepalive_ping_interval_seconds=None,
                ) as opened,
            ):
                limit.reschedule(None)
                _watch_over(opened.stream.get_extra_info("socket"))
                yield opened
        except TimeoutError:
            if not limit.expired():
                raise
            raise PlanetaryError(
                f"The Kubernetes API server did not open a way to pod {pod} within {UPGRADE_SECONDS:g} s. "
                "Is its node well (kubectl get nodes), and does a proxy between here and there let "
                "websockets through?"
            ) from None
        except httpx_ws.WebSocketUpgradeError as error:
            status = error.response.status_code
            with contextlib.suppress(httpx.HTTPError, httpx.StreamError):
                await error.response.aread()
            if status in (401, 403, 404):
                what = f"pods/{pod}/portforward"
                raise refusal("POST", what, self.namespace, status, _json(error.response)) from None
            raise PlanetaryError(f"The Kubernetes API server opens no way to pod {pod}: {status}.") from None
        except httpx_ws.HTTPXWSException as error:
            raise PlanetaryError(f"The way to pod {pod} broke off: {error}") from None
        except httpx.HTTPError as error:
            raise no_answer(self.server, error) from None


def _json(response: httpx.Response) -> dict:
    try:
        body = response.json()
    except (ValueError, httpx.ResponseNotRead):
        return {}
    return body if isinstance(body, dict) else {}


def _watch_over(connection: socket.socket | None) -> None:
    """Has the system ask, when nothing comes for a minute, whether the other side is there."""
    if connection is None:
        return
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    idle = "TCP_KEEPIDLE" if hasattr(socket, "TCP_KEEPIDLE") else "TCP_KEEPALIVE"  # as macOS calls it
    for name, value in ((idle, 60), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 6)):
        if hasattr(socket, name):
            connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
