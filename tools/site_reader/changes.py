"""What changed on a page between two readings: a pure comparison of two snapshots.

Dates, copyright years, counters, ids of sessions, the order of sections, a word here or there and prices shown in
another currency are no change: sites vary in these from one reading to the next.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from tools.ports import SignalRecord, WebPage
from tools.site_reader.content import main_blocks
from tools.site_reader.html import Block, parse
from tools.site_reader.prices import Price, prices
from tools.site_reader.types import cleaned

MAX_BLOCKS = 1_000  # of a page that are compared
MIN_WORDS = 4  # of a block: a button or a label that changes says nothing
_SAME = 0.8  # of the words of two blocks in common, from where on they are one, reworded
_MAX_PAIRS = 40_000  # of blocks that are compared word by word

_MONTHS = "jan|feb|mar|mär|apr|may|mai|jun|jul|aug|sep|oct|okt|nov|dec|dez"
_NOISE = re.compile(
    rf"\b(?:{_MONTHS})[a-zä]{{0,6}}\b\.?|\b(?:mon|tues?|wednes|thurs?|fri|satur|sun)(?:day)?\b|"
    r"\b(?=[a-z]{0,64}\d)(?=[\d_-]{0,64}[a-z])[a-z0-9_-]{16,64}\b|\b(?:second|minute|hour|day|week)s?\s+ago\b|©|\(c\)|copyright",
)
_NUMBERS = re.compile(r"[+\-]?\d[\d.,:/'’-]*(?:st|nd|rd|th|k|m|%)?\+?")
_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class BlockMark:
    digest: str  # of the text without what varies
    text: str  # cleaned, at most 200 characters
    is_heading: bool


@dataclass(frozen=True, slots=True)
class PageSnapshot:
    """A page as it is kept for the next comparison: plain data. Everything in it is tainted."""

    url: str
    observed_at: datetime
    title: str
    etag: str
    last_modified: str
    blocks: tuple[BlockMark, ...]
    prices: tuple[Price, ...]


@dataclass(frozen=True, slots=True)
class PriceChange:
    plan: str
    before: Price
    after: Price


@dataclass(frozen=True, slots=True)
class PageChange:
    """Quotes are the page's own words."""

    url: str
    before_at: datetime
    observed_at: datetime
    added: tuple[str, ...]  # blocks
    removed: tuple[str, ...]
    prices: tuple[PriceChange, ...]
    plans_added: tuple[str, ...]  # headings with a price
    plans_removed: tuple[str, ...]

    @property
    def is_change(self) -> bool:
        return bool(self.added or self.removed or self.prices or self.plans_added or self.plans_removed)


def snapshot(answer: WebPage) -> PageSnapshot:
    page = parse(answer.text)
    blocks = main_blocks(page)
    marks = (_mark(block) for block in blocks[:MAX_BLOCKS])
    return PageSnapshot(
        answer.final_url,
        answer.fetched_at,
        cleaned(page.title),
        answer.headers.get("etag", "")[:300],
        answer.headers.get("last-modified", "")[:100],
        tuple(mark for mark in marks if mark.text),
        tuple(prices(blocks)),
    )


def compare(before: PageSnapshot, after: PageSnapshot) -> PageChange:
    """Raises ValueError where `after` is older. Two pages that differ in what varies only give a change of nothing."""
    if after.observed_at < before.observed_at:
        raise ValueError("The later snapshot is older.")
    gone = _without(before.blocks, after.blocks)
    new = _without(after.blocks, before.blocks)
    gone, new = _reworded(gone, new)
    changed, plans_added, plans_removed = _prices(before.prices, after.prices)
    return PageChange(
        after.url,
        before.observed_at,
        after.observed_at,
        tuple(mark.text for mark in new),
        tuple(mark.text for mark in gone),
        changed,
        plans_added,
        plans_removed,
    )


