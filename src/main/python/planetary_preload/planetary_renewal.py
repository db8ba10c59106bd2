"""Load renewed certificates into the TLS contexts of a running process.

Dask reads its certificate files once. ``follow`` looks at the files of a scheduler, worker, nanny or client
every few seconds and loads what changed into the contexts that are in use: from then on each new connection
shows the new certificate, connections that are open stay. A context learns a CA beside those it trusts, but
cannot unlearn one.

For clients it works as ``distributed.client.preload``; the preloads of the others call it.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import os
import ssl
import threading
import weakref
from dataclasses import dataclass

import dask
from distributed import Client, Scheduler
from distributed.security import Security

logger = logging.getLogger("distributed.planetary")

LOOK_SECONDS = 2.0


@dataclass(frozen=True)
class Files:
    """Where a context's certificates come from; ``ca`` is None if it trusts others than ours."""

    ca: str | None
    cert: str
    key: str

    def version(self) -> tuple:
        """Changes with the files. A Secret's volume swaps a symlink, so they are other inodes then."""
        stats = [os.stat(path) for path in (self.ca, self.cert, self.key) if path]
        return tuple((s.st_dev, s.st_ino, s.st_mtime_ns, s.st_size) for s in stats)


@dataclass
class Following:
    """OpenSSL wants a context to be used and changed in one thread: that of this event loop, if known."""

    files: Files
    loop: asyncio.AbstractEventLoop | None
    loaded: tuple = ()
    trouble: str = ""


_following: weakref.WeakKeyDictionary[ssl.SSLContext, Following] = weakref.WeakKeyDictionary()
_lock = threading.Lock()
_tasks: weakref.WeakKeyDictionary[object, asyncio.Task] = weakref.WeakKeyDictionary()


def install() -> None:
    """Note each context that distributed makes from now on: of listeners, and of clients inside workers."""
    for name in ("get_connection_args", "get_listen_args"):
        make = getattr(Security, name)
        if not hasattr(make, "planetary"):
            setattr(Security, name, _noting(make))


def _noting(make):
    @functools.wraps(make)
    def noting(self, role):
        made = make(self, role)
        note(made.get("ssl_context"), self.get_tls_config_for_role(role))
        return made

    noting.planetary = True
    return noting


def note(context: ssl.SSLContext | None, tls: dict, loop: asyncio.AbstractEventLoop | None = None) -> None:
    """Follow the files of a context. PEM texts in their place, which distributed takes too, cannot change."""
    ca, cert = tls.get("ca_file"), tls.get("cert")
    key = tls.get("key") or cert
    if not isinstance(context, ssl.SSLContext) or not cert or any("\n" in (p or "") for p in (ca, cert, key)):
        return
    with _lock:
        known = _following.setdefault(context, Following(Files(ca, cert, key), loop))
        known.loop = known.loop or loop


def follow(node) -> None:
    """Keep the contexts of a scheduler, worker, nanny or client up to date. Called in its event loop."""
    loop = asyncio.get_running_loop()
    role = "client" if isinstance(node, Client) else "scheduler" if isinstance(node, Scheduler) else "worker"
    # Made before this module was imported, as far as they are not noted yet.
    note(node.connection_args.get("ssl_context"), node.security.get_tls_config_for_role(role), loop)
    server = getattr(node, "http_server", None)
    if server is not None:
        dashboard = dask.config.get("distributed.scheduler.dashboard.tls")
        note(server.ssl_options, {"cert": dashboard.get("cert"), "key": dashboard.get("key")}, loop)
    if _following:
        _tasks[node] = loop.create_task(_look(), name="planetary-renewal")


def stop(node) -> None:
    """Let the contexts be as they are."""
    task = _tasks.pop(node, None)
    if task is not None:
        task.cancel()


async def _look() -> None:
    loop = asyncio.get_running_loop()
    while True:
        with _lock:
            contexts = list(_following.items())
        for context, following in contexts:
            if following.loop in (None, loop):
                renew(context, following)
        del contexts
        await asyncio.sleep(LOOK_SECONDS)


def renew(context: ssl.SSLContext, following: Following) -> bool:
    """Load the files if they changed; tells whether it did. What does not fit is tried again at each look."""
    files = following.files
    try:
        version = files.version()
        if version == following.loaded:
            return False
        # A live context would keep one half of a pair that does not fit: try it on another one first.
        trial = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        load(trial, files)
        if files.version() != version:
            return False
        load(context, files)
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        if str(error) != following.trouble:
            logger.warning("The certificate in %s cannot be loaded yet: %s", files.cert, error)
        following.trouble = str(error)
        return False
    if following.loaded:
        logger.info("Loaded the renewed certificate in %s", files.cert)
    following.loaded, following.trouble = version, ""
    return True


def load(context: ssl.SSLContext, files: Files) -> None:
    """Trust first: a peer may have the new CA's certificate already."""
    if files.ca:
        context.load_verify_locations(files.ca)
    context.load_cert_chain(files.cert, files.key)


install()
dask_setup = follow
dask_teardown = stop
