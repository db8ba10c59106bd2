"""What listens on a free port of this machine: the way through the Kubernetes API, and the dashboard."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine

LOOPBACK = "127.0.0.1"


class Listener:
    """On the loopback address; ``close`` ends its connections with it."""

    def __init__(self):
        self.port = 0
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, from its first byte to its last; what an OSError ends needs no word."""
        raise NotImplementedError

    async def listen(self, limit: int = 64 * 1024) -> None:
        """``limit`` is the most that one read may find."""
        self._server = await asyncio.start_server(self._accept, LOOPBACK, 0, limit=limit)
        self.port = self._server.sockets[0].getsockname()[1]

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
            await self.serve(reader, writer)
        except (asyncio.CancelledError, OSError):
            pass
        finally:
            self._open.discard(task)
            writer.close()


async def until_one_ends(*ways: Coroutine) -> None:
    """Both directions of a connection: it is over with the first of them."""
    tasks = [asyncio.create_task(way) for way in ways]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
