"""Scheduler and workers as processes, started with the commands and environment of docs/pod-contract.md."""

from __future__ import annotations

import contextlib
import http.client
import http.server
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
import uuid
from pathlib import Path

from certificates import write_tls

TOKEN = "0123456789abcdef" * 4
PRELOAD = Path(__file__).resolve().parents[2] / "main" / "python" / "planetary_preload"
DASK = str(Path(sys.executable).parent / "dask")
BEARER = {"Authorization": f"Bearer {TOKEN}"}


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def until(condition, seconds: float = 60, every: float = 0.05):
    """What the condition returns, once it is true; errors of a server that does not listen yet pass.

    So long because all other tests, and the builds of Java and Go, run beside this one.
    """
    end = time.monotonic() + seconds
    while True:
        with contextlib.suppress(OSError, http.client.HTTPException):
            if result := condition():
                return result
        assert time.monotonic() < end, f"not within {seconds} s"
        time.sleep(every)


@contextlib.contextmanager
def serving(handler, context: ssl.SSLContext | None = None):
    """An HTTP server on a port of its own; yields its URL."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http{'s' if context else ''}://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


class Process:
    """A process of a pod, its log in a file."""

    def __init__(self, command: list[str], env: dict[str, str], folder: Path):
        self.log_file = folder / f"{Path(command[-1]).stem}-{uuid.uuid4().hex[:6]}.log"
        with open(self.log_file, "wb") as log:
            self.popen = subprocess.Popen(command, env=env, cwd=folder, stdout=log, stderr=log)
        self.pid = self.popen.pid

    def log(self) -> str:
        return self.log_file.read_text(errors="replace")

    def exit_code(self, seconds: float = 60) -> int:
        return self.popen.wait(seconds)

    def stop(self) -> None:
        if self.popen.poll() is None:
            self.popen.send_signal(signal.SIGTERM)
            try:
                self.popen.wait(8)
            except subprocess.TimeoutExpired:
                self.popen.kill()
                self.popen.wait(5)


class Pods:
    """One cluster: a Secret in a folder, a scheduler, workers by pod uid. ``plain``: as with tls.mode Off."""

    def __init__(self, folder: Path, preload: Path = PRELOAD, plain: bool = False):
        self.folder = folder
        self.protocol, self.scheme = ("tcp", "http") if plain else ("tls", "https")
        self.preload = folder / "preload"
        shutil.copytree(preload, self.preload, ignore=shutil.ignore_patterns("__pycache__"))
        self.volume, self.ca = write_tls(folder / "tls", TOKEN)
        self.port, self.http = free_port(), free_port()
        self.tls = ssl.create_default_context(cafile=folder / "tls" / "ca.crt")
        self.tls.check_hostname = False
        self.processes: list[Process] = []

    def env(self, pod: str, uid: str, **more: str) -> dict[str, str]:
        tls = self.folder / "tls"
        env = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "DASK_TEMPORARY_DIRECTORY": str(self.folder / pod),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PLANETARY_CLUSTER": "c",
            "PLANETARY_NAMESPACE": "ns",
            "PLANETARY_POD_NAME": pod,
            "PLANETARY_POD_UID": uid,
            "PLANETARY_TOKEN_FILE": str(tls / "token"),
            "PLANETARY_SCHEDULER_URL": f"{self.scheme}://127.0.0.1:{self.http}",
            "DASK_SCHEDULER_ADDRESS": f"{self.protocol}://127.0.0.1:{self.port}",
        }
        if self.protocol == "tcp":
            return env | {"DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION": "False"} | more
        env |= {
            "DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION": "True",
            "DASK_DISTRIBUTED__COMM__TLS__CA_FILE": str(tls / "ca.crt"),
            "DASK_DISTRIBUTED__SCHEDULER__DASHBOARD__TLS__CERT": str(tls / "tls.crt"),
            "DASK_DISTRIBUTED__SCHEDULER__DASHBOARD__TLS__KEY": str(tls / "tls.key"),
        }
        for role in ("SCHEDULER", "WORKER", "CLIENT"):
            env[f"DASK_DISTRIBUTED__COMM__TLS__{role}__CERT"] = str(tls / "tls.crt")
            env[f"DASK_DISTRIBUTED__COMM__TLS__{role}__KEY"] = str(tls / "tls.key")
        return env | more

    def start(self, command: list[str], env: dict[str, str]) -> Process:
        process = Process(command, env, self.folder)
        self.processes.append(process)
        return process

    def start_scheduler(self, **env: str) -> Process:
        command = f"{DASK} scheduler --protocol {self.protocol} --host 127.0.0.1 --port {self.port}".split()
        command += f"--dashboard-address 127.0.0.1:{self.http}".split()
        command += ["--preload", str(self.preload / "planetary_scheduler.py")]
        return self.start(command, self.env("c-scheduler-0", str(uuid.uuid4()), **env))

    def start_worker(self, pod: str, uid: str, http_port: int = 0, nthreads: int = 1, **env: str) -> Process:
        command = f"{DASK} worker --protocol {self.protocol} --host 127.0.0.1 --nthreads {nthreads}".split()
        command += f"--memory-limit 500MB --dashboard-address 127.0.0.1:{http_port} --no-dashboard".split()
        command += ["--preload", str(self.preload / "planetary_worker.py")]
        command += ["--preload-nanny", str(self.preload / "planetary_nanny.py")]
        return self.start(command, self.env(pod, uid, PLANETARY_GROUP="default", **env))

    def start_prestop(self, role: str, uid: str, **env: str) -> Process:
        hook = [sys.executable, str(self.preload / "planetary_prestop.py"), role]
        return self.start([*hook, str(self.folder / "container.log")], self.env("hook", uid, **env))

    def call(self, method: str, path: str, body=None, headers=BEARER, port: int | None = None, timeout=15):
        """One request: status, headers, body as bytes. ``body`` is sent as JSON unless it is bytes."""
        secure = {} if self.scheme == "http" else {"context": self.tls}
        kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        connection = kind("127.0.0.1", port or self.http, timeout=timeout, **secure)
        try:
            content = body if body is None or isinstance(body, bytes) else json.dumps(body)
            connection.request(method, path, content, headers)
            response = connection.getresponse()
            return response.status, response.headers, response.read()
        finally:
            connection.close()

    def post(self, name: str, body: dict) -> dict:
        status, _, answer = self.call("POST", f"/planetary/v1/{name}", body)
        assert status == 202, answer
        return json.loads(answer)

    def state(self, query: str = "") -> dict:
        status, _, answer = self.call("GET", f"/planetary/v1/state{query}", timeout=70)
        assert status == 200, answer
        return json.loads(answer)

    def worker(self, uid: str) -> dict | None:
        return next((worker for worker in self.state()["workers"] if worker["uid"] == uid), None)

    def healthy(self, port: int | None = None) -> bool:
        return self.call("GET", "/health", headers={}, port=port)[0] == 200

    def stop(self) -> None:
        for process in self.processes:
            if process.popen.poll() is None:
                process.popen.send_signal(signal.SIGTERM)
        for process in self.processes:
            process.stop()
