"""From the keyword arguments of ``PlanetaryCluster`` to the spec of the object. Pure."""

from __future__ import annotations

import getpass
import re
import secrets
import shlex
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

from .errors import PlanetaryError

NAME = re.compile(r"[a-z]([-a-z0-9]{0,38}[a-z0-9])?")
PART = re.compile(r"([0-9]+)([hms])")
DURATION = re.compile(r"([0-9]+[hms])+")
FIELDS = {
    "n_workers": "replicas",
    "threads": "threads",
    "resources": "resources",
    "image": "image",
    "spot": "spot",
    "gpu": "gpu",
    "dask_resources": "daskResources",
    "template": "template",
}
"""What a group of workers takes, and its field in the spec."""


def generated_name() -> str:
    """A name nobody else has: the user's, and six hex digits."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError):  # a uid without a name
        user = ""
    user = re.sub(r"[^a-z0-9]+", "-", user.lower()).strip("-0123456789")[:20].strip("-")
    return f"{user or 'dask'}-{secrets.token_hex(3)}"


def checked_name(name: str) -> str:
    if not NAME.fullmatch(name):
        raise PlanetaryError(
            f"{name!r} is no name for a cluster: write at most 40 of a-z, 0-9 and '-', a letter first, no "
            f"'-' last."
        )
    return name


def spec(
    *,
    n_workers: int = 1,
    threads: int | None = None,
    resources: Mapping | None = None,
    image: str | None = None,
    env: Mapping[str, str] | Iterable[Mapping] | None = None,
    groups: Mapping[str, Mapping] | None = None,
    spot: bool | str = False,
    idle_timeout: str | float | timedelta | None = None,
    scheduler: Mapping | None = None,
    load_balancer: bool | Mapping = False,
    allow_from: list[dict] | None = None,
    collections: str | Iterable[str] | None = None,
    locality: str | None = None,
) -> dict:
    """The spec; what is not asked for is left out, for the operator's defaults are in its reference."""
    workers = group(n_workers=n_workers, threads=threads, resources=resources, spot=spot)
    made = {
        "image": image,
        "env": variables(env),
        "idleTimeout": None if idle_timeout is None else duration(idle_timeout),
        "onExpiry": "Delete",
        "scheduler": _scheduler(scheduler, load_balancer),
        "workers": workers,
        "workerGroups": [{"name": name, **group(**dict(given))} for name, given in (groups or {}).items()],
        "data": _data(collections, locality),
        "networkPolicy": {"allowFrom": allow_from} if allow_from else None,
    }
    return {name: value for name, value in made.items() if value not in (None, [], {})}


def group(**options) -> dict:
    """The spec of a group of workers."""
    unknown = sorted(options.keys() - FIELDS.keys())
    if unknown:
        raise PlanetaryError(f"A group of workers takes {', '.join(FIELDS)}; not {', '.join(unknown)}.")
    given = {name: value for name, value in options.items() if value is not None}
    if "resources" in given:
        given["resources"] = quantities(given["resources"])
    if "spot" in given:
        given["spot"] = _spot(given["spot"])
    made = {FIELDS[name]: value for name, value in given.items() if value is not None}
    replicas = made.get("replicas", 1)
    if isinstance(replicas, bool) or not isinstance(replicas, int) or replicas < 0:
        raise PlanetaryError(f"n_workers is a number of workers, 0 or more, not {replicas!r}.")
    return made


def autoscale(minimum: int, maximum: int | None) -> dict:
    if not isinstance(maximum, int) or maximum < 1:
        raise PlanetaryError(
            "adapt wants the most workers there may be, such as adapt(minimum=0, maximum=20)."
        )
    if minimum < 0 or minimum > maximum:
        raise PlanetaryError(
            f"adapt(minimum={minimum}, maximum={maximum}): the minimum is 0 or more, the maximum no less."
        )
    return {"min": minimum, "max": maximum}


