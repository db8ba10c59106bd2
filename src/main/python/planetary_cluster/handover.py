"""A right to hand out with a bundle: to start and to scale one cluster, by a token that ends.

It is a right on the cluster's scale and not on the object itself: whoever may change the spec may have pods
that mount any Secret of the namespace. A change of scale is a change of the spec, so it starts a cluster that
was stopped.
"""

from __future__ import annotations

from .api import GROUP, Api
from .errors import Exists, PlanetaryError

RBAC = "rbac.authorization.k8s.io"


async def token(api: Api, cluster: dict, seconds: int) -> str:
    """Of a service account with a Role of its own; both go with the cluster."""
    name = f"{cluster['metadata']['name']}-bundle"
    for what, version, body in objects(cluster, name, api.namespace):
        there = False
        try:
            await api.create(what, body, version)
        except Exists:
            there = True
        if there:
            await _insist(api, f"{what}/{name}", version, cluster)
    request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest"}
    request["spec"] = {"expirationSeconds": seconds}
    return (await api.create(f"serviceaccounts/{name}/token", request, "v1"))["status"]["token"]


def objects(cluster: dict, name: str, namespace: str) -> list[tuple[str, str, dict]]:
    """Resource, version and object: the binding last, so that nothing is granted in part."""
    owner = {"apiVersion": GROUP, "kind": "PlanetaryCluster"}
    owner |= {key: cluster["metadata"][key] for key in ("name", "uid")}
    metadata = {"name": name, "ownerReferences": [owner]}
    rule = {"apiGroups": ["planetary.dev"], "resources": ["planetaryclusters/scale"]}
    rule |= {"resourceNames": [owner["name"]], "verbs": ["get", "patch"]}
    account = {"kind": "ServiceAccount", "name": name, "namespace": namespace}
    role = {"apiGroup": RBAC, "kind": "Role", "name": name}
    version = f"{RBAC}/v1"
    return [
        ("serviceaccounts", "v1", {"metadata": metadata}),
        ("roles", version, {"metadata": metadata, "rules": [rule]}),
        ("rolebindings", version, {"metadata": metadata, "roleRef": role, "subjects": [account]}),
    ]


async def _insist(api: Api, what: str, version: str, cluster: dict) -> None:
    """An account of somebody else's may have other rights."""
    owners = (await api.get(what, version))["metadata"].get("ownerReferences") or []
    if cluster["metadata"]["uid"] not in [owner["uid"] for owner in owners]:
        name = cluster["metadata"]["name"]
        raise PlanetaryError(f"There is {what} already, and it is not of cluster {name}.")
