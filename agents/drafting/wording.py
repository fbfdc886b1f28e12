"""What a workspace changed about the words of templates: variants, and small rules learned from its people's edits.

A rule touches the template's own words alone. What was put into them (names, facts, the offer) stands between marks and
no rule reaches in there; what a rule puts is text, whatever signs are in it.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from uuid import UUID

from agents.drafting.types import Field
from prompts.marks import mark, own_words, unmark, without_marks
from scoring.variant_test import Arm

_PREFIXES = ("Subject: ", "~ ", "| ")
_GAPS = (("  ", " "), (" ,", ","), (" .", "."), (" ?", "?"), (" :", ":"), (",,", ","))
_TOKEN = re.compile(r"\w+(?:['’-]\w+)*|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Words:
    """A variant's source, in the small language of prompts.tenant."""

    reference: str  # "first_mail/hiring~2"
    source: str


@dataclass(frozen=True, slots=True)
class Trial:
    test_id: UUID
    arm: Arm  # what this company drew
    words: Words


@dataclass(frozen=True, slots=True)
class Rule:
    id: str
    find: str
    put: str  # empty: it is left out
    template: str  # "first_mail/hiring"; empty: in all of them
    field: Field


@dataclass(frozen=True, slots=True)
class Wording:
    """For one company. Empty: the built-in templates as they are."""

    in_force: Mapping[str, Words] = field(default_factory=lambda: MappingProxyType({}))  # by template
    trials: Mapping[str, Trial] = field(default_factory=lambda: MappingProxyType({}))
    rules: tuple[Rule, ...] = ()


def words_and_signs(text: str) -> list[re.Match[str]]:
    return list(_TOKEN.finditer(text))


def changed_template(rendered: str, template: str, rule: Rule) -> str:
    """A rendered template, its marks still in it, as the rule would have it. The same text: the rule does not apply."""
    if rule.template and rule.template != template:
        return rendered
    lines = []
    for number, line in enumerate(rendered.strip("\n").split("\n")):
        if (number == 0) == (rule.field == "subject"):
            prefix = next((known for known in _PREFIXES if line.startswith(known)), "")
            rest = line.removeprefix(prefix)
            changed = _in_pieces(rest, rule)
            if changed != rest and not changed.strip(" .,"):
                if number == 0:
                    return rendered  # a mail without a subject is none
                continue
            line = prefix + changed
        lines.append(line)
    found = "\n".join(lines)
    return rendered if found == rendered.strip("\n") else found


def changed_sentence(sentence: str, template: str, rule: Rule, values: Iterable[str]) -> str:
    """A model's sentence as the rule would have it: like a template's, what is one of `values` (facts, names) is left
    as it stands. Empty: the rule leaves all of it out. The same text: the rule does not apply."""
    if rule.field != "body" or (rule.template and rule.template != template):
        return sentence
    if not rule.put and rule.find.strip() == sentence.strip():
        return ""  # the sentence goes with its facts; none of them is changed
    known = sorted({value for value in values if value}, key=len, reverse=True)
    if not known:
        return _in_pieces(sentence, rule)
    parts = re.split(f"({'|'.join(map(re.escape, known))})", sentence)
    marked = "".join(mark(part, ("value",)) if number % 2 else part for number, part in enumerate(parts))
    changed = unmark(_in_pieces(marked, rule))[0]
    return changed if changed.strip(" .,") else ""


def changed_text(text: str, rule: Rule) -> str:
    """The rule on finished words, to say what it would have done to a draft of the past."""
    lines = [_replaced(line, rule, True, True) for line in text.split("\n")]
    return text if lines == text.split("\n") else "\n".join(lines).strip()


def _in_pieces(line: str, rule: Rule) -> str:
    pieces = own_words(line)
    last = len(pieces) - 1
    return "".join(
        _replaced(piece, rule, number == 0, number == last) if own else piece
        for number, (piece, own) in enumerate(pieces)
    )


def _replaced(piece: str, rule: Rule, first: bool, last: bool) -> str:
    """Every place where the words stand whole. At an edge that is not the line's own a value goes on: no place."""
    find, put = rule.find, without_marks(rule.put)
    found, position = "", 0
    while (start := piece.find(find, position)) >= 0:
        end = start + len(find)
        before, after = piece[start - 1 : start], piece[end : end + 1]
        left = (first if not before else not (before.isalnum() and find[0].isalnum())) or not find[0].isalnum()
        right = (last if not after else not (after.isalnum() and find[-1].isalnum())) or not find[-1].isalnum()
        found += piece[position:start] + (put if left and right else find)
        position = end
    found += piece[position:]
    if found == piece:
        return piece
    if not put:
        for gap, closed in _GAPS:
            found = found.replace(gap, closed)
    if first:
        found = found.lstrip(" ,")
        if piece[:1].isupper():
            found = found[:1].upper() + found[1:]
    return found.rstrip(" ") if last else found
