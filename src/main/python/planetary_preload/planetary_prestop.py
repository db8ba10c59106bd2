"""preStop hook: ``planetary_prestop.py worker|scheduler``. Standard library only, for it must start fast.

worker: has its own worker retired, and returns when its results are safe, when the cluster ends anyway, or
when the scheduler is gone: 5 s without a connection to it, or with answers that are none. One that takes the
connection but is too busy to answer is waited for until the drain timeout is over. scheduler: says that the
cluster ends and lets the workers go first. Exits 0 whatever happens (a failing hook only makes the kubelet
kill earlier) and logs one line.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import socket
import ssl
import sys
import threading
import time
from urllib.parse import urlencode, urlsplit

SILENCE_SECONDS = 5.0
WAIT_SECONDS = 2.0
"""A long-poll shorter than SILENCE_SECONDS, so that waiting and silence can be told apart."""
DRAIN_SECONDS = 300.0
"""If PLANETARY_DRAIN_TIMEOUT is not set."""
SCHEDULER_SECONDS = 10.0
CONTAINER_LOG = "/proc/1/fd/1"


class Silence(Exception):
    """The scheduler does not answer, or not as it should."""


class Scheduler:
    """The scheduler's HTTP API.

    ``answered`` is when it last did, on a clock that stands still while a connection is open: as long as its
    kernel speaks for it, it is busy, not gone. ``connected`` says so.
    """

    def __init__(self, scheme: str, host: str, port: int):
        token_file = os.environ.get("PLANETARY_TOKEN_FILE", "/etc/planetary/tls/token")
        with open(token_file) as file:
            self.headers = {"Authorization": "Bearer " + file.read().strip()}
        self.host, self.port = host, port
        self.tls: ssl.SSLContext | None = None
        if scheme != "http":
            # The signature of the cluster's CA says enough, as everywhere in Dask.
            self.tls = ssl.create_default_context(cafile=os.path.join(os.path.dirname(token_file), "ca.crt"))
            self.tls.check_hostname = False
        self.answered = time.monotonic()
        self.connected = False

    def call(self, method: str, path: str, body: dict | None = None) -> dict:
        """One request; raises Silence."""
        try:
            with self.connection() as connection:
                content = None if body is None else json.dumps(body)
                connection.request(method, path, content, self.headers)
                response = connection.getresponse()
                answer = json.loads(response.read())
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise Silence(repr(error)) from error
        if response.status >= 300:
            raise Silence(f"HTTP {response.status}")
        self.answered = time.monotonic()
        return answer

    @contextlib.contextmanager
    def connection(self):
        """A connection that waits for an answer until the other side's kernel is gone, too."""
        plain = socket.create_connection((self.host, self.port), SILENCE_SECONDS)
        opened, self.connected = time.monotonic(), True
        try:
            outlast_silence(plain)
            connection = http.client.HTTPConnection(self.host, self.port)
            connection.sock = self.tls.wrap_socket(plain, server_hostname=self.host) if self.tls else plain
            with contextlib.closing(connection):
                yield connection
        finally:
            plain.close()
            self.answered += time.monotonic() - opened
            self.connected = False

    def insist(self, method: str, path: str, body: dict | None = None) -> dict:
        """The same, until it answers; whoever waits for us knows when to give up."""
        while True:
            try:
                return self.call(method, path, body)
            except Silence:
                time.sleep(0.2)

    def states(self):
        """Every state the scheduler tells, the present one first."""
        state: dict = {}
        while True:
            query = {"boot": state.get("boot", ""), "after": state.get("version", -1), "wait": WAIT_SECONDS}
            state = self.insist("GET", "/planetary/v1/state?" + urlencode(query))
            yield state


def outlast_silence(connection: socket.socket) -> None:
    """No time limit: a kernel answers for a process that is busy, none for a pod that is gone."""
    connection.settimeout(None)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, int(SILENCE_SECONDS))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 1)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(SILENCE_SECONDS * 1000))


def drain_seconds() -> float:
    return float(os.environ.get("PLANETARY_DRAIN_TIMEOUT") or DRAIN_SECONDS)


def end_worker(scheduler: Scheduler) -> str:
    """Retire this pod's worker; returns what came of it."""
    uid = os.environ["PLANETARY_POD_UID"]
    request = {"uids": [uid], "final": True, "timeout": drain_seconds()}
    boot = None
    for state in scheduler.states():
        if state["ending"]:
            return "the cluster ends, nothing to save"
        workers = [worker for worker in state["workers"] if worker["uid"] == uid]
        if not workers:
            return "retired" if uid in state["retired"] else "its worker is not in the cluster"
        # The first time, of a scheduler that restarted, and of one that has put the worker back to work.
        if state["boot"] != boot or not workers[0]["retiring"]:
            boot = state["boot"]
            scheduler.insist("POST", "/planetary/v1/retire", request)
    return ""


def end_scheduler(scheduler: Scheduler) -> str:
    """Tell the workers' hooks that the cluster ends, and give the workers time to leave."""
    scheduler.insist("POST", "/planetary/v1/ending", {})
    for state in scheduler.states():
        if not state["workers"]:
            return "told the workers, all left"
    return ""


def run(role: str) -> str:
    """Do the role's part; returns the line to log."""
    url = urlsplit(os.environ.get("PLANETARY_SCHEDULER_URL", ""))
    host = url.hostname if role == "worker" else "127.0.0.1"
    if not host:
        return "PLANETARY_SCHEDULER_URL is not set"
    scheduler = Scheduler(url.scheme, host, url.port or 8787)
    end, patience = {
        "worker": (end_worker, drain_seconds()),
        "scheduler": (end_scheduler, SCHEDULER_SECONDS),
    }[role]
    outcome = []

    def work():
        try:
            outcome.append(end(scheduler))
        except Exception as error:
            outcome.append(f"failed: {error!r}")

    # In a thread, for nothing else bounds the time a host name takes to resolve.
    thread = threading.Thread(target=work, daemon=True)
    started = time.monotonic()
    thread.start()
    while thread.is_alive():
        thread.join(0.1)
        overdue = time.monotonic() - started > patience
        if time.monotonic() - scheduler.answered > SILENCE_SECONDS and (overdue or not scheduler.connected):
            return "the scheduler is silent"
        if role == "scheduler" and overdue:
            return "some workers are still here"
    return outcome[0]


def log(line: str, container_log: str) -> None:
    """To stderr, which only events show, and to the container's own log."""
    print(line, file=sys.stderr, flush=True)
    try:
        log_file = os.open(container_log, os.O_WRONLY | os.O_APPEND | os.O_NONBLOCK)
        os.write(log_file, (line + "\n").encode())
    except OSError:
        pass


def main(role: str, container_log: str = CONTAINER_LOG) -> None:
    started = time.monotonic()
    try:
        outcome = run(role)
    except Exception as error:
        outcome = f"failed: {error!r}"
    log(f"planetary preStop of the {role}: {outcome} ({time.monotonic() - started:.1f} s)", container_log)
    os._exit(0)  # not waiting for the thread


if __name__ == "__main__":
    main(*sys.argv[1:])
