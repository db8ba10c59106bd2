"""The client library's pure parts: what a status says, what options become, what errors say."""

from __future__ import annotations

import stat
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from planetary_cluster import JobFailed, PlanetaryError, errors, jobs, options, steps, versions
from planetary_cluster.bundle import Bundle

GOLDEN = Path(__file__).resolve().parents[1] / "resources" / "golden"


def cluster(case: str, **spec) -> dict:
    """A cluster with the status that the operator gives it in its own tests."""
    found = yaml.load((GOLDEN / case / "out-status.yaml").read_text(), yaml.BaseLoader)
    for group in found["groups"]:
        group |= {"ready": int(group["ready"]), "desired": int(group["desired"])}
    return {
        "metadata": {"name": "ndvi", "generation": found["observedGeneration"]},
        "spec": spec,
        "status": found,
    }


@pytest.mark.parametrize(
    ("case", "lines"),
    [
        ("starting", ["Scheduler starting"]),
        ("starting-workers", ["Scheduler running", "Workers 1/2"]),
        ("running", ["Scheduler running", "Workers 2/2"]),
        (
            "quota",
            [
                "Scheduler running",
                "Workers 2/3: QuotaExceeded: Pod ndvi-default-2 not created yet: exceeded quota: compute, "
                "requested: "
                "cpu=900m, used: cpu=2, limited: cpu=2",
            ],
        ),
        (
            "image-pull",
            [
                "Scheduler starting: scheduler not ready; ndvi-scheduler-0: ImagePullBackOff: failed to "
                "pull and unpack "
                'image "ghcr.io/team-a/no-such:1": not found'
            ],
        ),
        (
            "limit-workers",
            [
                "Scheduler starting",
                "Limited: 3 of 5 workers: the namespace may have 10 workers (setting "
                "planetary.limits.workers), and "
                "others have 7 (abc 5, bcd 1, cde 1)",
            ],
        ),
    ],
)
def test_a_status_becomes_lines(case, lines):
    assert steps.Steps().of(cluster(case)) == lines


def test_one_who_is_far_from_the_data_is_told():
    lines = steps.Steps().of(cluster("data-elsewhere"))
    assert lines == [
        "Scheduler running",
        "Workers 2/2",
        "Warning: sentinel-2-l2a (storage account sentinel2l2a01) in westeurope; nodes in eastus: reading "
        "from there is slow and costs egress; run it in a Kubernetes cluster in westeurope",
    ]
    assert steps.Steps().of(cluster("data-near")) == ["Scheduler starting"]
    assert steps.Steps().of(cluster("data-required-locating")) == ["Scheduler starting"]


def test_who_must_be_near_the_data_cannot_go_on_far_from_it():
    refused = cluster("data-required-elsewhere")
    assert steps.verdict(refused).startswith("DataElsewhere: sentinel-2-l2a ")
    assert not any(line.startswith("Warning") for line in steps.Steps().of(refused))


def test_lines_are_told_once_and_again_when_they_change():
    told = steps.Steps()
    assert told.of(cluster("starting-workers")) == ["Scheduler running", "Workers 1/2"]
    assert told.of(cluster("starting-workers")) == []
    assert told.of(cluster("running")) == ["Workers 2/2"]
    assert told.of(None) == ["Cluster deleted"]


def test_a_status_of_another_spec_says_nothing():
    old = cluster("running")
    old["metadata"]["generation"] = 2
    assert steps.Steps().of(old) == []
    assert not steps.all_there(old)


def test_a_stalled_cluster_cannot_go_on_and_says_why():
    assert steps.verdict(cluster("stalled")) == (
        "Invalid: the API server refuses Pod ndvi-default-0: Pod is invalid: spec.containers[1].image: "
        "Required value"
    )
    assert steps.verdict(cluster("starting")) == ""


@pytest.mark.parametrize(
    ("case", "is_hopeless"), [("image-pull", True), ("scheduler-crash-loop", True), ("starting", False)]
)
def test_trouble_that_waiting_seldom_helps(case, is_hopeless):
    assert bool(steps.hopeless(cluster(case))) is is_hopeless


@pytest.mark.parametrize(
    ("case", "there"), [("running", True), ("starting-workers", False), ("limit-lowered", True)]
)
def test_all_that_is_to_come_is_there(case, there):
    assert steps.all_there(cluster(case)) is there


