"""Keep the error of one TLS connection from being taken for another's.

CPython up to 3.15 (python/cpython#148594) leaves an I/O error of OpenSSL 3.4 or later in its error queue, of
which each thread has one. The next call on *any* connection of that thread that would merely have to wait
finds it there, and raises it as its own: a scheduler that lost one worker closed the connection of a healthy
one, which then ended by itself. ``install`` empties the queue after every such error.
"""

from __future__ import annotations

import contextlib
import functools
import ssl

CALLS = ("read", "write", "send", "do_handshake", "unwrap")
"""The methods of SSLSocket that call OpenSSL; all others go through these."""


def install() -> None:
    """Wrap ``ssl.SSLSocket``, which Dask's and Tornado's connections are. A second call changes nothing."""
    for name in CALLS:
        call = getattr(ssl.SSLSocket, name)
        if not hasattr(call, "planetary"):
            setattr(ssl.SSLSocket, name, _emptying(call))


def _emptying(call):
    @functools.wraps(call)
    def wrapped(*args, **kwargs):
        try:
            return call(*args, **kwargs)
        except ssl.SSLError:
            raise  # CPython empties the queue itself
        except OSError:
            _empty_error_queue()
            raise

    wrapped.planetary = True
    return wrapped


def _empty_error_queue() -> None:
    """OpenSSL empties it when a handshake begins; Python offers no other way. This one waits for nobody."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    nobody = context.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_side=True)
    with contextlib.suppress(ssl.SSLWantReadError):
        nobody.do_handshake()


install()
