"""Azure Blob Storage, as far as a job's runner needs it: write a blob, append to one.

By its REST interface and the standard library, for the job's image need not have Azure's packages (Python
3.9). Credentials come from the environment: a connection string, an account key, a SAS token, or workload
identity.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
import threading
import time
from collections.abc import Callable, Mapping
from email.utils import formatdate
from urllib.error import HTTPError, URLError
from urllib.parse import parse_qsl, urlencode, urlsplit
from urllib.request import Request, urlopen

API_VERSION = "2021-12-02"
TIMEOUT_SECONDS = 20.0
RETRY_SECONDS = 60.0
"""A request that fails for reasons that may pass is repeated this long."""
LONGEST_APPEND = 4 << 20
"""The most that one request may append; how much output may wait for it, too."""
FLUSH_BYTES = 1 << 20
FLUSH_SECONDS = 10.0
"""Between two appends of little, or a thousandth of the log's age: a blob takes no more than 50 000."""
LOOK_SECONDS = 0.2
"""Whoever waits for the storage looks so often whether the job is to stop: a signal wakes nobody here."""
PASSING = (408, 429, 500, 502, 503, 504)
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

Sign = Callable[[str, str, dict[str, str]], str]
"""Method, URL, headers: adds to the headers what proves who we are, returns the URL to ask."""


class BlobError(Exception):
    """What went wrong, without a secret."""

    def __init__(self, method: str, url: str, what: object, code: str = "", status: int = 0):
        super().__init__(f"{method} {url.partition('?')[0]}: {what}{' ' if code else ''}{code}")
        self.code = code
        self.status = status


class Blob:
    """One blob, by its URL without credentials."""

    def __init__(self, url: str, sign: Sign):
        self.url = url
        self._sign = sign

    def put(self, data: bytes, deadline: float) -> None:
        """Write it anew."""
        self._ask("PUT", data, deadline, {"x-ms-blob-type": "BlockBlob"})

    def start_log(self, deadline: float) -> int:
        """Make it one to append to, if it is none yet; returns its length."""
        try:
            self._ask("PUT", b"", deadline, {"x-ms-blob-type": "AppendBlob", "If-None-Match": "*"})
        except BlobError as error:
            if error.code != "BlobAlreadyExists":
                raise
        return self._length(deadline)

    def append(self, data: bytes, at: int, deadline: float) -> None:
        """Append at this position. A request whose answer was lost is not repeated in effect."""
        headers = {"x-ms-blob-condition-appendpos": str(at)}
        try:
            self._ask("PUT", data, deadline, headers, "comp=appendblock")
        except BlobError as error:
            if error.status != 412 or self._length(deadline) != at + len(data):
                raise

    def _length(self, deadline: float) -> int:
        return int(self._ask("HEAD", None, deadline, {})["Content-Length"])

    def _ask(self, method: str, data: bytes | None, deadline: float, more: dict[str, str], query: str = ""):
        """The answer's headers."""
        pause = 0.5
        while True:
            try:
                return self._ask_once(method, data, more, query)
            except BlobError as error:
                passing = error.status in PASSING or not error.status
                if not passing or time.monotonic() + pause > deadline:
                    raise
            time.sleep(pause)
            pause = min(2 * pause, 8)

    def _ask_once(self, method: str, data: bytes | None, more: dict[str, str], query: str):
        url = self.url + (("&" if "?" in self.url else "?") + query if query else "")
        headers = {
            "x-ms-version": API_VERSION,
            "x-ms-date": formatdate(usegmt=True),
            "Content-Type": "" if data is None else "application/octet-stream",
            "Content-Length": "" if data is None else str(len(data)),
            **more,
        }
        headers = {name: value for name, value in headers.items() if value}
        try:
            request = Request(self._sign(method, url, headers), data, headers, method=method)
            with urlopen(request, timeout=TIMEOUT_SECONDS) as answer:
                return answer.headers
        except HTTPError as error:
            with error:
                raise BlobError(
                    method, self.url, error.code, error.headers.get("x-ms-error-code", ""), error.code
                ) from None
        except URLError as error:
            raise BlobError(method, self.url, error.reason) from None
        except http.client.HTTPException as error:  # its text may quote the URL, with what was signed
            raise BlobError(method, self.url, type(error).__name__) from None
        except OSError as error:
            raise BlobError(method, self.url, repr(error)) from None


