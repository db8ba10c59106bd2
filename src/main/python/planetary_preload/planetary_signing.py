"""Tokens at read time: code names a blob of the Planetary Computer without a token, and gets one to read.

Installed in workers by their preload, and in every Python of the client image (planetary_signing.pth). It
changes ``rasterio.open`` (so odc-stac, rioxarray, stackstac) and adlfs (so xarray, zarr, pandas) once they
are imported, for addresses ``https://<account>.blob.core.windows.net/<container>/…`` without a token, or
with one that has ended. obstore and planetary_computer need nothing: they read PC_SDK_SAS_URL.
PLANETARY_SIGNING=off turns it off.

A token is asked for before GDAL sees the address: GDAL itself would read without one, take the refusal for
"no such file", and say so ever after. And what cannot be had is a ConnectionError, not one of rasterio's
errors, which odc-stac may be told to turn into missing data (fail_on_error=False).
"""

from __future__ import annotations

import functools
import logging
import os
import sys
import threading
import time

SERVICE = "https://planetarycomputer.microsoft.com/api/sas/v1/token"
HOST = ".blob.core.windows.net"
MARGIN = 60  # seconds before its end at which a token is not used any more; GDAL's own
UNKNOWN_FOR = 4 * 3600  # seconds until we ask again about a container that is not the Planetary Computer's
AWAY_FOR = 30  # seconds until who is in a hurry asks again for what could not be had
BRIEFLY = 5  # seconds that an answer may take where nobody waits for it
logger = logging.getLogger("planetary.signing")


class Tokens:
    """The tokens of this process, one request at a time for each container."""

    def __init__(self, wait: float = 120):
        """`wait` is for how many seconds a service that is away is asked again."""
        self._wait = wait
        self._held: dict[tuple[str, str], tuple[float, str | None]] = {}  # used until, token
        self._fetched: dict[tuple[str, str], float] = {}
        self._failed: dict[tuple[str, str], tuple[float, str]] = {}  # when last, and why
        self._away = False  # the service, when it was last asked
        self._locks: dict[tuple[str, str], threading.Lock] = {}

    def get(self, account: str, container: str, fresh: bool = False, hurry: bool = False) -> str | None:
        """A token; None: the Planetary Computer has no such container. `fresh`: not one from before now.

        `hurry` is for who holds up others: a service that was away is asked seldom, and not waited for. All
        others wait for it: a task that fails at once is tried again at once, and soon has no retries left.
        """
        key = account, container
        asked = time.time()
        with self._locks.setdefault(key, threading.Lock()):
            until, token = self._held.get(key, (0, None))
            if time.time() >= until or (fresh and self._fetched[key] < asked):
                until, token = self._held[key] = self._renewed(key, asked, hurry)
            return token

    def _renewed(self, key: tuple[str, str], asked: float, hurry: bool) -> tuple[float, str | None]:
        failed, why = self._failed.get(key, (0, ""))
        # While this one waited: it need not wait once more.
        if failed > asked or (hurry and time.time() < failed + AWAY_FOR):
            raise ConnectionError(why)
        unknown = key in self._held and self._held[key][1] is None
        try:
            found = self._fetch(*key, once=unknown or (hurry and self._away))
        except ConnectionError as e:
            self._failed[key] = time.time(), str(e)
            if unknown:  # most likely it still is
                return time.time() + AWAY_FOR, None
            raise
        self._fetched[key] = time.time()
        return found

    def _fetch(self, account: str, container: str, once: bool) -> tuple[float, str | None]:
        url, pause = f"{service()}/{account}/{container}", 0.5
        end = time.monotonic() + (0 if once else self._wait)
        while True:
            try:
                found = _ask(url, BRIEFLY if once else 60)
                self._away = False
                return found
            except _Trouble as e:
                why, pause = str(e), max(pause, e.pause)
            if time.monotonic() + pause > end:
                self._away = True
                raise ConnectionError(f"no token to read {account}/{container} from {url}: {why}")
            logger.warning("no token to read %s/%s yet: %s", account, container, why)
            time.sleep(pause)
            pause = min(2 * pause, 5)


