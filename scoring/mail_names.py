"""A person's name as mail systems write it: ASCII, lower case, in the few ways that administrators choose from.

"Jürgen Müller-Lüdenscheidt" → first names "juergen" and "jurgen"; last names "muellerluedenscheidt",
"mueller-luedenscheidt", "mueller" … Each way is named, so that a domain's own way can be learned from its addresses.
"""

import re
import unicodedata
from typing import NamedTuple

from anyascii import anyascii


def _word_set(lines: str) -> frozenset[str]:
    return frozenset(lines.split())


# What German and Nordic mail systems write out; the others drop the marks.
_SPELT_OUT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe", "æ": "ae"})
_LETTERS = str.maketrans({"ß": "ss", "ø": "o", "å": "a", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th"})
_PARTICLES = _word_set(
    """
    de da do dos das del della di du des la le las los van von der den ter ten te zu zum zur vom bin ibn al el bint
    ben abu af av st san santa mac mc o
    """
)
_TITLES = _word_set(
    """
    mr mrs ms mx miss dr prof professor sir dame lord lady rev hon herr frau hr mme mlle sra srta dott dottssa ing
    dipl dipling mag doctor
    """
)
_SUFFIXES = _word_set(
    """
    jr sr ii iii iv phd md mba esq cpa cfa pmp msc bsc ma ba llm jd dds rn pe ceng obe mbe cbe edd dphil cissp
    """
)
_ASIDE = re.compile(r"\([^)]*\)|\"[^\"]*\"|“[^”]*”|,.*$")
_NOT_LETTERS = re.compile(r"[^a-z]")
_MAX_NAME = 120  # characters: a longer one is no name
_MAX_WORDS = 6


class NameForms(NamedTuple):
    """The ways to write one name; the first of each is the plainest. `way` is the same for all names: it can be
    learned from one and used for another."""

    first: tuple[tuple[str, str], ...]  # (way, text): "jeanpierre" joined, "jean-pierre", "jean"
    last: tuple[tuple[str, str], ...]
    middle: str  # of one or more middle names, the first; "" without one


def name_forms(full_name: str) -> NameForms | None:
    """None where no first and last name can be told apart, or where the script does not say which is which (Chinese,
    Japanese and Korean characters)."""
    words = _words(full_name)
    if words is None:
        return None
    first, last, middle = words
    return NameForms(
        _written(first, "first"), _written(last, "last"), _ascii(middle, spelt_out=False) if middle else ""
    )


def _words(full_name: str) -> tuple[list[str], list[str], str] | None:
    text = unicodedata.normalize("NFC", " ".join(full_name.split()))
    if len(text) > _MAX_NAME or _is_cjk(text) or any(c.isdigit() or c in "@/\\<>{}[]_=&" for c in text):
        return None
    head, comma, tail = text.partition(",")
    if comma and not _is_suffix(tail):
        text = f"{tail.partition(',')[0].strip()} {head.strip()}"  # "Müller, Jürgen"
    words = [word for word in _ASIDE.sub(" ", text).split() if word.strip(".")]
    while len(words) > 2 and _bare(words[0]) in _TITLES:
        words = words[1:]
    while len(words) > 2 and _bare(words[-1]) in _SUFFIXES:
        words = words[:-1]
    if not 2 <= len(words) <= _MAX_WORDS:
        return None
    at = next((n for n, word in enumerate(words[1:-1], 1) if _bare(word) in _PARTICLES), len(words) - 1)
    middles = [word for word in words[1:at] if _ascii(word, spelt_out=False)]
    first, last = [words[0]], words[at:]
    if not all(_ascii(part, spelt_out=False) for part in (words[0], words[-1])):
        return None
    # "Gabriel García Márquez": what stands in the middle is as likely the first of two family names.
    if len(middles) == 1 and len(middles[0].strip(".")) > 1 and at == len(words) - 1:
        return first, [*middles, *last], middles[0]
    return first, last, middles[0] if middles else ""


def _written(words: list[str], which: str) -> tuple[tuple[str, str], ...]:
    """Every way to write it, each once, the plainest first."""
    found: dict[str, str] = {}
    parts = [part for word in words for part in re.split(r"[-‐–]", word) if part.strip(".'’")]
    name = [part for part in parts if _bare(part) not in _PARTICLES] or parts
    for spelt_out, mark in ((False, ""), (True, "+")):
        text = [_ascii(part, spelt_out=spelt_out) for part in parts]
        bare = [_ascii(part, spelt_out=spelt_out) for part in name]
        if which == "first":
            ways = [("whole", "".join(text)), ("hyphen", "-".join(text)), ("one", text[0])]
        elif len(words) > 1:  # two family names, or one with "van der": which is used differs by firm
            last = text[-1]
            ways = [("last", last), ("whole", "".join(text)), ("hyphen", "-".join(text)), ("dots", ".".join(text))]
            ways += [("under", "_".join(text)), ("name", "".join(bare))]
            ways.append(("one", bare[0]))
        else:
            ways = [("whole", "".join(text)), ("hyphen", "-".join(text)), ("last", text[-1]), ("one", bare[0])]
        for way, written in ways:
            if written:
                found.setdefault(written, way + mark)
    return tuple((way, written) for written, way in found.items())


def _ascii(text: str, *, spelt_out: bool) -> str:
    folded = text.casefold() if "ß" not in text.casefold() else text.casefold().replace("ß", "ss")
    if spelt_out:
        folded = folded.translate(_SPELT_OUT)
    folded = unicodedata.normalize("NFKD", folded.translate(_LETTERS))
    plain = "".join(c for c in folded if not unicodedata.combining(c))
    return _NOT_LETTERS.sub("", plain if plain.isascii() else anyascii(plain).lower())


def _bare(word: str) -> str:
    return _ascii(word, spelt_out=False)


def _is_suffix(text: str) -> bool:
    return all(_bare(part) in _SUFFIXES for part in re.split(r"[,\s]+", text.strip()) if part)


def _is_cjk(text: str) -> bool:
    return any("\u2e80" <= c <= "\u9fff" or "\uac00" <= c <= "\ud7af" or "\uf900" <= c <= "\ufaff" for c in text)
