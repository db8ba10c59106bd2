"""The token guard on real processes: every route of a scheduler and of a worker."""

from __future__ import annotations

import http.client
import re
from urllib.parse import urlencode

import pytest
from distributed.dashboard.scheduler import applications

from pods import BEARER, TOKEN, until

ROUTES = [
    "/",
    "/status",
    "/workers",
    "/tasks",
    "/system",
    "/individual-task-stream",
    "/sitemap.json",
    "/metrics",
    "/json/identity.json",
    "/json/counts.json",
    "/info/main/workers.html",
    "/info/logs.html",
    "/info/call-stacks/x.html",
    "/proxy/8788/127.0.0.1/status",
    "/statics/css/base.css",
    "/static/js/bokeh.min.js",
    "/autoload.js",
    "/planetary/v1/state",
    "/planetary/v1/nothing",
    "/no-such-page",
    "/health/",
    "/health/../status",
    "//health",
    "/health%2f..%2fstatus",
]


@pytest.mark.parametrize("path", ROUTES)
def test_every_route_of_the_scheduler_wants_the_token(pods, path):
    assert pods.call("GET", path, headers={})[0] == 401


def test_every_dashboard_page_wants_the_token(pods):
    pages = [path for page in applications for path in (page, f"{page}/ws", f"{page}/autoload.js")]
    assert len(pages) > 100
    assert {path for path in pages if pods.call("GET", path, headers={})[0] != 401} == set()


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"])
def test_no_method_goes_around(pods, method):
    assert pods.call(method, "/status", headers={})[0] == 401
    assert pods.call(method, "/planetary/v1/ending", headers={})[0] == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer "},
        {"Authorization": f"Basic {TOKEN}"},
        {"Authorization": f"Bearer {TOKEN[:-1]}"},
        {"Authorization": f"Bearer {TOKEN}0"},
        {"Authorization": "Bearer \xe9"},
        {"Cookie": "planetary-token="},
        {"Cookie": f"other={TOKEN}"},
        {"X-Token": TOKEN},
    ],
)
def test_a_wrong_token_is_refused(pods, headers):
    assert pods.call("GET", "/status", headers=headers)[0] == 401


def test_a_token_in_the_url_is_refused(pods):
    assert pods.call("GET", f"/status?token={TOKEN}", headers={})[0] == 401
    assert TOKEN not in "".join(process.log() for process in pods.processes)


@pytest.mark.parametrize("headers", [BEARER, {"Cookie": f"a=b; planetary-token={TOKEN}"}])
@pytest.mark.parametrize("path", ["/status", "/metrics", "/json/identity.json", "/planetary/v1/state"])
def test_the_token_opens_as_header_and_as_cookie(pods, headers, path):
    assert pods.call("GET", path, headers=headers)[0] == 200


def websocket(pods, headers: dict) -> int:
    page = pods.call("GET", "/status")[2].decode()
    session = re.search(r'"token":"([^"]+)"', page).group(1)
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Protocol": f"bokeh, {session}",
        "Origin": f"https://127.0.0.1:{pods.http}",
    }
    connection = http.client.HTTPSConnection("127.0.0.1", pods.http, context=pods.tls)
    try:
        connection.request("GET", "/status/ws", headers=upgrade | headers)
        return connection.getresponse().status
    finally:
        connection.close()


def test_the_dashboards_websocket_wants_the_token(pods):
    assert websocket(pods, {}) == 401
    assert websocket(pods, {"Cookie": f"planetary-token={TOKEN}"}) == 101


def test_a_browser_gets_a_form_and_a_cookie_for_the_token(pods):
    status, headers, page = pods.call("GET", "/status", headers={"Accept": "text/html"})
    assert status == 401 and b'action="/planetary/v1/login"' in page
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    status, headers, _ = pods.call("POST", "/planetary/v1/login", urlencode({"token": TOKEN}).encode(), form)
    assert status == 303 and headers["Location"] == "/status"
    cookie = headers["Set-Cookie"]
    assert all(word in cookie for word in ("HttpOnly", "Secure", "SameSite=Strict", "Path=/"))
    assert pods.call("GET", "/status", headers={"Cookie": cookie.partition(";")[0]})[0] == 200


def test_login_refuses_what_is_not_the_token(pods):
    assert pods.call("POST", "/planetary/v1/login", b"token=wrong", {})[0] == 401
    assert pods.call("POST", "/planetary/v1/login", b"", {})[0] == 401
    assert pods.call("GET", f"/planetary/v1/login?token={TOKEN}", headers={})[0] == 401


def test_strangers_bodies_are_not_kept(pods):
    length = {"Content-Length": "100000"}  # of which nothing is sent: the answer comes at once
    assert pods.call("POST", "/planetary/v1/login", None, length)[0] == 400
    assert pods.call("POST", "/planetary/v1/retire", None, length)[0] == 401


@pytest.mark.parametrize("path", ["/status", "/metrics", "/planetary/v1/state", "/sitemap.json"])
def test_a_workers_http_port_wants_the_token(pods, path):
    assert pods.healthy(pods.worker_http)
    assert pods.call("GET", path, headers={}, port=pods.worker_http)[0] == 401


def test_the_token_opens_a_workers_http_port_which_has_no_dashboard(pods):
    assert pods.call("GET", "/metrics", port=pods.worker_http)[0] == 200
    assert pods.call("GET", "/status", port=pods.worker_http)[0] == 404


SLOW_SETUP = """
setup = dask_setup

@planetary_guard.fatal
async def dask_setup(scheduler):
    while not os.path.exists("go"):
        await asyncio.sleep(0.05)
    if os.environ["BROKEN"]:
        raise OSError("broken")
    await setup(scheduler)
"""


@pytest.mark.parametrize("broken", ["", "yes"])
def test_a_scheduler_is_guarded_before_it_is_armed_and_never_fails_open(own_pods, broken):
    with open(own_pods.preload / "planetary_scheduler.py", "a") as file:
        file.write(SLOW_SETUP)
    scheduler = own_pods.start_scheduler(BROKEN=broken)
    assert until(lambda: own_pods.call("GET", "/health", headers={})[0]) == 503
    assert own_pods.call("GET", "/status", headers={})[0] == 401
    assert own_pods.call("GET", "/json/identity.json", headers={})[0] == 401
    (own_pods.folder / "go").touch()
    if broken:
        assert scheduler.exit_code() == 1
        assert "OSError: broken" in scheduler.log()
    else:
        until(own_pods.healthy)
        assert own_pods.call("GET", "/status", headers={})[0] == 401


def test_without_a_token_nothing_starts(own_pods):
    (own_pods.folder / "tls" / "token").write_text("")
    scheduler = own_pods.start_scheduler()
    worker = own_pods.start_worker("c-default-0", "uid")
    assert scheduler.exit_code() != 0
    assert worker.exit_code() != 0
    until(lambda: "holds no token" in scheduler.log() and "holds no token" in worker.log())
