"""The termination message of a job's runner: one JSON object, of which the kubelet reads 4096 bytes.

Standard library only, Python 3.9: it runs in any image.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable

LONGEST_MESSAGE = 4096
LONGEST_RESULT = 3072
LONGEST_TAIL = 1024
LONGEST_NOTE = 512
LEAST_TAIL = 256
"""Bytes of a failure's last lines that a result must leave room for."""

_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_OVERWRITTEN = re.compile(r"[^\n]*\r(?=[^\n])")


def message(code: int, result: bytes | None, tail: bytes, notes: list[str]) -> bytes:
    """The message. A result has to fit, see ``fits``; notes and tail are shortened to what it leaves."""
    told: dict[str, object] = {"v": 1, "exit": code}
    if result is not None:
        told["result"] = result.decode("utf-8", "replace")
    end = readable(tail, LONGEST_TAIL) if code != 0 else ""
    if notes:
        room = LONGEST_MESSAGE - (LEAST_TAIL if end else 0)
        note = _beginning("; ".join(notes), lambda part: _size({**told, "note": part}) <= room)
        told["note"] = _beginning(note, lambda part: len(part.encode("utf-8", "replace")) <= LONGEST_NOTE)
    if end:
        told["tail"] = _end(end, lambda part: _size({**told, "tail": part}) <= LONGEST_MESSAGE)
    return _json({name: value for name, value in told.items() if value != "" or name == "result"})


def fits(code: int, result: bytes) -> bool:
    """Whether a message can hold this result; of a failure, beside some of the last lines."""
    text = result.decode("utf-8", "replace")
    room = LONGEST_MESSAGE - (LEAST_TAIL if code != 0 else 0)
    return len(text.encode("utf-8")) <= LONGEST_RESULT and len(message(code, result, b"", [])) <= room


def readable(data: bytes, most: int) -> str:
    """The end of an output as people want to read it in a status: no colours, of progress bars the last
    state, whole lines where possible."""
    text = _ESCAPES.sub("", data.decode("utf-8", "replace").replace("\r\n", "\n"))
    text = _CONTROLS.sub("", _OVERWRITTEN.sub("", text)).strip("\n")
    return _end(text, lambda part: len(part.encode("utf-8")) <= most)


def is_json(line: bytes) -> bool:
    def refuse(constant: str):
        raise ValueError(f"{constant} is not JSON")

    try:
        json.loads(line.decode("utf-8"), parse_constant=refuse)
    except (ValueError, RecursionError):
        return False
    return True


def _end(text: str, fits: Callable[[str], bool]) -> str:
    """The longest end of the text that fits, from the start of a line if there is one in it."""
    left_out = _least(len(text), lambda count: fits(text[count:]))
    end = text[left_out:]
    if left_out and text[left_out - 1] != "\n" and "\n" in end:
        return end.partition("\n")[2]
    return end


def _beginning(text: str, fits: Callable[[str], bool]) -> str:
    left_out = _least(len(text), lambda count: fits(text[: len(text) - count]))
    return text[: len(text) - left_out]


def _least(most: int, enough: Callable[[int], bool]) -> int:
    """The least number that is enough, if each larger one is, too; ``most`` if none is."""
    low, high = 0, most
    while low < high:
        middle = (low + high) // 2
        if enough(middle):
            high = middle
        else:
            low = middle + 1
    return low


def _size(told: dict[str, object]) -> int:
    return len(_json(told))


def _json(told: dict[str, object]) -> bytes:
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
