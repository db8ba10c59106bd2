"""Tokens at read time, with a token service that fails on purpose, and a module that looks like rasterio."""

from __future__ import annotations

import contextlib
import http.server
import json
import os
import subprocess
import sys
import textwrap
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from types import ModuleType, SimpleNamespace
from urllib.parse import parse_qs

import pytest

import planetary_signing
from planetary_signing import Tokens, at_read, container_of
from pods import PRELOAD

BLOB = "https://naipeuwest.blob.core.windows.net/naip/v002/a b.tif"


class TokenService(http.server.ThreadingHTTPServer):
    """Answers with what stands first in `answers`: a status, or what goes over the wire."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers, self.asked, self.life = [], [], 2700
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/api/sas/v1/token"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        server = self.server
        server.asked.append(self.path)
        status = server.answers.pop(0) if server.answers else 200
        body = b""
        if isinstance(status, bytes):
            self.wfile.write(status)
            return
        if status == 200:
            end = datetime.now(UTC) + timedelta(seconds=server.life)
            answer = {"msft:expiry": f"{end:%Y-%m-%dT%H:%M:%SZ}", "token": f"sig={len(server.asked)}"}
            body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.fixture
def service(monkeypatch):
    server = TokenService()
    monkeypatch.setenv("PC_SDK_SAS_URL", server.url)
    monkeypatch.setattr(planetary_signing, "TOKENS", Tokens(wait=3))
    yield server
    server.shutdown()
    server.server_close()


def test_many_threads_cause_one_request(service):
    with ThreadPoolExecutor(16) as pool:
        tokens = set(pool.map(lambda _: planetary_signing.TOKENS.get("naipeuwest", "naip"), range(64)))

    assert tokens == {"sig=1"}
    assert service.asked == ["/api/sas/v1/token/naipeuwest/naip"]


def test_a_token_about_to_end_is_not_used_again(service):
    service.life = 59

    assert [planetary_signing.TOKENS.get("naipeuwest", "naip") for _ in range(2)] == ["sig=1", "sig=2"]


def test_a_service_that_is_busy_or_away_is_asked_again(service):
    service.answers = [429, 503]

    assert planetary_signing.TOKENS.get("naipeuwest", "naip") == "sig=3"


def test_what_cannot_be_had_is_an_error_that_names_the_cause_and_is_not_remembered(service):
    service.answers = [503] * 20

    with pytest.raises(ConnectionError, match="no token to read naipeuwest/naip from .*: it answers 503"):
        planetary_signing.TOKENS.get("naipeuwest", "naip")

    service.answers = []
    assert planetary_signing.TOKENS.get("naipeuwest", "naip").startswith("sig=")


@pytest.mark.parametrize(
    "answer",
    [
        b"sig=secret\r\n\r\n",
        b"HTTP/1.0 200 OK\r\nContent-Length: 999\r\n\r\n" + b'{"token": "sig=secret"',
        b'HTTP/1.0 200 OK\r\n\r\n["sig=secret"]',
        b'HTTP/1.0 200 OK\r\n\r\n{"msft:expiry": 1, "token": "sig=secret"}',
        b'HTTP/1.0 200 OK\r\n\r\n{"msft:expiry": "2999-01-01T00:00:00Z", "token": null}',
    ],
)
def test_an_answer_of_any_other_shape_is_asked_for_again_and_never_told(service, monkeypatch, answer):
    service.answers = [answer]
    assert planetary_signing.TOKENS.get("naipeuwest", "naip") == "sig=2"

    monkeypatch.setattr(planetary_signing, "TOKENS", Tokens(wait=0))
    service.answers = [answer]
    with pytest.raises(ConnectionError, match="no token to read naipeuwest/naip from ") as failure:
        planetary_signing.TOKENS.get("naipeuwest", "naip")
    assert "secret" not in str(failure.value)
    assert failure.value.__suppress_context__ or failure.value.__context__ is None


def test_threads_that_wait_for_the_same_token_wait_once(service, monkeypatch):
    monkeypatch.setattr(planetary_signing, "TOKENS", Tokens(wait=1))
    service.answers = [503] * 100

    def ask(_):
        with pytest.raises(ConnectionError):
            planetary_signing.TOKENS.get("naipeuwest", "naip")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(ask, range(8)))

    assert len(service.asked) < 8


def test_other_peoples_containers_are_left_alone(service):
    service.answers = [404]

    assert at_read("https://mine.blob.core.windows.net/data/a.tif") is None
    assert at_read("https://mine.blob.core.windows.net/data/b.tif") is None
    assert len(service.asked) == 1


def test_other_peoples_containers_are_known_for_long_and_while_the_service_is_away(service, monkeypatch):
    assert planetary_signing.UNKNOWN_FOR >= 3600
    monkeypatch.setattr(planetary_signing, "UNKNOWN_FOR", 0)
    service.answers = [404, 503, 503, 503]

    assert [planetary_signing.TOKENS.get("mine", "data") for _ in range(3)] == [None] * 3
    # Asked once more, without waiting; then it is good again for a while
    assert len(service.asked) == 2


@pytest.fixture
def adlfs(service, monkeypatch):
    """A file system of one storage account, and a module that looks like adlfs."""

    class Client:
        def __init__(self, account_url=None, credential=None):
            self.credential = credential

        def get_container_client(self, container):
            return self

    class FileSystem:
        account_key = sas_token = connection_string = client_id = credential = None
        account_name, account_url = "mine", "https://mine.blob.core.windows.net"

        def do_connect(self):
            self.service_client = Client()

    class Credential:
        def __init__(self, signature):
            pass

    monkeypatch.setitem(sys.modules, "azure", ModuleType("azure"))
    monkeypatch.setitem(sys.modules, "azure.core", ModuleType("azure.core"))
    monkeypatch.setitem(sys.modules, "azure.core.credentials", SimpleNamespace(AzureSasCredential=Credential))
    planetary_signing.mend_adlfs(
        SimpleNamespace(AzureBlobFileSystem=FileSystem, _create_aio_blob_service_client=Client)
    )
    system = FileSystem()
    system.do_connect()
    return system


def test_adlfs_loop_waits_once_for_a_service_that_is_away(service, adlfs, monkeypatch):
    monkeypatch.setattr(planetary_signing, "TOKENS", Tokens(wait=1))
    service.answers = [503] * 100

    def credential(container):
        return adlfs.service_client.get_container_client(container).credential

    # Given
    assert credential("a") is None
    asked = len(service.asked)
    assert asked > 1
    # Then
    assert [credential("a") for _ in range(9)] == [None] * 9
    assert len(service.asked) == asked
    # Another container is asked for, but not waited for
    assert [credential("b") for _ in range(9)] == [None] * 9
    assert len(service.asked) == asked + 1

    # When it is back
    service.answers = []
    assert credential("c").signature == "sig=" + str(asked + 2)
    monkeypatch.setattr(planetary_signing, "AWAY_FOR", 0)
    assert credential("a").signature == "sig=" + str(asked + 3)


def test_who_holds_up_nobody_waits_each_time(service, monkeypatch):
    monkeypatch.setattr(planetary_signing, "TOKENS", Tokens(wait=1))
    service.answers = [503] * 100
    for _ in range(2):
        asked = len(service.asked)
        with pytest.raises(ConnectionError):
            planetary_signing.TOKENS.get("naipeuwest", "naip")
        assert len(service.asked) > asked + 1


ENDED = "?sp=rl&sig=x&se=2020-01-01T00%3A00%3A00Z"


@pytest.mark.parametrize("path", [BLOB, "/vsicurl/" + BLOB, BLOB + ENDED])
def test_GDAL_is_told_to_sign_what_has_no_token_or_one_that_ended(service, path):
    signed = at_read(path)

    prefix, query = signed.split("?", 1)
    assert prefix == "/vsicurl"
    assert parse_qs(query) == {"pc_url_signing": ["yes"], "pc_collection": ["naipeuwest/naip"], "url": [BLOB]}
    assert "sig=" not in signed


def test_a_path_that_GDAL_signs_anyway_stays_as_it_is_once_there_is_a_token(service):
    path = at_read("https://naipeuwest.blob.core.windows.net/naip/a.tif")

    assert at_read(path) == path
    assert len(service.asked) == 1


@pytest.mark.parametrize(
    "href",
    [
        "/data/a.tif",
        "s3://bucket/a.tif",
        "https://example.org/x.blob.core.windows.net/naip/a.tif",
        "https://naipeuwest.blob.core.windows.net.example.org/naip/a.tif",
        "https://naipeuwest.blob.core.windows.net/",
        "http://naipeuwest.blob.core.windows.net/naip/a.tif",
        BLOB + "?sig=x&se=2999-01-01T00:00:00Z",
        BLOB + "?sig=x",
    ],
)
def test_nothing_else_is_touched(href):
    assert container_of(href) is None


RASTERIO = """
    class Poisoned:
        missing = set()  # what GDAL takes for missing, having once read it without a token
    def open(fp, mode="r", **kwargs):
        if fp in Poisoned.missing:
            from rasterio.errors import RasterioIOError
            raise RasterioIOError(fp)
        return fp
