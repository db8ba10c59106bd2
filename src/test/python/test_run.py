"""The job's runner, with real children: what passes through, what is kept, what it tells at the end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pods import until
from runner import RUNNER, Runner


@pytest.fixture
def runner(tmp_path):
    return Runner(tmp_path)


def wait_for(path: Path, text: str) -> None:
    """Give whole lines: unbuffered, print writes a line's end by itself, and a signal may come between."""
    until(lambda: path.exists() and text in path.read_text(errors="replace"))


# Exit codes


@pytest.mark.parametrize(
    ("script", "code"),
    [
        ("", 0),
        ("raise SystemExit(7)", 7),
        ("raise ValueError('made to fail')", 1),
        ("import os; os.kill(os.getpid(), 9)", 137),
        ("import os; os.kill(os.getpid(), 11)", 139),
    ],
)
def test_the_exit_code_is_the_scripts(runner, script, code):
    assert runner.script(script).run() == code
    assert runner.message()["exit"] == code
    assert runner.message()["v"] == 1


def test_a_command_gets_its_arguments_and_the_environment_as_they_are(runner):
    code = runner.run(
        "sh", "-c", 'printf "%s|" "$0" "$@" "$PARAM_BBOX"; exit 3', "--", "a b", "-x", PARAM_BBOX="5,52"
    )
    assert code == 3
    assert runner.out.read_text() == "--|a b|-x|5,52|"


def test_what_cannot_be_started_is_told_as_a_shell_does(runner):
    assert runner.run("no-such-command", "x") == 127
    assert "no-such-command" in runner.message()["tail"]
    assert "no-such-command" in runner.err.read_text() and "no-such-command" in runner.log.read_text()


def test_what_is_not_executable_is_told_as_a_shell_does(runner):
    text = runner.folder / "text"
    text.write_text("no program")
    assert runner.run(str(text)) == 126
    assert "Permission denied" in runner.message()["tail"]


def test_a_program_of_unknown_form_is_told(runner):
    text = runner.folder / "text"
    text.write_bytes(b"\x00\x01no program")
    text.chmod(0o755)
    assert runner.run(str(text)) == 126
    assert runner.message()["tail"]


def test_a_script_that_is_not_there_is_told(runner):
    assert runner.run(PLANETARY_SCRIPT="/nowhere/script.py") == 127
    assert "/nowhere/script.py" in runner.message()["tail"]


def test_nothing_to_run_is_told(runner):
    assert runner.run() == 127
    assert "no such script" in runner.message()["tail"]


# Signals


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_signals_reach_the_child_which_may_end_in_its_own_way(runner, number):
    process = runner.script(
        "import signal, sys\n"
        f"signal.signal({int(number)}, lambda *_: (print('saved'), sys.exit(5)))\n"
        "print('ready')\n"
        "signal.pause()"
    ).start()
    wait_for(runner.out, "ready\n")
    process.send_signal(number)
    assert process.wait(60) == 5
    assert runner.out.read_text() == "ready\nsaved\n"


def test_a_signal_reaches_what_a_shell_runs(runner):
    process = runner.start(
        "sh",
        "-c",
        f"{sys.executable} -c \"import time; print('ready', flush=True); time.sleep(60)\"; echo after",
    )
    wait_for(runner.out, "ready\n")
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 143
    assert runner.out.read_text() == "ready\n"


def test_a_child_that_ignores_the_signal_is_killed_before_the_grace_period_ends(runner):
    process = runner.script(
        "import signal, sys\n"
        "signal.signal(15, lambda *_: print('heard', file=sys.stderr))\n"
        "print('ready')\n"
        "while True: signal.pause()"
    ).start(PLANETARY_GRACE_SECONDS="2")
    wait_for(runner.out, "ready\n")
    process.send_signal(signal.SIGTERM)
    wait_for(runner.err, "heard\n")
    assert process.wait(60) == 137
    assert runner.message() == {"v": 1, "exit": 137, "tail": "ready\nheard"}


