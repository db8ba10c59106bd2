"""How the client library logs in to an API server, and again when a token has ended."""

from __future__ import annotations

import asyncio
import os
import shlex
import socket
import time
from pathlib import Path

import pytest
import yaml

from kube import Kube
from planetary_cluster import PlanetaryError, api
from planetary_cluster.api import Api


@pytest.fixture
def kube(tmp_path, monkeypatch):
    """An API server of one token, whose pods' ports lead to itself."""
    kube = Kube().start()
    kube.ports = {8786: kube.port}
    kube.token = "first"
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    yield kube
    kube.stop()


def by_token(kube, tmp_path, token: str, **more) -> None:
    kube.kubeconfig(tmp_path / "kubeconfig", user={"token": token}, **more)


def by_program(kube, tmp_path, script: str) -> None:
    """Logs in by a program: the script, then a token from a file."""
    program = tmp_path / "kubelogin"
    (tmp_path / "token").write_text("first")
    program.write_text(
        f"#!/bin/sh\necho called >> {shlex.quote(str(tmp_path / 'calls'))}\n{script}\n"
        f"token=$(cat {shlex.quote(str(tmp_path / 'token'))})\n"
        """printf '{"status": {"token": "%s"}}' "$token"\n"""
    )
    program.chmod(0o700)
    login = {"apiVersion": "client.authentication.k8s.io/v1", "command": str(program)}
    kube.kubeconfig(tmp_path / "kubeconfig", user={"exec": login})


def contexts(**namespaces: str | None) -> list[dict]:
    """By name, all of the one cluster there is."""
    found = []
    for name, namespace in namespaces.items():
        context = {"cluster": "fake", "user": "me"} | ({"namespace": namespace} if namespace else {})
        found.append({"name": name, "context": context})
    return found


def test_a_renewed_login_leaves_open_what_is_open(kube, tmp_path):
    async def renewed():
        by_token(kube, tmp_path, "first")
        access = await Api.open()
        async with access.port("c-scheduler-0", 8786) as way:
            session = access.client._session
            # When
            kube.token = "second"
            by_token(kube, tmp_path, "second")
            await access.get("pods", "v1")
            # Then
            assert access.client._session is not session
            assert not session.is_closed
            for _ in range(2):  # the numbers of both channels
                await way.receive_bytes()
            request = b"GET /version HTTP/1.1\r\nHost: kube\r\nAuthorization: Bearer second\r\n\r\n"
            await way.send_bytes(b"\0" + request)
            assert b"200 OK" in await way.receive_bytes()
        assert session.is_closed
        await access.close()
        assert access.client._session.is_closed

    asyncio.run(renewed())


def test_requests_that_are_refused_together_log_in_once(kube, tmp_path):
    async def renewed():
        by_program(kube, tmp_path, "")
        access = await Api.open()
        (tmp_path / "token").write_text("second")
        kube.token = "second"
        await asyncio.gather(*(access.get("pods", "v1") for _ in range(5)))
        await access.close()

    asyncio.run(renewed())
    assert (tmp_path / "calls").read_text().split() == ["called"] * 2


def test_a_request_while_a_login_is_renewed_does_not_log_in_too(kube, tmp_path):
    async def renewed():
        by_program(kube, tmp_path, "")
        access = await Api.open()
        ssl_context = access.client.auth.ssl_context

        async def meanwhile():
            access.client.auth.ssl_context = ssl_context
            await access.get("pods", "v1")
            return await ssl_context()

        access.client.auth.ssl_context = meanwhile
        await access.client.renew(access.client._session)
        await access.close()

    asyncio.run(renewed())
    assert (tmp_path / "calls").read_text().split() == ["called"] * 2


