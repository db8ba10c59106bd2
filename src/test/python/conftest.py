from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from pods import PRELOAD, TOKEN, Pods, free_port, until

sys.path[:0] = [str(PRELOAD), str(PRELOAD.parent)]  # the preloads, which are modules, and planetary_cluster
sys.dont_write_bytecode = True  # distributed imports preloads from the source tree


@pytest.fixture(scope="session", autouse=True)
def token_file(tmp_path_factory):
    """The preloads read the token when they are imported."""
    path = tmp_path_factory.mktemp("secret") / "token"
    path.write_text(TOKEN)
    os.environ["PLANETARY_TOKEN_FILE"] = str(path)


@pytest.fixture(scope="session")
def pods(tmp_path_factory):
    """A running scheduler with one worker, shared by tests that leave it as it was."""
    pods = Pods(tmp_path_factory.mktemp("pods") / "c")
    try:
        pods.start_scheduler()
        pods.worker_http = free_port()
        pods.start_worker("c-default-0", "00000000-aaaa", http_port=pods.worker_http)
        until(lambda: pods.healthy() and pods.worker("00000000-aaaa"))
        yield pods
    finally:
        pods.stop()


@pytest.fixture
def plain_pods(tmp_path):
    """The same without TLS, and without any certificate that could be found."""
    pods = Pods(tmp_path / "c", plain=True)
    for name in ("ca.crt", "tls.crt", "tls.key"):
        (pods.folder / "tls" / name).unlink()
    yield pods
    pods.stop()


@pytest.fixture
def own_pods(tmp_path):
    """A cluster of the test's own; nothing runs yet."""
    pods = Pods(tmp_path / "c")
    yield pods
    pods.stop()