def test_an_expiry_warning_says_what_happens_when_and_why():
    warned = steps.expiry(cluster("idle-expired-delete", onExpiry="Delete"))
    assert warned.startswith("Warning: the cluster is deleted at 2026-03-01T11:59:00Z, for nobody uses it")
    assert steps.expiry(cluster("running")) == ""


def test_options_become_fields_of_the_spec():
    assert options.spec(
        n_workers=3,
        threads=2,
        resources={"cpu": 4, "memory": "16Gi"},
        image="registry.example/dask:1",
        env={"GDAL_CACHEMAX": 512},
        groups={"gpu": {"n_workers": 1, "gpu": 1, "spot": "require", "resources": {"requests": {"cpu": 1}}}},
        spot=True,
        collections=["sentinel-2-l2a", "naip", "naip"],
        locality="require",
        idle_timeout=timedelta(minutes=90),
        scheduler={"resources": {"memory": "8Gi"}},
        load_balancer={"loadBalancerSourceRanges": ["203.0.113.7/32"]},
    ) == {
        "image": "registry.example/dask:1",
        "env": [{"name": "GDAL_CACHEMAX", "value": "512"}],
        "idleTimeout": "5400s",
        "onExpiry": "Delete",
        "scheduler": {
            "resources": {"limits": {"memory": "8Gi"}},
            "service": {"type": "LoadBalancer", "loadBalancerSourceRanges": ["203.0.113.7/32"]},
        },
        "workers": {
            "replicas": 3,
            "threads": 2,
            "resources": {"limits": {"cpu": "4", "memory": "16Gi"}},
            "spot": "Prefer",
        },
        "workerGroups": [
            {
                "name": "gpu",
                "replicas": 1,
                "gpu": 1,
                "spot": "Require",
                "resources": {"requests": {"cpu": "1"}},
            }
        ],
        "data": {"collections": ["sentinel-2-l2a", "naip"], "locality": "Require"},
    }


@pytest.mark.parametrize(
    ("written", "seconds"), [("90s", 90), ("1h30m", 5400), ("30m1h", 5400), ("0s", None), (None, None)]
)
def test_times_are_read_as_the_operator_reads_them(written, seconds):
    assert options.seconds(written) == seconds


def test_words_are_no_time():
    with pytest.raises(PlanetaryError, match="'soon' is no time"):
        options.seconds("soon")


def test_what_is_not_asked_for_is_left_to_the_operator():
    assert options.spec() == {"onExpiry": "Delete", "workers": {"replicas": 1}}


def test_a_single_collection_may_stand_alone():
    assert options.spec(collections="naip")["data"] == {"collections": ["naip"]}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"collections": [3]}, 'such as "sentinel-2-l2a", not 3'),
        ({"locality": "near"}, "locality is 'Prefer', 'Require' or 'Ignore', not 'near'"),
        ({"n_workers": -1}, "0 or more, not -1"),
        ({"n_workers": "4"}, "0 or more, not '4'"),
        ({"resources": {"memory": 16}}, 'such as "16Gi"'),
        ({"resources": "4 cores"}, "resources is a dict"),
        ({"spot": "maybe"}, "not 'maybe'"),
        ({"idle_timeout": -5}, "-5 is no time"),
        ({"groups": {"big": {"memory": "64Gi"}}}, "not memory"),
    ],
)
def test_options_that_cannot_be_are_refused_with_a_sentence(given, words):
    with pytest.raises(PlanetaryError, match=words):
        options.spec(**given)


@pytest.mark.parametrize("bounds", [(0, None), (5, 2), (-1, 3)])
def test_adapt_wants_bounds_that_can_be(bounds):
    with pytest.raises(PlanetaryError, match="adapt"):
        options.autoscale(*bounds)


def test_names_are_valid_and_differ():
    names = {options.generated_name() for _ in range(20)}
    assert len(names) == 20
    assert all(options.checked_name(name) for name in names)
    with pytest.raises(PlanetaryError, match="'My Cluster' is no name"):
        options.checked_name("My Cluster")


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (401, {"message": "Unauthorized"}, "does not accept your credentials .401: Unauthorized.*kubelogin"),
        (
            403,
            {"message": "me cannot create"},
            "You may not create planetaryclusters in namespace ns .*planetary-user",
        ),
        (403, {"message": "exceeded quota: objects"}, "refuses this: exceeded quota: objects"),
        (404, {}, "Planetary Operator is not installed .*planetaryclusters"),
        (422, {"message": "spec.idleTimeout: write a time"}, "refuses this: spec.idleTimeout: write a time"),
        (500, {}, "answers 500"),
    ],
)
def test_refusals_of_the_api_server_become_sentences(status, body, words):
    with pytest.raises(PlanetaryError, match=words):
        raise errors.refusal("POST", "planetaryclusters", "ns", status, body)


