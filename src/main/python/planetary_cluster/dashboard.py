"""The dashboard on a port of this machine, without a form for its token and without a certificate to accept.

Bokeh's pages and websockets pass through; each request gets the cluster's token on its way. On a machine
that others may share the link has a key of its own, which the browser keeps as a cookie.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import os
import secrets
import ssl
from urllib.parse import urlsplit

import dask.config

from .listener import LOOPBACK, Listener, until_one_ends

MAX_HEAD = 64 * 1024
PARAMETER = "planetary-key"
REFUSAL = b"Open the dashboard by the link that the cluster shows: it has the key in it.\n"


class Dashboard(Listener):
    """A small HTTP proxy in front of ``port`` of the loopback address."""

    def __init__(self, port: int, token: str, context: ssl.SSLContext | None, guarded: bool):
        super().__init__()
        self.upstream, self.token, self.context = port, token, context
        self.key = secrets.token_urlsafe(16) if guarded else ""

    async def start(self) -> Dashboard:
        await self.listen(MAX_HEAD)
        return self

    @property
    def link(self) -> str:
        """As Dask's setting distributed.dashboard.link wants it, such as /user/…/proxy/{port}/status."""
        template = dask.config.get("distributed.dashboard.link")
        link = template.format(**{**os.environ, "scheme": "http", "host": LOOPBACK, "port": self.port})
        return f"{link}?{PARAMETER}={self.key}" if self.key else link

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            await self._serve(reader, writer)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        lines = head[:-4].split("\r\n")
        answer = self._gate(lines)
        if answer is not None:
            writer.write(answer)
            await writer.drain()
            return
        far_reader, far_writer = await asyncio.open_connection(LOOPBACK, self.upstream, ssl=self.context)
        try:
            far_writer.write(self._rewritten(lines))
            # The answer ends when upstream closes; a browser that closes first wants none.
            await until_one_ends(_pipe(reader, far_writer), _pipe(far_reader, writer))
        finally:
            far_writer.close()

    def _gate(self, lines: list[str]) -> bytes | None:
        """The answer for a request that has no key, or has it in its address; None if it may pass."""
        if not self.key:
            return None
        method, target, *_ = [*lines[0].split(" "), "", ""]
        url = urlsplit(target)
        given = [
            value
            for name, _, value in (part.partition("=") for part in url.query.split("&"))
            if name == PARAMETER
        ]
        if method == "GET" and given and hmac.compare_digest(given[0].encode(), self.key.encode()):
            cookie = f"{self._cookie}={self.key}; Path=/; HttpOnly; SameSite=Strict"
            return (
                f"HTTP/1.1 303 See Other\r\nLocation: {url.path}\r\nSet-Cookie: {cookie}\r\n".encode() + _END
            )
        cookies = "; ".join(line.partition(":")[2].strip() for line in lines[1:] if _name(line) == "cookie")
        for cookie in cookies.split("; "):
            name, _, value = cookie.partition("=")
            if name == self._cookie and hmac.compare_digest(value.encode(), self.key.encode()):
                return None
        return b"HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain\r\n" + _length(REFUSAL)

    @property
    def _cookie(self) -> str:
        return f"{PARAMETER}-{self.port}"  # cookies of a host are shared by its ports

    def _rewritten(self, lines: list[str]) -> bytes:
        """The head with the token; one request a connection, unless it becomes a websocket."""
        upgrade = any(_name(line) == "upgrade" for line in lines[1:])
        dropped = {"authorization"} if upgrade else {"authorization", "connection", "keep-alive"}
        kept = [line for line in lines[1:] if _name(line) not in dropped]
        kept.append(f"Authorization: Bearer {self.token}")
        if not upgrade:
            kept.append("Connection: close")
        return ("\r\n".join([lines[0], *kept]) + "\r\n\r\n").encode("latin-1")


def _name(line: str) -> str:
    return line.partition(":")[0].strip().lower()


def _length(body: bytes) -> bytes:
    return f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body


_END = _length(b"")


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(MAX_HEAD):
        writer.write(data)
        await writer.drain()
