"""deploy/azure: the scripts, against an az that only remembers; and the Bicep files against the scripts."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
from pathlib import Path

import pytest
from pycep import BicepParser

ROOT = Path(__file__).parents[3]
AZURE = ROOT / "deploy/azure"
WRITES = re.compile(r" (create|register|delete|start|apply|push|login|get-credentials) ")


class Subscription:
    """Azure, as far as the fake goes."""

    def __init__(self, folder: Path):
        self.folder = folder / "azure"
        self.cache = folder / "cache"
        commands = folder / "bin"
        for made in (self.folder, commands):
            made.mkdir()
        for name in ("az", "kubectl", "podman"):
            (commands / name).symlink_to(Path(__file__).parent / "fake_azure/az")
        ours = re.compile("PLANETARY_|KUBECONFIG|REGISTRY")
        self.env = {name: value for name, value in os.environ.items() if not ours.match(name)}
        self.env |= {
            "FAKE": str(self.folder),
            "PATH": f"{commands}:{os.environ['PATH']}",
            "PLANETARY_CACHE": str(self.cache),
            "PLANETARY_ENGINE": "podman",
        }

    def run(self, script: str, *args: str) -> subprocess.CompletedProcess:
        self.file("calls").write_text("")
        return subprocess.run(
            [AZURE / script, *args],
            env=self.env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def file(self, name: str) -> Path:
        return self.folder / name

    def fail(self, call: str) -> None:
        """From now on calls that contain this fail."""
        self.file("fails").write_text(call)

    def calls(self) -> list[str]:
        return self.file("calls").read_text().splitlines()

    def writes(self) -> list[str]:
        return [call for call in self.calls() if WRITES.search(call + " ")]


@pytest.fixture
def azure(tmp_path) -> Subscription:
    return Subscription(tmp_path)


def test_from_a_subscription_to_the_examples(azure):
    said = azure.run("up", "--yes")

    assert said.returncode == 0, said.stderr
    assert 'ndvi: {"ndvi": 0.7}' in said.stdout
    order = [
        "az provider register -n Microsoft.ContainerService",
        "az group create -n planetary -l westeurope --tags made-by=planetary-operator",
        "az deployment group create -g planetary -n planetary-cluster",
        "az deployment group create -g planetary -n planetary-rights",
        "az aks get-credentials",
        "podman login",
        "podman push",
        "kubectl apply --server-side",
        "kubectl -n examples apply -k",
    ]
    writes = iter(azure.writes())
    assert all(any(call.startswith(step) for call in writes) for step in order), azure.writes()
    # Every call of az, but for the one that finds the subscription out, names it.
    assert not [c for c in azure.calls() if c.startswith("az ") and "--subscription 1111" not in c][1:]


def test_the_cost_is_told_beforehand_and_quotas_are_looked_at(azure):
    said = azure.run("up")

    assert said.returncode == 1
    assert "about 0.28 dollars an hour" in said.stderr
    assert "up to 0.52 an hour more" in said.stderr
    assert re.search(r"written down on \d{4}-\d{2}-\d{2}", said.stderr)
    assert "warning: spot machines: 0 of 4 cores are in use in westeurope, and 8 are wanted" in said.stderr
    assert "regular machines:" not in said.stderr
    assert "say --yes" in said.stderr  # nobody is there to be asked
    assert azure.writes() == []


def test_after_a_failure_anywhere_it_goes_on_from_there(azure):
    failing = [
        "az provider register -n Microsoft.Compute",
        "az group create",
        "-n planetary-cluster -f",
        "-n planetary-rights -f",
        "az aks get-credentials",
        "podman login",
        "podman push planetaryabc.registry.example/planetary/operator",
        "kubectl apply",
        "kubectl -n examples apply",
    ]
    done = []
    for call in failing:
        azure.fail(call)
        said = azure.run("up", "--yes")
        assert said.returncode != 0, call
        done += [c for c in azure.writes() if call not in c]
    azure.fail("")

    said = azure.run("up", "--yes")

    assert said.returncode == 0, said.stderr
    done += azure.writes()
    for once in ("register -n Microsoft.Network", "az group create", "-n planetary-cluster -f"):
        assert len([c for c in done if once in c]) == 1, once


def test_a_second_time_makes_nothing_anew(azure):
    azure.run("up", "--yes")

    said = azure.run("up", "--yes", "--no-demo")

    assert said.returncode == 0, said.stderr
    assert [c.split(" --")[0].split(" -f ")[0] for c in azure.writes()] == [
        "az deployment group create -g planetary -n planetary-rights",
        "az aks get-credentials -g planetary -n planetary",
        "kubectl apply",
        "kubectl apply",
    ]


def test_a_cluster_that_is_being_made_is_waited_for_and_a_stopped_one_started(azure):
    azure.file("group").write_text("planetary-operator\n")
    azure.file("deployment-planetary-cluster").write_text("Running\n")
    assert azure.run("up", "--yes", "--no-demo").returncode == 0
    assert any("deployment group wait" in c for c in azure.calls())
    assert not any("-n planetary-cluster -f" in c for c in azure.calls())

    azure.file("aks").write_text("Stopped\n")
    assert azure.run("up", "--yes", "--no-demo").returncode == 0
    assert any("az aks start" in c for c in azure.calls())


def test_no_secret_is_shown_or_kept_where_others_read(azure):
    said = azure.run("up", "--yes")

    assert azure.file("login").read_text() == "SECRET-OF-THE-REGISTRY\n"
    assert "SECRET" not in said.stdout + said.stderr + azure.file("calls").read_text()
    holding = [f for f in azure.cache.rglob("*") if f.is_file() and "SECRET" in f.read_text(errors="replace")]
    assert [f.name for f in holding] == ["kubeconfig"]
    assert stat.S_IMODE(holding[0].stat().st_mode) == 0o600


def test_a_group_of_somebody_else_is_left_alone(azure):
    azure.file("group").write_text("\n")

    for script in ("up", "down"):
        said = azure.run(script, "--yes")

        assert said.returncode == 1
        assert "was not made by deploy/azure/up" in said.stderr
        assert azure.writes() == []


def test_down_takes_back_the_role_before_the_group_and_says_what_is_left(azure):
    azure.run("up", "--yes", "--no-demo")

    said = azure.run("down", "--yes")

    assert said.returncode == 0, said.stderr
    assert "managedClusters" in said.stderr
    assert [c.split(" --subscription")[0] for c in azure.writes()] == [
        "az role assignment delete --ids /assignments/one",
        "az role definition delete --name role-of-planetary --scope"
        " /subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/planetary",
        "az group delete -n planetary --yes",
    ]
    assert "nothing is left in Azure but" in said.stderr
    assert not list(azure.cache.rglob("kubeconfig"))
    again = azure.run("down", "--yes")
    assert again.returncode == 0
    assert azure.writes() == []


@pytest.mark.parametrize("call", ["az group ", "az role definition list", "az role assignment list"])
def test_down_takes_a_failure_of_az_for_no_absence(azure, call):
    """As with a login that has expired, of which az account show knows nothing."""
    azure.run("up", "--yes", "--no-demo")
    azure.fail(call)

    said = azure.run("down", "--yes")

    assert said.returncode == 1
    assert "it was told to fail" in said.stderr
    assert "error: " in said.stderr
    assert "there is no resource group" not in said.stderr
    assert azure.writes() == []
    assert list(azure.cache.rglob("kubeconfig"))


@pytest.mark.parametrize("call", ["az group ", "az deployment group show", "az aks show"])
def test_up_takes_a_failure_of_az_for_no_absence(azure, call):
    azure.run("up", "--yes", "--no-demo")
    azure.fail(call)

    said = azure.run("up", "--yes", "--no-demo")

    assert said.returncode == 1
    assert "it was told to fail" in said.stderr
    assert "error: " in said.stderr
    assert azure.writes() == []


def test_a_cluster_that_somebody_deleted_is_made_again(azure):
    azure.run("up", "--yes", "--no-demo")
    azure.file("aks").unlink()

    assert azure.run("up", "--yes", "--no-demo").returncode == 0
    assert any("-n planetary-cluster -f" in c for c in azure.writes())


def test_down_asks(azure):
    azure.run("up", "--yes", "--no-demo")

    said = azure.run("down")

    assert said.returncode == 1
    assert azure.writes() == []


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--what"], "'--what' is no option"),
        (["--subscription"], "--subscription wants a value"),
        (["--group", "Of_mine"], "--group Of_mine: write lower case"),
        (["--tier", "Best"], "write Free or Standard"),
        (["--system-nodes", "0"], "write a number"),
    ],
)
def test_options_are_looked_at_before_anything_is_asked(azure, args, words):
    said = azure.run("up", *args)

    assert said.returncode == 1
    assert words in said.stderr
    assert azure.calls() == []


@pytest.mark.parametrize("script", ["up", "down"])
def test_help(azure, script):
    said = azure.run(script, "--help")

    assert said.returncode == 0
    assert said.stdout.startswith(f"deploy/azure/{script}: ")
    told = set(re.findall(r"^  (--[a-z-]+)", said.stdout, re.MULTILINE))
    known = set(re.findall(r"^ +(--[a-z-]+)(?: \| -h)?\)", (AZURE / script).read_text(), re.MULTILINE))
    assert told == known - {"--help"}


def bicep(name: str) -> dict:
    return BicepParser().parse(text=(AZURE / f"{name}.bicep").read_text())


def test_the_bicep_files_have_the_parameters_and_outputs_that_the_script_uses(azure):
    azure.run("up", "--yes", "--prometheus")
    calls = "\n".join(azure.calls())

    for name in ("cluster", "rights"):
        file = bicep(name)
        call = re.search(rf"group create .*-f {AZURE}/{name}.bicep.* -p (.*) --subscription", calls)
        given = set(re.findall(r"(\w+)=", call[1]))
        assert given <= set(file["parameters"])
        assert given >= {p for p, of in file["parameters"].items() if of["default"] is None}
        asked = re.findall(rf"group show -g planetary -n planetary-{name} .*outputs\.(\w+)\.value", calls)
        assert asked
        assert set(asked) == set(file["outputs"])


def test_the_role_in_azure_is_that_of_the_file_and_good_for_the_cluster_alone():
    role = json.loads((AZURE / "role.json").read_text())
    text = (AZURE / "rights.bicep").read_text()
    file = bicep("rights")

    assert "var role = loadJsonContent('role.json')" in text
    assert set(re.findall(r"\brole\.(\w+)", text)) - {"json"} == set(role) - {"IsCustom", "AssignableScopes"}
    assignment = file["resources"]["mayMakePools"]["config"]
    assert str(assignment["scope"]) == "cluster"
    roles = file["resources"]["nodePools"]["config"]["properties"]["permissions"]
    assert [set(of) for of in roles] == [{"actions", "notActions", "dataActions", "notDataActions"}]
