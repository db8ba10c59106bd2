"""Certificates renewed under running processes: new connections show the new ones, nothing restarts."""

from __future__ import annotations

import os
import socket
import ssl
import sys
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

import cloudpickle
import dask
import pytest
from distributed import Client
from distributed.security import Security

from certificates import Ca, write_tls
from pods import Pods, free_port, until

cloudpickle.register_pickle_by_value(sys.modules[__name__])  # workers do not have this module

UIDS = ("00000000-aaaa", "11111111-bbbb")


@pytest.fixture
def running(own_pods):
    """A scheduler and two workers of the test's own."""
    own_pods.start_scheduler()
    own_pods.worker_http = [free_port(), free_port()]
    for n, uid in enumerate(UIDS):
        own_pods.start_worker(f"c-default-{n}", uid, http_port=own_pods.worker_http[n])
    until(lambda: all(own_pods.worker(uid) for uid in UIDS))
    return own_pods


@pytest.fixture
def client(running):
    """As in the client image, but with the preload from the source tree."""
    with connect(running) as client:
        yield client


def connect(pods: Pods) -> Client:
    tls = pods.folder / "tls"
    security = Security(
        tls_ca_file=str(tls / "ca.crt"),
        tls_client_cert=str(tls / "tls.crt"),
        tls_client_key=str(tls / "tls.key"),
        require_encryption=True,
    )
    with dask.config.set({"distributed.client.preload": ["planetary_renewal"]}):
        return Client(f"tls://127.0.0.1:{pods.port}", security=security, set_as_default=False)


def workers_of(client: Client) -> dict[str, dict]:
    """By address. Not ``scheduler_info``: a refresh each 2 s, without workers, can come in between."""
    return client.sync(client.scheduler.identity, n_workers=-1)["workers"]


class Doorkeeper:
    """A TLS server that tells its visitors the serial number of the certificate they show."""

    def __init__(self, pods: Pods, *cas: Ca):
        certificate, key, _ = cas[0].leaf()
        pem = pods.folder / "doorkeeper.pem"
        pem.write_bytes(certificate + key)
        self.context = ssl.create_default_context(
            ssl.Purpose.CLIENT_AUTH, cadata="".join(ca.pem.decode() for ca in cas)
        )
        self.context.load_cert_chain(pem)
        self.context.verify_mode = ssl.CERT_REQUIRED
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self) -> None:
        while True:
            visitor, _ = self.listener.accept()
            with visitor, self.context.wrap_socket(visitor, server_side=True) as tls:
                tls.sendall(tls.getpeercert()["serialNumber"].encode())


def visit(port: int, node) -> str:
    """What the doorkeeper says of a scheduler, worker, nanny or client."""
    with (
        socket.create_connection(("127.0.0.1", port), timeout=10) as near,
        node.connection_args["ssl_context"].wrap_socket(near) as tls,
    ):
        return tls.recv(100).decode()


async def visit_as_client(port: int, client: Client) -> str:
    return visit(port, client)


def shown_when_connecting(client: Client, port: int) -> dict[str, str]:
    shown = {
        "client": client.sync(visit_as_client, port, client),
        "scheduler": client.run_on_scheduler(lambda dask_scheduler: visit(port, dask_scheduler)),
    }
    for nanny in (False, True):
        for address, serial in client.run(lambda dask_worker: visit(port, dask_worker), nanny=nanny).items():
            shown[f"{'nanny' if nanny else 'worker'} {address}"] = serial
    return shown


def shown_when_listening(pods: Pods, client: Client) -> dict[str, str]:
    """Dask's own ports and HTTP."""
    workers = workers_of(client)
    addresses = [client.scheduler.address, *workers, *(worker["nanny"] for worker in workers.values())]
    tls = pods.folder / "tls"
    context = ssl.create_default_context(cafile=tls / "ca.crt")
    context.check_hostname = False
    context.load_cert_chain(tls / "tls.crt", tls / "tls.key")
    shown = {}
    for port in [urlsplit(address).port for address in addresses] + [pods.http, *pods.worker_http]:
        near = socket.create_connection(("127.0.0.1", port), timeout=10)
        with near, context.wrap_socket(near) as connection:
            shown[f"port {port}"] = connection.getpeercert()["serialNumber"]
    return shown