class _Trouble(Exception):
    """Why there is no token now, and after how many seconds to ask again, if the service says so."""

    def __init__(self, why: str, pause: float = 0.0):
        super().__init__(why)
        self.pause = pause


def _ask(url: str, timeout: float) -> tuple[float, str | None]:
    """Until when a token may be used, and the token; None: there is none, ever."""
    import json
    from http.client import HTTPException
    from urllib.error import HTTPError
    from urllib.request import urlopen

    try:
        with urlopen(url, timeout=timeout) as answer:
            return _read(json.load(answer))
    except HTTPError as e:
        e.close()
        if e.code in (400, 404):
            return time.time() + UNKNOWN_FOR, None
        after = e.headers.get("Retry-After", "")
        raise _Trouble(f"it answers {e.code}", float(after) if after.isdigit() else 0.0) from None
    except (OSError, HTTPException, ValueError, KeyError, TypeError, AttributeError) as e:
        # The text of an answer, and so of these, may hold a token: it is not told, nor who was first to fail.
        why = f"{type(e).__name__}: {e.reason}" if hasattr(e, "reason") else type(e).__name__
        raise _Trouble(why) from None


def _read(said: dict) -> tuple[float, str]:
    from datetime import datetime

    expiry, token = datetime.fromisoformat(said["msft:expiry"].replace("Z", "+00:00")), said["token"]
    if not isinstance(token, str):
        raise TypeError
    return expiry.timestamp() - MARGIN, token


TOKENS = Tokens()


def service() -> str:
    """Where tokens come from."""
    return (os.environ.get("PC_SDK_SAS_URL") or SERVICE).rstrip("/")


def container_of(href: str) -> tuple[str, str] | None:
    """Account and container of a blob's address that wants a token; None: it is none, or has a good one."""
    from urllib.parse import parse_qs, urlsplit

    if not href.startswith("https://") or HOST + "/" not in href:
        return None
    url = urlsplit(href)
    account, container = url.netloc.removesuffix(HOST), url.path.split("/")[1]
    if not url.netloc.endswith(HOST) or not account.isalnum() or not container:
        return None
    query = parse_qs(url.query)
    return None if "sig" in query and not _ended(query) else (account, container)


def _ended(query: dict[str, list[str]]) -> bool:
    from datetime import datetime, timezone

    try:
        end = datetime.fromisoformat(query["se"][0].replace("Z", "+00:00"))
    except (KeyError, ValueError):
        return False
    return (end if end.tzinfo else end.replace(tzinfo=timezone.utc)).timestamp() < time.time() + MARGIN


def at_read(path: str, fresh: bool = False) -> str | None:
    """The path under which GDAL gets a token by itself, once there is one; None: leave it as it is."""
    from urllib.parse import parse_qs, quote

    if path.startswith("/vsicurl?"):
        query = parse_qs(path.removeprefix("/vsicurl?"))
        signing = query.get("pc_url_signing", ["no"])[0].lower() in ("yes", "true", "on", "1")
        href = query.get("url", [""])[0] if signing else ""
    else:
        href = path.removeprefix("/vsicurl/")
    found = container_of(href)
    if not found or TOKENS.get(*found, fresh) is None:
        return None
    bare = quote(href.split("?")[0], safe=":/")
    return f"/vsicurl?pc_url_signing=yes&pc_collection={'/'.join(found)}&url={bare}"


def mend_rasterio(rasterio) -> None:
    """Let rasterio.open sign what it reads."""
    plain = rasterio.open

    @functools.wraps(plain)
    def open(fp, mode="r", *args, **kwargs):
        signs = isinstance(fp, str) and mode == "r" and kwargs.get("opener") is None
        path = at_read(fp) if signs else None
        if path is None:
            return plain(fp, mode, *args, **kwargs)
        from rasterio.errors import RasterioIOError

        try:
            return plain(path, mode, *args, **kwargs)
        except RasterioIOError:
            # Perhaps GDAL could not get its token once, and has taken the file for missing since.
            from rasterio.cache import invalidate_all

            invalidate_all()
            at_read(fp, fresh=True)
            return plain(path, mode, *args, **kwargs)

    rasterio.open = open