"""


@contextlib.contextmanager
def python(tmp_path, env, program):
    """Runs a program in a Python of its own, with modules that look like the real ones."""
    package = tmp_path / "rasterio"
    package.mkdir()
    (package / "__init__.py").write_text(textwrap.dedent(RASTERIO))
    (package / "errors.py").write_text("class RasterioIOError(OSError): pass\n")
    forget = "import rasterio\ndef invalidate_all(): rasterio.Poisoned.missing.clear()\n"
    (package / "cache.py").write_text(forget)
    start = "import planetary_signing; planetary_signing.install()\n"
    result = subprocess.run(
        [sys.executable, "-c", start + textwrap.dedent(program)],
        env={**os.environ, **env, "PYTHONPATH": f"{PRELOAD}{os.pathsep}{tmp_path}"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    yield result


def test_rasterio_signs_when_it_is_imported_later_and_pickles_by_name(tmp_path, service):
    program = f"""
        import pickle, rasterio
        print(rasterio.open("{BLOB}"), rasterio.open("local.tif"), rasterio.open("{BLOB}", "r+"))
        print(pickle.loads(pickle.dumps(rasterio.open)) is rasterio.open)
    """
    with python(tmp_path, {}, program) as done:
        assert done.returncode == 0, done.stderr
        signed, *rest = done.stdout.split(" ", 1)
        assert signed.startswith("/vsicurl?pc_url_signing=yes&pc_collection=naipeuwest/naip&url=")
        assert rest == [f"local.tif {BLOB}\nTrue\n"]


def test_what_GDAL_took_for_missing_is_looked_for_again(tmp_path, service):
    program = f"""
        import rasterio
        path = planetary_signing.at_read("{BLOB}")
        rasterio.Poisoned.missing.add(path)
        print(rasterio.open("{BLOB}") == path)
    """
    with python(tmp_path, {}, program) as done:
        assert done.stdout == "True\n", done.stderr
    assert len(service.asked) == 2


def test_a_token_problem_is_none_of_rasterios_errors(tmp_path, service):
    service.answers = [403] * 20
    program = f"""
        import rasterio
        from rasterio.errors import RasterioIOError
        planetary_signing.TOKENS = planetary_signing.Tokens(wait=0)
        try:
            rasterio.open("{BLOB}")
        except ConnectionError as e:
            print(isinstance(e, RasterioIOError), e)
    """
    with python(tmp_path, {}, program) as done:
        assert done.stdout.startswith("False no token to read naipeuwest/naip from "), done.stderr


def test_it_can_be_turned_off(tmp_path, service):
    program = f'import rasterio; print(rasterio.open("{BLOB}"))'
    with python(tmp_path, {"PLANETARY_SIGNING": "off"}, program) as done:
        assert done.stdout == BLOB + "\n"
    assert service.asked == []


def test_GDAL_asks_where_the_others_ask(tmp_path, service):
    with python(tmp_path, {}, 'import os; print(os.environ["VSICURL_PC_SAS_TOKEN_URL"])') as done:
        assert done.stdout == service.url + "/\n"
