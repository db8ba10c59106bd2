"""A port of this machine that leads to one of the scheduler's pod, through the Kubernetes API (port-forward).

kr8s has one too; it asks for ever, and without a pause, when the pod is gone or the right to do so is
missing.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Awaitable, Callable

from .api import Api
from .errors import PlanetaryError

CHUNK = 32 * 1024
DATA, ERROR = 0, 1
LOOPBACK = "127.0.0.1"


class Tunnel:
    """Listens on a free port of the loopback address; each connection asks anew which pod it is."""

    def __init__(self, api: Api, pod: Callable[[], Awaitable[str]], remote_port: int):
        self.api = api
        self.pod = pod
        self.remote_port = remote_port
        self.port = 0
        self.trouble: PlanetaryError | None = None
        """Why the last connection did not get through."""
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task] = set()

    async def start(self) -> Tunnel:
        """Opens one connection to see that it may, then listens. Raises what keeps it from that."""
        async with self.api.port(await self.pod(), self.remote_port):
            pass
        self._server = await asyncio.start_server(self._accept, LOOPBACK, 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        for task in list(self._open):
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        self._open.add(task)
        try:
            async with self.api.port(await self.pod(), self.remote_port) as socket:
                self.trouble = None
                await self._relay(socket, reader, writer)
        except PlanetaryError as error:
            self.trouble = error
        except (asyncio.CancelledError, OSError):
            pass
        finally:
            self._open.discard(task)
            writer.close()

    async def _relay(self, socket, reader, writer) -> None:
        """Bytes both ways until one side ends."""
        tasks = [
            asyncio.create_task(self._send(socket, reader)),
            asyncio.create_task(self._receive(socket, writer)),
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    @staticmethod
    async def _send(socket, reader: asyncio.StreamReader) -> None:
        while data := await reader.read(CHUNK):
            await socket.send_bytes(bytes([DATA]) + data)

    @staticmethod
    async def _receive(socket, writer: asyncio.StreamWriter) -> None:
        greeted = set()
        while True:
            message = await socket.receive_bytes()
            channel, content = message[0], message[1:]
            if channel not in greeted:  # the first message of a channel is the number of its port
                greeted.add(channel)
            elif channel == ERROR and content:
                return
            elif channel == DATA:
                writer.write(content)
                await writer.drain()


async def reachable(host: str, port: int, context: ssl.SSLContext | None, seconds: float) -> bool:
    """Whether a connection opens; with its handshake, for a scheduler warns of those that end without one."""
    with contextlib.suppress(OSError, asyncio.TimeoutError):
        _, writer = await asyncio.wait_for(asyncio.open_connection(host, port, ssl=context), seconds)
        writer.close()
        return True
    return False
