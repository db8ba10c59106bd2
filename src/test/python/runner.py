"""The job's runner as a process of its own, with the environment of docs/pod-contract.md."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from pods import PRELOAD

RUNNER = PRELOAD / "planetary_run.py"


class Runner:
    """One pod's folder; ``start`` and ``run`` may be called once."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.out, self.err = folder / "stdout", folder / "stderr"
        self.log, self.termination = folder / "logs" / "ns" / "pod.log", folder / "termination-log"
        self.result = folder / "run" / "result"
        self.result.parent.mkdir()
        self.env = {
            "PATH": os.environ["PATH"],
            "PYTHONDONTWRITEBYTECODE": "1",
            "PLANETARY_RESULT_FILE": str(self.result),
            "PLANETARY_TERMINATION_FILE": str(self.termination),
            "PLANETARY_LOG_FILE": str(self.log),
        }

    def script(self, text: str) -> Runner:
        path = self.folder / "script.py"
        path.write_text(text)
        self.env["PLANETARY_SCRIPT"] = str(path)
        return self

    def start(self, *command: str, python: str = sys.executable, **env: str) -> subprocess.Popen:
        args = [python, str(RUNNER), *(["--", *command] if command else [])]
        with open(self.out, "wb") as out, open(self.err, "wb") as err:
            return subprocess.Popen(args, env=self.env | env, cwd=self.folder, stdout=out, stderr=err)

    def run(self, *command: str, **env: str) -> int:
        """The exit code."""
        process = self.start(*command, **env)
        try:
            return process.wait(60)
        finally:
            process.kill()

    def message(self) -> dict:
        """The termination message, as the kubelet would read it."""
        told = self.termination.read_bytes()
        assert len(told) <= 4096
        return json.loads(told.decode("utf-8"))