def test_a_missing_object_is_no_missing_operator():
    found = errors.refusal("GET", "planetaryclusters/c", "ns", 404, {"details": {"name": "c"}})
    assert isinstance(found, errors.NotThere)


def test_other_versions_are_refused_with_the_image_to_use():
    mine = {"Python": "3.12", "dask": "2026.8.0", "distributed": "2026.8.0"}
    answer = {"packages": {"python": "3.13.0.final.0", "dask": "2026.8.0", "distributed": "2026.8.0"}}
    theirs = versions.of_scheduler(answer)
    versions.check("c", theirs, theirs, "image:1")
    with pytest.raises(PlanetaryError, match=r"has Python 3\.12; cluster c has Python 3\.13.* image image:1"):
        versions.check("c", mine, theirs, "image:1")


def test_a_bundle_is_one_file_for_its_owner(tmp_path):
    path = tmp_path / "ndvi.bundle"
    path.write_text("older")
    path.chmod(0o644)
    bundle = Bundle("ndvi", "team-a", "tls://203.0.113.7:8786", "CA", "CERTIFICATE", "KEY", "image:1")
    bundle.write(path)
    assert Bundle.read(path) == bundle
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["ndvi.bundle"]
    assert "KEY" not in repr(bundle)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"version": 1}', '{"version": 9, "name": "x"}'])
def test_what_is_no_bundle_is_told_so(tmp_path, content):
    path = tmp_path / "x.bundle"
    path.write_text(content)
    with pytest.raises(PlanetaryError, match="no connection bundle"):
        Bundle.read(path)
    with pytest.raises(PlanetaryError, match="There is no connection bundle"):
        Bundle.read(tmp_path / "none")


def test_a_job_is_what_was_asked_for(tmp_path):
    script = tmp_path / "mean.py"
    script.write_text("print(1)")
    job = jobs.manifest(
        "c", script, name="mean", parameters={"bbox": "5,52", "years": [2020, 2021]}, timeout="1h"
    )
    assert job["metadata"] == {"name": "mean"}
    assert job["spec"] == {
        "clusterRef": {"name": "c"},
        "script": "print(1)",
        "parameters": {"bbox": "5,52", "years": "[2020, 2021]"},
        "retries": 0,
        "activeDeadline": "1h",
        "ttlAfterFinished": "24h",
    }
    assert jobs.manifest("c", "print(2)")["spec"]["script"] == "print(2)"
    with pytest.raises(PlanetaryError, match="cannot be read"):
        jobs.manifest("c", "no-such.py")


def test_the_end_of_a_job_is_its_result_or_its_last_words():
    def job(phase, **status):
        return {"metadata": {"name": "j"}, "status": {"phase": phase, **status}}

    assert jobs.outcome(job("Running")) == (False, None)
    assert jobs.outcome(job("Succeeded", result='{"mean": 0.5}')) == (True, {"mean": 0.5})
    assert jobs.outcome(job("Succeeded", result="text")) == (True, "text")
    assert jobs.line(job("Running", progress={"done": 3, "total": 7})) == "Job j: running, 3/7 tasks"
    with pytest.raises(JobFailed, match="Job j failed, ProgramFailed: exit code 1: ValueError: no data"):
        jobs.outcome(job("Failed", reason="ProgramFailed", message="exit code 1: ValueError: no data"))


def test_packages_are_refused_with_the_lines_to_write():
    with pytest.raises(PlanetaryError) as refused:
        options.refuse_packages(["xgboost==3.1.0", "scikit-learn>=1.8"])

    assert "`RUN pip install --no-cache-dir xgboost==3.1.0 'scikit-learn>=1.8'`" in str(refused.value)
    assert "(with a version for scikit-learn>=1.8: ==)" in str(refused.value)
    assert options.refuse_packages(None) is None


def test_an_environment_has_the_clusters_python_and_packages():
    answer = {
        "packages": {"python": "3.13.5.final.0", "dask": "2026.8.0", "lz4": None, "distributed": "2026.8.0"}
    }

    made = yaml.safe_load(versions.environment("ndvi", answer))

    assert made["dependencies"] == [
        "python=3.13",
        "ipykernel",
        "pip",
        {"pip": ["dask==2026.8.0", "distributed==2026.8.0"]},
    ]
