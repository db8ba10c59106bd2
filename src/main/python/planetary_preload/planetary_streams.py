"""Keeps one TLS connection's end from cutting another.

When a peer goes without a farewell, OpenSSL can leave its EPIPE in the thread's error queue; the next
operation on *any* other connection of that thread that only has to wait is then taken for broken (seen with
Python 3.13 and OpenSSL 3.5: a worker that had just registered was dropped because another one went away).
Python empties the queue when it raises, so a second try tells what is true: a pipe that is really broken says
so again.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

from tornado.iostream import SSLIOStream


def _twice(method: Callable) -> Callable:
    @functools.wraps(method)
    def call(self, data):
        try:
            return method(self, data)
        except BrokenPipeError:
            return method(self, data)

    call.planetary = True  # preloads are imported more than once
    return call


def install() -> None:
    """Make every TLS stream of this process ask twice before it believes in a broken pipe."""
    for name in ("read_from_fd", "write_to_fd"):
        method = getattr(SSLIOStream, name)
        if not getattr(method, "planetary", False):
            setattr(SSLIOStream, name, _twice(method))