class BlobLog:
    """A blob that grows with the job's output, by a thread: what was appended survives the pod.

    ``left`` tells how many seconds there are for it; None while nobody wants the job to stop.
    """

    def __init__(self, blob: Blob, left: Callable[[], float | None] = lambda: None):
        self._blob = blob
        self._left = left
        self._left_out = 0
        self._waiting = bytearray()
        self._news = threading.Condition()
        self._closing = False
        self._error: Exception | None = None
        self._started = time.monotonic()
        self._thread = threading.Thread(target=self._run, name="planetary-log", daemon=True)
        self._thread.start()

    def add(self, data: bytes) -> None:
        """Returns at once, unless too much is waiting: then the storage sets the pace. A job that is to stop
        does not wait for it; what finds no place then is left out."""
        with self._news:
            while (full := len(self._waiting) >= LONGEST_APPEND) and self._left() is None:
                self._news.wait(LOOK_SECONDS)
            if full:
                self._left_out += len(data)
            elif not self._error:
                self._waiting += data
            self._news.notify_all()

    def close(self, seconds: float) -> None:
        """Append the rest, within so many seconds, or fewer if so many are left. Raises what went wrong."""
        with self._news:
            self._closing = True
            self._news.notify_all()
        end = time.monotonic() + seconds
        while (
            self._thread.is_alive()
            and time.monotonic() < end
            and ((rest := self._left()) is None or rest > 0)
        ):
            self._thread.join(0.1)
        if self._error:
            raise self._error
        if self._thread.is_alive():
            raise TimeoutError("there was not enough time")
        if self._left_out:
            raise TimeoutError(f"when the job had to stop, {self._left_out} bytes found no place any more")

    def _run(self) -> None:
        try:
            at = self._blob.start_log(time.monotonic() + RETRY_SECONDS)
            while data := self._next():
                self._blob.append(data, at, time.monotonic() + RETRY_SECONDS)
                at += len(data)
        except Exception as error:
            with self._news:
                self._error = error
                self._waiting.clear()
                self._news.notify_all()

    def _next(self) -> bytes:
        """What to append; waits until there is enough or it has waited long enough. Empty: it was all."""
        with self._news:
            self._news.wait_for(lambda: self._waiting or self._closing)
            patience = max(FLUSH_SECONDS, (time.monotonic() - self._started) / 1000)
            self._news.wait_for(lambda: len(self._waiting) >= FLUSH_BYTES or self._closing, patience)
            data = bytes(self._waiting[:LONGEST_APPEND])
            del self._waiting[:LONGEST_APPEND]
            self._news.notify_all()
            return data


# Credentials


def credential(environ: Mapping[str, str], url: str) -> Sign:
    """What the environment has; LookupError if it has none."""
    parts = dict(
        part.partition("=")[::2] for part in environ.get("AZURE_STORAGE_CONNECTION_STRING", "").split(";")
    )
    key = (
        parts.get("AccountKey")
        or environ.get("AZURE_STORAGE_ACCOUNT_KEY")
        or environ.get("AZURE_STORAGE_KEY")
    )
    token = parts.get("SharedAccessSignature") or environ.get("AZURE_STORAGE_SAS_TOKEN")
    if key:
        host = urlsplit(url).hostname or ""
        account = (
            parts.get("AccountName")
            or environ.get("AZURE_STORAGE_ACCOUNT_NAME")
            or environ.get("AZURE_STORAGE_ACCOUNT")
            or host.partition(".")[0]
        )
        return shared_key(account, key)
    if token:
        return lambda method, url, headers: url + ("&" if "?" in url else "?") + token.lstrip("?")
    if environ.get("AZURE_FEDERATED_TOKEN_FILE"):
        return WorkloadIdentity(environ)
    raise LookupError(
        "there are no credentials: neither AZURE_STORAGE_CONNECTION_STRING, AZURE_STORAGE_ACCOUNT_KEY nor"
        " AZURE_STORAGE_SAS_TOKEN is set, and there is no workload identity"
    )


def shared_key(account: str, key: str) -> Sign:
    """https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key"""

    def sign(method: str, url: str, headers: dict[str, str]) -> str:
        split = urlsplit(url)
        length = headers.get("Content-Length", "")
        own = sorted((name, value) for name, value in headers.items() if name.startswith("x-ms-"))
        query = sorted(parse_qsl(split.query, keep_blank_values=True))
        told = [
            method,
            "",  # Content-Encoding
            "",  # Content-Language
            "" if length == "0" else length,
            "",  # Content-MD5
            headers.get("Content-Type", ""),
            "",  # Date: x-ms-date
            "",  # If-Modified-Since
            "",  # If-Match
            headers.get("If-None-Match", ""),
            "",  # If-Unmodified-Since
            "",  # Range
            *(f"{name}:{value}" for name, value in own),
            f"/{account}{split.path}",
            *(f"{name.lower()}:{value}" for name, value in query),
        ]
        digest = hmac.new(base64.b64decode(key), "\n".join(told).encode(), hashlib.sha256).digest()
        headers["Authorization"] = f"SharedKey {account}:{base64.b64encode(digest).decode()}"
        return url

    return sign


class WorkloadIdentity:
    """A token of the pod's service account, exchanged for one of Entra ID, by what AKS gives the pod."""

    def __init__(self, environ: Mapping[str, str]):
        self._environ = environ
        self._token = ""
        self._until = float("-inf")

    def __call__(self, method: str, url: str, headers: dict[str, str]) -> str:
        if time.monotonic() > self._until:
            self._renew()
        headers["Authorization"] = f"Bearer {self._token}"
        return url

    def _renew(self) -> None:
        environ = self._environ
        host = environ.get("AZURE_AUTHORITY_HOST") or "https://login.microsoftonline.com/"
        url = f"{host.rstrip('/')}/{environ['AZURE_TENANT_ID']}/oauth2/v2.0/token"
        with open(environ["AZURE_FEDERATED_TOKEN_FILE"], encoding="ascii") as file:
            assertion = file.read().strip()
        form = {
            "grant_type": "client_credentials",
            "client_id": environ["AZURE_CLIENT_ID"],
            "scope": "https://storage.azure.com/.default",
            "client_assertion_type": ASSERTION,
            "client_assertion": assertion,
        }
        try:
            with urlopen(Request(url, urlencode(form).encode()), timeout=TIMEOUT_SECONDS) as answer:
                told = json.load(answer)
        except HTTPError as error:
            with error:
                raise BlobError("POST", url, error.code, status=error.code) from None
        self._token = told["access_token"]
        self._until = time.monotonic() + max(0, int(told.get("expires_in", 0)) - 300)
