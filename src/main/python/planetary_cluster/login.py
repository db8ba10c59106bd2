"""Who we are to the Kubernetes API: kr8s's client, with what notebooks that run for days want of a login.

It stays with the context that was current when it began, does not wait for ever, and what is open while it
is renewed stays open. kr8s is pinned, for this knows its inside.
"""

from __future__ import annotations

import asyncio
import contextlib
import copy
import os
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import anyio
import httpx
import kr8s.asyncio
from kr8s._config import KubeConfig, KubeConfigSet

from .errors import PlanetaryError, login_waits, no_context, no_login, waiting_for_login

LOGIN_SECONDS = 120.0
"""So long a login program is waited for: somebody may have to find the browser's window."""
NOTICE_SECONDS = 5.0
"""So long it is waited for without a word."""


class Client(kr8s.asyncio.Api):
    """``login`` first; ``tell`` gets a line if that takes its time."""

    def __init__(self, kubeconfig, context: str | None, namespace: str | None, tell: Callable[[str], None]):
        super().__init__(bypass_factory=True, kubeconfig=kubeconfig, context=context, namespace=namespace)
        self._tell = tell
        self._users: Counter[httpx.AsyncClient] = Counter()
        self._renewing = asyncio.Lock()

    async def login(self) -> None:
        """Reads the kubeconfig, asks its program, opens a session with what they say."""
        server = self.auth.server
        notice = asyncio.get_running_loop().call_later(NOTICE_SECONDS, self._notice)
        scope = anyio.CancelScope(deadline=anyio.current_time() + LOGIN_SECONDS)
        asking = asyncio.create_task(self._ask(scope), name="planetary-login")
        try:
            await asyncio.shield(asking)
            if scope.cancelled_caught:
                raise login_waits(self._program, LOGIN_SECONDS)
        except asyncio.CancelledError:  # a plain cancel lets the program go on, and waits for it
            scope.cancel()
            await asyncio.gather(asking, return_exceptions=True)
            raise
        except PlanetaryError:
            raise
        except Exception as error:
            raise no_login(error) from None
        finally:
            notice.cancel()
            self.auth.server = self.auth.server or server

    async def _ask(self, scope: anyio.CancelScope) -> None:
        with scope:
            if not self.auth.server:
                await self._choose()
            await self.auth.reauthenticate()
            await self._create_session()

    async def renew(self, session: httpx.AsyncClient) -> None:
        """A token has its day: logs in again, unless another request has done so since this session."""
        async with self._renewing:
            if session is self._session:
                await self.login()

    async def _choose(self) -> None:
        """The context, and its namespace, for good.

        kr8s reads the kubeconfig at each login, with the context that is current by then; and the namespace
        it takes is the current context's, whichever context was asked for.
        """
        auth = self.auth
        given = [auth._kubeconfig_path_or_dict]
        if not isinstance(given[0], dict):  # these files, wherever Python goes from here
            given = _absolute(given[0])
            auth._kubeconfig_path_or_dict = os.pathsep.join(given)
        parts = await _parts(given)
        there = {entry["name"]: entry["context"] for part in parts for entry in part.contexts or []}
        current = (part.raw.get("current-context") for part in parts)
        name = auth._use_context or (next(filter(None, current), None) if there else None)
        if name is None and there:
            raise no_context(sorted(there))
        if name is None:  # a service account's, which a kubeconfig that comes later does not replace
            auth._kubeconfig_path_or_dict = False
            return
        if name not in there:
            raise ValueError(f"No such context {name}")
        auth._use_context = name
        if there[name].get("cluster"):  # nor does a service account replace a kubeconfig that goes
            auth._serviceaccount = ""
        if auth._namespace is None:
            auth.namespace = there[name].get("namespace") or "default"

    @property
    def _program(self) -> str:
        """By which the kubeconfig logs in; empty: by none."""
        return self.auth._user.get("exec", {}).get("command", "")

    def _notice(self) -> None:
        if self._program:
            self._tell(waiting_for_login(self._program))

    # Sessions

    async def _create_session(self) -> None:
        """kr8s would close the one before, with all that is open on it: watches, ways to a scheduler."""
        before, made = self._session, copy.copy(self)
        made._session = None
        try:
            await super(Client, made)._create_session()
        finally:
            self._tidy()
        self._session = made._session
        await self._close_unused(before)

    def _tidy(self) -> None:
        """kr8s leaves keys of a kubeconfig in temporary files; its session has read them by now."""
        key = self.auth.client_key_file
        if key and "client-key-data" in self.auth._user and Path(key).parent == Path(tempfile.gettempdir()):
            Path(key).unlink(missing_ok=True)

    @contextlib.asynccontextmanager
    async def using(self) -> AsyncIterator[httpx.AsyncClient]:
        """The session there is; it is not closed meanwhile."""
        if self._session is None or self._session.is_closed:
            await self.login()  # for the files with its keys are gone
        session = self._session
        self._users[session] += 1
        try:
            yield session
        finally:
            self._users[session] -= 1
            await self._close_unused(session)

    async def _close_unused(self, session: httpx.AsyncClient | None) -> None:
        if session is not None and session is not self._session and not self._users[session]:
            del self._users[session]
            await session.aclose()

    async def aclose(self) -> None:
        for session in {*self._users, self._session} - {None}:
            await session.aclose()


def _absolute(paths: str) -> list[str]:
    return [os.path.abspath(os.path.expanduser(path)) for path in paths.split(os.pathsep) if path]


async def _parts(given: list) -> list[KubeConfig]:
    """Of a kubeconfig, the first first; those that are there and say something."""
    try:
        return [part for part in (await KubeConfigSet(*given))._configs if part.raw]
    except ValueError:  # there is none
        return []
