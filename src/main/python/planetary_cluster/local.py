"""Jobs of a cluster on this machine: processes, by the rules of a job's runner.

The rules are repeated here, for the runner travels with the operator and this with the client library;
test_local.py holds both to the same.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from . import jobs, options
from .errors import JobFailed

TAIL_CHARACTERS = 1024
LONGEST_RESULT = 3072
"""Bytes that a job's status holds."""


async def run_script(address: str, job: dict, tell: Callable[[str], None]):
    """Runs the script as a job's runner would: the same variables, the same rules for its end."""
    name, spec = job["metadata"]["name"], job["spec"]
    with tempfile.TemporaryDirectory() as folder:
        script, result, parameters = (
            Path(folder, file) for file in ("script.py", "result", "parameters.json")
        )
        script.write_text(spec["script"])
        parameters.write_text(json.dumps(spec.get("parameters", {})))
        env = os.environ | {entry["name"]: entry["value"] for entry in spec.get("env", [])}
        env |= {f"PARAM_{_variable(key)}": value for key, value in spec.get("parameters", {}).items()}
        env |= {
            "DASK_SCHEDULER_ADDRESS": address,
            "PLANETARY_JOB": name,
            "PLANETARY_ATTEMPT": "0",
            "PLANETARY_RESULT_FILE": str(result),
            "PLANETARY_PARAMETERS_FILE": str(parameters),
        }
        tell(f"Job {name}: running")
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-u",
            str(script),
            env=env,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        deadline = spec.get("activeDeadline")
        try:
            said = await asyncio.wait_for(process.communicate(), options.seconds(deadline))
        except BaseException as end:
            _kill(process)
            process._transport.close()  # whoever got away may hold its pipes
            await process.wait()
            if isinstance(end, TimeoutError):
                raise JobFailed(
                    f"Job {name} failed, ActiveDeadlineExceeded: "
                    f"it did not end within spec.activeDeadline of {deadline}"
                ) from None
            raise
        output, errors = (part.decode(errors="replace") for part in said)
        if process.returncode:
            words = (output + errors)[-TAIL_CHARACTERS:].strip()
            raise JobFailed(f"Job {name} failed, ProgramFailed: exit code {process.returncode}: {words}")
        tell(f"Job {name}: succeeded")
        left = result.read_text(errors="replace") if result.exists() else _last_line(output)
        if left is not None and (size := len(left.encode())) > LONGEST_RESULT:
            tell(f"Job {name}: the result has {size} bytes; of a job in a cluster {LONGEST_RESULT} are kept")
            return None
        return jobs.parsed(left)


def _kill(process: asyncio.subprocess.Process) -> None:
    """With what it has started, where that can be told apart."""
    with contextlib.suppress(ProcessLookupError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()


def _last_line(output: str) -> str | None:
    """The last line that is not blank, if it is JSON, which NaN is not."""
    last = next((line for line in reversed(output.splitlines()) if line.strip()), "")
    try:
        json.loads(last, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None
    return last.strip()


def _refuse(constant: str):
    raise ValueError(f"{constant} is not JSON")


def _variable(name: str) -> str:
    return "".join(c if c.isascii() and c.isalnum() else "_" for c in name.upper())