def shown(pods: Pods, client: Client, door: Doorkeeper) -> set[str]:
    """The serial numbers of all certificates that anybody shows now."""
    serials = shown_when_listening(pods, client) | shown_when_connecting(client, door.port)
    assert len(serials) == 8 + 6, serials
    return set(serials.values())


def pids(client: Client) -> list:
    return [
        client.run_on_scheduler(os.getpid),
        *sorted(client.run(os.getpid).items()),
        *sorted(client.run(os.getpid, nanny=True).items()),
    ]


def add_slowly(left: int, right: int) -> int:
    time.sleep(0.05)
    return left + right


def when(path: Path, value):
    while not path.exists():
        time.sleep(0.05)
    return value


def test_certificates_are_renewed_three_times_in_mid_computation(running, client, tmp_path):
    door = Doorkeeper(running, running.ca)
    before = pids(client)
    workers = list(workers_of(client))
    total, futures = client.submit(int, 0), []
    renewed = tmp_path / "renewed"
    for n in range(200):  # each sum on the other worker than the last
        if n == 150:
            total = client.submit(lambda value: when(renewed, value), total)
        total = client.submit(lambda a, b: add_slowly(a, b), total, n, workers=[workers[n % 2]])
        futures.append(total)

    for _ in range(3):
        serial = running.volume.issue(running.ca)
        until(lambda serial=serial: shown(running, client, door) == {serial}, every=0.5)
        assert not total.done(), total.exception()

    renewed.touch()
    assert total.result(60) == sum(range(200))
    assert pids(client) == before


def test_a_new_authority_takes_over_while_both_are_trusted(running, client):
    new = Ca()
    door = Doorkeeper(running, running.ca, new)
    before = pids(client)
    held = client.scatter(42, broadcast=True)

    for ca, trusted in ((running.ca, (running.ca, new)), (new, (running.ca, new)), (new, (new,))):
        serial = running.volume.issue(ca, *trusted)
        until(lambda serial=serial: shown(running, client, door) == {serial}, every=0.5)

    assert pids(client) == before
    assert held.result() == 42
    with connect(running) as late:  # has only ever heard of the new authority
        assert late.submit(sum, [1, 2]).result(60) == 3
        running.start_worker("c-default-2", "22222222-cccc")
        until(lambda: len(workers_of(late)) == 3)


def test_a_pair_that_does_not_fit_is_not_loaded_and_a_later_one_is(tmp_path):
    import planetary_renewal

    # Given: a live context
    volume, ca = write_tls(tmp_path / "tls", "0" * 64)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    paths = {"ca_file": "ca.crt", "cert": "tls.crt", "key": "tls.key"}
    tls = {name: str(tmp_path / "tls" / path) for name, path in paths.items()}
    planetary_renewal.note(context, tls)
    following = planetary_renewal._following[context]
    assert planetary_renewal.renew(context, following)
    good = listens_with(context, ca)

    # When: the certificate comes without its key
    certificate, key, serial = ca.leaf()
    volume.put({"ca.crt": ca.pem, "tls.crt": certificate, "tls.key": ca.leaf()[1]})
    loaded = planetary_renewal.renew(context, following)

    # Then: the old pair goes on, and the new one is loaded when it is whole
    assert not loaded and listens_with(context, ca) == good
    volume.put({"ca.crt": ca.pem, "tls.crt": certificate, "tls.key": key})
    assert planetary_renewal.renew(context, following)
    assert listens_with(context, ca) == serial != good
    assert not planetary_renewal.renew(context, following)


def listens_with(context: ssl.SSLContext, ca: Ca) -> str:
    """The serial number that a server with this context shows."""
    near, far = socket.socketpair()
    client = ssl.create_default_context(cadata=ca.pem.decode())
    client.check_hostname = False
    serving = threading.Thread(target=lambda: context.wrap_socket(far, server_side=True))
    serving.start()
    with client.wrap_socket(near) as tls:
        serving.join()
        return tls.getpeercert()["serialNumber"]
