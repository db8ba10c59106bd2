"""JupyterHub's configuration for a namespace per user, in which notebooks make clusters.

For Zero to JupyterHub: helm … --set-file hub.extraConfig.planetary=planetary_hub.py. Before a user's pod is made, her namespace
(JupyterHub makes it) gets the service account `notebook`, bound to ClusterRole planetary-user there and nowhere else.
"""

import os

from kubernetes_asyncio.client.rest import ApiException
from kubespawner.clients import shared_client

ACCOUNT, ROLE = "notebook", "planetary-user"
RBAC = "rbac.authorization.k8s.io"


async def made(request) -> None:
    """Wait for a request that makes something; that it is there already is as good."""
    try:
        await request
    except ApiException as error:
        if error.status != 409:
            raise


async def grant(spawner, pod):
    """Hook of KubeSpawner: it has made the namespace, and is about to make the pod."""
    namespace = spawner.namespace
    core, rbac = shared_client("CoreV1Api"), shared_client("RbacAuthorizationV1Api")
    await made(core.create_namespaced_service_account(namespace, {"metadata": {"name": ACCOUNT}}))
    binding = {
        "metadata": {"name": ACCOUNT},
        "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": ROLE},
        "subjects": [{"kind": "ServiceAccount", "name": ACCOUNT, "namespace": namespace}],
    }
    await made(rbac.create_namespaced_role_binding(namespace, binding))
    return pod


c.KubeSpawner.enable_user_namespaces = True
c.KubeSpawner.user_namespace_template = "notebook-{username}"
c.KubeSpawner.user_namespace_labels = {"pod-security.kubernetes.io/enforce": "restricted"}
c.KubeSpawner.service_account = ACCOUNT
c.KubeSpawner.automount_service_account_token = True
c.KubeSpawner.modify_pod_hook = grant
# As restricted pod security wants it.
c.KubeSpawner.pod_security_context = {
    "runAsNonRoot": True,
    "runAsUser": 1000,
    "runAsGroup": 1000,
    "fsGroup": 1000,
    "fsGroupChangePolicy": "OnRootMismatch",
    "seccompProfile": {"type": "RuntimeDefault"},
}
c.KubeSpawner.container_security_context = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
# The Service's short name means nothing in another namespace.
hub = os.environ.get("POD_NAMESPACE", "jupyterhub")
c.JupyterHub.hub_connect_url = f"http://hub.{hub}.svc:{os.environ.get('HUB_SERVICE_PORT', '8081')}"
