"""A job on this machine ends as its runner would let it end: the rules stand in two places, for a laptop has
no preloads and a runner's image no client library."""

from __future__ import annotations

import asyncio
import fcntl

import pytest

from planetary_cluster import JobFailed, jobs
from planetary_cluster.local import run_script
from pods import until
from runner import Runner

WRITES = "import os\nopen(os.environ['PLANETARY_RESULT_FILE'], 'w').write({!r})\n"


@pytest.mark.parametrize(
    "script",
    [
        "print('{\"a\": 1}')",
        "print('{\"a\": 1}\\n\\n  ')",
        "print('first\\n[1, 2]', end='')",
        "print('words')",
        "print('NaN')",
        "print('{\"a\": Infinity}')",
        "pass",
        "import sys\nprint('1')\nprint('2', file=sys.stderr)",
        "print('\\udcff'.encode('utf-8', 'surrogateescape'))",
        WRITES.format('{"b": 2}') + "print('{\"a\": 1}')",
        WRITES.format("words of its own"),
        WRITES.format(""),
        "print('\"' + 'x' * 3070 + '\"')",
        "print('\"' + 'x' * 3071 + '\"')",
        WRITES.format("x" * 3073),
    ],
)
def test_a_result_is_the_same_as_the_runner_s(tmp_path, script):
    runner = Runner(tmp_path).script(script)
    assert runner.run() == 0

    assert on_this_machine(script) == jobs.parsed(runner.message().get("result"))


@pytest.mark.parametrize(
    "script", ["import sys\nprint('no data')\nsys.exit(3)", "raise ValueError('no data')"]
)
def test_a_failure_is_told_with_the_same_code_and_words(tmp_path, script):
    runner = Runner(tmp_path).script(script)
    code = runner.run()

    with pytest.raises(JobFailed) as failure:
        on_this_machine(script)

    assert f"exit code {code}: " in str(failure.value)
    assert str(failure.value).endswith(runner.message()["tail"].splitlines()[-1])


def test_parameters_are_named_as_the_operator_names_them():
    script = (
        "import json, os\nfile = open(os.environ['PLANETARY_PARAMETERS_FILE'])\n"
        "print(json.dumps([os.environ['PARAM_MAX_CLOUD_'], os.environ['PARAM__X_Y'], json.load(file)]))"
    )
    given = {"max-cloud.": "20", "_x.y": "z"}

    assert on_this_machine(script, given) == ["20", "z", given]


@pytest.mark.parametrize("starts", ["run", "Popen"])
def test_what_takes_too_long_is_ended_with_all_that_it_has_started(tmp_path, starts):
    held = tmp_path / "held"
    script = (
        f"import fcntl, subprocess, sys\nfile = open({str(held)!r}, 'w')\nfcntl.flock(file, fcntl.LOCK_EX)\n"
        "file.write('begun'); file.flush()\nsleep = [sys.executable, '-c', 'import time; time.sleep(300)']\n"
        f"subprocess.{starts}(sleep, pass_fds=[file.fileno()])"
    )

    with pytest.raises(JobFailed) as failure:
        on_this_machine(script, activeDeadline="2s")

    # In the operator's words
    assert str(failure.value) == (
        "Job j failed, ActiveDeadlineExceeded: it did not end within spec.activeDeadline of 2s"
    )
    assert held.read_text() == "begun"
    with held.open() as file:
        until(lambda: is_free(file))


def is_free(file) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def on_this_machine(script: str, parameters: dict[str, str] | None = None, **spec):
    job = {"metadata": {"name": "j"}, "spec": {"script": script, "parameters": parameters or {}, **spec}}
    return asyncio.run(run_script("tcp://127.0.0.1:1", job, lambda _: None))
