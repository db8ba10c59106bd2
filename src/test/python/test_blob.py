"""Logs and large results in Azure Blob Storage: against Azurite, and against servers that fail on purpose."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import http.client
import http.server
import ipaddress
import json
import os
import shlex
import ssl
import subprocess
import threading
import time
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlencode

import pytest
from cryptography import x509

import planetary_blob
from certificates import Ca
from planetary_blob import Blob, BlobError, BlobLog, credential, shared_key
from pods import free_port, serving, until
from runner import Runner

ACCOUNT = "acme"
KEY = base64.b64encode(b"a key for nobody's blobs, which nobody has to keep").decode()
SOON = 60


class Azurite:
    """Azure's emulator, over TLS, with a container ``jobs``."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        ca = Ca()
        certificate, key, _ = ca.leaf(x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
        for name, content in {"ca.crt": ca.pem, "tls.crt": certificate, "tls.key": key}.items():
            (folder / name).write_bytes(content)
        self.port = free_port()
        self.container = f"https://127.0.0.1:{self.port}/{ACCOUNT}/jobs"
        command = [*shlex.split(os.environ["PLANETARY_TEST_AZURITE"])]
        command += (
            f"--blobHost 127.0.0.1 --blobPort {self.port} --inMemoryPersistence --disableTelemetry".split()
        )
        command += f"--cert {folder}/tls.crt --key {folder}/tls.key --oauth basic".split()
        with open(folder / "log", "wb") as log:
            self.process = subprocess.Popen(
                command,
                env=os.environ | {"AZURITE_ACCOUNTS": f"{ACCOUNT}:{KEY}"},
                cwd=folder,
                stdout=log,
                stderr=log,
            )
        until(lambda: self.ask("PUT", self.container, {"restype": "container"})[0] == 201)

    def context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / "tls.crt", self.folder / "tls.key")
        return context

    def ask(self, method: str, url: str, query: dict[str, str] | None = None) -> tuple[int, bytes]:
        """With the account's key, signed here."""
        path = url.partition(str(self.port))[2]
        date = datetime.now(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
        resource = f"/{ACCOUNT}{path}" + "".join(f"\n{k}:{v}" for k, v in sorted((query or {}).items()))
        text = f"{method}{chr(10) * 12}x-ms-date:{date}\nx-ms-version:2021-12-02\n{resource}"
        signature = base64.b64encode(hmac.digest(base64.b64decode(KEY), text.encode(), "sha256")).decode()
        headers = {
            "x-ms-date": date,
            "x-ms-version": "2021-12-02",
            "Authorization": f"SharedKey {ACCOUNT}:{signature}",
        }
        tls = ssl.create_default_context(cafile=self.folder / "ca.crt")
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, context=tls, timeout=10)
        with contextlib.closing(connection):
            connection.request(method, f"{path}?{urlencode(query or {})}", None, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()

    def read(self, name: str) -> bytes:
        status, body = self.ask("GET", f"{self.container}/{name}")
        assert status == 200, body
        return body

    def sas(self, permissions: str = "rcaw", life: timedelta = timedelta(hours=1)) -> str:
        """A token for the container."""
        end, version = (datetime.now(UTC) + life).strftime("%Y-%m-%dT%H:%M:%SZ"), "2020-02-10"
        fields = [permissions, "", end, f"/blob/{ACCOUNT}/jobs", "", "", "https", version, "c", *[""] * 6]
        signature = hmac.new(base64.b64decode(KEY), "\n".join(fields).encode(), hashlib.sha256).digest()
        query = {"se": end, "sp": permissions, "spr": "https", "sv": version, "sr": "c"}
        return urlencode(query | {"sig": base64.b64encode(signature).decode()})


@pytest.fixture(scope="module")
def azurite(tmp_path_factory):
    if not os.environ.get("PLANETARY_TEST_AZURITE"):
        pytest.skip("PLANETARY_TEST_AZURITE, the command that runs Azurite, is not set; `make test` sets it")
    azurite = Azurite(tmp_path_factory.mktemp("azurite") / "a")
    yield azurite
    azurite.process.terminate()
    azurite.process.wait(60)


@pytest.fixture
def runner(tmp_path, azurite):
    runner = Runner(tmp_path)
    runner.env |= {
        "SSL_CERT_FILE": str(azurite.folder / "ca.crt"),
        "PLANETARY_OUTPUT_URL": f"{azurite.container}/out/{tmp_path.name}",
        "PLANETARY_LOG_URL": f"{azurite.container}/logs/{tmp_path.name}.log",
    }
    return runner.script(
        "import json, os, sys\n"
        "print('hello, https://x?sig=aBcDeF')\n"
        "print('to stderr', file=sys.stderr)\n"
        "print(json.dumps(list(range(3000))))\n"
        "sys.exit(3)"
    )


def kept_whole(azurite: Azurite, runner: Runner) -> None:
    """The log and the result are where they belong, and no secret is anywhere."""
    name = runner.folder.name
    told = runner.message()
    log = azurite.read(f"logs/{name}.log")
    assert log == runner.log.read_bytes()
    for part in (b"sig=***", b"to stderr", told["note"].encode()):
        assert part in log
    assert json.loads(azurite.read(f"out/{name}/result.json")) == list(range(3000))
    assert f"{azurite.container}/out/{name}/result.json" in told["note"]
    for kept in (log, runner.termination.read_bytes()):
        assert KEY.encode() not in kept and b"aBcDeF" not in kept


@pytest.mark.long
def test_by_connection_string(azurite, runner):
    text = f"DefaultEndpointsProtocol=https;AccountName={ACCOUNT};AccountKey={KEY};BlobEndpoint=https://x/{ACCOUNT};"
    assert runner.run(AZURE_STORAGE_CONNECTION_STRING=text) == 3
    kept_whole(azurite, runner)


@pytest.mark.long
def test_by_account_key(azurite, runner):
    assert runner.run(AZURE_STORAGE_ACCOUNT_KEY=KEY, AZURE_STORAGE_ACCOUNT_NAME=ACCOUNT) == 3
    kept_whole(azurite, runner)


@pytest.mark.long
@pytest.mark.parametrize("form", ["{}", "?{}", "connection string"])
def test_by_sas_token(azurite, runner, form):
    token = azurite.sas()
    env = {"AZURE_STORAGE_SAS_TOKEN": form.format(token)}
    if form == "connection string":
        env = {"AZURE_STORAGE_CONNECTION_STRING": f"BlobEndpoint=https://x;SharedAccessSignature={token}"}
    assert runner.run(**env) == 3
    kept_whole(azurite, runner)
    assert parse_qs(token)["sig"][0] not in runner.termination.read_text()


@pytest.mark.long
def test_by_workload_identity(azurite, runner):
    """The pod's token is exchanged as Entra ID wants it, and Azurite looks into what comes back."""

    class Entra(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            right = self.path == "/tenant/oauth2/v2.0/token" and {k: v[0] for k, v in form.items()} == {
                "grant_type": "client_credentials",
                "client_id": "client",
                "scope": "https://storage.azure.com/.default",
                "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                "client_assertion": "of-the-pod",
            }
            now = int(time.time())
            claims = {
                "aud": "https://storage.azure.com",
                "iss": "https://sts.windows.net/t/",
                "nbf": now - 60,
            }
            parts = ({"alg": "none", "typ": "JWT"}, claims | {"iat": now - 60, "exp": now + 3600})
            token = ".".join(
                base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts
            )
            body = json.dumps({"access_token": f"{token}.c2ln", "expires_in": 3600}).encode()
            self.send_response(200 if right else 401)
            self.end_headers()
            self.wfile.write(body if right else b"")

        def log_message(self, *_):
            pass

    (runner.folder / "token").write_text("of-the-pod\n")
    with serving(Entra, azurite.context()) as url:
        env = {
            "AZURE_FEDERATED_TOKEN_FILE": str(runner.folder / "token"),
            "AZURE_AUTHORITY_HOST": url + "/",
            "AZURE_TENANT_ID": "tenant",
            "AZURE_CLIENT_ID": "client",
        }
        assert runner.run(**env) == 3
    kept_whole(azurite, runner)


@pytest.mark.long
def test_a_refusal_is_noted_and_changes_no_exit_code(azurite, runner):
    token = azurite.sas(permissions="r")
    assert runner.run(AZURE_STORAGE_SAS_TOKEN=token) == 3
    told = runner.message()
    assert "The log could not be uploaded in full" in told["note"] and "403" in told["note"]
    assert "The result is lost" in told["note"]
    assert parse_qs(token)["sig"][0] not in runner.termination.read_text()
    assert told["tail"]


@pytest.mark.long
def test_no_credentials_are_noted(azurite, runner):
    assert runner.run() == 3
    assert "there are no credentials" in runner.message()["note"]


@pytest.mark.long
def test_much_output_is_appended_piece_by_piece(azurite, runner):
    runner.script("for n in range(150_000): print('line', n, 'x' * 60)")
    assert runner.run(AZURE_STORAGE_ACCOUNT_KEY=KEY, AZURE_STORAGE_ACCOUNT_NAME=ACCOUNT) == 0
    assert runner.out.stat().st_size > 2 * planetary_blob.LONGEST_APPEND
    assert azurite.read(f"logs/{runner.folder.name}.log") == runner.out.read_bytes()


@pytest.mark.long
def test_the_log_is_there_while_the_job_runs(azurite, runner, monkeypatch):
    monkeypatch.setattr(planetary_blob, "FLUSH_SECONDS", 0.1)
    monkeypatch.setenv("SSL_CERT_FILE", str(azurite.folder / "ca.crt"))
    log = BlobLog(Blob(f"{azurite.container}/logs/live.log", shared_key(ACCOUNT, KEY)))
    log.add(b"first\n")
    until(lambda: azurite.ask("GET", f"{azurite.container}/logs/live.log")[1] == b"first\n")
    log.add(b"second\n")
    log.close(SOON)
    assert azurite.read("logs/live.log") == b"first\nsecond\n"


@pytest.mark.long
def test_a_log_that_is_there_is_continued(azurite, runner, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(azurite.folder / "ca.crt"))
    for line in (b"one\n", b"two\n"):
        log = BlobLog(Blob(f"{azurite.container}/logs/again.log", shared_key(ACCOUNT, KEY)))
        log.add(line)
        log.close(SOON)
    assert azurite.read("logs/again.log") == b"one\ntwo\n"


# Servers that fail


class Storage(http.server.BaseHTTPRequestHandler):
    """An append blob in memory. ``troubles`` says what becomes of the next requests; then all goes well."""

    troubles: list[str] = []
    content = bytearray()
    asked: list[str] = []
    looked = threading.Event()

    def do_PUT(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        type(self).asked.append(self.path)
        trouble = self.troubles.pop(0) if self.troubles else ""
        if trouble.isdigit():
            return self.answer(int(trouble))
        if "comp=appendblock" in self.path:
            if int(self.headers["x-ms-blob-condition-appendpos"]) != len(self.content):
                return self.answer(412, "AppendPositionConditionNotMet")
            type(self).content += body
        if trouble == "lose the answer":
            self.close_connection = True
            return None
        return self.answer(201)

    def do_HEAD(self):
        length = len(self.content)
        type(self).looked.set()  # before the answer: after it, the next test may have begun
        self.answer(200, length=length)

    def answer(self, status: int, code: str = "", length: int = 0):
        self.send_response(status)
        self.send_header("x-ms-error-code", code)
        self.send_header("Content-Length", str(length))
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def storage():
    Storage.troubles, Storage.content, Storage.asked = [], bytearray(), []
    Storage.looked = threading.Event()
    with serving(Storage) as url:
        yield Blob(f"{url}/jobs/a.log", credential({"AZURE_STORAGE_SAS_TOKEN": "sig=secret"}, url))


def test_requests_that_fail_for_a_while_are_repeated(storage):
    Storage.troubles = ["503", "lose the answer"]
    storage.put(b"x", time.monotonic() + SOON)
    assert len(Storage.asked) == 3


def test_a_refusal_is_not_repeated_and_tells_no_secret(storage):
    Storage.troubles = ["403"]
    with pytest.raises(BlobError, match="403") as raised:
        storage.put(b"x", time.monotonic() + SOON)
    assert len(Storage.asked) == 1
    assert "sig=secret" in Storage.asked[0] and "secret" not in str(raised.value)


def test_an_append_whose_answer_was_lost_is_there_once(storage):
    Storage.troubles = ["", "lose the answer"]
    log = BlobLog(storage)
    log.add(b"one\n")
    log.close(SOON)
    assert Storage.content == b"one\n"
    assert len(Storage.asked) == 3


def test_somebody_else_who_appends_is_an_error(storage):
    log = BlobLog(storage)
    assert Storage.looked.wait(SOON)
    Storage.content = bytearray(b"foreign")
    log.add(b"one\n")
    with pytest.raises(BlobError, match="412"):
        log.close(SOON)


def test_output_faster_than_the_storage_waits_and_after_an_error_does_not(storage, monkeypatch):
    monkeypatch.setattr(planetary_blob, "LONGEST_APPEND", 1000)
    monkeypatch.setattr(planetary_blob, "FLUSH_BYTES", 500)
    monkeypatch.setattr(planetary_blob, "RETRY_SECONDS", 0.0)
    Storage.troubles = ["", "503"]
    log = BlobLog(storage)
    for _ in range(100):
        log.add(b"x" * 999)
    with pytest.raises(BlobError, match="503"):
        log.close(SOON)


def test_a_job_that_has_more_to_say_than_the_storage_takes_is_told_to_stop(tmp_path, storage):
    Storage.troubles = ["503"] * 1000
    runner = Runner(tmp_path).script(
        "import os, signal\n"
        "signal.signal(signal.SIGTERM, lambda *_: os._exit(5))\n"
        "while True: os.write(1, b'x' * 99 + b'\\n')"
    )
    process = runner.start(
        PLANETARY_LOG_URL=storage.url, AZURE_STORAGE_SAS_TOKEN="sig=secret", PLANETARY_GRACE_SECONDS="6"
    )
    until(lambda: runner.out.stat().st_size >= planetary_blob.LONGEST_APPEND)
    process.terminate()
    assert process.wait(30) == 5
    assert "The log could not be uploaded in full" in runner.message()["note"]


def test_what_a_job_that_is_to_stop_says_beyond_what_may_wait_is_left_out_and_told(storage, monkeypatch):
    monkeypatch.setattr(planetary_blob, "LONGEST_APPEND", 1000)
    log = BlobLog(storage, lambda: SOON)
    for part in (b"a" * 999, b"b" * 10, b"c" * 10):
        log.add(part)
    with pytest.raises(TimeoutError, match=" 10 bytes"):
        log.close(SOON)
    assert Storage.content == b"a" * 999 + b"b" * 10


@pytest.mark.parametrize("token", ["sv=1&sig=abcdefgh secret", "sv=1&sig=abcdefgh\nsecret"])
def test_a_token_that_fits_no_url_is_told_of_without_it(tmp_path, token):
    url = f"http://127.0.0.1:{free_port()}/jobs/a.log"
    with pytest.raises(BlobError, match="InvalidURL") as raised:
        Blob(url, credential({"AZURE_STORAGE_SAS_TOKEN": token}, url)).put(b"x", time.monotonic())
    assert "secret" not in str(raised.value) and "abcdefgh" not in str(raised.value)


def test_a_storage_that_is_silent_does_not_hold_up_the_end(tmp_path):
    runner = Runner(tmp_path).script("print('fine')")
    process = runner.start(
        PLANETARY_LOG_URL=f"http://127.0.0.1:{free_port()}/jobs/a.log",
        AZURE_STORAGE_SAS_TOKEN="sig=secret",
        PLANETARY_GRACE_SECONDS="3",
    )
    until(lambda: runner.termination.exists())
    assert runner.message() == {"v": 1, "exit": 0}
    process.terminate()
    assert process.wait(30) == 0  # half of what it would take otherwise
    assert "The log could not be uploaded in full" in runner.message()["note"]
