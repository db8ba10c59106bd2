"""JupyterHub's configuration: what it makes in a user's namespace, and what it sets."""

from __future__ import annotations

import asyncio
import sys
import types
from collections import defaultdict
from pathlib import Path

import pytest

CONFIG = Path(__file__).parents[3] / "deploy/jupyter/jupyterhub/planetary_hub.py"


class ApiException(Exception):
    def __init__(self, status: int):
        super().__init__(status)
        self.status = status


class Api:
    """What is made through it; or the same error for each request."""

    def __init__(self):
        self.made: list[tuple[str, str, dict]] = []
        self.error: ApiException | None = None

    def __getattr__(self, name):
        async def request(namespace, body):
            if self.error:
                raise self.error
            self.made.append((name, namespace, body))

        return request


@pytest.fixture
def hub(monkeypatch):
    """The configuration as JupyterHub runs it: its settings, its hook, and the API that the hook uses."""
    api = Api()
    modules = {
        "kubernetes_asyncio.client.rest": {"ApiException": ApiException},
        "kubespawner.clients": {"shared_client": lambda kind: api},
    }
    for name, content in modules.items():
        for parent in ("kubernetes_asyncio", "kubernetes_asyncio.client", "kubespawner"):
            monkeypatch.setitem(sys.modules, parent, types.ModuleType(parent))
        module = types.ModuleType(name)
        module.__dict__.update(content)
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setenv("POD_NAMESPACE", "hubs")
    settings = defaultdict(types.SimpleNamespace)
    names = {"c": types.SimpleNamespace(KubeSpawner=settings["spawner"], JupyterHub=settings["hub"])}
    exec(compile(CONFIG.read_text(), CONFIG, "exec"), names)
    return types.SimpleNamespace(api=api, spawner=settings["spawner"], hub=settings["hub"])


def test_a_user_may_make_clusters_in_a_namespace_of_her_own(hub):
    pod = object()

    spawned = asyncio.run(hub.spawner.modify_pod_hook(types.SimpleNamespace(namespace="notebook-jane"), pod))

    assert spawned is pod
    (account, namespace, of), (binding, _, bound) = hub.api.made
    assert (account, binding) == ("create_namespaced_service_account", "create_namespaced_role_binding")
    assert namespace == "notebook-jane"
    assert of["metadata"]["name"] == hub.spawner.service_account
    assert bound["roleRef"]["name"] == "planetary-user"
    assert bound["subjects"] == [
        {"kind": "ServiceAccount", "name": hub.spawner.service_account, "namespace": "notebook-jane"}
    ]


def test_a_second_start_finds_all_of_it_there(hub):
    hub.api.error = ApiException(409)

    asyncio.run(hub.spawner.modify_pod_hook(types.SimpleNamespace(namespace="notebook-jane"), None))


def test_a_refusal_keeps_the_pod_from_starting(hub):
    hub.api.error = ApiException(403)

    with pytest.raises(ApiException):
        asyncio.run(hub.spawner.modify_pod_hook(types.SimpleNamespace(namespace="notebook-jane"), None))


def test_pods_find_the_hub_from_their_namespace(hub):
    assert hub.hub.hub_connect_url == "http://hub.hubs.svc:8081"
