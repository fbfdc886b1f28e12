"""Whether a text of a stranger speaks of the company that is asked about, and not of a namesake.

A name alone proves little: "Mercury" is a bank, a maker of boats and a record label. So one word as a name never counts
by itself; the company's domain, or a second word of its name, has to stand beside it.
"""

import re
from functools import lru_cache

from tools.domains import registrable_domain
from tools.identity.normal_forms import company_name
from tools.names import LEGAL_FORMS, plain

_WORD = re.compile(r"[^\W_]+")
_LONGEST_URL = 2_000  # characters
_SHORTEST = 4  # letters of a single word that may stand for a longer name


def name_words(name: str) -> tuple[str, ...]:
    """The words of a name as people write it: folded, without the legal form at its end. Empty for no letters."""
    return _name_words(name[:300])


@lru_cache(maxsize=16_384)
def _name_words(name: str) -> tuple[str, ...]:
    words = words_of(re.sub(r"\([^)]*\)", " ", name))
    while len(words) > 1 and words[-1] in LEGAL_FORMS:
        words = words[:-1]
    return words[1:] if len(words) > 1 and words[0] == "the" else words


def written_name(name: str) -> str:
    """The name as headlines write it: its own letters and accents, without brackets, quotes and its legal form."""
    words = re.sub(r"\([^)]*\)|[\"“”„]", " ", name[:300]).split()
    while len(words) > 1 and (not words_of(words[-1]) or "".join(words_of(words[-1])) in LEGAL_FORMS):
        words.pop()
    return " ".join(words).rstrip(",;")


def words_of(text: str) -> tuple[str, ...]:
    """Words in their order, without case, accents and punctuation; "Acme's" gives "acme", "s"."""
    return tuple(_WORD.findall(plain(text.replace("’", " ").replace("'", " "))))


def same_name(first: str, second: str) -> bool:
    """Equal but for what two writers of one name do differently (legal form, accents, abbreviations)."""
    return bool(key := company_name(first).key) and key == company_name(second).key


def is_distinctive(name: str) -> bool:
    """Whether a name has two words, so that another company of exactly this name is unlikely."""
    return len(name_words(name)) > 1


def says_name(text: str, name: str) -> bool:
    """Whether all words of the name stand in the text, side by side."""
    wanted = name_words(name)
    words = words_of(text)
    return bool(wanted) and any(words[at : at + len(wanted)] == wanted for at in range(len(words) - len(wanted) + 1))


def says_domain(text: str, domain: str) -> bool:
    """Whether the domain, or a host under it, stands in the text: "www.acme.com", not "notacme.com", "acme.com.br"."""
    if not domain:
        return False
    return re.search(rf"(?<![a-z0-9-]){re.escape(domain.lower())}(?![a-z0-9-]|\.[a-z0-9])", text.lower()) is not None


def is_of(url: str, domain: str) -> bool:
    """Whether the URL, host or address stands under the company's domain."""
    return bool(domain) and registrable_domain(url) == domain


def is_web(url: str) -> bool:
    """Whether it may be shown as a link: a vendor's text is a stranger's, and "javascript:" is an address too."""
    return url.lower().startswith(("https://", "http://")) and len(url) <= _LONGEST_URL


def label_of(domain: str) -> str:
    """ "acme.co.uk" → "acme"."""
    return domain.partition(".")[0].lower()


def is_named(headline: str, text: str, name: str, domain: str) -> bool:
    """Whether a headline names this company, given all of the article's text (its address and site included).

    Two words and more of a name in the headline are enough. One word needs the domain, or another word of the name,
    in the text.
    """
    wanted = name_words(name)
    if not wanted:
        return False
    if says_name(headline, name):
        return len(wanted) > 1 or says_domain(text, domain)
    first = wanted[0]
    if len(wanted) < 2 or len(first) < _SHORTEST or first not in words_of(headline):
        return False
    return says_domain(text, domain) or any(word in words_of(text) for word in wanted[1:] if len(word) >= _SHORTEST)
