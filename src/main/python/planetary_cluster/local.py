"""Jobs of a cluster on this machine: processes, by the rules of a job's runner."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from . import jobs
from .errors import JobFailed

TAIL_CHARACTERS = 1024


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
        )
        try:
            output, errors = (part.decode(errors="replace") for part in await process.communicate())
        except BaseException:
            process.kill()
            await process.wait()
            raise
        if process.returncode:
            words = (output + errors)[-TAIL_CHARACTERS:].strip()
            raise JobFailed(f"Job {name} failed, ProgramFailed: exit code {process.returncode}: {words}")
        tell(f"Job {name}: succeeded")
        if result.exists():
            return jobs.parsed(result.read_text())
        last = next((line for line in reversed(output.splitlines()) if line.strip()), "")
        try:
            return json.loads(last)
        except ValueError:
            return None


def _variable(name: str) -> str:
    return "".join(c if c.isascii() and c.isalnum() else "_" for c in name.upper())
