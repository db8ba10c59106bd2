"""A token on every HTTP route of a Dask process, but ``/health``.

Dask's HTTP server has no authentication, and it serves task keys, logs and a proxy. ``install`` puts the
check in front of the routing itself, so that no route (bokeh pages, websockets, statics, other preloads'
own) can be reached around it. It must be called when a preload is *imported*: distributed listens before it
calls ``dask_setup`` and only logs what that raises, so whatever fails later has to end the process
(``fatal``).
"""

from __future__ import annotations

import functools
import hmac
import inspect
import logging
import os
import traceback
from urllib.parse import parse_qs

import tornado.web
from distributed.http.routing import RoutingApplication
from tornado.httputil import HTTPServerRequest

logger = logging.getLogger("distributed.planetary")

COOKIE = "planetary-token"
HEALTH = "/health"
LOGIN = "/planetary/v1/login"
MAX_LOGIN_BYTES = 4096
FORM = f"""<!doctype html><meta charset="utf-8"><title>Dask: token</title>
<form method="post" action="{LOGIN}"><p>This Dask cluster wants its token: the key <code>token</code> of the
Secret <code>&lt;cluster&gt;-client</code>.</p><p><input type="password" name="token" size="64"
autocomplete="off" autofocus> <button>Open</button></p></form>"""

_token = b""
_armed = False


def install() -> None:
    """Read the token and guard every HTTP application of this process. A second call changes nothing.

    Raises ``KeyError`` or ``OSError`` if ``PLANETARY_TOKEN_FILE`` is not set or not readable,
    ``ValueError`` if it holds less than 32 bytes: at import time these end the process, which is what we
    want.
    """
    global _token
    with open(os.environ["PLANETARY_TOKEN_FILE"], "rb") as file:
        token = file.read().strip()
    if len(token) < 32:
        raise ValueError("The file of PLANETARY_TOKEN_FILE holds no token (32 bytes or more)")
    _token = token
    route = RoutingApplication.find_handler
    if hasattr(route, "planetary"):
        return

    @functools.wraps(route)
    def guarded(self, request, **kwargs):
        handler = gate(request)
        return self.get_handler_delegate(request, handler) if handler else route(self, request, **kwargs)

    guarded.planetary = True
    RoutingApplication.find_handler = guarded


def arm() -> None:
    """Let ``/health`` answer 200: everything the preload adds is in place."""
    global _armed
    if not hasattr(RoutingApplication.find_handler, "planetary"):
        raise RuntimeError("Something took the token guard away")
    _armed = True


def gate(request: HTTPServerRequest) -> type[tornado.web.RequestHandler] | None:
    """The handler that answers instead of the route asked for, or None for a request that may pass."""
    if request.path == HEALTH:
        return Health
    if request.path == LOGIN:
        return Login
    return None if authorized(request) else Unauthorized


def authorized(request: HTTPServerRequest) -> bool:
    """Whether the request carries the token, as bearer or as cookie. A token in the URL would end in logs."""
    scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and is_token(bearer.strip()):
        return True
    cookie = request.cookies.get(COOKIE)
    return cookie is not None and is_token(cookie.value)


def is_token(given: str) -> bool:
    """Compare in constant time. An unset token matches nothing."""
    return bool(_token) and hmac.compare_digest(given.encode("utf-8", "replace"), _token)


class Health(tornado.web.RequestHandler):
    """``/health``: 503 until armed, then 200. The only route that is open."""

    def get(self):
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.set_status(200 if _armed else 503)
        self.finish("ok" if _armed else "starting")

    head = get


@tornado.web.stream_request_body
class Unauthorized(tornado.web.RequestHandler):
    """Answers 401 as soon as the headers are read: a stranger's body is never kept in memory."""

    def prepare(self):
        self.refuse()

    def data_received(self, chunk: bytes):
        pass

    def refuse(self):
        self.set_status(401)
        self.set_header("WWW-Authenticate", "Bearer")
        self.set_header("Cache-Control", "no-store")
        if "text/html" in self.request.headers.get("Accept", ""):
            self.finish(FORM)
        else:
            self.finish({"error": "This route wants the cluster's token"})

    def _request_summary(self):
        # Tornado logs refused requests with their query, and somebody will try ?token=.
        return f"{self.request.method} {self.request.path} ({self.request.remote_ip})"


@tornado.web.stream_request_body
class Login(Unauthorized):
    """``POST token=…``: trades the token for a cookie, so that a browser can open the dashboard."""

    def prepare(self):
        self.body = b""
        if self.request.method != "POST":
            self.refuse()
        else:
            self.request.connection.set_max_body_size(MAX_LOGIN_BYTES)

    def data_received(self, chunk: bytes):
        self.body += chunk

    def post(self):
        given = parse_qs(self.body.decode("utf-8", "replace")).get("token", [""])[0].strip()
        if not is_token(given):
            self.refuse()
            return
        # Over plain HTTP (tls.mode Off) a browser would not send a secure one back.
        secure = self.request.protocol == "https"
        self.set_cookie(COOKIE, given, path="/", httponly=True, secure=secure, samesite="Strict")
        self.set_header("Cache-Control", "no-store")
        self.redirect("/status", status=303)


def fatal(setup):
    """Wrap a ``dask_setup``: what it raises ends the process (distributed would log it and go on)."""

    @functools.wraps(setup)
    async def wrapped(server):
        try:
            result = setup(server)
            if inspect.isawaitable(result):
                await result
        except BaseException:
            logger.critical("Planetary preload failed, this process ends:\n%s", traceback.format_exc())
            logging.shutdown()
            os._exit(1)

    return wrapped
