"""Does this fact say that? Numbers, dates and names are compared as what they mean, not as how they are written."""

from collections.abc import Iterable, Sequence
from functools import lru_cache

from agents.drafting.text import contains, normal, quotations, stem, words
from agents.drafting.tokens import Amount, DateParts, Token, TokenKind, tokens
from agents.drafting.types import FactRef
from agents.drafting.words import FRAME, SAID_OF, STOP_WORDS, UNIT_WORDS

# A value of more words than this is a passage: a draft may use a part of it. A shorter one is said whole or not at all.
LONG_VALUE_WORDS = 6
# How much of a passage must come back where it is neither quoted nor repeated.
PASSAGE_SHARE = 0.6
# How many of the telling words of a statement about the recipient may come from nowhere.
UNSUPPORTED_SHARE = 1 / 3

_FIGURES = (TokenKind.NUMBER, TokenKind.DATE, TokenKind.TIME)


def supports_token(token: Token, facts: Sequence[FactRef], context: str) -> bool:
    """Is the token backed by one of the facts? `context`: the sentence it stands in, to tell what a number counts."""
    if token.kind is TokenKind.NAME:
        return _supports_name(token.text, facts)
    if token.kind in (TokenKind.DATE, TokenKind.TIME):
        return any(_supports_date(token, fact) for fact in facts)
    if token.kind is TokenKind.NUMBER and token.amount is not None:
        return any(_supports_amount(token.amount, fact, context) for fact in facts)
    if token.kind is TokenKind.RELATIVE_DATE:
        return any(contains(normal(text), normal(token.text)) for fact in facts for text in texts_of(fact))
    return False  # links and addresses are never a fact's to give


@lru_cache(maxsize=1024)
def texts_of(fact: FactRef) -> tuple[str, ...]:
    """What of a fact may back words: its value, and its quote where the quote says the value too.

    A value outranks its quote. Where they part, somebody derived or changed one of them, and what only the quote says
    is not good enough to send.
    """
    if not fact.quote:
        return (fact.value,)
    witness = FactRef(fact.id, fact.field, fact.quote, observed_at=None)
    agrees = telling_words(fact.value) <= telling_words(fact.quote) and all(
        supports_token(token, (witness,), fact.quote) for token in tokens(fact.value)
    )
    return (fact.value, fact.quote) if agrees else (fact.value,)


def _stated(fact: FactRef, kinds: tuple[TokenKind, ...]) -> list[Token]:
    """The value's tokens of these kinds; the quote's where the value has none."""
    for text in texts_of(fact):
        found = [token for token in tokens(text) if token.kind in kinds]
        if found:
            return found
    return []


def _supports_amount(amount: Amount, fact: FactRef, context: str) -> bool:
    units = UNIT_WORDS.get(fact.field)
    for stated in _stated(fact, (TokenKind.NUMBER, TokenKind.DATE)):
        if stated.amount is not None and stated.amount == amount:
            bare = amount.unit == "" and normal(fact.value).replace(",", "").isdigit()
            if units is None or not bare or _mentions(context, units):
                return True
        # "founded in 2014" beside a fact that gives the whole date
        if amount.unit == "" and any(parts.year == amount.value for parts in stated.dates):
            return True
    return False


def _mentions(context: str, wanted: frozenset[str]) -> bool:
    return any(word.text.casefold() in wanted for word in words(context.replace("-", " ")))


def _supports_date(token: Token, fact: FactRef) -> bool:
    stated = _stated(fact, (TokenKind.DATE, TokenKind.TIME))
    known = [parts for item in stated for parts in item.dates]
    if not known and fact.observed_at is not None:
        seen = fact.observed_at
        known = [DateParts(seen.year, seen.month, seen.day)]
    return any(_agrees(said, whole) for said in token.dates for whole in known)


def _agrees(said: DateParts, known: DateParts) -> bool:
    """Everything that is said is known, and the same."""
    pairs = (
        (said.year, known.year),
        (said.month, known.month),
        (said.day, known.day),
        (said.clock, known.clock),
        (said.weekday, known.weekday),
        (said.quarter, known.quarter or ((known.month + 2) // 3 if known.month else None)),
    )
    return all(want is None or want == have for want, have in pairs)


def _supports_name(name: str, facts: Sequence[FactRef]) -> bool:
    wanted = normal(name)
    texts = [normal(text) for fact in facts for text in texts_of(fact)]
    if any(contains(text, wanted) for text in texts):
        return True
    # "Acme Series B": two whole names side by side, each of them known.
    whole = {normal(fact.value) for fact in facts}
    return _made_of(wanted.split(), whole)


def _made_of(parts: list[str], whole: set[str]) -> bool:
    if not parts:
        return True
    return any(
        " ".join(parts[:count]) in whole and _made_of(parts[count:], whole) for count in range(1, len(parts) + 1)
    )


@lru_cache(maxsize=4096)
def telling_words(text: str) -> frozenset[str]:
    """Stems of the words that carry a statement."""
    return frozenset(
        stem(word.text)
        for word in words(text.replace("-", " "))
        if len(word.text) > 2 and word.text.casefold() not in STOP_WORDS
    )


def expresses(span: str, fact: FactRef) -> bool:
    """Does the span really say what the fact says? Else a claim could cite anything."""
    said, value = normal(span), normal(fact.value)
    if contains(said, value):
        return True
    if any(contains(text, normal(part.text)) for part in quotations(span) for text in map(normal, texts_of(fact))):
        return True
    value_tokens = tokens(fact.value)
    value_words = telling_words(fact.value)
    if value_tokens and not all(token.kind is TokenKind.NAME for token in value_tokens):
        figures = [token for token in tokens(span) if token.kind in _FIGURES]
        if not any(supports_token(token, (fact,), span) for token in figures):
            return False
        value_words = telling_words(_without_figures(fact.value))
    if not value_words:
        return bool(value_tokens)
    share = len(value_words & telling_words(span)) / len(value_words)
    return share >= (PASSAGE_SHARE if len(value_words) > LONG_VALUE_WORDS else 1.0)


def _without_figures(text: str) -> str:
    """The text without its numbers, dates and times: those are compared by meaning, "October" with "10"."""
    for token in reversed(tokens(text)):
        if token.kind in _FIGURES:
            text = text[: token.start] + " " + text[token.end :]
    return text


def statement_words(sentence: str) -> frozenset[str]:
    """The telling words of a sentence without its figures, which are checked one by one."""
    return telling_words(_without_figures(sentence))


def unsupported_words(sentence: str, facts: Iterable[FactRef]) -> frozenset[str]:
    """Telling words of a sentence that none of the facts has, in its value, its quote or the name of its field, and
    that do more than say that it is so or how the writer came to know."""
    known: set[str] = {stem(word) for word in FRAME}
    for fact in facts:
        known |= telling_words(f"{' '.join(texts_of(fact))} {fact.field.replace('_', ' ')}")
        known |= {stem(word) for word in (*UNIT_WORDS.get(fact.field, ()), *SAID_OF.get(fact.field, ()))}
    return statement_words(sentence) - known
