"""An error of one TLS connection stays with that connection.

It shows on Python 3.13.2 and later with OpenSSL 3.4 and later, as the client image has;
LossE2E runs it there.
"""

from __future__ import annotations

import socket
import ssl
import sys
import threading
from pathlib import Path


def connection(folder: Path) -> tuple[ssl.SSLSocket, ssl.SSLSocket]:
    """Both ends of a TLS connection within this thread, the first one not blocking."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "tls.crt", folder / "tls.key")
    client = ssl.create_default_context(cafile=folder / "ca.crt")
    client.check_hostname = False
    with socket.create_server(("127.0.0.1", 0)) as listener:
        far = []
        dial = threading.Thread(
            target=lambda: far.append(client.wrap_socket(socket.create_connection(listener.getsockname())))
        )
        dial.start()
        near = server.wrap_socket(listener.accept()[0], server_side=True)
        dial.join()
    near.setblocking(False)
    return near, far[0]


def what_a_healthy_connection_says_after_another_broke(folder: Path) -> str:
    (broken, its_peer), (healthy, _peer) = connection(folder), connection(folder)
    its_peer.close()
    errors = []
    while "BrokenPipeError" not in errors:
        try:
            broken.send(b"x")
        except OSError as error:
            errors.append(type(error).__name__)
    try:
        healthy.recv(1)
    except OSError as error:
        return type(error).__name__
    return "nothing"


def test_a_broken_connection_leaves_its_error_to_no_other(tmp_path):
    import planetary_tls
    from certificates import write_tls

    planetary_tls.install()
    write_tls(tmp_path / "tls", "0" * 64)

    assert what_a_healthy_connection_says_after_another_broke(tmp_path / "tls") == "SSLWantReadError"


if __name__ == "__main__":  # TLS_FOLDER [PRELOAD_FOLDER]: without the preload it shows the error
    if len(sys.argv) > 2:
        sys.path.insert(0, sys.argv[2])
        import planetary_tls  # noqa: F401
    print(what_a_healthy_connection_says_after_another_broke(Path(sys.argv[1])))