def test_a_second_signal_is_passed_on_too(runner):
    process = runner.script(
        "import signal, sys\n"
        "heard = []\n"
        "signal.signal(15, lambda *_: (heard.append(1), print(len(heard)), len(heard) > 1 and sys.exit(9)))\n"
        "print('ready')\n"
        "while True: signal.pause()"
    ).start()
    wait_for(runner.out, "ready\n")
    process.send_signal(signal.SIGTERM)
    wait_for(runner.out, "1\n")
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 9


def test_a_child_that_closes_its_output_is_waited_for(runner):
    go = runner.folder / "go"
    process = runner.start("sh", "-c", f"exec >&- 2>&-; while [ ! -e {go} ]; do sleep 0.05; done; exit 4")
    until(lambda: Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text())
    assert process.poll() is None
    go.touch()
    assert process.wait(60) == 4


def test_what_a_child_leaves_behind_ends_with_it(runner):
    code = runner.run("sh", "-c", "sleep 1000 & echo $!; exit 0")
    assert code == 0
    left = int(runner.out.read_text())
    until(lambda: not Path(f"/proc/{left}").exists() or "Z" in Path(f"/proc/{left}/stat").read_text())


def test_orphans_of_a_first_process_are_seen_off(runner):
    """In a container nobody else does."""
    reap = (
        "import ctypes, os, sys\n"
        "ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)\n"  # PR_SET_CHILD_SUBREAPER
        "os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
    )
    go = runner.folder / "go"
    script = f"(sh -c 'sleep 0.1' &) ; while [ ! -e {go} ]; do sleep 0.05; done"
    command = [sys.executable, "-c", reap, str(RUNNER), "--", "sh", "-c", f"echo $$; {script}"]
    with open(runner.out, "wb") as out:
        process = subprocess.Popen(command, env=runner.env, stdout=out, stderr=subprocess.DEVNULL)
    wait_for(runner.out, "\n")
    child = runner.out.read_text().strip()
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    until(lambda: children.read_text().split() == [child])
    go.touch()
    assert process.wait(60) == 0


# Output


def test_output_passes_through_at_once_and_in_order(runner):
    """Each line is written when the one before has come through, on the other stream."""
    lines = 20
    runner.script(
        "import os, sys\n"
        f"paths = ({str(runner.out)!r}, {str(runner.err)!r})\n"
        f"for n in range({lines}):\n"
        "    end = n % 2\n"
        "    os.write(end + 1, b'line %d\\n' % n)\n"
        "    while b'line %d\\n' % n not in open(paths[end], 'rb').read(): pass\n"
    )
    assert runner.run() == 0
    assert runner.log.read_text().splitlines() == [f"line {n}" for n in range(lines)]


def test_output_passes_through_unchanged_whatever_it_is(runner):
    nasty = bytes(range(256)) * 4 + b"\xff\xfe\x00\n" + b"?sig=secret\n" + b"no line break"
    (runner.folder / "nasty").write_bytes(nasty)
    assert runner.run("sh", "-c", "cat nasty; cat nasty >&2") == 0
    assert runner.out.read_bytes() == runner.err.read_bytes() == nasty


def test_much_output_is_kept_whole(runner):
    runner.script(
        "import sys\n"
        "for n in range(50_000):\n"
        "    print('line', n, 'of a job that has a lot to say', file=sys.stderr if n % 3 else sys.stdout)"
    )
    assert runner.run() == 0
    kept = runner.log.read_bytes()
    assert sorted(kept.splitlines()) == sorted(
        runner.out.read_bytes().splitlines() + runner.err.read_bytes().splitlines()
    )
    of_stdout = [line for line in kept.splitlines() if int(line.split()[1]) % 3 == 0]
    assert b"\n".join(of_stdout) + b"\n" == runner.out.read_bytes()


def test_nobody_who_reads_is_no_reason_to_fail(runner):
    process = runner.script("print('x' * 100)\nprint({'a': 1})\nprint('[1]')")
    args = [sys.executable, str(RUNNER)]
    read, write = os.pipe()
    os.close(read)
    code = subprocess.run(args, env=process.env, stdout=write, stderr=write, timeout=30).returncode
    os.close(write)
    assert code == 0 and runner.message()["result"] == "[1]"


