"""The values that drafting passes round: facts and the offer in, a draft with claims and the gate's verdict out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Literal
from uuid import UUID

Field = Literal["subject", "body"]


class DraftKind(StrEnum):
    """The same values as agents.policy.ActionClass: one word for one thing."""

    FIRST_MAIL = "first_mail"
    FOLLOW_UP = "follow_up"
    REPLY = "reply"
    MEETING_PROPOSAL = "meeting_proposal"
    INTERVENTION = "intervention"
    MISSED_MEETING = "missed_meeting"
    MEETING_RECAP = "meeting_recap"


@dataclass(frozen=True, slots=True)
class FactRef:
    """One thing that may be said, with where it comes from. Ids hold no comma.

    Prefixes name what a workspace itself says: offer:, sender:, recipient:, slot:, thread:. All others are facts.
    """

    id: str
    field: str  # hiring, funding, technology, news, description, employees …
    value: str
    quote: str = ""  # the source's own words
    url: str = ""
    observed_at: datetime | None = None
    source: str = ""
    tainted: bool = True  # written by strangers: may be quoted, never a link, a recipient or a template


@dataclass(frozen=True, slots=True)
class Offer:
    """What the workspace sells and who writes, from its settings. Never from a model, never from a lead."""

    product: str
    value_line: str  # goes on after the product's name: "catches invoice errors before they are sent"
    sender_name: str
    sender_title: str
    sender_company: str
    proof_points: tuple[str, ...] = ()  # whole sentences: "Northwind cut invoice errors by 38% in 8 weeks."
    prices: tuple[str, ...] = ()  # whole sentences
    allowed_hosts: tuple[str, ...] = ()  # the only hosts that a draft may link to
    related_technologies: tuple[str, ...] = ()  # worth mentioning when a company uses them
    meeting_minutes: int = 20


@dataclass(frozen=True, slots=True)
class Recipient:
    email: str  # from the store; no template or model sees it
    company: str
    first_name: str = ""
    title: str = ""
    company_domain: str = ""


@dataclass(frozen=True, slots=True)
class Slot:
    """A held time. `zone` is IANA: the person's clock, in which it is written. `link` picks it."""

    id: str
    start: datetime
    zone: str
    link: str = ""


@dataclass(frozen=True, slots=True)
class Hook:
    """A fact to open with, as it is to be said."""

    fact: FactRef
    template: str  # "first_mail/hiring"
    text: str
    quoted: bool


@dataclass(frozen=True, slots=True)
class DraftPlan:
    """Everything a draft may say, settled before a word is written."""

    kind: DraftKind
    recipient: Recipient
    offer: Offer
    facts: tuple[FactRef, ...]
    hooks: tuple[Hook, ...]  # best first; a draft takes the first one that passes the gate
    template: str  # what serves without a hook
    touch_number: int = 1
    thread_subject: str = ""  # without "Re:"; empty for a first mail
    slots: tuple[Slot, ...] = ()
    booking_link: str = ""
    booking_words: str = ""  # what stands before that link, in their language
    question: str = ""  # which of two readings they meant, in their language
    steps: tuple[tuple[str, FactRef], ...] = ()  # what was agreed: on whose side, and the fact that says it
    proof: int | None = None  # index of the proof point to use
    language: str = "en"
    not_chosen: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))  # fact id → why


@dataclass(frozen=True, slots=True)
class Claim:
    """Characters start to end (exclusive) of the subject or body, and the ids of what they rest on."""

    field: Field
    start: int
    end: int
    fact_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sentence:
    field: Field
    start: int
    end: int
    written_by: str  # "template:first_mail/hiring@1", "model:gpt-x", "person:<id>"


class Severity(StrEnum):
    BLOCK = "block"  # may not be approved or sent
    WARN = "warn"  # a person should look


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, where, and what to do. Spans are of the subject or body; (0, 0) means the whole of it."""

    code: str  # stable
    message: str
    field: Field = "body"
    start: int = 0
    end: int = 0
    severity: Severity = Severity.BLOCK


@dataclass(frozen=True, slots=True)
class GateResult:
    problems: tuple[Problem, ...]

    @property
    def passed(self) -> bool:
        return not any(problem.severity is Severity.BLOCK for problem in self.problems)

    def as_rows(self) -> list[dict[str, str | int]]:
        """For the store and the console: codes, spans and the rule's own words; nothing quoted from the draft."""
        return [
            {"code": p.code, "message": p.message, "field": p.field, "start": p.start, "end": p.end,
             "severity": p.severity.value}
            for p in self.problems
        ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Draft:
    subject: str
    body: str
    claims: tuple[Claim, ...]
    sentences: tuple[Sentence, ...]
    template: str = ""  # "first_mail/hiring@1"
    hook_fact_id: str = ""
    fallback_reason: str = ""  # why a model, or the best hook, was not used; empty: nothing was given up
    model_problems: tuple[Problem, ...] = ()  # what the gate found in rewrites that were thrown away
    model_attempts: int = 0
    variant_test_id: UUID | None = None  # the test that it counts in, by the company's coin
    variant_arm: str = ""
    rule_ids: tuple[str, ...] = ()  # of the learned rules that changed its words
    gate: GateResult = field(default_factory=lambda: GateResult(()))

    def text(self, part: Field) -> str:
        return self.subject if part == "subject" else self.body
