"""What a reading consists of, and the cleaning that every quoted word of a stranger's page goes through."""

import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tools.ports import SignalRecord

if TYPE_CHECKING:
    from tools.site_reader.changes import PageSnapshot

MAX_QUOTE = 200  # characters

# Controls, format characters (bidi, zero-width), surrogates, private use and unassigned code points: what hides
# text from a reader or breaks a terminal, a log or a database.
_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})


def cleaned(text: str, limit: int = MAX_QUOTE) -> str:
    """One line without unsafe code points, white space collapsed, at most `limit` characters."""
    text = text[: limit * 8]  # white space collapses, so more is read than kept; a bound all the same
    kept = (" " if char.isspace() else char for char in text if char.isspace() or _is_safe(char))
    return " ".join("".join(kept).split())[:limit].rstrip()


def _is_safe(char: str) -> bool:
    return " " <= char <= "~" or unicodedata.category(char) not in _UNSAFE


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing a page says. `value` is JSON (str or int); everything in it is tainted: quoted, never obeyed."""

    field: str
    value: Any
    quote: str  # the page's own words, cleaned, at most 200 characters
    url: str
    observed_at: datetime
    method: str  # title, meta, json_ld, link, address, generator, header, inline, text
    confidence: float  # 0–1


@dataclass(frozen=True, slots=True)
class SiteReading:
    findings: tuple[Finding, ...]
    signals: tuple[SignalRecord, ...]
    pages: int  # pages read, the first included
    pricing: "PageSnapshot | None" = None  # to be compared with the next reading
