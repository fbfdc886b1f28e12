"""What a later reading of a page says that an earlier one did not, as evidence in the page's own words."""

from dataclasses import replace
from typing import NamedTuple

from tools.ports import WebPage
from tools.site_reader.changes import compare, signal_of, snapshot

_ANY = "pricing_page_changed"  # a quote does not depend on what the page is called


class Difference(NamedTuple):
    """False where nothing that counts differs."""

    quote: str = ""
    strength: float = 0.0  # 0–1: 1 where a price differs, less where words do

    def __bool__(self) -> bool:
        return bool(self.quote)


def difference(before: WebPage, after: WebPage) -> Difference:
    """Which is the earlier is the caller's word: captures of an archive are read in any order."""
    old = snapshot(before)
    new = snapshot(replace(after, fetched_at=max(before.fetched_at, after.fetched_at)))
    if not old.blocks or not new.blocks:
        return Difference()  # a page drawn by scripts: nothing of it was kept
    said = signal_of(compare(old, new), _ANY)
    return Difference(said.quote, said.strength) if said is not None else Difference()
