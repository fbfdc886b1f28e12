"""`tag=value; tag=value`: the form of DKIM keys, DMARC, MTA-STS and TLS-RPT records (RFC 6376 §3.2)."""

import re

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def tags(text: str) -> dict[str, str] | None:
    """In the order written; None where it is no such list or a tag stands twice. White space around is left out."""
    found: dict[str, str] = {}
    parts = text.split(";")
    if not parts[-1].strip():
        parts.pop()
    for part in parts:
        name, equals, value = part.partition("=")
        name = name.strip()
        if not equals or not _NAME.fullmatch(name) or name in found:
            return None
        found[name] = value.strip()
    return found