def test_it_stays_with_the_context_it_began_with(kube, tmp_path):
    async def renewed():
        by_token(kube, tmp_path, "first")
        access = await Api.open()
        # When another is current, and the token has ended
        there = yaml.safe_load((tmp_path / "kubeconfig").read_text())
        nowhere = {"name": "nowhere", "cluster": {"server": "http://127.0.0.1:1"}}
        other = {"name": "other", "context": {"cluster": "nowhere", "user": "me", "namespace": "theirs"}}
        kube.token = "second"
        by_token(
            kube,
            tmp_path,
            "second",
            clusters=[nowhere, *there["clusters"]],
            contexts=[other, *there["contexts"]],
            **{"current-context": "other"},
        )
        # Then
        assert (await access.get("pods", "v1"))["items"] == []
        assert access.server.endswith(str(kube.port))
        await access.close()

    asyncio.run(renewed())


def test_a_service_account_is_not_left_for_a_kubeconfig_that_comes_later(kube, tmp_path, monkeypatch):
    account = tmp_path / "account"
    account.mkdir()
    (account / "token").write_text("first")

    async def renewed():
        client = login.Client(None, None, None, print)
        client.auth._serviceaccount = str(account)
        monkeypatch.setattr(client.auth, "_format_server_address", lambda *_: f"http://127.0.0.1:{kube.port}")
        monkeypatch.setattr(client.auth, "ssl_context", no_certificates)
        await client.login()
        by_token(kube, tmp_path, "another")
        await client.login()
        assert client.auth.token == "first"
        await client.aclose()

    async def no_certificates():
        return True

    from planetary_cluster import login

    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", str(kube.port))
    asyncio.run(renewed())


@pytest.mark.parametrize(
    ("current", "asked", "namespace"),
    [
        ("dev", None, "ns"),
        ("dev", "prod", "team"),
        ("dev", "bare", "default"),
        (None, "prod", "team"),
        ("", "bare", "default"),
    ],
)
def test_the_namespace_is_that_of_the_context(kube, tmp_path, current, asked, namespace):
    async def opened():
        there = {"contexts": contexts(dev="ns", prod="team", bare=None), "current-context": current}
        by_token(kube, tmp_path, "first", **there)
        access = await Api.open(context=asked)
        await access.close()
        return access.namespace

    assert asyncio.run(opened()) == namespace


def test_no_context_is_guessed(kube, tmp_path):
    by_token(kube, tmp_path, "first", contexts=contexts(dev=None, prod=None), **{"current-context": ""})
    with pytest.raises(PlanetaryError, match="no current context; it has dev, prod. Say context='dev', or"):
        asyncio.run(Api.open())
    with pytest.raises(PlanetaryError, match="No such context test"):
        asyncio.run(Api.open(context="test"))
    by_token(kube, tmp_path, "first", contexts=[], **{"current-context": ""})
    with pytest.raises(PlanetaryError, match="There is no Kubernetes to talk to"):
        asyncio.run(Api.open())
    for empty in (tmp_path / "none", "/dev/null"):  # a context that was asked for is not replaced by a pod's
        with pytest.raises(PlanetaryError, match="No such context prod"):
            asyncio.run(Api.open(kubeconfig=empty, context="prod"))
        with pytest.raises(PlanetaryError, match="There is no Kubernetes to talk to"):
            asyncio.run(Api.open(kubeconfig=empty))


def test_a_kubeconfig_of_several_files_has_the_first_current_context(kube, tmp_path, monkeypatch):
    by_token(kube, tmp_path, "first")
    (tmp_path / "empty").write_text("apiVersion: v1\nkind: Config\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KUBECONFIG", f"empty{os.pathsep}kubeconfig")

    async def opened():
        access = await Api.open()
        # When Python goes elsewhere, and the token has ended
        monkeypatch.chdir("/")
        kube.token = "second"
        by_token(kube, tmp_path, "second")
        await access.get("pods", "v1")
        await access.close()
        return access.namespace

    assert asyncio.run(opened()) == "ns"