def test_a_log_that_cannot_be_written_is_noted_and_harms_nothing(runner):
    (runner.folder / "logs").write_text("a file where a folder should be")
    assert runner.script("print(1)").run() == 0
    told = runner.message()
    assert told["result"] == "1" and "log file" in told["note"]


def test_a_log_that_goes_on_after_a_restart_keeps_what_was_there(runner):
    runner.log.parent.mkdir(parents=True)
    runner.log.write_text("before\n")
    assert runner.script("print('now')").run() == 0
    assert runner.log.read_text() == "before\nnow\n"


# Results


def test_the_result_is_the_file_that_the_script_wrote(runner):
    assert (
        runner.script(
            "import os; open(os.environ['PLANETARY_RESULT_FILE'], 'w').write('ndvi ✓')\nprint(1)"
        ).run()
        == 0
    )
    assert runner.message() == {"v": 1, "exit": 0, "result": "ndvi ✓"}


def test_an_empty_result_file_is_a_result(runner):
    assert runner.script("import os; open(os.environ['PLANETARY_RESULT_FILE'], 'w').close()").run() == 0
    assert runner.message() == {"v": 1, "exit": 0, "result": ""}


@pytest.mark.parametrize(
    ("printed", "result"),
    [
        ('{"mean": 0.4}', '{"mean": 0.4}'),
        ("[1, 2]\n\n  \n", "[1, 2]"),
        ('"ü"', '"ü"'),
        ("42", "42"),
        ("null", "null"),
        ("done", None),
        ("1\ndone", None),
        ("NaN", None),
        ("{'mean': 0.4}", None),
        ("[" * 100_000, None),
        ("\ud800", None),
        ("", None),
    ],
)
def test_the_result_is_the_last_line_if_that_is_json(runner, printed, result):
    (runner.folder / "printed").write_bytes(printed.encode("utf-8", "surrogatepass"))
    assert runner.run("sh", "-c", 'cat printed; echo \'{"not": "this"}\' >&2') == 0
    assert runner.message().get("result") == result


def test_a_result_of_the_full_size_fits(runner):
    size = 3072
    body = json.dumps({"a": "x" * (size - 9)})
    assert len(body) == size
    assert runner.script(f"print({body!r})").run() == 0
    assert runner.message()["result"] == body


@pytest.mark.parametrize("body", ["x" * 3073, "ü" * 1600, '"' * 3000, "\x01" * 1000, "\x00\ud800"[:1] * 700])
def test_a_result_that_does_not_fit_is_left_out_and_told(runner, body):
    runner.result.parent.joinpath("body").write_text(body)
    code = runner.run("sh", "-c", f"cp run/body {runner.result}")
    told = runner.message()
    assert code == 0 and "result" not in told
    assert f"{len(body.encode())} bytes" in told["note"] and "output" in told["note"]


def test_a_large_result_goes_to_the_output_folder(runner):
    output = runner.folder / "output"
    output.mkdir()
    runner.script("import json; print(json.dumps(list(range(5000))))")
    assert runner.run(PLANETARY_OUTPUT=str(output)) == 0
    assert json.loads((output / "result.json").read_text()) == list(range(5000))
    assert f"{output}/result.json" in runner.message()["note"]
    assert list(output.iterdir()) == [output / "result.json"]


def test_a_large_result_that_is_no_json_goes_there_as_it_is(runner):
    output = runner.folder / "output"
    output.mkdir()
    runner.script("import os; open(os.environ['PLANETARY_RESULT_FILE'], 'wb').write(b'\\xff' * 5000)")
    assert runner.run(PLANETARY_OUTPUT=str(output)) == 0
    assert (output / "result").read_bytes() == b"\xff" * 5000


def test_what_the_script_wrote_to_its_output_is_not_overwritten(runner):
    output = runner.folder / "output"
    output.mkdir()
    runner.script("open('output/result.json', 'w').write('mine')\nprint([0] * 5000)")
    assert runner.run(PLANETARY_OUTPUT=str(output)) == 0
    assert (output / "result.json").read_text() == "mine"
    assert "wrote" in runner.message()["note"]


def test_an_output_folder_that_cannot_be_written_is_noted(runner):
    assert runner.script("print([0] * 5000)").run(PLANETARY_OUTPUT="/nowhere") == 0
    assert "/nowhere" in runner.message()["note"]


