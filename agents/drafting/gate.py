"""May this be said? Every checkable thing in a draft stands in a claim whose facts say the same, or in the offer.

Structural, deterministic, the same before approval and before sending. It trusts nobody: not the template, not the
model, not the person who edited. What it cannot tell to be supported, it blocks.
"""

import re
from collections.abc import Iterator, Mapping

from agents.drafting.form import check_form
from agents.drafting.limits import LIMITS, Limits
from agents.drafting.segments import ids_at
from agents.drafting.sources import FREE_PREFIXES, is_evidence, sources_of
from agents.drafting.statements import denied, states_about_recipient
from agents.drafting.support import (
    UNSUPPORTED_SHARE,
    expresses,
    statement_words,
    supports_token,
    texts_of,
    unsupported_words,
)
from agents.drafting.text import Piece, contains, normal, quotations, sentences
from agents.drafting.tokens import Token, TokenKind, tokens
from agents.drafting.types import Claim, Draft, DraftPlan, FactRef, Field, GateResult, Problem

_PARTS: tuple[Field, Field] = ("subject", "body")

_WHAT = {
    TokenKind.DATE: ("unsupported_date", "No cited fact has this date."),
    TokenKind.TIME: ("unsupported_date", "No held slot or cited fact has this time."),
    TokenKind.NUMBER: ("unsupported_number", "No cited fact has this number."),
    TokenKind.NAME: ("unsupported_name", "No cited fact, and not the offer, has this name."),
    TokenKind.RELATIVE_DATE: ("unsupported_date", "When that was is in no cited fact."),
}


def check(draft: Draft, plan: DraftPlan, limits: Limits | None = None) -> GateResult:
    """The verdict, with a span and a reason for each problem. `limits`: those of the plan's kind when None."""
    sources = sources_of(plan)
    problems = list(check_form(draft, plan, limits or LIMITS[plan.kind]))
    problems += _claims(draft, sources)
    for part in _PARTS:
        for sentence in sentences(draft.text(part)):
            problems += _sentence(draft, part, sentence, plan, sources)
    unique = dict.fromkeys(problems)
    return GateResult(tuple(sorted(unique, key=lambda p: (p.field == "body", p.start, p.end, p.code))))


def _claims(draft: Draft, sources: Mapping[str, FactRef]) -> Iterator[Problem]:
    for claim in draft.claims:
        text = draft.text(claim.field)
        if not 0 <= claim.start < claim.end <= len(text) or not claim.fact_ids:
            yield Problem("broken_claim", "A claim points outside the text or at no fact.", claim.field)
            continue
        for fact_id in claim.fact_ids:
            yield from _cited(claim, fact_id, text[claim.start : claim.end], sources)


def _cited(claim: Claim, fact_id: str, span: str, sources: Mapping[str, FactRef]) -> Iterator[Problem]:
    fact = sources.get(fact_id)
    if fact is None:
        yield Problem("unknown_fact", "The claim cites a fact that there is not.", claim.field, claim.start, claim.end)
    elif not expresses(span, fact):
        message = f"The sentence cites “{fact.field}” and does not say what it says."
        yield Problem("claim_not_in_fact", message, claim.field, claim.start, claim.end)


def _sentence(
    draft: Draft, part: Field, sentence: Piece, plan: DraftPlan, sources: Mapping[str, FactRef]
) -> Iterator[Problem]:
    about = part == "body" and states_about_recipient(sentence.text, plan.recipient.company)
    claimed = ids_at(draft.claims, part, sentence.start, sentence.end)
    evidence = [sources[key] for key in claimed if is_evidence(key) and key in sources]
    if about:
        yield from _statement(part, sentence, evidence, plan, sources)
    quoted = [
        piece
        for piece in quotations(sentence.text)
        if any(_quotes(fact, piece.text) for fact in _known(claimed, sources))
    ]
    for piece in quotations(sentence.text):
        if piece not in quoted:
            start = sentence.start + piece.start
            yield Problem("unsupported_quote", "No cited fact has these words.", part, start, start + len(piece.text))
    for token in tokens(sentence.text):
        inside = any(piece.start <= token.start and token.end <= piece.end for piece in quoted)
        if inside or token.kind not in _WHAT or _backed(draft, part, sentence, token, about, plan, sources):
            continue
        code, message = _WHAT[token.kind]
        yield Problem(code, message, part, sentence.start + token.start, sentence.start + token.end)


def _known(ids: tuple[str, ...], sources: Mapping[str, FactRef]) -> list[FactRef]:
    return [sources[key] for key in ids if key in sources]


def _quotes(fact: FactRef, words: str) -> bool:
    return any(contains(normal(text), normal(words)) for text in texts_of(fact))


def _statement(
    part: Field, sentence: Piece, evidence: list[FactRef], plan: DraftPlan, sources: Mapping[str, FactRef]
) -> Iterator[Problem]:
    if not evidence:
        message = "It says something about the recipient and cites no fact."
        yield Problem("unsupported_statement", message, part, sentence.start, sentence.end)
        return
    no = normal(denied(sentence.text, plan.recipient.company))
    if no and not any(contains(normal(text), no) for fact in evidence for text in texts_of(fact)):
        message = f"“{no}” turns the cited fact round."
        yield Problem("denies_fact", message, part, sentence.start, sentence.end)
    own = [sources[key] for key in sources if key.startswith(FREE_PREFIXES)]
    strange = unsupported_words(sentence.text, [*evidence, *own])
    # A template's own frame round a fact is plain words; a claim of the writer's own shows as strange ones.
    if len(strange) > UNSUPPORTED_SHARE * len(statement_words(sentence.text)):
        message = "It says more about the recipient than the cited facts do."
        yield Problem("statement_beyond_fact", message, part, sentence.start, sentence.end)


def _backed(
    draft: Draft,
    part: Field,
    sentence: Piece,
    token: Token,
    about: bool,
    plan: DraftPlan,
    sources: Mapping[str, FactRef],
) -> bool:
    start, end = sentence.start + token.start, sentence.start + token.end
    cited = _known(ids_at(draft.claims, part, start, end), sources)
    if token.kind is TokenKind.NAME:
        free = [fact for key, fact in sources.items() if key.startswith(FREE_PREFIXES)]
        return supports_token(token, [*cited, *free], sentence.text)
    if token.kind is TokenKind.NUMBER and (
        _is_meeting_length(token, sentence.text, plan) or _is_part_of_a_name(token, sentence.text, plan)
    ):
        return True
    if about:
        # The offer's figures are about others: "Northwind saved 38%" must not turn into "you will save 38%".
        cited = [fact for fact in cited if is_evidence(fact.id)]
    else:
        cited = [*cited, *(fact for key, fact in sources.items() if key.startswith(("offer:", "thread:", "sender:")))]
    return supports_token(token, cited, sentence.text)


def _is_part_of_a_name(token: Token, sentence: str, plan: DraftPlan) -> bool:
    """The digits of "3M" or "7-Eleven" count nothing. Only where the whole name stands there, letter by letter."""
    for name in (plan.recipient.company, plan.offer.product, plan.offer.sender_company):
        if not any(letter.isalpha() for letter in name):
            continue
        for found in re.finditer(rf"(?<!\w){re.escape(name)}(?!\w)", sentence):
            if found.start() <= token.start and token.end <= found.end():
                return True
    return False


def _is_meeting_length(token: Token, sentence: str, plan: DraftPlan) -> bool:
    after = sentence[token.end :].lstrip(" -").casefold()
    return token.amount is not None and token.amount.value == plan.offer.meeting_minutes and after.startswith("minute")
