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
from .listener import Listener, until_one_ends

CHUNK = 32 * 1024
DATA, ERROR = 0, 1


class Tunnel(Listener):
    """Each connection asks anew which pod it is."""

    def __init__(self, api: Api, pod: Callable[[], Awaitable[str]], remote_port: int):
        super().__init__()
        self.api = api
        self.pod = pod
        self.remote_port = remote_port
        self.trouble: PlanetaryError | None = None
        """Why the last connection did not get through."""

    async def start(self) -> Tunnel:
        """Opens one connection to see that it may, then listens. Raises what keeps it from that."""
        async with self.api.port(await self.pod(), self.remote_port):
            pass
        await self.listen()
        return self

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with self.api.port(await self.pod(), self.remote_port) as socket:
                self.trouble = None
                await until_one_ends(self._send(socket, reader), self._receive(socket, writer))
        except PlanetaryError as error:
            self.trouble = error

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
