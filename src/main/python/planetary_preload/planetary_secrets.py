"""Takes secrets out of what a job prints, before any of it is kept: signatures, account keys, bearer tokens,
and what the environment holds under a secret's name.

On bytes, for output need not be text. Standard library only, Python 3.9: it runs in any image.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from urllib.parse import parse_qs, quote, unquote

MASK = b"***"
LONGEST_LINE = 1 << 16
"""A longer line is cut between two secrets, in bytes."""
LONGEST_SECRET = 1 << 12
"""So many bytes of a line that is cut are held back: a secret may only have begun there."""

# What must be in a line, in small letters, for the expression to be worth a try; and the expression: its one
# group is what is kept before the secret. None reaches beyond a line.
_FORMS = (
    ((b"sig=", b"sig%3d"), rb"((?:(?<!\w)|(?<=%26)|(?<=%3F)|(?<=%3f))[Ss][Ii][Gg](?:=|%3[Dd]))[\w%+/=.~-]+"),
    ((b'sig"', b"sig'"), rb"""([\"'][Ss][Ii][Gg][\"'][ \t]*:[ \t]*[\"'])[^\"'\r\n\\]+"""),
    (
        (b"key", b"signature", b"connection", b"secret", b"token", b"password", b"passwd"),
        rb"""((?i:account_?key|shared_?access_?key|storage_?key|access_?key|shared_?access_?signature
        |connection_?string|client_?secret|sas_?token|access_?token|subscription[-_]?key|passwo?r?d)
        (?:\\?[\"'])?[ \t]*[=:][ \t]*(?:\\?[\"'])?)[^\s;\"',)&\\]+""",
    ),
    (
        (b"authorization",),
        rb"""((?i:authorization)(?:\\?[\"'])?[ \t]*[=:][ \t]*(?:\\?[\"'])?(?:[A-Za-z]+[ \t]+)?)
        [^\s\"',;\\]+""",
    ),
    ((b"bearer",), rb"(\b(?i:bearer)[ \t]+)[\w.~+/=-]{16,}"),
    ((b"sharedkey",), rb"(\b(?i:sharedkey(?:lite)?)[ \t]+\w+:)[A-Za-z0-9+/=]+"),
    ((b"eyj",), rb"(\b)eyJ[\w-]{8,}\.[\w-]{4,}\.[\w-]*"),
    ((b"@",), rb"""(://[^/\s:@\"']{0,256}:)[^/\s@\"']{1,256}(?=@)"""),
)
_SECRET_NAME = re.compile(r"(?:KEY|SECRET|TOKEN|PASSWORD|CONNECTION_STRING|SAS|CREDENTIALS?)$", re.IGNORECASE)
_SHORTEST = 8
"""A shorter value is no secret, or its mask would take words out of every line."""


class Secrets:
    """What to take out, by form and by value."""

    def __init__(self, environ: Mapping[str, str]):
        self._rules = [(triggers, re.compile(b"(?x:" + form + b")")) for triggers, form in _FORMS]
        for value in sorted(_values(environ), key=len):  # the longest will be the first
            literal = value.encode("utf-8", "surrogateescape")
            self._rules.insert(0, ((literal.lower(),), re.compile(b"()" + re.escape(literal))))

    def scrub(self, data: bytes) -> bytes:
        """The same with masks; of whole lines, or text that ``Lines`` has cut."""
        worth_it = self._worth_it(data.lower(), self._rules)
        if not worth_it:
            return data
        return b"".join(self._scrub_line(line, worth_it) for line in data.splitlines(keepends=True))

    def cut(self, data: bytes) -> int:
        """Where to cut a line that goes on: before any secret that may not be complete. 0: nowhere."""
        end = len(data) - LONGEST_SECRET
        cut = end
        for _, pattern in self._worth_it(data.lower(), self._rules):
            for match in pattern.finditer(data):
                if match.start() < end < match.end():
                    cut = min(cut, match.start())
        return cut

    def _scrub_line(self, line: bytes, rules) -> bytes:
        for _, pattern in self._worth_it(line.lower(), rules):
            line = pattern.sub(rb"\1" + MASK, line)
        return line

    def _worth_it(self, lower: bytes, rules) -> list:
        """Expressions are slow."""
        return [rule for rule in rules if any(trigger in lower for trigger in rule[0])]


class Lines:
    """One stream's output, in pieces that hold no half of a secret."""

    def __init__(self, secrets: Secrets):
        self._secrets = secrets
        self._open = b""

    def add(self, data: bytes) -> bytes:
        """What is complete now, scrubbed."""
        data = self._open + data
        end = data.rfind(b"\n") + 1
        if len(data) - end > LONGEST_LINE:
            cut = self._secrets.cut(data[end:])
            if cut:
                end += cut
            else:  # one secret without end: what is in its middle is of no use to anybody
                data = data[: end + LONGEST_SECRET] + data[-LONGEST_SECRET:]
        self._open = data[end:]
        return self._secrets.scrub(data[:end])

    def rest(self) -> bytes:
        """The last line, which has no end."""
        rest, self._open = self._open, b""
        return self._secrets.scrub(rest)


def _values(environ: Mapping[str, str]) -> set[str]:
    found: set[str] = set()
    for name, value in environ.items():
        # Parameters are in the job's spec, for everybody to read.
        if _SECRET_NAME.search(name) and not name.startswith("PARAM_"):
            found.update(value.splitlines())
            found.update(_parts(value))
    try:
        with open(environ["PLANETARY_TOKEN_FILE"], encoding="ascii") as file:
            found.add(file.read().strip())
    except (KeyError, OSError, ValueError):
        pass
    return {value for value in found if len(value) >= _SHORTEST and not _is_path(value)}


def _parts(value: str) -> set[str]:
    """The secrets inside of connection strings and SAS tokens, in the ways a URL may spell them."""
    parts = {value.lstrip("?")}
    for part in value.split(";"):
        name, _, secret = part.partition("=")
        if name in ("AccountKey", "SharedAccessSignature", "SharedAccessKey"):
            parts.add(secret)
    for query in list(parts):
        for signature in parse_qs(query).get("sig", []):
            parts |= {signature, quote(signature, safe=""), unquote(signature)}
    return parts


def _is_path(value: str) -> bool:
    return value.startswith("/") and os.path.exists(value)
