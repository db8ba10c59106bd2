"""dev: what its scripts do to a cluster, theirs or yours (CONTEXT=name), by commands that only remember."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
FAKE = """#!/usr/bin/env bash
# Any command: remembers its call, fails if it is told to, and answers what matters here.
said="${0##*/} $*"
echo "$said" >>"$FAKE/calls"
if [ -s "$FAKE/fails" ] && [[ $said == "$(cat "$FAKE/fails")"* ]]; then
  echo "it was told to fail" >&2
  exit 1
fi
case $said in
  "kubectl config view"*) echo SECRET-OF-THE-CLUSTER ;;
  "kubectl get configmap coredns"*) cat "$FAKE/corefile" ;;
  "kubectl kustomize"*) cat "$FAKE/rendered" ;;
  "kubectl "*"get plj -o jsonpath={range"*) printf 'ndvi Succeeded 100 Done\\nmine Running 1 Running\\n' ;;
  "kubectl "*"get plj ndvi -o jsonpath={.status.phase}"*) echo Succeeded ;;
  "kubectl "*"get plj ndvi -o jsonpath={.status.result}"*) echo 0.7 ;;
  *" apply -f -") cat >/dev/null ;;
  "ctr "*) echo it-is-there ;;
esac
"""


class Machine:
    def __init__(self, folder: Path):
        self.folder = folder
        self.state = folder / "state"
        self.state.mkdir()
        commands = folder / "bin"
        commands.mkdir()
        (folder / "fake").write_text(FAKE)
        (folder / "fake").chmod(0o755)
        for name in ("kubectl", "podman", "ctr", "openssl"):
            (commands / name).symlink_to(folder / "fake")
        (folder / "rendered").write_text(RENDERED)
        (folder / "corefile").write_text(".:53 {\n    forward . /etc/resolv.conf\n}\n")
        ours = re.compile("PLANETARY_|KUBECONFIG|REGISTRY|STANDIN|CONTEXT|DATA|NAMESPACE|LOAD")
        self.env = {name: value for name, value in os.environ.items() if not ours.match(name)}
        self.env |= {
            "FAKE": str(folder),
            "PATH": f"{commands}:{os.environ['PATH']}",
            "PLANETARY_CACHE": str(folder / "cache"),
            "PLANETARY_STATE": str(self.state),
            "PLANETARY_ENGINE": "podman",
        }

    def of(self, provider: str) -> Machine:
        """Its cluster was brought up that way."""
        (self.state / "provider").write_text(provider)
        return self

    def fail(self, call: str) -> None:
        """From now on calls that begin with this fail."""
        (self.folder / "fails").write_text(call)

    def run(self, *command: str, **env: str) -> subprocess.CompletedProcess:
        (self.folder / "calls").write_text("")
        return subprocess.run(
            [ROOT / command[0], *command[1:]],
            env=self.env | env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            umask=0o022,
        )

    def calls(self) -> list[str]:
        return (self.folder / "calls").read_text().splitlines()

    def at(self, call: str) -> int:
        return next((i for i, c in enumerate(self.calls()) if c.startswith(call)), -1)


@pytest.fixture
def machine(tmp_path) -> Machine:
    return Machine(tmp_path)


RENDERED = """\
kind: PlanetaryJob
metadata:
  labels: {}
  name: ndvi
spec:
  name: no
---
kind: ConfigMap
metadata:
  name: no
