"""What goes wrong, as sentences: the cause first, then what to do. No other library's exceptions come out."""

from __future__ import annotations

import ssl

import httpx


class PlanetaryError(RuntimeError):
    """Something did not work; its text says why and what to do."""


class NotThere(PlanetaryError):
    """The object does not exist."""


class Exists(PlanetaryError):
    """An object of that name exists already."""


class JobFailed(PlanetaryError):
    """A job ended in phase Failed; the text ends with the program's last words."""


class Unclear(PlanetaryError):
    """The request failed on its way, or in the API server: it may have been done all the same."""


class NoAnswer(Unclear):
    """The API server cannot be reached (now)."""


class NotAccepted(PlanetaryError):
    """The API server does not accept the credentials: 401."""


class WorkersMissing(PlanetaryError, TimeoutError):
    """Fewer workers than asked for arrived in time."""


NO_KUBERNETES = (
    "There is no Kubernetes to talk to: no kubeconfig (KUBECONFIG, ~/.kube/config), and this is no pod with "
    "a service account. With a connection bundle use PlanetaryCluster.from_bundle(path); without anything, "
    "PlanetaryCluster(local=True) computes on this machine."
)
NOT_INSTALLED = (
    "Planetary Operator is not installed on this Kubernetes cluster: it does not know the kind {kind}. "
    "Ask its administrator, or look whether this is the right one (kubectl config current-context)."
)
LOGIN = (
    "The Kubernetes API server does not accept your credentials (401{words}). Log in again; on AKS: az "
    "login, then kubelogin convert-kubeconfig -l azurecli."
)
LOGIN_WAITS = (
    "It may be asking for a code, which is not seen here (kubelogin with --login devicecode); with az login, "
    "then kubelogin convert-kubeconfig --login azurecli, it asks nothing."
)
NOT_ALLOWED = (
    "You may not {verb} {what} in namespace {namespace} (403): {words} Ask for the role planetary-user "
    "there: kubectl create rolebinding ME --clusterrole planetary-user --user ME -n {namespace} "
    "(--role instead, where the operator is installed for single namespaces)."
)
VERBS = {"GET": "read", "POST": "create", "PATCH": "change", "DELETE": "delete"}


def refusal(method: str, what: str, namespace: str, status: int, body: dict) -> PlanetaryError:
    """What the API server's answer means; ``what`` is as in ``pods/x/portforward``."""
    words = str(body.get("message") or "").strip()
    resource, name, part, *_ = [*what.split("/"), "", ""]
    resource = f"{resource}/{part}" if part else resource
    if status == 401:
        return NotAccepted(LOGIN.format(words=f": {words}" if words else ""))
    if status == 403 and "exceeded quota" not in words:
        verb = VERBS.get(method, method)
        return PlanetaryError(
            NOT_ALLOWED.format(verb=verb, what=resource, namespace=namespace, words=_sentence(words))
        )
    if status == 404:
        # A missing object is named in the details; a missing kind is not.
        if resource.startswith("planetary") and not (body.get("details") or {}).get("name"):
            return PlanetaryError(NOT_INSTALLED.format(kind=resource))
        return NotThere(f"There is no {resource.removesuffix('s')} {name} in namespace {namespace}.")
    if status == 409:
        return Exists(_sentence(words) or f"{what} exists already.")
    if status in (400, 403, 422):
        return PlanetaryError(f"The Kubernetes API server refuses this: {_sentence(words)}")
    kind = Unclear if status >= 500 else PlanetaryError
    return kind(f"The Kubernetes API server answers {status}: {_sentence(words) or 'no words.'}")


def no_answer(server: str, error: Exception) -> PlanetaryError:
    """The API server could not be reached."""
    words = str(error) or type(error).__name__
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, ssl.SSLError):
        cause = cause.__cause__ or cause.__context__
    if cause is not None:
        return PlanetaryError(
            f"The Kubernetes API server {server} shows a certificate that is not trusted: {words}."
        )
    if isinstance(error, httpx.TimeoutException):
        words = "it took too long"
    return NoAnswer(
        f"The Kubernetes API server {server} does not answer: {words}. "
        "Is this the right kubeconfig context, and are you in its network (VPN)?"
    )


def no_login(error: Exception) -> PlanetaryError:
    """The kubeconfig, or the program it names, does not lead to credentials."""
    words = str(error).strip()
    if isinstance(error, FileNotFoundError):
        return PlanetaryError(
            f"Your kubeconfig logs in by the program {error.filename}, which is not here; "
            "for AKS install kubelogin."
        )
    if "Unable to find valid credentials" in words or "No valid kubeconfig" in words:
        return PlanetaryError(NO_KUBERNETES)
    if "non-zero code" in words:
        return PlanetaryError(
            f"The login program of your kubeconfig failed: {_sentence(words.splitlines()[-1])}"
        )
    return PlanetaryError(f"Your kubeconfig cannot be used: {_sentence(words)}")


def no_context(names: list[str]) -> PlanetaryError:
    """None is asked for, and none is current."""
    return PlanetaryError(
        f"Your kubeconfig has no current context; it has {', '.join(names[:10])}. Say context={names[0]!r}, "
        "or kubectl config use-context NAME."
    )


def waiting_for_login(program: str) -> str:
    """What is said while the login program runs."""
    return f"Waiting for the login program of your kubeconfig, {program}. {LOGIN_WAITS}"


def login_waits(program: str, seconds: float) -> PlanetaryError:
    """The login took too long."""
    if not program:
        return PlanetaryError(f"Your kubeconfig could not be read within {seconds:g} s.")
    return PlanetaryError(
        f"The login program of your kubeconfig, {program}, did not end within {seconds:g} s. {LOGIN_WAITS}"
    )


def _sentence(words: str) -> str:
    return words if not words or words.endswith((".", "!", "?")) else words + "."
