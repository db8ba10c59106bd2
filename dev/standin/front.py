"""planetarycomputer.microsoft.com: STAC under /api/stac/v1 and tokens under /api/sas/v1, over TLS; and the control server."""

import asyncio
import json
import os
from pathlib import Path
from urllib.parse import parse_qs

import uvicorn
from stac_fastapi.pgstac.app import create_app
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

import control
import sas

DATA = Path(os.environ["STANDIN_DATA"])
COLLECTIONS = sas.load_containers(DATA / "collections.ndjson")
STAC, SAS = "/api/stac/v1", "/api/sas"


def settings(request: Request) -> control.Settings:
    """Find the settings for tokens under this path."""
    return control.profiles[request.path_params["profile"]]


def refuse_token(request: Request) -> Response | None:
    """Answer as the real service does when it does not give a token."""
    cfg, key = settings(request), request.headers.get("ocp-apim-subscription-key")
    if cfg.token_status:
        return PlainTextResponse("set by a test", cfg.token_status, {"Retry-After": "1"})
    if control.over_limit(f"sas {request.path_params['profile']}", request.client.host, cfg.token_limit, 60):
        body = {"statusCode": 429, "message": "Rate limit is exceeded. Try again in 2 seconds."}
        return JSONResponse(body, 429, {"Retry-After": "2"})
    if cfg.key and key and key != cfg.key:
        return JSONResponse({"detail": "Access denied due to invalid subscription key."}, 403)
    return None


def signed(request: Request, container: sas.Container | None, href: str | None = None) -> Response:
    """Answer with a token, or with `href` and a token."""
    if answer := refuse_token(request):
        return answer
    if container not in COLLECTIONS.values():
        return JSONResponse({"detail": "Not Found"}, 404)
    expiry, query = sas.token(container, settings(request).token_seconds)
    return JSONResponse({"msft:expiry": expiry, **({"href": f"{href}?{query}"} if href else {"token": query})})


async def by_collection(request: Request) -> Response:
    """Answer /token/<collection>."""
    return signed(request, COLLECTIONS.get(request.path_params["collection"]))


async def by_container(request: Request) -> Response:
    """Answer /token/<account>/<container>."""
    return signed(request, (request.path_params["account"], request.path_params["container"]))


async def sign(request: Request) -> Response:
    """Answer /sign?href=."""
    href = request.query_params.get("href", "")
    return signed(request, sas.container_of(href), href)


class Front:
    """The public server: counts, throttles and checks what comes, then hands it to STAC or SAS."""

    def __init__(self) -> None:
        """Build both applications."""
        self.stac: ASGIApp = create_app()
        routes = [
            Route(f"{SAS}/{{profile}}/token/{{collection}}", by_collection),
            Route(f"{SAS}/{{profile}}/token/{{account}}/{{container}}", by_container),
            Route(f"{SAS}/{{profile}}/sign", sign),
        ]
        self.sas: ASGIApp = Starlette(routes=routes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Route one request."""
        if scope["type"] != "http":
            return await self.stac(scope, receive, send)
        path, client = scope["path"], scope["client"][0]
        if path == STAC:  # the real one answers; ours would redirect
            scope = {**scope, "path": STAC + "/", "raw_path": (STAC + "/").encode()}
        service = "sas" if path.startswith(SAS) else "stac"
        app: ASGIApp = self.sas
        if service == "stac":
            answer, receive = await self.check_stac(scope, receive, client)
            app = answer or self.stac

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                control.requests[service, path, message["status"], client] += 1
            await send(message)

        await app(scope, receive, counted)

    async def check_stac(self, scope: Scope, receive: Receive, client: str) -> tuple[Response | None, Receive]:
        """Refuse what the real STAC API refuses: too many requests, and searches in no collection."""
        cfg, path = control.settings, scope["path"]
        if cfg.search_status:
            text = (
                "The request exceeded the maximum allowed time, please try again."
                if cfg.search_status == 504
                else "set by a test"
            )
            return PlainTextResponse(text, cfg.search_status), receive
        if control.over_limit("stac", client, cfg.search_limit, 1):
            return JSONResponse({"detail": "Too many requests"}, 429, {"Retry-After": "1"}), receive
        if path != f"{STAC}/search":
            return None, receive
        if scope["method"] == "GET":
            given = parse_qs(scope["query_string"].decode())
        else:
            body = await Request(scope, receive).body()
            receive = replay(body)
            try:
                given = json.loads(body or b"{}")
            except ValueError:
                return None, receive
        if isinstance(given, dict) and not (given.get("collections") or given.get("token")):
            return JSONResponse({"detail": "collection is required"}, 422), receive
        return None, receive


def replay(body: bytes) -> Receive:
    """Give a read body once more to the application behind."""
    messages = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        if messages:
            return messages.pop()
        await asyncio.Event().wait()
        raise AssertionError("unreachable")

    return receive


async def main() -> None:
    """Serve the public names on 8443 and control on 8080."""
    tls = {"ssl_certfile": "/etc/standin/tls/tls.crt", "ssl_keyfile": "/etc/standin/tls/tls.key"}
    common = {"host": "0.0.0.0", "access_log": False, "log_level": "warning"}
    public = uvicorn.Server(uvicorn.Config(Front(), port=8443, **common, **tls))
    inner = control.app(Path("/run/standin/azurite.log"), DATA / "source", lambda: public.started)
    private = uvicorn.Server(uvicorn.Config(inner, port=8080, **common))
    await asyncio.gather(public.serve(), private.serve())


if __name__ == "__main__":
    asyncio.run(main())