def test_a_login_program_that_takes_its_time_is_named(kube, tmp_path, monkeypatch):
    from planetary_cluster import login

    monkeypatch.setattr(login, "NOTICE_SECONDS", 0.05)
    seen = tmp_path / "seen"
    by_program(kube, tmp_path, f"while [ ! -e {shlex.quote(str(seen))} ]; do sleep 0.05; done")
    told = []

    def tell(line):
        told.append(line)
        seen.touch()

    async def opened():
        await (await Api.open(tell=tell)).close()

    asyncio.run(opened())
    (line,) = told
    assert line.startswith(f"Waiting for the login program of your kubeconfig, {tmp_path / 'kubelogin'}.")
    assert "devicecode" in line
    assert "kubelogin convert-kubeconfig --login azurecli" in line


def test_a_login_program_that_asks_where_nobody_sees_it_is_ended(kube, tmp_path, monkeypatch):
    from planetary_cluster import login

    monkeypatch.setattr(login, "LOGIN_SECONDS", 0.3)
    by_program(kube, tmp_path, f"echo $$ > {shlex.quote(str(tmp_path / 'pid'))}; exec sleep 600")
    with pytest.raises(PlanetaryError, match="kubelogin, did not end within 0.3 s. .*devicecode"):
        asyncio.run(Api.open())
    assert ended(tmp_path / "pid")


def test_who_stops_waiting_for_a_login_program_ends_it(kube, tmp_path):
    by_program(kube, tmp_path, f"echo $$ > {shlex.quote(str(tmp_path / 'pid'))}; exec sleep 600")

    async def impatient():
        opening = asyncio.create_task(Api.open())
        while not (tmp_path / "pid").exists():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening

    asyncio.run(impatient())
    assert ended(tmp_path / "pid")


def ended(pid) -> bool:
    """Whether the process goes whose number is in a file; one that was ended before it began has none."""
    number = pid.read_text().strip() if pid.exists() else ""
    patience = time.monotonic() + 10  # a signal takes its time; by itself it lives for 600 s
    while number and runs(int(number)) and time.monotonic() < patience:
        time.sleep(0.01)
    return not number or not runs(int(number))


def runs(number: int) -> bool:
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_an_api_server_that_says_nothing_is_not_waited_for_for_ever(kube, tmp_path, monkeypatch):
    by_token(kube, tmp_path, "first")
    monkeypatch.setattr(api, "ANSWER_SECONDS", 0.2)
    kube.silent = {"version"}
    with pytest.raises(PlanetaryError, match=f"127.0.0.1:{kube.port} does not answer: Timeout"):
        asyncio.run(Api.open())


def test_a_way_to_a_pod_that_does_not_open_is_not_waited_for_for_ever(kube, tmp_path, monkeypatch):
    async def way():
        access = await Api.open()
        async with access.port("c-scheduler-0", 8786):
            pass

    by_token(kube, tmp_path, "first")
    monkeypatch.setattr(api, "UPGRADE_SECONDS", 0.2)
    kube.silent = {"portforward"}
    with pytest.raises(PlanetaryError, match="did not open a way to pod c-scheduler-0 within 0.2 s"):
        asyncio.run(way())


def test_a_way_that_is_busy_is_not_closed_for_answering_late(kube, tmp_path):
    async def way():
        access = await Api.open()
        async with access.port("c-scheduler-0", 8786) as opened:
            # Then nothing has to be answered in time; the system looks whether anybody is there
            assert opened._keepalive_ping_interval_seconds is None
            connection = opened.stream.get_extra_info("socket")
            assert connection.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        await access.close()

    by_token(kube, tmp_path, "first")
    asyncio.run(way())


def test_what_is_no_api_server_is_told_so(kube, tmp_path, monkeypatch):
    from kube import Version

    monkeypatch.setattr(Version, "get", lambda handler: handler.finish("<html>Sign in</html>"))
    by_token(kube, tmp_path, "first")
    with pytest.raises(PlanetaryError, match="is no Kubernetes API server"):
        asyncio.run(Api.open())