# Failures


def test_a_failure_tells_its_last_lines_whole(runner):
    runner.script("for n in range(500): print('line', n)\nraise ValueError('made to fail')")
    assert runner.run() == 1
    tail = runner.message()["tail"]
    assert tail.endswith("ValueError: made to fail") and tail.startswith("line ")
    assert 900 < len(tail) <= 1024
    assert set(line.split()[0] for line in tail.splitlines() if line.startswith("line")) == {"line"}


def test_of_one_huge_line_the_end_is_told(runner):
    assert runner.script("import sys; sys.stderr.write('x' * 1_000_000 + 'end'); sys.exit(1)").run() == 1
    assert runner.message()["tail"] == "x" * 1021 + "end"
    assert runner.log.stat().st_size == 1_000_003


def test_a_success_tells_no_lines(runner):
    assert runner.script("print('fine')").run() == 0
    assert runner.message() == {"v": 1, "exit": 0}


def test_colours_and_progress_bars_are_made_readable(runner):
    runner.script(
        "import sys\n"
        "sys.stderr.write('\\r 10%|#\\r 50%|##\\r100%|###\\n')\n"
        "print('\\x1b[31mred\\x1b[0m \\x1b]0;title\\x07\\x00\\x08bell\\r')\n"
        "sys.exit(1)"
    )
    assert runner.run() == 1
    assert sorted(runner.message()["tail"].splitlines()) == ["100%|###", "red bell"]


@pytest.mark.parametrize(
    "line",
    [b"\xff" * 3000, b"\x00\x01\x1b" * 2000, b'"\\' * 3000, "😀".encode() * 900, b"\n" * 5000, b"a\r" * 4000],
)
def test_nasty_output_of_a_failure_still_makes_a_message(runner, line):
    (runner.folder / "nasty").write_bytes(line)
    runner.result.write_text('"' * 1500)
    assert runner.run("sh", "-c", f"cat nasty; cp run/result.kept {runner.result}; exit 1") == 1
    told = runner.message()
    assert told["exit"] == 1
    assert len(told.get("tail", "").encode()) <= 1024


def test_a_failure_with_a_result_tells_both(runner):
    body = json.dumps({"a": "x" * 3000})
    runner.script(f"print('y' * 2000)\nprint({body!r})\nraise SystemExit(1)")
    assert runner.run() == 1
    told = runner.message()
    assert told["result"] == body
    assert len(told["tail"]) > 200


# Secrets

SECRET = "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0/+8="
TELLTALES = ["c2VjcmV0", "hunter2hunter2", "swordfish-subscription"]
SPOKEN = [
    f"https://a.blob.core.windows.net/c/b?sv=2021&sig={SECRET}&se=2026",
    "https://x/?url=https%3A%2F%2Fa%2Fb%3Fsv%3D1%26sig%3Dc2VjcmV0c2VjcmV0%253D%26se%3D1",
    f"DefaultEndpointsProtocol=https;AccountName=a;AccountKey={SECRET};EndpointSuffix=x",
    f"BlobEndpoint=https://a;SharedAccessSignature=sv=2021&sig={SECRET}",
    f"{{'Authorization': 'Bearer {SECRET}'}}",
    f"authorization: SharedKey account:{SECRET}",
    f"> Authorization: Basic {SECRET}",
    f"token eyJhbGciOiJSUzI1NiJ9.{'c2VjcmV0' * 3}.{'c2VjcmV0' * 3}",
    f'{{"sig": "{SECRET}", "account_key": "{SECRET}"}}',
    f"account_key='{SECRET}'",
    "https://me:hunter2hunter2@registry.example/simple",
    "Ocp-Apim-Subscription-Key: swordfish-subscription",
]


@pytest.mark.parametrize("spoken", SPOKEN)
def test_secrets_are_kept_nowhere(runner, spoken):
    body = f"before {spoken} after\n"
    (runner.folder / "spoken").write_text(body)
    assert runner.run("sh", "-c", "cat spoken spoken >&2; exit 1") == 1
    for kept in (runner.log.read_text(), runner.message()["tail"]):
        assert "***" in kept and kept.startswith("before ")
        for telltale in TELLTALES:
            assert telltale not in kept
    assert runner.err.read_text() == body * 2