"""
ROLLOUT, PATCH = "kubectl rollout status deployment/standin", "kubectl patch configmap coredns"


def test_an_image_that_ones_own_cluster_could_not_pull_is_not_built(machine):
    said = machine.of("context").run("dev/images/build", "standin")

    assert said.returncode == 1
    assert "set REGISTRY" in said.stderr
    assert machine.calls() == []
    assert machine.run("dev/images/build", "standin", LOAD="no").returncode == 0


def test_the_image_that_another_starts_from_is_built_first(machine):
    machine.fail("podman image inspect")  # none is there

    said = machine.of("source").run("dev/images/build", "client-jupyter")

    assert said.returncode == 0, said.stderr
    calls = "\n".join(machine.calls())
    built = re.findall(r"podman build .* -t localhost/planetary/([a-z-]+):", calls)
    assert built == ["client", "client-jupyter"]
    assert not re.search(r"^ctr .*planetary/client:", calls, re.MULTILINE)  # nobody runs it there


def test_the_names_of_ones_own_cluster_are_changed_for_a_word_only(machine):
    said = machine.of("context").run("dev/standin/up", REGISTRY="mine.example")

    assert said.returncode == 1
    assert "*.blob.core.windows.net" in said.stderr
    assert "STANDIN=yes" in said.stderr
    assert "DATA=planetary-computer" in said.stderr
    assert [c for c in machine.calls() if not c.startswith("kubectl get")] == []

    assert machine.run("dev/standin/up", REGISTRY="mine.example", STANDIN="yes").returncode == 0
    assert -1 < machine.at(ROLLOUT) < machine.at(PATCH)


@pytest.mark.parametrize("provider", ["source", "kind"])
def test_the_projects_own_cluster_asks_for_no_word(machine, provider):
    (machine.folder / "bin/kind").symlink_to(machine.folder / "fake")

    assert machine.of(provider).run("dev/standin/up").returncode == 0
    assert -1 < machine.at(ROLLOUT) < machine.at(PATCH)


def test_names_lead_to_no_stand_in_that_did_not_get_ready(machine):
    machine.fail(ROLLOUT)

    said = machine.of("context").run("dev/standin/up", REGISTRY="mine.example", STANDIN="yes")

    assert said.returncode == 1
    assert "did not get ready" in said.stderr
    assert machine.at(PATCH) == -1


def test_without_a_stand_in_another_dns_than_coredns_is_nothing_to_mind(machine):
    (machine.folder / "corefile").write_text("")

    assert machine.of("context").run("dev/standin/down").returncode == 0
    said = machine.run("dev/standin/names", "add", STANDIN="yes")
    assert said.returncode == 1
    assert "no ConfigMap kube-system/coredns" in said.stderr


def test_down_takes_nothing_that_others_gave_the_same_names(machine):
    assert machine.of("context").run("dev/standin/down").returncode == 0

    deletions = [call for call in machine.calls() if call.startswith("kubectl delete")]
    assert len(deletions) == 2
    assert all(" -l app.kubernetes.io/part-of=planetary-standin" in call for call in deletions)


def test_openssls_words_are_told(machine):
    machine.fail("openssl ")

    said = machine.of("source").run("dev/standin/up")

    assert said.returncode == 1
    assert "it was told to fail" in said.stderr
    assert "openssl 3" in said.stderr


def test_nobody_else_reads_the_copy_of_the_kubeconfig(machine):
    said = machine.run("dev/cluster/up", CONTEXT="mine")

    assert said.returncode == 0, said.stderr
    copy = machine.state / "kubeconfig"
    assert "SECRET" in copy.read_text()
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600


def test_examples_are_made_again_and_other_jobs_left_alone(machine):
    said = machine.run("dev/demo/examples")

    assert said.returncode == 0, said.stderr
    assert said.stdout == "ndvi: 0.7\n"
    deleted = [c for c in machine.calls() if " delete " in c]
    assert deleted == ["kubectl -n examples delete plj ndvi --ignore-not-found"]


def test_examples_that_cannot_be_made_again_are_told(machine):
    machine.fail("kubectl -n examples delete")

    said = machine.run("dev/demo/examples")

    assert said.returncode == 1
    assert "it was told to fail" in said.stderr
    assert "jobs of a former run" in said.stderr


def test_another_system_is_told_what_is_wanted(machine):
    few = machine.folder / "few"  # but no flock
    few.mkdir()
    for name in ("bash", "dirname"):
        (few / name).symlink_to(shutil.which(name))
    for lacking in ({"OSTYPE": "darwin23"}, {"PATH": str(few)}):
        said = machine.run("dev/cluster/up", CONTEXT="mine", **lacking)

        assert said.returncode == 1, lacking
        assert "Linux" in said.stderr
        assert "flock" in said.stderr
        assert machine.calls() == []
