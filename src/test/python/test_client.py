"""The client library against an API server played by the test, with a real scheduler behind it."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor

import pytest
from distributed import Client, Status

from kube import IMAGE, Kube, condition, ready, starting, status
from planetary_cluster import (
    JobFailed,
    PlanetaryCluster,
    PlanetaryError,
    WorkersMissing,
    api,
    connection,
    display,
    remote,
    versions,
)
from planetary_cluster import elsewhere as elsewhere_module
from planetary_cluster.bundle import Bundle
from pods import TOKEN, until


@pytest.fixture
def kube(pods, tmp_path, monkeypatch):
    """An API server, and an operator that brings a cluster of one worker up in three steps."""
    kube = Kube().start()
    kube.ports = {8786: pods.port, 8787: pods.http}
    monkeypatch.setenv("KUBECONFIG", str(kube.kubeconfig(tmp_path / "kubeconfig")))
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)

    def operator(resource, thing):
        if resource == "planetaryclusters":
            bring_up(kube, pods, thing["metadata"]["name"])

    kube.on_create = operator
    yield kube
    kube.stop()


def bring_up(kube: Kube, pods, name: str, wanted: int = 1) -> None:
    kube.secret(f"{name}-client", pods.folder / "tls")
    kube.scheduler_pod(name)
    for after, said in ((0.1, starting(wanted)), (0.3, ready(0, wanted)), (0.5, ready(1, wanted))):
        kube.later(after, name, said)


def running(kube: Kube, pods, name: str, wanted: int = 1) -> None:
    """A cluster that somebody else made."""
    kube.put("planetaryclusters", {"metadata": {"name": name}, "spec": {}})
    kube.secret(f"{name}-client", pods.folder / "tls")
    kube.scheduler_pod(name)
    kube.say(name, ready(1, wanted))
    until(lambda: "status" in kube.objects["planetaryclusters", name])


@contextlib.contextmanager
def sentence(words: str, kind: type[Exception] = PlanetaryError):
    """An error of ours alone: nothing of another library is shown with it."""
    with pytest.raises(kind, match=words) as raised:
        yield
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__ or raised.value.__context__ is None


def test_a_cluster_from_its_making_to_its_end(kube, capsys):
    # When
    with PlanetaryCluster(n_workers=1, idle_timeout="30m") as cluster:
        # Then: each step is told as it comes
        name = cluster.name
        assert capsys.readouterr().out.splitlines() == [
            f"Creating cluster {name} in namespace ns",
            "Scheduler starting",
            "Scheduler running",
            "Workers 0/1",
            "Workers 1/1",
            "Connecting through the Kubernetes API (port-forward)",
            f"Ready, dashboard at {cluster.dashboard_link}",
        ]
        assert kube.objects["planetaryclusters", name]["spec"] == {
            "onExpiry": "Delete",
            "idleTimeout": "30m",
            "workers": {"replicas": 1},
        }
        # and Dask computes, with the certificate of the Secret
        with Client(cluster) as client:
            assert client.submit(lambda x: x + 1, 41).result() == 42
            assert client.cluster is cluster
        cluster.wait_for_workers(1, timeout=5)
        assert f"PlanetaryCluster({name}, 'tls://127.0.0.1:" in repr(cluster)
        assert "port-forward" in cluster._repr_html_()
        assert cluster.logs()[f"{name}-scheduler-0"] == f"what {name}-scheduler-0 said\n"

    # Then
    assert kube.named("planetaryclusters") == []
    assert f"Cluster {name} deleted" in capsys.readouterr().out


def test_the_dashboard_opens_by_its_link_and_only_by_it(kube, pods):
    with PlanetaryCluster(quiet=True) as cluster:
        link = cluster.dashboard_link
        bare, _, _ = link.partition("?")
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(bare)
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(f"{bare}?planetary-key=guess")
        browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
        assert "Dask" in browser.open(link).read().decode()
        assert browser.open(bare.replace("status", "planetary/v1/state")).status == 200
    # Gone with the cluster
    with pytest.raises((urllib.error.URLError, http.client.HTTPException, OSError)):
        urllib.request.urlopen(bare)


def test_scale_and_adapt_change_the_spec(kube):
    with PlanetaryCluster(groups={"big": {"n_workers": 1}}, quiet=True) as cluster:
        spec = lambda: kube.objects["planetaryclusters", cluster.name]["spec"]  # noqa: E731
        cluster.adapt(minimum=1, maximum=9)
        assert spec()["workers"] == {"replicas": 1, "autoscale": {"min": 1, "max": 9}}
        kube.say(cluster.name, ready(1, 1))
        until(lambda: "Adaptive, 1 to 9" in cluster._scaling_status())
        cluster.scale(3)
        assert spec()["workers"] == {"replicas": 3}
        cluster.adapt(0, 4, group="big")
        assert spec()["workerGroups"] == [{"name": "big", "replicas": 1, "autoscale": {"min": 0, "max": 4}}]
        cluster.scale(2, group="big")
        assert spec()["workerGroups"] == [{"name": "big", "replicas": 2}]
        with sentence("has no group huge; it has default, big"):
            cluster.scale(2, group="huge")
        with sentence("adapt wants the most workers"):
            cluster.adapt(minimum=2)


def test_a_notebook_that_only_looks_does_not_keep_a_cluster_from_idling(kube, pods):
    with PlanetaryCluster(quiet=True) as cluster, Client(cluster):
        until(lambda: time.time() - pods.state()["idleSince"] > 2.5)


def test_workers_that_do_not_come_are_explained_by_the_status(kube):
    with PlanetaryCluster(quiet=True) as cluster:
        limited = ready(1, 1)
        limited["conditions"].append(
            condition("Limited", True, "LimitReached", "1 of 5 workers: the namespace is full")
        )
        kube.say(cluster.name, limited)
        until(lambda: cluster.place.why_not_ready())
        with sentence(
            "1 of 5 workers arrived within 1 s: LimitReached: 1 of 5 workers: the namespace is full",
            WorkersMissing,
        ):
            cluster.wait_for_workers(5, timeout=1)


def test_a_cluster_that_was_there_is_never_deleted(kube, pods, capsys):
    running(kube, pods, "theirs", wanted=3)
    with PlanetaryCluster.from_name("theirs") as cluster, Client(cluster) as client:
        assert "Going on with the workers there are: WorkersStarting: 1 of 3" in capsys.readouterr().out
        assert client.submit(sum, [1, 2]).result() == 3
    assert kube.named("planetaryclusters") == ["theirs"]
    assert ("DELETE", "planetaryclusters") not in kube.requests
    assert PlanetaryCluster.list_clusters() == [
        {"name": "theirs", "phase": "Running", "workers": 1, "wanted": 3, "reason": "WorkersStarting"}
    ]
    with sentence("There is no cluster other in namespace ns; there are theirs"):
        PlanetaryCluster.from_name("other")
    with sentence("There is a cluster theirs in namespace ns already. PlanetaryCluster.from_name.'theirs'."):
        PlanetaryCluster(name="theirs")
    assert kube.named("planetaryclusters") == ["theirs"]


def test_a_cluster_that_runs_is_connected_to_though_a_later_spec_of_it_is_refused(kube, pods, capsys):
    running(kube, pods, "theirs")
    refused = ready(1, 1)
    refused["conditions"].append(condition("Stalled", True, "PodSecurity", "privileged"))
    kube.say("theirs", refused | {"phase": "Degraded"})
    until(lambda: kube.objects["planetaryclusters", "theirs"]["status"]["phase"] == "Degraded")
    with PlanetaryCluster.from_name("theirs") as cluster, Client(cluster) as client:
        assert client.submit(sum, [1, 2]).result() == 3


def test_it_goes_with_its_python(kube, tmp_path):
    # Given an API server with a name, to which there is no connection at the end
    config = kube.kubeconfig(tmp_path / "named", host="localhost")
    program = "import time, planetary_cluster as p; cluster = p.PlanetaryCluster(); time.sleep(1.5)"
    # When
    ended = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"KUBECONFIG": str(config), "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    # Then
    assert ended.returncode == 0, ended.stderr
    assert kube.named("planetaryclusters") == []
    assert "deleted" in ended.stdout


def test_a_stopped_cluster_is_started(kube, pods, capsys):
    running(kube, pods, "theirs")
    stopped = [condition("Ready", True, "Stopped", "nobody used it")]
    kube.say("theirs", status("Stopped", stopped, 0, 0, stoppedAt="2026-01-01T10:00:00Z"))
    until(lambda: kube.objects["planetaryclusters", "theirs"]["status"]["phase"] == "Stopped")

    def operator(resource, thing):
        if thing["metadata"].get("annotations") == {"planetary.dev/start": "2026-01-01T10:00:01Z"}:
            kube.later(0.2, "theirs", ready(1, 1))

    kube.on_change = operator
    with PlanetaryCluster.from_name("theirs"):
        assert "Starting cluster theirs, which was stopped\n" in capsys.readouterr().out


def test_a_cluster_that_cannot_start_says_why_and_is_deleted(kube, monkeypatch):
    stalled = [condition("Stalled", True, "InvalidTemplate", "containers: must be a list")]
    kube.on_create = lambda resource, thing: kube.later(
        0.1, thing["metadata"]["name"], status("Failed", stalled, 0, 1)
    )
    with sentence("cannot start. InvalidTemplate: containers: must be a list"):
        PlanetaryCluster(quiet=True)
    assert kube.named("planetaryclusters") == []

    monkeypatch.setattr(remote, "HOPELESS_SECONDS", 0.3)
    pull = starting(1)
    pull["conditions"][1] = condition(
        "SchedulerReady", False, "SchedulerImagePullBackOff", "ImagePullBackOff: no-such:1"
    )
    kube.on_create = lambda resource, thing: kube.later(0.1, thing["metadata"]["name"], pull)
    with sentence("does not start: ImagePullBackOff: no-such:1"):
        PlanetaryCluster(quiet=True)
    kube.on_create = lambda resource, thing: None
    with sentence("did not start within 0.5 s: the operator says nothing"):
        PlanetaryCluster(quiet=True, timeout=0.5)
    assert kube.named("planetaryclusters") == []


def test_with_fewer_workers_it_goes_on(kube, pods, capsys):
    def operator(resource, thing):
        bring_up(kube, pods, thing["metadata"]["name"], wanted=4)

    kube.on_create = operator
    with PlanetaryCluster(n_workers=4, worker_timeout=1.2):
        told = capsys.readouterr().out
    assert "Workers 1/4\nGoing on with the workers there are: WorkersStarting: 1 of 4 workers ready\n" in told


def test_a_start_that_is_given_up_leaves_nothing(kube):
    async def impatient():
        kube.on_create = lambda resource, thing: kube.later(0, thing["metadata"]["name"], starting(1))
        starts = asyncio.create_task(_started(asynchronous=True, quiet=True))
        while not kube.named("planetaryclusters"):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        starts.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await starts

    asyncio.run(impatient())
    assert kube.named("planetaryclusters") == []


async def _started(**options) -> PlanetaryCluster:
    return await PlanetaryCluster(**options)


def test_asynchronous_in_one_loop_with_its_client(kube):
    async def compute():
        async with PlanetaryCluster(asynchronous=True, quiet=True) as cluster:
            async with Client(cluster, asynchronous=True) as client:
                assert await client.submit(lambda: 7) == 7
            await cluster.scale(2)
            assert [c["name"] for c in await PlanetaryCluster.list_clusters(asynchronous=True)] == [
                cluster.name
            ]
        assert kube.named("planetaryclusters") == []

    asyncio.run(compute())


def test_a_lost_watch_is_taken_up_again_and_the_expiry_is_shown(kube, capsys):
    with PlanetaryCluster() as cluster:
        kube.cut_watches = 2
        until(lambda: kube.cut_watches == 0)
        soon = ready(1, 1, expiresAt="2026-01-01T12:00:00Z")
        soon["conditions"].append(condition("ExpiresSoon", True, "IdleTimeout", "idle"))
        kube.say(cluster.name, soon)
        until(lambda: "the cluster is deleted at 2026-01-01T12:00:00Z" in cluster._repr_html_())
        assert "Warning: the cluster is deleted at 2026-01-01T12:00:00Z" in capsys.readouterr().out


def test_a_cluster_that_goes_by_itself_is_told(kube, capsys):
    with PlanetaryCluster() as cluster:
        kube.remove("planetaryclusters", cluster.name)
        until(lambda: cluster.place.ended())
    assert "Cluster deleted" in capsys.readouterr().out
    assert ("DELETE", "planetaryclusters") not in kube.requests


def test_a_bundle_connects_without_kubernetes(kube, pods, tmp_path, monkeypatch, capsys):
    path = tmp_path / "c.bundle"
    with PlanetaryCluster(load_balancer=True) as cluster:
        # No address yet
        cluster.bundle(path)
        assert "is known inside the Kubernetes cluster only" in capsys.readouterr().out
        # Given
        balance_load(kube, pods, cluster, monkeypatch)
        cluster.bundle(path)
        requests = len(kube.requests)

        # When
        monkeypatch.delenv("KUBECONFIG")
        with PlanetaryCluster.from_bundle(path) as elsewhere, Client(elsewhere) as client:
            # Then
            assert client.submit(lambda: 5).result() == 5
            assert elsewhere.name == cluster.name
            with sentence("scale needs Kubernetes"):
                elsewhere.scale(3)
        assert len(kube.requests) == requests
        assert kube.named("planetaryclusters") == [cluster.name]


def balance_load(kube, pods, cluster, monkeypatch):
    """A load balancer leads to the cluster."""
    load_balancer = {"loadBalancer": {"ingress": [{"ip": "127.0.0.1"}]}}
    kube.put("services", {"metadata": {"name": f"{cluster.name}-external"}, "status": load_balancer})
    monkeypatch.setattr(connection, "COMM_PORT", pods.port)


def test_a_bundle_with_a_token_starts_and_scales_its_cluster_and_no_other(
    kube, pods, tmp_path, monkeypatch, capsys
):
    path = tmp_path / "c.bundle"
    with PlanetaryCluster(load_balancer=True) as cluster:
        # Given
        balance_load(kube, pods, cluster, monkeypatch)
        cluster.bundle(path, scale_hours=2)
        role = kube.objects["roles", f"{cluster.name}-bundle"]
        assert role["rules"][0]["resourceNames"] == [cluster.name]
        assert role["metadata"]["ownerReferences"][0]["uid"] == cluster.place.remote.uid
        assert Bundle.read(path).token == f"{cluster.name}-bundle for 7200 s"
        monkeypatch.delenv("KUBECONFIG")
        seen = []
        kube.on_change = lambda _, thing: seen.append(thing["spec"]["workers"]["replicas"])

        # When
        with PlanetaryCluster.from_bundle(path, quiet=True) as elsewhere:
            elsewhere.scale(3)
        # Then
        assert seen == [3]

        # When it runs and is on its way up, or out of reach, Then it is waited for, and left as it is
        async def closed(*_):
            return False

        monkeypatch.setattr(elsewhere_module, "reachable", closed)
        monkeypatch.setattr(elsewhere_module, "LOOK_SECONDS", 0.01)
        monkeypatch.setattr(elsewhere_module, "RUNNING_SECONDS", 0.1)
        with PlanetaryCluster.from_bundle(path):
            assert f"Waiting for cluster {cluster.name}, which runs" in capsys.readouterr().out
        assert seen == [3]

        # When it has stopped
        kube.say(cluster.name, status("Stopped", [], 0, 0))
        until(lambda: not kube.objects["planetaryclusters", cluster.name]["status"]["groups"][0]["ready"])
        answers = iter([False, False, True])

        async def reachable(*_):
            return next(answers)

        monkeypatch.setattr(elsewhere_module, "reachable", reachable)
        with PlanetaryCluster.from_bundle(path):
            pass
        # Then
        assert seen == [3, 4, 3]
        assert f"Starting cluster {cluster.name}, which does not answer" in capsys.readouterr().out


def test_a_bundle_whose_token_has_ended_connects_all_the_same(kube, pods, tmp_path, monkeypatch, capsys):
    path = tmp_path / "c.bundle"
    with PlanetaryCluster(load_balancer=True) as cluster:
        balance_load(kube, pods, cluster, monkeypatch)
        cluster.bundle(path, scale_hours=2)
        token = Bundle.read(path).token

        # When its token has ended
        kube.token = "t"
        with PlanetaryCluster.from_bundle(path) as elsewhere, Client(elsewhere) as client:
            # Then
            assert client.submit(lambda: 5).result() == 5
            told = capsys.readouterr().out
            assert "\nGoing on without scaling: the bundle's token has ended. A new bundle" in told
            with sentence("the bundle's token has ended. A new bundle"):
                elsewhere.scale(3)

        # When the API server says nothing, Then it is tried again when there is something to scale
        kube.token, kube.silent = token, {"version"}
        monkeypatch.setattr(elsewhere_module, "API_SECONDS", 0.2)
        with PlanetaryCluster.from_bundle(path) as elsewhere:
            assert "Going on without scaling: the Kubernetes API" in capsys.readouterr().out
            kube.silent = set()
            elsewhere.scale(3)
        assert kube.objects["planetaryclusters", cluster.name]["spec"]["workers"]["replicas"] == 3

        # When it is out of reach altogether
        kube.token = ""
        kube.hang_up()
        with PlanetaryCluster.from_bundle(path) as elsewhere:
            assert "Going on without scaling: The Kubernetes API server" in capsys.readouterr().out
            with sentence("does not answer"):
                elsewhere.scale(2)
        kube.listen()


def test_a_bundle_written_right_after_a_change_has_an_address(kube, tmp_path):
    path = tmp_path / "c.bundle"
    with PlanetaryCluster(quiet=True) as cluster:
        cluster.scale(3)  # the status is that of the spec before, until the operator has seen it
        cluster.bundle(path)
    assert Bundle.read(path).address == "tls://c-scheduler.ns.svc:8786"


def test_a_renewed_login_costs_no_results(kube, tmp_path):
    with PlanetaryCluster(quiet=True) as cluster, Client(cluster) as client:
        future = client.submit(lambda: 20)
        assert future.result() == 20
        comm = client.scheduler_comm.comm
        # When the token has ended
        kube.token = "second"
        kube.kubeconfig(tmp_path / "kubeconfig", user={"token": "second"})
        assert cluster.logs()
        # Then
        assert client.submit(lambda x: x + 1, future).result() == 21
        assert client.scheduler_comm.comm is comm
        assert not comm.closed()


def test_a_token_is_not_asked_for_an_account_of_somebody_else(kube, tmp_path):
    with PlanetaryCluster() as cluster:
        kube.put("serviceaccounts", {"metadata": {"name": f"{cluster.name}-bundle"}})
        with sentence("it is not of cluster"):
            cluster.bundle(tmp_path / "c.bundle", scale_hours=2)
        assert not (tmp_path / "c.bundle").exists()


def test_the_load_balancer_is_used_where_it_answers(kube, pods, monkeypatch, capsys):
    monkeypatch.setattr(connection, "COMM_PORT", pods.port)
    running(kube, pods, "c")
    kube.objects["planetaryclusters", "c"]["spec"] = {"scheduler": {"service": {"type": "LoadBalancer"}}}
    load_balancer = {"loadBalancer": {"ingress": [{"ip": "127.0.0.1"}]}}
    kube.put("services", {"metadata": {"name": "c-external"}, "status": load_balancer})
    with PlanetaryCluster.from_name("c") as cluster:
        assert cluster.scheduler_address == f"tls://127.0.0.1:{pods.port}"
        assert "Connecting through its load balancer" in capsys.readouterr().out


def test_certificates_of_the_users_own_are_found(kube, pods):
    running(kube, pods, "c")
    kube.objects["planetaryclusters", "c"]["spec"] = {"tls": {"mode": "Provided", "secretName": "mine"}}
    own = kube.objects["secrets", "c-client"]["data"]
    kube.put("secrets", {"metadata": {"name": "c-client"}, "data": {"token": own["token"]}})
    with sentence("The certificate for clients is missing: There is no secret mine in namespace ns"):
        PlanetaryCluster.from_name("c")
    kube.put(
        "secrets", {"metadata": {"name": "mine"}, "data": {k: v for k, v in own.items() if k != "token"}}
    )
    with PlanetaryCluster.from_name("c", quiet=True) as cluster, Client(cluster) as client:
        assert client.submit(lambda: 6).result() == 6


def test_without_tls_it_connects_without_certificates(kube, plain_pods, tmp_path):
    plain_pods.start_scheduler()
    plain_pods.start_worker("c-default-0", "00000000-bbbb")
    until(lambda: plain_pods.healthy() and plain_pods.worker("00000000-bbbb"))
    kube.ports = {8786: plain_pods.port, 8787: plain_pods.http}
    kube.put("planetaryclusters", {"metadata": {"name": "c"}, "spec": {"tls": {"mode": "Off"}}})
    kube.put(
        "secrets", {"metadata": {"name": "c-client"}, "data": {"token": b64encode(TOKEN.encode()).decode()}}
    )
    kube.scheduler_pod("c")
    kube.say("c", ready(1, 1))
    until(lambda: "status" in kube.objects["planetaryclusters", "c"])
    with PlanetaryCluster.from_name("c", quiet=True) as cluster, Client(cluster) as client:
        assert client.submit(lambda: 8).result() == 8
        assert cluster.scheduler_address.startswith("tcp://127.0.0.1:")
        browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
        assert browser.open(cluster.dashboard_link).status == 200
        with sentence("has no certificates"):
            cluster.bundle(tmp_path / "c.bundle")


def test_a_scheduler_of_other_versions_is_refused_with_its_image(kube, monkeypatch):
    monkeypatch.setattr(
        versions, "here", lambda: {"Python": "3.9", "dask": "2024.1.0", "distributed": "2024.1.0"}
    )
    with sentence(f"Python 3.9, dask 2024.1.0, .* image {IMAGE}"):
        PlanetaryCluster(quiet=True)
    assert kube.named("planetaryclusters") == []


@pytest.mark.parametrize(
    ("request_", "status_", "words"),
    [
        (
            ("POST", "planetaryclusters"),
            403,
            "You may not create planetaryclusters in namespace ns .*planetary-user",
        ),
        (("POST", "planetaryclusters"), 404, "Planetary Operator is not installed"),
        (("POST", "planetaryclusters"), 422, "refuses this: refused POST"),
        (("GET", "planetaryclusters"), 403, "You may not read planetaryclusters"),
        (("GET", "secrets"), 403, "You may not read secrets"),
        (("GET", "portforward"), 403, "You may not create pods.portforward in namespace ns"),
        (("GET", "version"), 401, "does not accept your credentials"),
        (("POST", "planetaryclusters"), 401, "does not accept your credentials"),
    ],
)
def test_refusals_are_sentences_and_leave_nothing(kube, request_, status_, words):
    kube.refuse[request_] = status_
    with sentence(words):
        PlanetaryCluster(quiet=True)
    assert kube.named("planetaryclusters") == []


def test_a_busy_api_server_is_asked_again(kube):
    kube.refuse["GET", "secrets"] = 503
    threading.Timer(1.5, kube.refuse.clear).start()
    PlanetaryCluster(quiet=True).close()


def test_an_outage_of_the_api_server_ends_no_job(kube, monkeypatch):
    # Given a job that is followed, from another thread
    failures = []
    unanswered = api.no_answer
    monkeypatch.setattr(api, "no_answer", lambda *args: failures.append(args) or unanswered(*args))
    monkeypatch.setattr(api, "PAUSE_SECONDS", 0.01)
    with PlanetaryCluster(quiet=True) as cluster, ThreadPoolExecutor() as threads:
        job = threads.submit(cluster.run_job, "print(1)", name="long")
        until(lambda: kube.named("planetaryjobs"))
        # When
        kube.hang_up()
        until(lambda: len(failures) > 2 * api.ATTEMPTS)
        kube.listen()
        kube.say("long", {"phase": "Succeeded", "result": "7"}, "planetaryjobs")
        # Then
        assert job.result(timeout=20) == 7

        # When it lasts too long
        job = threads.submit(cluster.run_job, "print(1)", name="longer")
        until(lambda: kube.named("planetaryjobs") == ["long", "longer"])
        monkeypatch.setattr(api, "OUTAGE_SECONDS", 0.1)
        kube.hang_up()
        # Then it goes on unseen
        with pytest.raises(PlanetaryError, match="does not answer.* Job longer was not told to stop"):
            job.result(timeout=20)
        kube.listen()
        assert kube.named("planetaryjobs") == ["long", "longer"]


def test_a_close_that_fails_says_so_and_can_be_called_again(kube, monkeypatch):
    monkeypatch.setattr(api, "PAUSE_SECONDS", 0.01)
    cluster = PlanetaryCluster(quiet=True)
    kube.hang_up()
    with sentence(
        f"does not answer.* Cluster {cluster.name} is not deleted and may run on: close.. tries it"
    ):
        cluster.close()
    kube.listen()
    assert kube.named("planetaryclusters") == [cluster.name]
    # When
    cluster.close()
    # Then
    assert kube.named("planetaryclusters") == []
    assert not cluster._loop_runner.is_started()
    requests = len(kube.requests)
    cluster.close()
    assert len(kube.requests) == requests


def test_a_close_that_is_cut_short_can_be_called_again(kube):
    cluster = PlanetaryCluster(quiet=True)
    kube.held.add(("DELETE", "planetaryclusters"))
    with pytest.raises(TimeoutError):
        cluster.close(timeout=0.3)
    asked = kube.requests.count(("DELETE", "planetaryclusters"))
    with stop_button(lambda: kube.requests.count(("DELETE", "planetaryclusters")) > asked):
        cluster.close()
    assert kube.named("planetaryclusters") == [cluster.name]
    kube.held.clear()
    cluster.close()
    assert kube.named("planetaryclusters") == []


@pytest.mark.parametrize(
    ("program", "trouble"),
    [
        ("try: cluster = p.PlanetaryCluster(); cluster.close()\nexcept p.PlanetaryError: pass", {}),
        (
            "try: p.PlanetaryCluster()\nexcept p.PlanetaryError as e: assert 'read secrets' in str(e)",
            {("GET", "secrets"): 403},
        ),
    ],
    ids=["close", "start"],
)
def test_what_could_not_be_deleted_goes_with_its_python(kube, program, trouble):
    # Given a Python that has given up deleting its cluster
    kube.refuse |= {("DELETE", "planetaryclusters"): 403, **trouble}
    python = subprocess.Popen(
        [
            sys.executable,
            "-c",
            f"import planetary_cluster as p\n{program}\nprint('left', flush=True)\ninput()",
        ],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert "left\n" in iter(python.stdout.readline, "")
    assert len(kube.named("planetaryclusters")) == 1
    # When
    kube.refuse.clear()
    told, _ = python.communicate("\n", timeout=60)
    # Then
    assert python.returncode == 0
    assert kube.named("planetaryclusters") == []
    assert "deleted" in told


@pytest.mark.parametrize(("status_", "words"), [(0, "does not answer"), (504, "answers 504")])
def test_a_cluster_whose_making_was_not_answered_is_not_left_behind(kube, status_, words):
    kube.lost["POST", "planetaryclusters"] = status_
    with sentence(words):
        PlanetaryCluster(quiet=True)
    assert ("DELETE", "planetaryclusters") in kube.requests
    assert kube.named("planetaryclusters") == []


def test_a_cluster_of_the_same_name_that_somebody_else_made_meanwhile_is_left_alone(kube):
    def operator(resource, thing):
        kube.remove(resource, "c")
        kube.put(resource, {"metadata": {"name": "c"}, "spec": {}})

    kube.on_create = operator
    kube.lost["POST", "planetaryclusters"] = 0
    with sentence("does not answer"):
        PlanetaryCluster(name="c", quiet=True)
    assert kube.named("planetaryclusters") == ["c"]


@pytest.mark.parametrize("phase", ["Suspended", "Stopped"])
def test_a_cluster_that_others_ended_is_left_until_its_own_end(kube, monkeypatch, capsys, phase):
    monkeypatch.setattr(display, "LOOK_SECONDS", 0.01)
    with PlanetaryCluster() as cluster:
        kube.say(cluster.name, status(phase, [condition("Ready", True, phase, "by a queue")], 0, 0))
        until(cluster.place.ended)
        # When its scheduler ends
        cluster.loop.add_callback(cluster._watch_worker_status_comm.abort)
        # Then
        until(lambda: cluster.status == Status.stopped)
        assert "was not ended here, and is left as it is; close() deletes it" in capsys.readouterr().out
        assert kube.named("planetaryclusters") == [cluster.name]
    assert kube.named("planetaryclusters") == []


def test_clusters_are_the_same_only_if_they_are_one(kube, pods):
    running(kube, pods, "theirs")
    with PlanetaryCluster.from_name("theirs") as one, PlanetaryCluster.from_name("theirs") as other:
        assert one != other
        assert len({one, other, one}) == 2
        with Client(one), other.get_client() as client:
            assert client.cluster is other


def test_without_kubernetes_it_says_what_there_is_instead(tmp_path, monkeypatch):
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    with sentence("There is no Kubernetes to talk to.*local=True"):
        PlanetaryCluster()
    kube = Kube()
    kube.port = 1
    monkeypatch.setenv("KUBECONFIG", str(kube.kubeconfig(tmp_path / "dead")))
    with sentence("does not answer"):
        PlanetaryCluster()
    with sentence("cannot be used: No such context prod"):
        PlanetaryCluster(context="prod")


def test_a_job_runs_and_its_result_comes_back(kube, capsys):
    def operator(resource, job):
        if resource == "planetaryjobs":
            steps = [{"phase": "Starting", "message": "the runner starts"}]
            steps += [{"phase": "Running", "progress": {"done": n, "total": 4}} for n in (1, 4)]
            steps += [{"phase": "Succeeded", "result": '{"mean": 0.5}'}]
            for at, said in enumerate(steps):
                kube.later(0.3 + 0.2 * at, job["metadata"]["name"], said, "planetaryjobs")

    with PlanetaryCluster(quiet=True) as cluster:
        cluster.quiet = False
        kube.on_create = operator
        assert cluster.run_job("print(1)", name="mean", parameters={"n": 3}) == {"mean": 0.5}
        assert capsys.readouterr().out.splitlines() == [
            "Job mean: pending",
            "Job mean: starting: the runner starts",
            "Job mean: running, 1/4 tasks",
            "Job mean: running, 4/4 tasks",
            "Job mean: succeeded",
        ]
        job = kube.objects["planetaryjobs", "mean"]
        assert job["spec"]["parameters"] == {"n": "3"}

        kube.on_create = lambda resource, thing: kube.later(
            0.1,
            thing["metadata"]["name"],
            {"phase": "Failed", "reason": "ProgramFailed", "message": "exit code 1: boom"},
            resource,
        )
        with sentence("Job sad failed, ProgramFailed: exit code 1: boom", JobFailed):
            cluster.run_job("raise SystemExit('boom')", name="sad")
        with sentence("There is a job sad already; a name is free again 24h after its job has ended"):
            cluster.run_job("print(1)", name="sad")
    # The results were handed over
    assert kube.named("planetaryjobs") == []


def test_a_result_outlives_a_cluster_that_deletes_itself(kube):
    with PlanetaryCluster(quiet=True) as cluster, ThreadPoolExecutor() as threads:
        jobs = [threads.submit(cluster.run_job, "print(1)", name=name) for name in ("kept", "lost")]
        until(lambda: len(kube.named("planetaryjobs")) == 2)
        # When nobody has used the cluster
        kube.remove("planetaryclusters", cluster.name)
        # Then the API server has no reason to delete its jobs
        assert all(
            "ownerReferences" not in kube.objects["planetaryjobs", j]["metadata"] for j in ("kept", "lost")
        )
        kube.say("kept", {"phase": "Succeeded", "result": "7"}, "planetaryjobs")
        assert jobs[0].result(timeout=20) == 7
        # When one is gone for another reason
        kube.remove("planetaryjobs", "lost")
        # Then nobody says what he does not know
        with sentence("Job lost is gone: it was deleted, or it ended, and was removed", JobFailed):
            jobs[1].result(timeout=20)
    assert kube.named("planetaryjobs") == ["kept"]


def test_a_close_ends_the_jobs_that_are_waited_for(kube):
    cluster = PlanetaryCluster(quiet=True)
    with ThreadPoolExecutor() as threads:
        job = threads.submit(cluster.run_job, "print(1)", name="long")
        until(lambda: kube.named("planetaryjobs"))
        cluster.close()
        with sentence(f"Job long was given up, for cluster {cluster.name} was closed"):
            job.result(timeout=20)
    assert kube.named("planetaryjobs") == []


@pytest.mark.parametrize("status_", [0, 504])
def test_a_job_whose_making_was_not_answered_is_found(kube, status_):
    def operator(resource, thing):
        kube.later(0.1, thing["metadata"]["name"], {"phase": "Succeeded", "result": "7"}, resource)

    with PlanetaryCluster(quiet=True) as cluster:
        kube.on_create = operator
        kube.lost["POST", "planetaryjobs"] = status_
        assert cluster.run_job("print(7)") == 7


def test_a_job_nobody_waits_for_any_more_is_deleted(kube):
    async def impatient():
        async with PlanetaryCluster(asynchronous=True, quiet=True) as cluster:
            kube.on_create = lambda resource, thing: kube.later(
                0, thing["metadata"]["name"], {"phase": "Running"}, resource
            )
            waits = asyncio.ensure_future(cluster.run_job("import time; time.sleep(600)"))
            while not kube.named("planetaryjobs"):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.3)
            waits.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await waits
            assert kube.named("planetaryjobs") == []

    asyncio.run(impatient())


def test_the_same_code_runs_on_this_machine(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    with PlanetaryCluster(
        n_workers=1, local=True, resources={"cpu": 1, "memory": "1Gi"}, env={"A": "b"}
    ) as cluster:
        with Client(cluster) as client:
            assert client.submit(lambda: __import__("os").environ["A"]).result() == "b"
            cluster.scale(2)
            cluster.wait_for_workers(2, timeout=20)
        program = (
            "import json, os\nfrom dask.distributed import Client\nprint('begins')\n"
            "with Client() as client:\n    n = client.submit(int, os.environ['PARAM_N']).result()\n"
            "print(json.dumps({'n': n}))\n"
        )
        assert cluster.run_job(program, parameters={"n": 5}) == {"n": 5}
        with sentence("ProgramFailed: exit code 3: .*no data", JobFailed):
            cluster.run_job("import sys\nprint('no data')\nsys.exit(3)", name="sad")
        with sentence("bundle needs Kubernetes"):
            cluster.bundle(tmp_path / "x")
        assert "this machine" in cluster._repr_html_()
    assert "Starting a cluster on this machine\n" in capsys.readouterr().out


def test_renewed_certificates_are_loaded_into_the_connections_in_use(pods):
    from certificates import Ca
    from planetary_cluster.credentials import Credentials

    def credentials(ca, trusted):
        certificate, key, _ = ca.leaf()
        return Credentials(trusted, certificate.decode(), key.decode(), "t" * 32)

    first, second = Ca(), Ca()
    security = credentials(first, first.pem.decode()).security()
    context = security.context
    assert len(context.get_ca_certs()) == 1
    security.renew(credentials(second, (second.pem + first.pem).decode()))
    assert security.context is context
    assert len(context.get_ca_certs()) == 2
    assert "KEY" not in repr(security)


@contextlib.contextmanager
def stop_button(condition):
    """Sends this process what a notebook's stop button does, once the condition holds, until it is heard.

    An interrupt that arrives while Python collects garbage is lost; and a process that a script started in
    the background, as these tests may be, ignores all.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    heard = threading.Event()

    def press():
        until(condition)
        while not heard.wait(0.2):
            signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
            heard.wait(8)

    thread = threading.Thread(target=press)
    thread.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            yield
    finally:
        heard.set()
        thread.join()
        signal.signal(signal.SIGINT, before)


def test_the_stop_button_ends_what_is_waited_for(kube):
    # While it starts
    working, kube.on_create = kube.on_create, lambda resource, thing: None
    with stop_button(lambda: kube.named("planetaryclusters")):
        PlanetaryCluster(quiet=True)
    assert kube.named("planetaryclusters") == []

    # While a job runs
    kube.on_create = working
    with PlanetaryCluster(quiet=True) as cluster:
        with stop_button(lambda: kube.named("planetaryjobs")):
            cluster.run_job("import time; time.sleep(600)")
        assert kube.named("planetaryjobs") == []
        assert cluster.get_client().submit(lambda: 1).result() == 1
