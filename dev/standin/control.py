"""Settings that tests change while the stand-in runs, counters, and the source arrays: never under a public name."""

import os
import re
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

ACCESS = re.compile(r'^(\S+) .*"(\w+) (\S+) HTTP/[\d.]+" (\d+) (\d+|-)')


@dataclass
class Settings:
    """What tests can set; the defaults are the real service's. 0 turns a limit off."""

    token_seconds: int = 2700  # life of a token
    token_limit: int = 0  # token requests per client and minute, then 429
    search_limit: int = 0  # STAC requests per client and second, then 429
    token_status: int = 0  # answer every token request with this status, 503 say
    search_status: int = 0  # answer every STAC request with this status, 504 say
    key: str = ""  # the only good subscription key; another one gets 403


def from_environment() -> Settings:
    """Take STANDIN_<NAME> where it is set."""
    given = {f.name: type(f.default)(os.environ[v]) for f in fields(Settings) if (v := f"STANDIN_{f.name.upper()}") in os.environ}
    return Settings(**given)


settings = from_environment()
# Under /api/sas/<name> instead of /api/sas/v1 tokens are given by these; what such a name does disturbs nobody else.
profiles: dict[str, Settings] = defaultdict(from_environment, v1=settings)
requests: Counter[tuple[str, str, int, str]] = Counter()  # (service, path, status, client address)
_recent: dict[tuple[str, str], list[float]] = defaultdict(list)
_log_start = 0  # bytes of Azurite's log that `reset` skips


def over_limit(service: str, client: str, limit: int, seconds: float) -> bool:
    """Count this request; True if the client made more than `limit` within the last `seconds`."""
    now = time.monotonic()
    times = _recent[service, client] = [t for t in _recent[service, client] if t > now - seconds] + [now]
    return 0 < limit < len(times)


def blob_counts(log: Path) -> dict[str, dict[str, int]]:
    """Sum Azurite's access log: requests and bytes by method, container and status; bytes of GET only."""
    out: dict[str, dict[str, int]] = defaultdict(lambda: {"requests": 0, "bytes": 0})
    if log.exists():
        with log.open(errors="replace") as file:
            file.seek(_log_start)
            for line in file:
                if (match := ACCESS.match(line)) and match[2] != "PUT":
                    _, method, path, status, size = match.groups()
                    entry = out[f"{method} {path.lstrip('/').split('/')[0]} {status}"]
                    entry["requests"] += 1
                    entry["bytes"] += int(size) if size.isdigit() and method == "GET" else 0
    return out


def size(file: Path) -> int:
    """Bytes in a file that may not be there."""
    return file.stat().st_size if file.exists() else 0


def app(log: Path, source: Path, ready: Callable[[], bool]) -> Starlette:
    """Build the control server: /healthz (200 once `ready`), /stats, /settings, /reset, /source/<item id>.npz."""

    async def health(_: Request) -> JSONResponse:
        return JSONResponse({"ready": ready()}, 200 if ready() else 503)

    async def stats(_: Request) -> JSONResponse:
        rows = [{"service": s, "path": p, "status": c, "client": a, "count": n} for (s, p, c, a), n in sorted(requests.items())]
        return JSONResponse({"requests": rows, "blob": blob_counts(log), "settings": asdict(settings)})

    async def change(request: Request) -> JSONResponse:
        known = {f.name: type(f.default) for f in fields(Settings)}
        given = dict(request.query_params)
        changed = profiles[given.pop("profile", "v1")]
        unknown = sorted(set(given) - set(known))
        if unknown:
            return JSONResponse({"unknown": unknown, "known": sorted(known)}, 400)
        for name, value in given.items():
            setattr(changed, name, known[name](value))
        return JSONResponse(asdict(changed))

    async def reset(_: Request) -> JSONResponse:
        global _log_start
        requests.clear()
        _recent.clear()
        _log_start = size(log)
        return JSONResponse({"ok": True})

    return Starlette(routes=[
        Route("/healthz", health), Route("/stats", stats), Route("/settings", change, methods=["GET", "POST"]),
        Route("/reset", reset, methods=["POST"]), Mount("/source", StaticFiles(directory=source)),
    ])  # fmt: skip
