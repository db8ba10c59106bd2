"""The termination message, whatever there is to tell."""

from __future__ import annotations

import json
import random

import pytest

from planetary_message import LONGEST_RESULT, LONGEST_TAIL, fits, is_json, message, readable

ALPHABETS = [
    b'"\\',
    b"\x00\x01\x1b",
    b"\xff\xc3",
    b"a \n",
    b"\r\n",
    "ü😀\u2028".encode(),
    bytes(range(256)),
    b"[]{},1",
]


@pytest.mark.parametrize("seed", range(200))
def test_it_fits_and_is_json_whatever_it_holds(seed):
    some = random.Random(seed)

    def anything(most: int) -> bytes:
        alphabet = some.choice(ALPHABETS)
        return bytes(some.choice(alphabet) for _ in range(some.choice([0, 1, 10, most // 2, most])))

    code, result, tail = some.choice([0, 1, 137, 255]), anything(3200), anything(8192)
    notes = [anything(700).decode("utf-8", "replace") for _ in range(some.randrange(3))]
    told = message(code, result if fits(code, result) else None, tail, notes)
    assert len(told) <= 4096
    read = json.loads(told.decode("utf-8"))
    assert (read["v"], read["exit"]) == (1, code)
    assert ("result" in read) == fits(code, result)
    assert len(read.get("tail", "").encode()) <= LONGEST_TAIL
    assert code or "tail" not in read
    if code and readable(tail, LONGEST_TAIL):
        assert read["tail"] and readable(tail, 1 << 20).endswith(read["tail"])


def test_a_note_makes_room_for_the_result_and_the_tail():
    result = b"x" * LONGEST_RESULT
    read = json.loads(message(1, result, b"y" * 2000, ["n" * 5000]))
    assert read["result"] == result.decode()
    assert len(read["note"]) > 300 and len(read["tail"]) > 200


def test_the_last_lines_are_whole_where_possible():
    lines = "".join(f"line {n}\n" for n in range(1000)).encode()
    told = readable(lines, 100)
    assert told.startswith("line ") and told.endswith("line 999") and 90 < len(told) <= 100
    assert readable(b"x" * 1000 + b"\nend", 100) == "end"
    assert readable(b"short", 100) == "short"


@pytest.mark.parametrize(
    ("text", "json_"), [("1", True), ("NaN", False), ("-Infinity", False), ("", False), ("{", False)]
)
def test_json_is_what_others_read_too(text, json_):
    assert is_json(text.encode()) == json_
