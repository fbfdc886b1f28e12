"""Everything a draft may rest on, by id: facts, and what the workspace says of itself, the recipient and times."""

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from agents.drafting.types import DraftPlan, FactRef, Slot

# Ids that any sentence may lean on without a claim: who writes, what is sold, to whom.
FREE_PREFIXES = ("sender:", "offer:", "recipient:", "thread:")

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
           "November", "December")  # fmt: skip


def slot_text(slot: Slot) -> str:
    """'Tuesday 24 November 2026, 10:00 (Europe/Berlin)': the day, the clock and whose clock, so nobody has to ask."""
    local: datetime = slot.start.astimezone(ZoneInfo(slot.zone))
    day = f"{_DAYS[local.weekday()]} {local.day} {_MONTHS[local.month - 1]} {local.year}"
    return f"{day}, {local.hour:02}:{local.minute:02} ({slot.zone})"


def sources_of(plan: DraftPlan) -> Mapping[str, FactRef]:
    """Fact by id. The workspace's own words are not tainted; a recipient's data are."""
    offer, recipient = plan.offer, plan.recipient
    own: list[tuple[str, str, str]] = [
        ("offer:product", "product", offer.product),
        ("offer:value", "value", offer.value_line),
        ("offer:minutes", "minutes", f"{offer.meeting_minutes} minutes"),
        ("offer:booking_link", "booking_link", plan.booking_link),
        *((f"offer:proof:{i}", "proof", text) for i, text in enumerate(offer.proof_points)),
        *((f"offer:price:{i}", "price", text) for i, text in enumerate(offer.prices)),
        ("sender:name", "name", offer.sender_name),
        ("sender:title", "title", offer.sender_title),
        ("sender:company", "company", offer.sender_company),
        ("offer:booking_words", "booking_words", plan.booking_words),
        ("thread:subject", "subject", plan.thread_subject),
        ("thread:question", "question", plan.question),
        *((slot.id, "slot", slot_text(slot)) for slot in plan.slots),
        *((f"{slot.id}:link", "booking_link", slot.link) for slot in plan.slots if slot.link),
    ]
    theirs: list[tuple[str, str, str]] = [
        ("recipient:first_name", "first_name", recipient.first_name),
        ("recipient:company", "company", recipient.company),
        ("recipient:title", "title", recipient.title),
    ]
    found = {key: FactRef(key, field, value, tainted=False) for key, field, value in own if value}
    found |= {key: FactRef(key, field, value) for key, field, value in theirs if value}
    # A fact cannot pose as the workspace's own word: its id loses against the reserved ones.
    return {fact.id: fact for fact in plan.facts if not fact.id.startswith((*FREE_PREFIXES, "slot:"))} | found


def is_evidence(fact_id: str) -> bool:
    """Does it say something about the recipient? The offer does not, nor does the bare name of their company."""
    return not fact_id.startswith(FREE_PREFIXES) or fact_id == "recipient:title"
