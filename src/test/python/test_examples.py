"""The examples' notebooks are the scripts."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_the_notebooks_are_made_from_the_scripts():
    said = subprocess.run(
        [sys.executable, ROOT / "dev/notebooks.py", "--check"], capture_output=True, text=True, check=False
    )

    assert said.returncode == 0, said.stderr
