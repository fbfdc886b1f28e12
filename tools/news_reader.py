"""What a headline says of a company: raised money, bought, grew, hired a leader, or was merely in the news.

Rules over words, written for English and German headlines. They read who does what: the fund that leads a round has not
raised it, and a company that is bought has bought nobody. A headline that tells of trouble is no sign of a purchase to
come, so nothing is made of it. What no rule knows is news, no more.
"""

import re
from typing import NamedTuple

from tools.names import plain

_MAX = 300  # characters of a headline that are read
_POSSESSIVE = re.compile(r"(?<=\w)['’](?:s\b|(?=\s))")
_WHO = "\x00"  # stands for the company in the text that the rules see


class NewsReading(NamedTuple):
    kind: str  # a key of scoring.intent.HALF_LIFE_DAYS
    strength: float  # 0–1: 1 for what is said to have happened, less for what is planned, rumoured or not understood


_MONEY = r"(?:[$€£]\s?\d|\d[\d.,]*\s?(?:m|mn|mio|million|millionen|b|bn|billion|k)\b|series [a-h]\b|seed\b|pre-seed)"
_CAPITAL = r"(?:funding|financing|investment|capital|round|finanzierung\w*|kapital\w*|finanzspritze)"
_SITE = (
    r"(?:offices?|headquarters|hq|hub|plant|factory|warehouse|facility|stores?|site|campus|branch|showroom|lab|"
    r"standorte?|niederlassung|werk|buro|filiale)"
)
_LEADER = (
    r"(?:ceo|cfo|cto|coo|cro|cmo|cio|ciso|cpo|chro|chief \w+|president|vice president|vp|svp|evp|chair(?:man|woman)?|"
    r"head of|general manager|managing director|director|geschaftsfuhrer\w*|vorstand\w*|vertriebsleiter\w*)"
)
_TOGETHER = r"(?:partner|team up|join forces|announce (?:\w+ )?partnership|kooperieren)"
_GAP = r"(?:\s[^\s]+){0,%d}?\s"


def _rules(*lines: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{line})" for line in lines))


