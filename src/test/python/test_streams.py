"""A broken pipe that another connection left behind is not believed; a real one is."""

from __future__ import annotations

import pytest
from tornado.iostream import SSLIOStream

import planetary_streams


def breaking(times: int):
    """A stream's method that fails so many times before it answers."""
    left = iter([True] * times)

    def method(self, data):
        if next(left, False):
            raise BrokenPipeError(32, "Broken pipe")
        return data

    return planetary_streams._twice(method)


def test_a_pipe_that_is_broken_once_is_tried_again():
    assert breaking(1)(None, b"x") == b"x"


def test_a_pipe_that_stays_broken_is_broken():
    with pytest.raises(BrokenPipeError):
        breaking(2)(None, b"x")


def test_streams_are_wrapped_once_however_often_preloads_are_imported(monkeypatch):
    for name in ("read_from_fd", "write_to_fd"):
        monkeypatch.setattr(SSLIOStream, name, getattr(SSLIOStream, name))  # put back afterwards
    planetary_streams.install()
    once = SSLIOStream.read_from_fd
    planetary_streams.install()
    assert SSLIOStream.read_from_fd is once
