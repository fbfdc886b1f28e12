"""What a draft says in pieces: each claim with the facts behind it, each problem where the gate found it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from sqlmodel import Session, col, select

from store.models import ClaimRow, Fact, SignalRow

_OWN = {
    "offer": "your offer, from the workspace's settings",
    "sender": "the sender, from the mailbox",
    "recipient": "the contact's record",
    "slot": "a time held in the calendar",
    "thread": "the mail that this one answers",
}


class Evidence(BaseModel):
    """What a claim rests on. Text of strangers: shown, never linked or run."""

    number: int
    id: str
    field: str
    value: str
    quote: str = ""
    source: str = ""
    url: str = ""
    observed_at: datetime | None = None
    missing: bool = False  # the fact is gone: the claim stands on nothing


class Segment(BaseModel):
    text: str
    evidence: list[int] = []  # numbers into `evidence`; empty: no claim
    problem: str = ""  # what the gate says of this span


class GateProblem(BaseModel):
    code: str
    message: str
    field: str = "body"
    severity: str = "block"
    excerpt: str = ""


def problems_of(rows: Sequence[dict[str, Any]], subject: str, body: str) -> list[GateProblem]:
    texts = {"subject": subject, "body": body}
    return [
        GateProblem(
            code=str(row.get("code", "")),
            message=str(row.get("message", "")),
            field=str(row.get("field", "body")),
            severity=str(row.get("severity", "block")),
            excerpt=texts.get(str(row.get("field", "body")), "")[int(row.get("start", 0)) : int(row.get("end", 0))],
        )
        for row in rows
    ]


def segments(
    text: str,
    field: str,
    claims: Iterable[ClaimRow],
    numbers: dict[str, int],
    problems: Sequence[dict[str, Any]] = (),
) -> list[Segment]:
    """The text in pieces, each with the evidence and the problem that cover it. Joined they are the text again."""
    spans = [(c.start, c.end, [numbers[i] for i in c.fact_ids if i in numbers]) for c in claims if c.field == field]
    wrong = [
        (int(p.get("start", 0)), int(p.get("end", 0)), str(p.get("message", "")))
        for p in problems
        if p.get("field") == field
    ]
    edges = {0, len(text), *(e for s in (*spans, *wrong) for e in s[:2] if 0 < e < len(text))}
    ordered = sorted(edges)
    found: list[Segment] = []
    for start, end in pairwise(ordered):
        covering = dict.fromkeys(number for s, e, cited in spans if s <= start and end <= e for number in cited)
        said = next((message for s, e, message in wrong if s <= start and end <= e), "")
        found.append(Segment(text=text[start:end], evidence=list(covering), problem=said))
    return found


def facts_of(session: Session, fact_ids: Iterable[str]) -> dict[str, Fact | SignalRow]:
    """By the ids as claims spell them. What is no fact's id, as "offer:product", is left out."""
    wanted = {found for found in map(_uuid, fact_ids) if found is not None}
    if not wanted:
        return {}
    found: dict[str, Fact | SignalRow] = {
        str(fact.id): fact for fact in session.exec(select(Fact).where(col(Fact.id).in_(wanted)))
    }
    for signal in session.exec(select(SignalRow).where(col(SignalRow.id).in_(wanted))):
        found[str(signal.id)] = signal  # a signal is a dated fact, and is cited like one
    return found


def evidence_of(
    claims: Sequence[ClaimRow], facts: Mapping[str, Fact | SignalRow], offer: dict[str, Any]
) -> list[Evidence]:
    """Numbered in the order in which the mail needs them: the subject's first. `facts`: of all that the claims cite."""
    ordered = sorted(claims, key=lambda c: (c.field == "body", c.start))
    cited = list(dict.fromkeys(fact_id for claim in ordered for fact_id in claim.fact_ids))
    return [_cited(number, fact_id, facts.get(fact_id), offer) for number, fact_id in enumerate(cited, start=1)]


def _cited(number: int, fact_id: str, fact: Fact | SignalRow | None, offer: dict[str, Any]) -> Evidence:
    if isinstance(fact, SignalRow):
        return Evidence(
            number=number,
            id=fact_id,
            field="signal",
            value=fact.kind.replace("_", " "),
            quote=fact.quote,
            source=fact.source,
            url=fact.url,
            observed_at=fact.observed_at,
        )
    if fact is not None:
        return Evidence(
            number=number,
            id=fact_id,
            field=fact.field,
            value=value_text(fact.value),
            quote=fact.quote,
            source=fact.source,
            url=fact.url,
            observed_at=fact.observed_at,
        )
    prefix, _, rest = fact_id.partition(":")
    if prefix in _OWN:
        return Evidence(
            number=number, id=fact_id, field=rest.replace("_", " "), value=_offered(rest, offer), source=_OWN[prefix]
        )
    return Evidence(number=number, id=fact_id, field="fact", value="", source="this fact is gone", missing=True)


def _offered(rest: str, offer: dict[str, Any]) -> str:
    kind, _, index = rest.partition(":")
    found = offer.get({"proof": "proof_points", "price": "prices", "value": "value_line"}.get(kind, kind), "")
    if isinstance(found, list):
        return str(found[int(index)]) if index.isdigit() and int(index) < len(found) else ""
    return str(found)


def value_text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
