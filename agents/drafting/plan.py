"""What to say: which fact opens a mail, which angle a follow-up takes. Rules only: same input, same plan."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from agents.drafting.text import bad_characters, one_line, reads_as_english, scripts, sentences
from agents.drafting.tokens import TokenKind, tokens
from agents.drafting.types import DraftKind, DraftPlan, FactRef, Hook, Offer, Recipient, Slot
from agents.drafting.words import BANNED, INSTRUCTION_LIKE, PLACEHOLDERS
from core.errors import Rejected

MAX_HOOK_CHARS = 140  # two lines on a telephone: a longer opening is not read
MIN_HOOK_CHARS = 2
MAX_HOOKS = 4  # candidates a draft may try


@dataclass(frozen=True, slots=True)
class _HookRule:
    rank: int  # the lower, the better a reason to write today
    template: str
    max_age_days: int | None  # older, and the opening would look careless; None: it does not age
    quote_always: bool = False
    lead_in: str = ""  # what the bare value needs where the template does not say what it is


HOOK_RULES = MappingProxyType({
    "hiring": _HookRule(0, "first_mail/hiring", 60, lead_in="hiring for "),
    "open_roles": _HookRule(0, "first_mail/hiring", 60, lead_in="hiring for "),
    "funding": _HookRule(1, "first_mail/funding", 180, lead_in="new funding, "),
    "product_launch": _HookRule(2, "first_mail/news", 90),
    "expansion": _HookRule(2, "first_mail/news", 120),
    "acquisition": _HookRule(2, "first_mail/news", 180),
    "leadership_change": _HookRule(2, "first_mail/news", 120),
    "news": _HookRule(3, "first_mail/news", 120, quote_always=True),
    "technology_added": _HookRule(4, "first_mail/technology", 180, lead_in="the use of "),
    "technology": _HookRule(4, "first_mail/technology", 365, lead_in="the use of "),
    "tagline": _HookRule(5, "first_mail/description", None, quote_always=True),
    "description": _HookRule(6, "first_mail/description", None, quote_always=True),
})  # fmt: skip

INTERVENTIONS = MappingProxyType({
    "low_usage": "intervention/low_usage",
    "renewal": "intervention/renewal",
    "tickets": "intervention/tickets",
    "champion_left": "intervention/champion_left",
})  # fmt: skip

REPLIES = MappingProxyType({
    "question": "reply/question",
    "interested": "reply/interested",
    "objection": "reply/objection",
    "not_now": "reply/not_now",
    "wrong_person": "reply/wrong_person",
    "referral": "reply/referral",
})  # fmt: skip


def screen(text: str) -> str | None:
    """Why this text is not fit to be quoted in a mail; None: it is. Injected orders and links never pass."""
    if bad_characters(text):
        return "it has invisible or control characters"
    if PLACEHOLDERS.search(text) or "<" in text or "`" in text:
        return "it holds template or markup signs"
    if INSTRUCTION_LIKE.search(text):
        return "it reads like an instruction to a machine"
    if any(token.kind in (TokenKind.LINK, TokenKind.ADDRESS) for token in tokens(text)):
        return "it holds a link or an address"
    if any(len(scripts(word)) > 1 for word in text.split()):
        return "it mixes alphabets inside a word"
    if any(pattern.search(text) for pattern, _ in BANNED):
        return "it holds words that mail filters count"
    if "!" in text or "?" in text:
        return "it shouts or asks"
    return None


def plan_draft(
    kind: DraftKind,
    recipient: Recipient,
    offer: Offer,
    facts: Sequence[FactRef],
    *,
    now: datetime | None = None,
    touch_number: int = 1,
    last_touch: bool = False,
    thread_subject: str = "",
    used_fact_ids: Collection[str] = (),
    slots: Sequence[Slot] = (),
    booking_link: str = "",
    booking_words: str = "",
    question: str = "",
    steps: Sequence[tuple[str, FactRef]] = (),
    reason: str = "",
    language: str = "en",
) -> DraftPlan:
    """A plan. `now` (aware) ages the facts; None: they do not age. `used_fact_ids`: those already said.

    `reason`: for an intervention low_usage, renewal, tickets or champion_left; for a reply a key of
    `REPLIES`.
    Raises Rejected where the kind needs something that is missing (slots, a thread, a known reason).
    """
    if kind is not DraftKind.FIRST_MAIL and kind is not DraftKind.INTERVENTION and not thread_subject:
        raise Rejected(f"A {kind.value} answers a thread, and no thread subject was given.")
    if kind in (DraftKind.MEETING_PROPOSAL, DraftKind.MISSED_MEETING) and not slots:
        raise Rejected("A meeting proposal needs at least one held time.", hint="Hold times first.")
    if kind is DraftKind.MEETING_RECAP and not steps:
        raise Rejected("A recap needs something that was agreed.", hint="Confirm a next step first.")
    if kind is DraftKind.INTERVENTION and reason not in INTERVENTIONS:
        raise Rejected(f"There is no intervention mail for {reason!r}.", hint=f"There are: {', '.join(INTERVENTIONS)}.")
    if kind is DraftKind.REPLY and reason not in REPLIES:
        raise Rejected(f"There is no reply for {reason!r}.", hint=f"There are: {', '.join(REPLIES)}.")

    hooks: list[Hook] = []
    not_chosen: dict[str, str] = {}
    if kind is DraftKind.INTERVENTION:
        hooks, not_chosen = _intervention_hooks(facts, INTERVENTIONS[reason])
        template = INTERVENTIONS[reason]
    elif kind is DraftKind.REPLY:
        template = REPLIES[reason]
    elif kind is DraftKind.MEETING_PROPOSAL:
        template = "meeting/which" if question else "meeting/proposal"
    elif kind is DraftKind.MISSED_MEETING:
        template = "meeting/missed"
    elif kind is DraftKind.MEETING_RECAP:
        template = "meeting/recap"
    else:
        hooks, not_chosen = _choose_hooks(facts, offer, now, frozenset(used_fact_ids))
        template = "first_mail/role" if kind is DraftKind.FIRST_MAIL else ""
    proof: int | None = 0 if offer.proof_points else None
    if kind is DraftKind.FOLLOW_UP:
        template, hooks = _angle(touch_number, last_touch, hooks, proof is not None)
    return DraftPlan(
        kind=kind, recipient=recipient, offer=offer, facts=tuple(facts), hooks=tuple(hooks[:MAX_HOOKS]),
        template=template, touch_number=touch_number, thread_subject=thread_subject.removeprefix("Re: "),
        slots=tuple(slots), booking_link=booking_link,
        booking_words=booking_words, question=question, steps=tuple(steps), proof=proof, language=language,
        not_chosen=MappingProxyType(not_chosen),
    )  # fmt: skip


def _angle(number: int, last: bool, hooks: list[Hook], has_proof: bool) -> tuple[str, list[Hook]]:
    """Each follow-up says something else: proof, another fact, who owns it, and a polite end."""
    if last:
        return "follow_up/close", []
    angles = [("follow_up/owner", False)]
    if hooks:
        angles.insert(0, ("follow_up/fact", True))
    if has_proof:
        angles.insert(0, ("follow_up/proof", False))
    if number - 2 >= len(angles):
        return "follow_up/close", []
    template, with_hook = angles[max(0, number - 2)]
    if not with_hook:
        return template, []
    return "follow_up/owner", [with_lead_in(hook, template) for hook in hooks]


def templates_of(mail: int, last: bool) -> tuple[str, ...]:
    """What the how manieth mail of a sequence (from 1) may be written with: the facts and the offer decide."""
    if mail <= 1:
        return (*dict.fromkeys(rule.template for rule in HOOK_RULES.values()), "first_mail/role")
    fact = FactRef("any", "news", "any")
    hooks = [[], [Hook(fact, "first_mail/news", "any", False)]]
    angles = [_angle(mail, last, known, proof) for proof in (True, False) for known in hooks]
    named = [hook.template for _, chosen in angles for hook in chosen] + [template for template, _ in angles]
    return tuple(dict.fromkeys(named))


def with_lead_in(hook: Hook, template: str) -> Hook:
    """The hook for a template that serves every kind of fact: "hiring for …", "new funding, …"."""
    rule = HOOK_RULES.get(hook.fact.field)
    lead_in = rule.lead_in if rule is not None and not hook.quoted else ""
    return Hook(hook.fact, template, lead_in + hook.text, hook.quoted)


def _choose_hooks(
    facts: Sequence[FactRef], offer: Offer, now: datetime | None, used: frozenset[str]
) -> tuple[list[Hook], dict[str, str]]:
    related = {name.casefold() for name in offer.related_technologies}
    ranked: list[tuple[tuple[int, float, str], Hook]] = []
    not_chosen: dict[str, str] = {}
    for fact in facts:
        rule = HOOK_RULES.get(fact.field)
        if rule is None:
            continue
        if fact.id in used:
            not_chosen[fact.id] = "it was said in an earlier mail"
            continue
        if fact.field.startswith("technology") and fact.value.casefold() not in related:
            not_chosen[fact.id] = "the technology has nothing to do with the offer"
            continue
        if now is not None and rule.max_age_days is not None:
            if fact.observed_at is None:
                not_chosen[fact.id] = "nobody knows how old it is"
                continue
            if (now - fact.observed_at).days > rule.max_age_days:
                not_chosen[fact.id] = f"it is older than {rule.max_age_days} days"
                continue
        hook = _phrase(fact, rule)
        if isinstance(hook, str):
            not_chosen[fact.id] = hook
            continue
        seen = fact.observed_at.timestamp() if fact.observed_at else 0.0
        ranked.append(((rule.rank, -seen, fact.id), hook))
    ranked.sort(key=lambda item: item[0])
    return [hook for _, hook in ranked], not_chosen


def _intervention_hooks(facts: Sequence[FactRef], template: str) -> tuple[list[Hook], dict[str, str]]:
    hooks: list[Hook] = []
    not_chosen: dict[str, str] = {}
    for fact in facts:
        hook = _phrase(fact, _HookRule(0, template, None))
        if isinstance(hook, str):
            not_chosen[fact.id] = hook
        else:
            hooks.append(hook)
    return hooks, not_chosen


def _phrase(fact: FactRef, rule: _HookRule) -> Hook | str:
    """The fact as it is to be said, or why it cannot be."""
    if INSTRUCTION_LIKE.search(fact.value) or INSTRUCTION_LIKE.search(fact.quote):
        return "it reads like an instruction to a machine"
    reasons: list[str] = []
    for raw in (fact.value, fact.quote):
        text = one_line(raw)
        if len(text) > MAX_HOOK_CHARS:
            text = sentences(text)[0].text
        text = text.strip(" .;:,…\"“”„«»'‘’").translate(str.maketrans('“”„«»"', "''''''"))
        if not MIN_HOOK_CHARS <= len(text) <= MAX_HOOK_CHARS or not any(letter.isalnum() for letter in text):
            reasons.append("it is empty or too long to open with")
            continue
        refused = screen(raw)
        if refused is not None:
            reasons.append(refused)
            continue
        if not reads_as_english(text):
            reasons.append("it is not in the language of the mail")
            continue
        quoted = rule.quote_always or len(sentences(text)) > 1
        return Hook(fact, rule.template, text, quoted)
    return reasons[0]
