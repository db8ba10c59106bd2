"""``run_job``: a PlanetaryJob on a cluster, waited for with its progress."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path

from . import marks, options
from .api import GROUP, Api
from .errors import Exists, JobFailed, NotThere, PlanetaryError, Unclear

JOB_NAME = re.compile(r"[a-z]([-a-z0-9]{0,32}[a-z0-9])?")
ENDED = ("Succeeded", "Failed")
KEPT = "24h"
"""How long a finished job stays, for its log and its result: nobody may look before the next morning."""


def source(script: str | os.PathLike) -> str:
    """The program: its text, or the file that has it."""
    text = os.fspath(script)
    if isinstance(script, os.PathLike) or ("\n" not in text and text.endswith(".py")):
        try:
            return Path(text).read_text()
        except OSError as error:
            raise PlanetaryError(f"The script {text} cannot be read: {error.strerror}.") from None
    return text


def manifest(
    cluster: str,
    script: str | os.PathLike,
    name: str | None = None,
    parameters: Mapping[str, object] | None = None,
    retries: int = 0,
    image: str | None = None,
    env: Mapping | None = None,
    resources: Mapping | None = None,
    timeout: str | float | None = None,
) -> dict:
    """The PlanetaryJob. What is not a text among the parameters becomes JSON."""
    name = name or f"job-{secrets.token_hex(3)}"
    if not JOB_NAME.fullmatch(name):
        raise PlanetaryError(
            f"{name!r} is no name for a job: at most 34 of a-z, 0-9 and '-', a letter first, no '-' last."
        )
    spec = {
        "clusterRef": {"name": cluster},
        "script": source(script),
        "parameters": {k: v if isinstance(v, str) else json.dumps(v) for k, v in (parameters or {}).items()},
        "retries": retries,
        "image": image,
        "env": options.variables(env),
        "resources": options.quantities(resources) if resources else None,
        "activeDeadline": None if timeout is None else options.duration(timeout),
        "ttlAfterFinished": KEPT,
    }
    return {
        "apiVersion": GROUP,
        "kind": "PlanetaryJob",
        "metadata": {"name": name},
        "spec": {field: value for field, value in spec.items() if value not in (None, [], {})},
    }


def line(job: dict) -> str:
    """How far it is."""
    status = job.get("status") or {}
    phase, progress = status.get("phase", "Pending"), status.get("progress")
    words = f"Job {job['metadata']['name']}: {phase.lower()}"
    if phase == "Running" and progress:
        return f"{words}, {progress['done']}/{progress['total']} tasks"
    if phase in ("Pending", "Starting") and status.get("message"):
        return f"{words}: {status['message']}"
    return words


def outcome(job: dict) -> tuple[bool, object]:
    """Whether it ended, and its result; raises if it failed."""
    status = job.get("status") or {}
    if status.get("phase") == "Failed":
        raise JobFailed(
            f"Job {job['metadata']['name']} failed, {status.get('reason')}: {status.get('message')}"
        )
    return status.get("phase") == "Succeeded", parsed(status.get("result"))


def parsed(result: str | None):
    """JSON where it is JSON, else the text; None without a result."""
    if result is None:
        return None
    try:
        return json.loads(result)
    except ValueError:
        return result


async def run(api: Api, job: dict, tell: Callable[[str], None], ended: Callable[[dict], None]):
    """Makes the job, waits for its end, and returns its result. Who stops waiting deletes it.

    A job that can no longer be followed goes on: hours of computing are not thrown away for that. And the
    cluster does not own it: one that deletes itself, for nobody uses it, would take the result with it.
    ``ended`` gets a job whose end was seen.
    """
    made = await _made(api, job)
    name = made["metadata"]["name"]
    try:
        return await _result(api, name, tell, ended)
    except asyncio.CancelledError:
        with contextlib.suppress(PlanetaryError):
            await delete(api, made)
            tell(f"Job {name} deleted")
        raise
    except JobFailed:
        raise
    except PlanetaryError as error:
        raise PlanetaryError(f"{error} Job {name} was not told to stop: kubectl get plj {name}.") from None


async def _made(api: Api, job: dict) -> dict:
    """Also where the answer is lost: then it is looked for."""
    name, mark = job["metadata"]["name"], marks.new()
    job["metadata"]["annotations"] = {marks.MARK: mark}
    try:
        return await api.create("planetaryjobs", job)
    except Exists:
        raise PlanetaryError(
            f"There is a job {name} already; a name is free again {KEPT} after its job has ended, or after "
            f"kubectl delete plj {name}. Without a name one is made up."
        ) from None
    except asyncio.CancelledError:
        with contextlib.suppress(PlanetaryError):
            if found := await marks.find(api, f"planetaryjobs/{name}", mark):
                await delete(api, found)
        raise
    except Unclear as error:
        with contextlib.suppress(PlanetaryError):
            if found := await marks.find(api, f"planetaryjobs/{name}", mark):
                return found
        raise PlanetaryError(f"{error} It may have made job {name}: kubectl get plj {name}.") from None


async def _result(api: Api, name: str, tell: Callable[[str], None], ended: Callable[[dict], None]):
    told = ""
    async with contextlib.aclosing(api.follow(f"planetaryjobs/{name}")) as seen:
        async for now in seen:
            if now is None:
                raise JobFailed(
                    f"Job {name} is gone: it was deleted, or it ended, and was removed before that was seen."
                )
            if (words := line(now)) != told:
                told = words
                tell(words)
            if (now.get("status") or {}).get("phase") in ENDED:
                ended(now)
                return outcome(now)[1]


async def delete(api: Api, job: dict) -> None:
    with contextlib.suppress(NotThere, Exists):  # gone, or another one by that name
        await api.delete(f"planetaryjobs/{job['metadata']['name']}", job["metadata"]["uid"])