def mend_adlfs(spec) -> None:
    """Let adlfs sign what it reads, where it was given nothing to sign with."""
    from azure.core.credentials import AzureSasCredential

    class Renewed(AzureSasCredential):
        """Asked for each request. It holds up adlfs' loop while the token is fetched: some ms an hour, and
        once the whole wait, where the service goes away.
        """

        def __init__(self, account: str, container: str):
            super().__init__("none")
            self._of = account, container

        @property
        def signature(self) -> str:
            return TOKENS.get(*self._of, hurry=True) or ""

    class Service:
        """A client of the storage account with a credential for each container."""

        def __init__(self, plain, account: str, url: str):
            self._plain, self._account, self._url = plain, account, url
            self._signed: dict[str, object] = {}

        def __getattr__(self, name):
            return getattr(self._plain, name)

        def get_container_client(self, container, *args, **kwargs):
            return self._for(container).get_container_client(container, *args, **kwargs)

        def get_blob_client(self, container, *args, **kwargs):
            return self._for(container).get_blob_client(container, *args, **kwargs)

        async def close(self):
            for client in [*self._signed.values(), self._plain]:
                await client.close()

        def _for(self, container):
            if not isinstance(container, str):
                return self._plain
            if container not in self._signed:
                try:
                    if TOKENS.get(self._account, container, hurry=True) is None:
                        return self._plain
                except ConnectionError as e:
                    # It may be the user's own, and needs none.
                    logger.warning("%s; reading without", e)
                    return self._plain
                self._signed[container] = spec._create_aio_blob_service_client(
                    account_url=self._url, credential=Renewed(self._account, container)
                )
            return self._signed[container]

    system = spec.AzureBlobFileSystem
    plain = system.do_connect

    @functools.wraps(plain)
    def do_connect(self):
        plain(self)
        given = self.account_key or self.sas_token or self.connection_string or self.client_id
        credential = type(self.credential).__name__  # adlfs' own last resort is no choice of the user's
        if given or credential not in ("NoneType", "DefaultAzureCredential") or hasattr(self, "account_host"):
            return
        if not isinstance(self.service_client, Service):
            self.service_client = Service(self.service_client, self.account_name, self.account_url)

    system.do_connect = do_connect


MENDED = {"rasterio": mend_rasterio, "adlfs.spec": mend_adlfs}


class OnImport:
    """Mends a module as soon as it has been imported."""

    def find_spec(self, name, path=None, target=None):
        """Find it as the others do."""
        if name not in MENDED:
            return None
        for finder in sys.meta_path:
            spec = None if finder is self else finder.find_spec(name, path, target)
            if spec is not None and spec.loader is not None:
                plain = spec.loader.exec_module

                def exec_module(module, plain=plain):
                    plain(module)
                    _mend(module)

                spec.loader.exec_module = exec_module
                return spec
        return None


def _mend(module) -> None:
    """A version that is unlike those we know still works, with what it was given to read."""
    try:
        MENDED[module.__name__](module)
    except (AttributeError, ImportError) as e:
        logger.warning("%s is not taught to sign what it reads: %s", module.__name__, e)


def install() -> None:
    """Begin; again, it does nothing."""
    if os.environ.get("PLANETARY_SIGNING", "").lower() in ("off", "no", "0", "false"):
        return
    if any(type(finder).__name__ == OnImport.__name__ for finder in sys.meta_path):
        return
    if os.environ.get("PC_SDK_SAS_URL"):
        os.environ.setdefault("VSICURL_PC_SAS_TOKEN_URL", service() + "/")
    for name in MENDED.keys() & sys.modules.keys():
        _mend(sys.modules[name])
    sys.meta_path.insert(0, OnImport())
