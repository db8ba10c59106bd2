"""Whole pods without TLS (tls.mode Off): Dask over tcp, the token and preStop hooks over plain HTTP."""

from __future__ import annotations

from urllib.parse import urlencode

from distributed import Client

from pods import TOKEN, free_port, until


def test_dask_computes_and_every_route_wants_the_token(plain_pods):
    plain_pods.start_scheduler()
    http = free_port()
    plain_pods.start_worker("c-default-0", "u", http_port=http)
    until(lambda: plain_pods.healthy() and plain_pods.worker("u"))

    with Client(f"tcp://127.0.0.1:{plain_pods.port}", set_as_default=False) as client:
        assert client.submit(pow, 7, 2).result(60) == 49
        assert plain_pods.worker("u")["address"].startswith("tcp://")

    for port in (plain_pods.http, http):
        for route in ("/status", "/metrics", "/planetary/v1/state"):
            assert plain_pods.call("GET", route, headers={}, port=port)[0] == 401
    assert plain_pods.call("GET", "/status")[0] == 200


def test_a_browser_keeps_the_cookie_of_a_plain_login(plain_pods, pods):
    plain_pods.start_scheduler()
    until(plain_pods.healthy)
    form = urlencode({"token": TOKEN}).encode()
    kind = {"Content-Type": "application/x-www-form-urlencoded"}

    cookies = [p.call("POST", "/planetary/v1/login", form, kind)[1]["Set-Cookie"] for p in (plain_pods, pods)]

    assert ["Secure" in cookie for cookie in cookies] == [False, True]
    assert plain_pods.call("GET", "/status", headers={"Cookie": cookies[0].split(";")[0]})[0] == 200


def test_the_prestop_hooks_reach_the_scheduler(plain_pods):
    scheduler = plain_pods.start_scheduler()
    uids = ("u", "v")
    workers = {uid: plain_pods.start_worker(f"c-default-{uid}", uid) for uid in uids}
    until(lambda: plain_pods.healthy() and all(plain_pods.worker(uid) for uid in uids))

    with Client(f"tcp://127.0.0.1:{plain_pods.port}", set_as_default=False) as client:
        kept = client.scatter({"x": 5}, workers=[plain_pods.worker("u")["address"]], hash=False)
        hook = plain_pods.start_prestop("worker", "u", PLANETARY_DRAIN_TIMEOUT="30")
        assert hook.exit_code() == 0
        assert "planetary preStop of the worker: retired" in hook.log()
        assert workers["u"].exit_code() == 0
        assert client.gather(kept) == {"x": 5}

    ending = plain_pods.start_prestop("scheduler", "s")
    until(lambda: plain_pods.state()["ending"])
    workers["v"].stop()
    assert ending.exit_code() == 0
    assert "all left" in ending.log()
    assert "Traceback" not in scheduler.log()
