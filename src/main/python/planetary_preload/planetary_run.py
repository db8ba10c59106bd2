"""``python planetary_run.py [-- CMD ARG…]``: runs a job's script or command, and tells what became of it.

The child's output goes through unchanged and at once; a scrubbed copy goes where the job keeps logs. At the
end the termination message holds the exit code, the result, and of a failure the last lines
(docs/pod-contract.md). Whatever goes wrong here beside the child is told in the message's note: the exit code
is the child's alone.

Standard library only, Python 3.9: it runs in any image. It may be the container's first process.
"""

from __future__ import annotations

import contextlib
import errno
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from planetary_blob import Blob, BlobLog, credential  # noqa: E402
from planetary_message import LONGEST_RESULT, fits, is_json, message  # noqa: E402
from planetary_secrets import Lines, Secrets  # noqa: E402

LONGEST_KEPT = 1 << 13
"""Bytes at the end of the output, out of which the message takes its last lines."""
LONGEST_LAST_LINE = 8 << 20
"""A longer last line is no result, not even for the output folder."""
STOPPING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
DEFAULT_GRACE_SECONDS = 30.0
FAREWELL_SECONDS = 5.0
"""So long before the end of the grace period the child is killed: the message and the log take their time."""
DRAIN_SECONDS = 2.0
"""So long the output of a child that ended is waited for, where another process still holds its end."""
UPLOAD_SECONDS = 60.0


class Child:
    """A process in a group of its own. Signals that ask us to stop are passed on to the whole group, as a
    terminal's are: a shell passes none on to what it runs."""

    def __init__(self, grace: float):
        self.stopped_at: float | None = None
        self._grace = grace
        self._patience = grace - min(FAREWELL_SECONDS, grace / 2)
        self._pid = 0
        self._code: int | None = None
        self._wake, wake = os.pipe()
        for end in (self._wake, wake):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        for number in (*STOPPING, signal.SIGCHLD):
            signal.signal(number, self._note)  # not ignored, or nothing would come through the pipe

    def run(self, command: list[str], take) -> int:
        """The exit code, 128 + n for signal n; OSError if it did not start. ``take`` gets what it prints,
        with 1 for stdout and 2 for stderr."""
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0, start_new_session=True
        )
        self._pid, streams = process.pid, {process.stdout.fileno(): 1, process.stderr.fileno(): 2}
        poll = select.poll()
        for end in (self._wake, *streams):
            poll.register(end, select.POLLIN)
        drained = float("inf")
        while streams and time.monotonic() < drained or self._code is None:
            for end, _ in poll.poll(self._timeout(drained)):
                if end == self._wake:
                    self._hear()
                elif data := os.read(end, 1 << 16):
                    take(streams[end], data)
                else:
                    poll.unregister(end)
                    del streams[end]
            if self._code is None and self._is_overdue():
                self._send(signal.SIGKILL)
            if self._code is not None:
                drained = min(drained, time.monotonic() + DRAIN_SECONDS)
        self._send(signal.SIGKILL)  # to what it left behind
        process.returncode = self._code
        return self._code if self._code >= 0 else 128 - self._code

    def seconds_left(self) -> float | None:
        """Of the grace period, with a little for ourselves; None while nobody wants us to stop."""
        return None if self.stopped_at is None else self.stopped_at + self._grace - 0.5 - time.monotonic()

    def _note(self, number: int, _) -> None:
        if number in STOPPING and self.stopped_at is None:
            self.stopped_at = time.monotonic()

    def _timeout(self, drained: float) -> float | None:
        """Milliseconds."""
        until = drained
        if self._code is None and self.stopped_at is not None:
            until = self.stopped_at + self._patience
        return None if until == float("inf") else max(0.0, until - time.monotonic()) * 1000 + 1

    def _is_overdue(self) -> bool:
        return self.stopped_at is not None and time.monotonic() >= self.stopped_at + self._patience

    def _hear(self) -> None:
        heard = os.read(self._wake, 1 << 10)
        for number in STOPPING:
            if number in heard:
                self._send(number)
        # The first process of a container has to see off everybody's children.
        with contextlib.suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                if ended[0] == self._pid:
                    self._code = os.waitstatus_to_exitcode(ended[1])

    def _send(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._pid, number)