def test_the_runners_own_lines_hold_no_secret(runner):
    assert runner.run(f"/nowhere?sig={SECRET}") == 127
    said = runner.err.read_text()
    assert "/nowhere?sig=***" in said and "c2VjcmV0" not in said


def test_what_the_environment_holds_as_secrets_is_kept_nowhere(runner):
    env = {
        "AZURE_STORAGE_CONNECTION_STRING": "AccountName=a;AccountKey=abcdefgh/+12==;EndpointSuffix=x",
        "AZURE_STORAGE_SAS_TOKEN": "?sv=2021&sp=rw&sig=ijklmnop%2F%2B34%3D",
        "AZURE_CLIENT_SECRET": "qrst#uvwx yz",
        "PC_SDK_SUBSCRIPTION_KEY": "subscribed-to-it",
        "OUTER_KEY": "before-subscribed-to-it-after",
        "PARAM_KEY": "a-parameter",
    }
    runner.script(
        "import os\n"
        "for name, value in os.environ.items(): print(repr(value))\n"
        "print(os.environ['OUTER_KEY'])\n"
        "print('abcdefgh/+12==', 'ijklmnop/+34=', 'x' + 'qrst#uvwx yz' + 'x', os.environ['PARAM_KEY'])\n"
        "raise SystemExit(1)"
    )
    assert runner.run(**env) == 1
    kept = runner.log.read_text()
    for secret in ("abcdefgh", "ijklmnop", "uvwx", "subscribed", "after", "34%3D"):
        assert secret not in kept and secret not in runner.message()["tail"]
    assert "a-parameter" in kept and str(runner.folder) in kept


def test_secrets_that_come_in_pieces_or_in_endless_lines_are_kept_nowhere(runner):
    runner.script(
        "import os\n"
        "def slowly(stream, data):\n"
        "    for at in range(0, len(data), 3): os.write(stream, data[at:at + 3])\n"
        f"secret = {SECRET!r}.encode()\n"
        "slowly(1, b'?sig=' + secret + b'&x ')\n"
        "slowly(2, b'AccountKey=' + secret)\n"
        "slowly(1, b'Bearer ' + secret + b'\\n')\n"
        "for _ in range(3): os.write(2, b'?sig=' + secret * 5000 + b'&x=' + b'y' * 70_000)\n"
        "for n in range(3000): os.write(1, b'x' * (n % 97) + b' sig=' + secret)\n"
    )
    assert runner.run() == 0
    kept = runner.log.read_bytes()
    assert b"c2VjcmV0" not in kept and b"cmV0" not in kept
    assert kept.count(b"sig=***") >= 3000 and kept.count(b"y") == 3 * 70_000 + 1


def test_a_secret_in_a_result_is_masked(runner):
    runner.script(f"import json; print(json.dumps({{'url': 'https://a/b?sig={SECRET}', 'n': 1}}))")
    assert runner.run() == 0
    told = runner.message()
    assert json.loads(told["result"]) == {"url": "https://a/b?sig=***", "n": 1}
    assert "masked" in told["note"]


def test_words_that_look_like_secrets_stay(runner):
    text = "sigma=3 design=4 significant bearer of news, token: expired, key=value, 12:30@noon\n"
    (runner.folder / "text").write_text(text)
    assert runner.run("cat", "text") == 0
    assert runner.log.read_text() == text


# Any image


@pytest.mark.parametrize("version", ["3.9", "3.10"])
def test_it_runs_with_any_python_that_dask_has(runner, version):
    found = [
        *Path.home().glob(f".pyenv/versions/{version}.*/bin/python"),
        *Path("/usr/bin").glob(f"python{version}"),
    ]
    if not found:
        pytest.skip(f"there is no Python {version} here")
    process = runner.script("import sys; print(list(sys.version_info[:2])); sys.exit(2)").start(
        python=str(found[0])
    )
    assert process.wait(60) == 2
    assert runner.message()["result"] == str([int(part) for part in version.split(".")])