# Trouble, and talk of the share price: no sign of a purchase, whatever else the headline says.
_NOTHING = _rules(
    r"\b(?:layoffs?|lays? off|job cuts|cuts? \d+ jobs|bankrupt\w*|insolven\w*|chapter 11|receivership|liquidat\w+)\b",
    r"\b(?:lawsuit|sues?|sued|fraud|probe|investigat\w+|fined?|recall\w*|data breach|hacked|ransomware|outage)\b",
    r"\b(?:shuts? down|closes? its doors|winds? down|stellenabbau|kurzarbeit|entlass\w+|pleite|insolvenz\w*)\b",
    r"\b(?:shares?|stock|stocks|aktie|aktien) (?:of|price|fall|falls|rise|rises|drop|drops|jump|jumps|slump|slumps)\b",
    rf"{_WHO} (?:shares|stock|aktie)\b",
    r"\b(?:price target|buy rating|sell rating|kursziel|dividend)\b",
)
_NOT_SO = _rules(
    r"\b(?:denies|denied|calls? off|called off|scraps?|abandons?|fails? to|failed to|rejects?|rejected|no longer)\b",
    r"\b(?:dementiert|platzt|geplatzt|scheitert|gescheitert|lehnt)\b",
)
_PERHAPS = _rules(
    r"\b(?:reportedly|rumou?r\w*|in talks|said to|set to|offenbar|angeblich)\b|\?\s*$",
    rf"{_WHO}{_GAP % 1}(?:may|might|could|would|will|considers?|considering|mulls?|weighs?|eyes|eyeing|explores?|"
    r"seeks?|plans? to|aims? to|wants to|to (?:raise|buy|acquire|open|launch|expand|enter|name|appoint)|"
    r"plant|erwagt|konnte|soll)\b",
)
_INVESTS = _rules(
    rf"{_WHO} (?:leads?|led|co-leads?|invests?|invested|backs?|backed|joins|investiert)\b(?!.*\bas\b)",
    rf"{_WHO}.*\b(?:investments?|stake) in\b",
)
_KINDS: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "funding",
        _rules(
            rf"{_WHO}{_GAP % 3}(?:raises?|raised|raising|secures?|secured|closes?|closed|lands?|landed|bags?|nabs?|"
            rf"receives?|received|gets?|pulls in|attracts?|completes?|announces?)\b(?:\s[^\s]+){{0,6}}?\s?"
            rf"(?:{_MONEY}|{_CAPITAL})",
            rf"{_WHO} (?:raises|sammelt|erhalt|sichert sich|bekommt)\b.*(?:{_MONEY}|{_CAPITAL})",
            rf"(?:{_MONEY}|{_CAPITAL})(?:\s[^\s]+){{0,6}}? (?:for|fur) {_WHO}",
            rf"\b(?:invests?|invested|investiert)\b(?:\s[^\s]+){{0,6}}? in {_WHO}",
            rf"{_WHO} (?:funding round|series [a-h]\b|seed round|finanzierungsrunde)",
            rf"\b(?:leads?|led|joins?)\b(?:\s[^\s]+){{0,5}}? (?:in|for) {_WHO}",
        ),
    ),
    (
        "acquisition",
        _rules(
            rf"{_WHO}{_GAP % 2}(?:acquires|acquired(?! by)|acquiring|to acquire|buys|bought(?! by)|to buy|buying|"
            rf"snaps up|takes over|agrees to (?:buy|acquire)|completes acquisition|announces acquisition)\b",
            rf"{_WHO} (?:ubernimmt|kauft|erwirbt)\b",
            rf"{_WHO} acquisition of\b",
        ),
    ),
    (
        "leadership_change",
        _rules(
            rf"{_WHO}{_GAP % 2}(?:appoints?|appointed|names?|named|hires?|hired|taps?|promotes?|welcomes?|picks?|adds?|"
            rf"ernennt|beruft|holt)\b.*\b{_LEADER}\b",
            rf"\b(?:joins?|joined|moves to|wechselt zu) {_WHO}(?:\s[^\s]+){{0,3}}? (?:as|als)\b.*\b{_LEADER}\b",
            rf"\bnew\b(?:\s[^\s]+){{0,3}}? ?{_LEADER}\b(?:\s[^\s]+){{0,3}}? (?:of|at|for) {_WHO}",
            rf"{_WHO} (?:new |neuer? )?{_LEADER}\b(?:\s[^\s]+){{0,4}}? (?:steps down|resigns|retires|leaves|departs|"
            rf"to step down|verlasst|tritt zuruck)",
            rf"\b(?:as|als)(?:\s[^\s]+){{0,3}}? {_LEADER}\b(?:\s[^\s]+){{0,3}}? (?:of|at|bei|von) {_WHO}",
            rf"{_WHO} (?:has a new|gets a new|bekommt|hat) (?:\w+ )?{_LEADER}\b",
        ),
    ),
    (
        "partnership",
        _rules(
            rf"{_WHO}{_GAP % 4}(?:partners?(?: up)? with|partnered with|partnering with|teams? up with|teamed up with|"
            rf"joins? forces with|collaborates? with|strategic (?:partnership|alliance)|partnership with|"
            rf"partner to|integrates? with|signs? (?:\w+ ){{0,3}}agreement with|kooperiert mit)\b",
            rf"\b(?:partners?(?: up)? with|partnership with|teams? up with|joins? forces with|kooperiert mit) {_WHO}",
            rf"{_WHO} (?:and|und) (?:\S+ ){{1,3}}{_TOGETHER}\b",
            rf"(?:and|und) {_WHO} {_TOGETHER}\b",
        ),
    ),
    (
        "expansion",
        _rules(
            rf"{_WHO}{_GAP % 2}(?:expands?|expanding|expansion)\b(?:\s[^\s]+){{0,4}}? (?:to|into|in|across|with|at)\b",
            rf"{_WHO}{_GAP % 2}(?:opens?|opening|opened|to open|breaks ground|builds?|building|inaugurates?|unveils)\b"
            rf".*\b{_SITE}\b",
            rf"{_WHO}{_GAP % 1}(?:enters?|entering|entered)\b(?:\s[^\s]+){{0,5}}? markets?\b",
            rf"{_WHO}{_GAP % 1}(?:launches in|goes live in|arrives in|moves into)\b",
            rf"\bnew {_WHO} (?:\w+ )?{_SITE}\b",
            rf"{_WHO} (?:eroffnet|expandiert|baut)\b",
        ),
    ),
    (
        "product_launch",
        _rules(
            rf"{_WHO}{_GAP % 1}(?:launches|launched|unveils|unveiled|introduces|introduced|releases|released|rolls out|"
            rf"debuts|announces general availability|stellt|bringt)\b(?!.*\b(?:report|survey|results|review|"
            rf"earnings|statement|ipo)\b)",
        ),
    ),
)


def read_headline(headline: str, name_as_written: str) -> NewsReading | None:
    """What `headline` says of the company whose name stands in it as `name_as_written` (case and accents are free).

    None where it tells of trouble, of something that did not happen, or does not hold the name.
    """
    text, name = _read(headline[:_MAX]), _read(name_as_written)
    if not name:
        return None
    said = r"\W+".join(map(re.escape, name.split()))  # "Norra-Logistik" is Norra Logistik
    text, found = re.subn(rf"(?<!\w){said}(?!\w)", _WHO, text)
    if not found:
        return None
    if _NOTHING.search(text) or _NOT_SO.search(text):
        return None
    perhaps = _PERHAPS.search(text) is not None
    for kind, rules in _KINDS:
        if kind == "funding" and _INVESTS.search(text):
            continue
        if rules.search(text):
            return NewsReading(kind, 0.5 if perhaps else 1.0)
    return NewsReading("news", 0.5)


def _read(text: str) -> str:
    """Folded, white space collapsed, without the possessive of English."""
    return " ".join(plain(_POSSESSIVE.sub("", text)).split())