class LastLine:
    """The last line of stdout that is not blank: the result, if it is JSON."""

    def __init__(self):
        self.line = b""
        self._open = bytearray()

    def add(self, data: bytes) -> None:
        first, *more = data.split(b"\n")
        if len(self._open) <= LONGEST_LAST_LINE:
            self._open += first
        if more:
            self._end(bytes(self._open))
            self._end(next((line for line in reversed(more[:-1]) if line.strip()), b""))
            self._open = bytearray(more[-1])

    def result(self) -> bytes | None:
        self._end(bytes(self._open))
        return self.line.strip() if is_json(self.line) else None

    def _end(self, line: bytes) -> None:
        if line.strip():
            self.line = line if len(line) <= LONGEST_LAST_LINE else b""


class Output:
    """Where the child's output goes: through, into the log, the end of it into the message. ``left`` as the
    log has it."""

    def __init__(self, environ, secrets: Secrets, notes: list[str], left: Callable[[], float | None]):
        self._secrets = secrets
        self._notes = notes
        self._lines = {1: Lines(secrets), 2: Lines(secrets)}
        self._log = -1
        self._blob: BlobLog | None = None
        self.last_line = LastLine()
        self.tail = b""
        if environ.get("PLANETARY_LOG_FILE"):
            with self._noting("The log file cannot be written"):
                os.makedirs(os.path.dirname(environ["PLANETARY_LOG_FILE"]), exist_ok=True)
                flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
                self._log = os.open(environ["PLANETARY_LOG_FILE"], flags, 0o640)
        if environ.get("PLANETARY_LOG_URL"):
            with self._noting("The log cannot be uploaded"):
                url = environ["PLANETARY_LOG_URL"]
                self._blob = BlobLog(Blob(url, credential(environ, url)), left)

    def take(self, stream: int, data: bytes) -> None:
        with contextlib.suppress(OSError):  # nobody listens: the job goes on
            write(stream, data)
        if stream == 1:
            self.last_line.add(data)
        self._keep(self._lines[stream].add(data))

    def say(self, line: str) -> None:
        """A line of our own: it may quote what the job's spec or the storage says."""
        self.take(2, self._secrets.scrub(line.encode("utf-8", "replace")) + b"\n")

    def end(self) -> None:
        """The child has ended: what has no line break counts, too."""
        for lines in self._lines.values():
            self._keep(lines.rest())

    def close(self, seconds: float) -> None:
        """Wait until the log is where it belongs: so long, or what is left if somebody wants us to stop."""
        if self._log >= 0:
            with self._noting("The log file may be incomplete"):
                os.close(self._log)
        if self._blob:
            with self._noting("The log could not be uploaded in full"):
                self._blob.close(seconds)

    def _keep(self, data: bytes) -> None:
        if not data:
            return
        self.tail = (self.tail + data)[-LONGEST_KEPT:]
        if self._log >= 0:
            try:
                write(self._log, data)
            except OSError as error:
                self._notes.append(f"The log file ends early: {error.strerror}")
                self._log = -1
        if self._blob:
            self._blob.add(data)

    @contextlib.contextmanager
    def _noting(self, what: str):
        try:
            yield
        except Exception as error:
            self._notes.append(f"{what}: {error}")


def command(args: list[str], environ) -> list[str]:
    """What to run."""
    if args:
        return args[1:] if args[0] == "--" else args
    script = environ.get("PLANETARY_SCRIPT", "")
    if not os.path.exists(script):
        raise FileNotFoundError(errno.ENOENT, "There is no such script", script)
    return [sys.executable, "-u", script]


