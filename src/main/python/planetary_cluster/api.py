"""The Kubernetes API, as far as clusters and jobs need it: kr8s, with our errors, in Dask's event loop."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import tempfile
import time
import warnings
from collections.abc import AsyncIterator
from pathlib import Path

import httpx

from .errors import NoAnswer, PlanetaryError, no_answer, no_login, refusal

GROUP = "planetary.dev/v1alpha1"
SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
ATTEMPTS = 4
"""So often a request is made that the API server is too busy for, or that does not reach it."""
OUTAGE_SECONDS = 300.0
"""So long whoever follows an object waits for an API server that cannot be reached: networks change."""
PAUSE_SECONDS = 0.5
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
    async def open(cls, namespace: str | None = None, kubeconfig=None, context: str | None = None) -> Api:
        """By kubeconfig (a path, or its content), or else by the pod's service account."""
        import kr8s.asyncio  # a second of imports that bundles and local clusters can do without

        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Kubernetes version")
            if not isinstance(kubeconfig, dict):
                kubeconfig = str(kubeconfig) if kubeconfig else None
            try:
                # Not by the factory: it hands out one that was made before, whatever context is current by
                # now.
                client = await kr8s.asyncio.Api(
                    bypass_factory=True, kubeconfig=kubeconfig, context=context, namespace=namespace
                )
            except httpx.HTTPError as error:
                raise no_answer("of your kubeconfig", error) from None
            except kr8s.ServerError as error:
                status = error.response.status_code if error.response is not None else 0
                raise refusal(
                    "GET", "version", namespace or "default", status, {"message": str(error)}
                ) from None
            except kr8s.APITimeoutError as error:
                raise no_answer("of your kubeconfig", error) from None
            except (ValueError, KeyError, RuntimeError, OSError) as error:
                raise no_login(error) from None
        _tidy(client)
        if namespace is None and not client.auth.active_context and in_pod():
            namespace = own_namespace()
        return cls(client, namespace or client.namespace)

    async def close(self) -> None:
        session = self.client._session
        if session is not None:
            await session.aclose()

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
        request |= {"params": params or None, "headers": {"Content-Type": kind}, "timeout": 30}
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
            async with self.client.call_api(raise_for_status=False, **request) as response:
                if response.status_code != 401:
                    return response
            # A token has its day: this way kr8s reads the kubeconfig, or asks its program, again.
            with contextlib.suppress(kr8s.ServerError):
                async with self.client.call_api(**request) as again:
                    return again
            return response
        except (httpx.HTTPError, kr8s.APITimeoutError) as error:
            raise no_answer(self.server, error) from None
        except (ValueError, RuntimeError, OSError) as error:
            raise no_login(error) from None
        finally:
            _tidy(self.client)

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
                async with self.client.call_api(
                    stream=True, raise_for_status=False, timeout=WATCH_SECONDS + 30, **request
                ) as response:
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

        try:
            async with self.client.open_websocket(
                version="v1",
                namespace=self.namespace,
                url=f"pods/{pod}/portforward",
                params={"ports": str(port)},
            ) as socket:
                yield socket
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


def _tidy(client) -> None:
    """kr8s leaves keys of a kubeconfig in temporary files; its session has read them by now."""
    key = client.auth.client_key_file
    if key and "client-key-data" in client.auth._user and Path(key).parent == Path(tempfile.gettempdir()):
        Path(key).unlink(missing_ok=True)