def signal_of(change: PageChange, kind: str) -> SignalRecord | None:
    """The change as evidence: `kind` is that of the page (pricing_page_changed …). None where there is no change.

    A price with its two figures is plainest, then a plan that came or went; words that changed are a hint.
    """
    if change.prices:
        one = change.prices[0]
        quote, strength = f"{one.plan}: {one.before.quote} → {one.after.quote}".removeprefix(": "), 1.0
    elif change.plans_added or change.plans_removed:
        named = change.plans_added or change.plans_removed
        quote, strength = f"{'new' if change.plans_added else 'gone'}: {', '.join(named)}", 0.9
    elif change.added or change.removed:
        quote, strength = (change.added or change.removed)[0], 0.5
    else:
        return None
    return SignalRecord(kind, change.observed_at, cleaned(quote), change.url, strength)


def _mark(block: Block) -> BlockMark:
    text = cleaned(block.text, 4_000)
    plain = _plain(text)
    digest = sha256(plain.encode()).hexdigest()[:32] if plain else ""
    return BlockMark(digest, text[:200] if plain else "", block.kind == "heading")


def _plain(text: str) -> str:
    text = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(_WORD.findall(_NUMBERS.sub(" ", _NOISE.sub(" ", text))))


def _without(blocks: Sequence[BlockMark], others: Sequence[BlockMark]) -> list[BlockMark]:
    """Those that the others do not have, whatever the order, each text once, and long enough to say something."""
    known = {mark.digest for mark in others}
    found = {mark.digest: mark for mark in blocks if mark.digest not in known}
    return [m for m in found.values() if len(_plain(m.text).split()) >= (2 if m.is_heading else MIN_WORDS)]


def _reworded(gone: list[BlockMark], new: list[BlockMark]) -> tuple[list[BlockMark], list[BlockMark]]:
    """Takes out the pairs that are one block with a few other words."""
    if len(gone) * len(new) > _MAX_PAIRS:
        return gone, new
    words = {mark.digest: Counter(_plain(mark.text).split()) for mark in (*gone, *new)}
    left = list(gone)
    kept: list[BlockMark] = []
    for mark in new:
        pair = next((old for old in left if _common(words[mark.digest], words[old.digest]) >= _SAME), None)
        if pair is None:
            kept.append(mark)
        else:
            left.remove(pair)
    return left, kept


def _common(one: Counter[str], other: Counter[str]) -> float:
    """Jaccard over words with their counts, 0–1."""
    union = (one | other).total()
    return (one & other).total() / union if union else 1.0


def _prices(
    before: Sequence[Price], after: Sequence[Price]
) -> tuple[tuple[PriceChange, ...], tuple[str, ...], tuple[str, ...]]:
    if not before or not after:
        return (), (), ()  # a page whose prices come by script shows them on one day and not on the next
    if {price.currency for price in before}.isdisjoint(price.currency for price in after):
        return (), (), ()  # shown for another country
    old, new = _by_plan(before), _by_plan(after)
    changed: list[PriceChange] = []
    for key in old.keys() & new.keys():
        one, other = old[key], new[key]
        same = {price.minor for price in one} & {price.minor for price in other}
        left = [price for price in one if price.minor not in same]
        come = [price for price in other if price.minor not in same]
        changed += (PriceChange(key[0], a, b) for a, b in zip(left, come, strict=False))
    plans_before, plans_after = ({price.plan for price in group if price.plan} for group in (before, after))
    return (
        tuple(sorted(changed, key=lambda change: (change.plan, change.before.minor, change.after.minor))),
        tuple(sorted(plans_after - plans_before)),
        tuple(sorted(plans_before - plans_after)),
    )


def _by_plan(found: Sequence[Price]) -> dict[tuple[str, str, str], list[Price]]:
    grouped: dict[tuple[str, str, str], list[Price]] = {}
    for price in found:
        grouped.setdefault((price.plan, price.currency, price.period), []).append(price)
    return grouped