def run(args: list[str], environ, child: Child, output: Output) -> int:
    """The exit code, as a shell's: 127 for what is not there, 126 for what cannot be run."""
    try:
        wanted = command(args, environ)
        if not wanted:
            raise FileNotFoundError(errno.ENOENT, "There is no command to run", "")
        code = child.run(wanted, output.take)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        name = getattr(error, "filename", None) or ""
        output.say(f"planetary: cannot start {name!r}: {reason}" if name else f"planetary: {reason}")
        code = 127 if isinstance(error, FileNotFoundError) else 126
    output.end()
    return code


def write(end: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(end, rest) :]


# The result


def result_of(code: int, environ, secrets: Secrets, last_line: LastLine, started: float, notes: list[str]):
    """What the job left as its result, if it did and if a message can hold it."""
    path = environ.get("PLANETARY_RESULT_FILE", "")
    if path and os.path.isfile(path):
        with open(path, "rb") as file:
            result = file.read()
    else:
        result = last_line.result()
    if result is None:
        return None
    scrubbed = secrets.scrub(result)
    if fits(code, scrubbed):
        if scrubbed != result:
            notes.append("The result held secrets, which are masked")
        return scrubbed
    notes.append(
        f"The result has {len(result)} bytes; a status holds {LONGEST_RESULT}, less what JSON has to escape: "
        + keep_result(result, environ, started)
    )
    return None


def keep_result(result: bytes, environ, started: float) -> str:
    """A result that is too large goes to the output folder, if there is one; says where."""
    name = "result.json" if is_json(result) else "result"
    if environ.get("PLANETARY_OUTPUT"):
        path = os.path.join(environ["PLANETARY_OUTPUT"], name)
        if os.path.exists(path) and os.stat(path).st_mtime >= started:
            return f"it is not kept, for the job wrote {path} itself"
        with open(path + ".part", "wb") as file:
            file.write(result)
        os.replace(path + ".part", path)
        return f"it is in {path}"
    if environ.get("PLANETARY_OUTPUT_URL"):
        url = environ["PLANETARY_OUTPUT_URL"].rstrip("/") + "/" + name
        Blob(url, credential(environ, url)).put(result, deadline=time.monotonic() + UPLOAD_SECONDS)
        return f"it is in {url}"
    return "larger ones belong into the job's output"


def main(args: list[str]) -> int:
    environ, started = os.environ, time.time()
    environ.setdefault("PYTHONUNBUFFERED", "1")  # a command may be Python too, and its progress shall be seen
    for end in (1, 2):
        os.set_blocking(end, True)
    notes: list[str] = []
    grace = float(environ.get("PLANETARY_GRACE_SECONDS") or DEFAULT_GRACE_SECONDS)
    secrets = Secrets(environ)
    child = Child(grace)
    output = Output(environ, secrets, notes, child.seconds_left)
    code = run(args, environ, child, output)
    tail = output.tail
    result = None
    try:
        result = result_of(code, environ, secrets, output.last_line, started, notes)
    except Exception as error:
        notes.append(f"The result is lost: {error}")
    tell(environ, secrets, (code, result, tail), notes)
    for note in notes:
        output.say(f"planetary: {note}")
    # After the message, for this may outlast what is left of the grace period.
    told = len(notes)
    output.close(UPLOAD_SECONDS)
    if len(notes) > told:
        tell(environ, secrets, (code, result, tail), notes)
    return code


def tell(environ, secrets: Secrets, end: tuple[int, bytes | None, bytes], notes: list[str]) -> None:
    """Write the termination message."""
    if environ.get("PLANETARY_TERMINATION_FILE"):
        scrubbed = [secrets.scrub(note.encode("utf-8", "replace")).decode("utf-8") for note in notes]
        with contextlib.suppress(OSError), open(environ["PLANETARY_TERMINATION_FILE"], "wb") as file:
            file.write(message(*end, scrubbed))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