def quantities(resources: Mapping) -> dict:
    """``{"cpu": 4, "memory": "16Gi"}`` are limits; or limits and requests by name, as in Kubernetes."""
    if not isinstance(resources, Mapping):
        raise PlanetaryError('resources is a dict such as {"cpu": 4, "memory": "16Gi"}.')
    if not resources.keys() & {"limits", "requests"}:
        resources = {"limits": resources}
    for name, value in (resources.get("limits") or {}).items():
        if name == "memory" and isinstance(value, (int, float)) and value < 1 << 20:
            raise PlanetaryError(f'memory wants its unit, such as "{value}Gi": a plain number counts bytes.')
    return {
        kind: {name: str(value) for name, value in amounts.items()}
        if isinstance(amounts, Mapping)
        else amounts
        for kind, amounts in resources.items()
    }


def variables(env: Mapping | Iterable[Mapping] | None) -> list[dict]:
    """Names and values, or entries as in a pod (``valueFrom`` for Secrets)."""
    if isinstance(env, Mapping):
        return [{"name": name, "value": str(value)} for name, value in env.items()]
    return [dict(entry) for entry in env or []]


def duration(given: str | float | timedelta) -> str:
    """Text as in the spec (``20m``), seconds, or a timedelta."""
    if isinstance(given, str):
        return given
    seconds = given.total_seconds() if isinstance(given, timedelta) else given
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or seconds < 0:
        raise PlanetaryError(
            f'{given!r} is no time: write seconds, a timedelta, or a text such as "20m"; 0 is never.'
        )
    return f"{round(seconds)}s"


def seconds(written: str | None) -> float | None:
    """Of a time as the spec has it (``1h30m``); None is for ever, as are 0 seconds there."""
    if written is None:
        return None
    if not DURATION.fullmatch(written):
        raise PlanetaryError(
            f'{written!r} is no time: write seconds, a timedelta, or a text such as "1h30m".'
        )
    units = {"h": 3600, "m": 60, "s": 1}
    return float(sum(int(n) * units[unit] for n, unit in PART.findall(written))) or None


def refuse_packages(packages: Sequence[str] | None) -> None:
    """Scheduler, workers and notebook must have the same ones: that is what an image is for."""
    if not packages:
        return
    wanted = [packages] if isinstance(packages, str) else list(packages)
    loose = [name for name in wanted if "==" not in name]
    line = f"RUN pip install --no-cache-dir {' '.join(shlex.quote(name) for name in wanted)}"
    pinned = f" (with a version for {', '.join(loose)}: ==)" if loose else ""
    raise PlanetaryError(
        "Packages are not installed when a cluster starts, for scheduler, workers and this notebook must "
        f"have the same. Make an image of them, FROM the client image with `{line}`{pinned}, start the "
        "notebook from it, and write PlanetaryCluster(image=…)."
    )


def _spot(given: bool | str) -> str | None:
    """True prefers spot nodes; "Require" insists on them."""
    if given is True:
        return "Prefer"
    if not given:
        return None
    words = {"prefer": "Prefer", "require": "Require", "never": "Never"}
    if str(given).lower() not in words:
        raise PlanetaryError(f"spot is True, False, 'Prefer', 'Require' or 'Never', not {given!r}.")
    return words[str(given).lower()]


def _data(collections: str | Iterable[str] | None, locality: str | None) -> dict:
    """Collections by their ids; a single one may stand alone."""
    ids = [collections] if isinstance(collections, str) else list(dict.fromkeys(collections or []))
    for ident in ids:
        if not isinstance(ident, str):
            raise PlanetaryError(f'collections are ids such as "sentinel-2-l2a", not {ident!r}.')
    words = {"prefer": "Prefer", "require": "Require", "ignore": "Ignore"}
    if locality is not None and str(locality).lower() not in words:
        raise PlanetaryError(f"locality is 'Prefer', 'Require' or 'Ignore', not {locality!r}.")
    return ({"collections": ids} if ids else {}) | (
        {"locality": words[str(locality).lower()]} if locality is not None else {}
    )


def _scheduler(scheduler: Mapping | None, load_balancer: bool | Mapping) -> dict:
    made = dict(scheduler or {})
    if "resources" in made:
        made["resources"] = quantities(made["resources"])
    if load_balancer:
        service = {"type": "LoadBalancer"}
        made["service"] = service | (dict(load_balancer) if isinstance(load_balancer, Mapping) else {})
    return made
