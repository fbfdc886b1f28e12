"""What sending services tell is applied once and to the same end, in whatever order and however often it comes.

| real | made up |
|---|---|
| both databases, readers, rules, suppression, triggers | the service's events, in its documented shape |
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import col, select

from agents import delivery_events
from agents.context import AgentContext
from api.actions import inbound as inbound_actions
from api.dependencies import Dependencies, Principal
from api.permissions import Permission
from core.clock import VirtualClock
from core.ids import SystemIds, stable_id
from store import bulk
from store.models import (
    Alert,
    Approval,
    ApprovalState,
    Contact,
    DeliveryVerdict,
    EngagementEvent,
    InboundEvent,
    InboundState,
    Lead,
    LeadStage,
    Message,
    Suppression,
    ThreadTrigger,
)
from store.queries import inbound, suppression
from store.session import Database
from tests.support.api_office import BOOKING, TOKENS
from tests.support.crash.office import Office, context_of, open_office
from workers import inbound_events
from workers.sweeps import sweep_workspace

START = datetime(2026, 6, 2, 13, tzinfo=UTC)
GONE = {"type": "bounce", "status": "5.1.1", "reason": "550 5.1.1 no such user here"}
FULL = {"type": "bounce", "status": "5.2.2", "reason": "552 5.2.2 mailbox full"}
BLOCKED = {"type": "blocked", "status": "5.7.1", "reason": "550 5.7.1 blocked by policy"}


def sent(office: Office, number: int = 0, mail: str = "a", **values: Any) -> str:
    """The Message-ID of a mail that left."""
    context, person = office.context, office.people[number]
    named = f"<{mail}.{number}.{context.workspace_id.hex}@sender.example>"
    row = {
        "id": stable_id("message", context.workspace_id, named),
        "direction": "out",
        "source_key": f"outbox:{named}",
        "mailbox_id": office.mailbox_id,
        "lead_id": person.lead_id,
        "contact_id": person.contact_id,
        "message_id": named,
        "at": START,
        **values,
    }
    with context.database.write(context.workspace_id) as session:
        bulk.insert(session, Message, [row])
    return named


def event(office: Office, kind: str, about: str, minutes: int = 0, number: int = 0, **more: Any) -> dict[str, Any]:
    at = int((START + timedelta(minutes=minutes)).timestamp())
    key = f"{kind}:{about}:{minutes}:{number}"
    fixed = {"email": office.people[number].address, "timestamp": at, "sg_event_id": key, "sg_message_id": "m1.filter0"}
    return fixed | {"event": kind, "smtp-id": "<x@ismtpd.example>", "salesos_message_id": about} | more


def keep(office: Office, *events: Any, vendor: str = "sendgrid") -> int:
    """As the endpoint keeps them."""
    kept = []
    for each in events:
        raw = each if isinstance(each, bytes) else json.dumps(each).encode()
        at = each.get("timestamp") if isinstance(each, dict) else None
        key = each.get("sg_event_id", "") if isinstance(each, dict) else ""
        happened = datetime.fromtimestamp(at, UTC) if isinstance(at, int) else None
        kept.append(inbound.NewEvent(key, "", raw, happened, each["email"] if isinstance(each, dict) else ""))
    context = office.context
    with context.database.write(context.workspace_id) as session:
        return inbound.keep(session, context.sealer, context.clock.now(), vendor, None, kept)


def tell(office: Office, *events: Any) -> None:
    keep(office, *events)
    inbound_events.apply_due(office.context)


def rows(context: AgentContext, model: Any, *where: Any) -> list[Any]:
    with context.database.read(context.workspace_id) as session:
        return list(session.exec(select(model).where(*where).order_by(col(model.id))))


def stands(office: Office) -> list[tuple[str, str]]:
    found = rows(office.context, InboundEvent)
    return [(row.state.value, row.reason) for row in sorted(found, key=lambda row: (row.occurred_at, row.id))]


def suppressed(office: Office, number: int = 0) -> str | None:
    context = office.context
    with context.database.read(context.workspace_id) as session:
        address = office.people[number].address
        return suppression.suppressed_among(session, context.sealer, [address]).get(address)


def test_a_delivery_says_where_the_mail_is(office: Office) -> None:
    mail = sent(office)
    tell(office, event(office, "deferred", mail, 1), event(office, "delivered", mail, 2))
    [message] = rows(office.context, Message)
    assert message.reading["delivery"]["state"] == "delivered"
    assert stands(office) == [
        ("superseded", "A later word on the same mail stands."),
        ("applied", "The mail's state is known."),
    ]
    assert {row.kind for row in rows(office.context, EngagementEvent)} == {"deferred", "delivered"}
    assert suppressed(office) is None


def test_an_address_that_does_not_exist_is_never_written_to_again(office: Office) -> None:
    mail = sent(office)
    _, approval_id, _ = office.draft(0)
    tell(office, event(office, "bounce", mail, **GONE))
    assert suppressed(office) == "hard_bounce"
    assert office.get(Lead, office.people[0].lead_id).stage is LeadStage.STOPPED
    assert office.get(Contact, office.people[0].contact_id).email_status == "invalid"
    assert office.get(Approval, approval_id).state is ApprovalState.VOID
    assert [row.kind for row in rows(office.context, ThreadTrigger)] == ["bounced"]
    assert suppressed(office, 1) is None


def test_our_own_fault_suppresses_nobody(office: Office) -> None:
    mail = sent(office)
    _, approval_id, _ = office.draft(0)
    dropped = event(office, "dropped", mail, 3, reason="Bounced Address")
    tell(office, *(event(office, "bounce", mail, n, **BLOCKED) for n in range(3)), dropped)
    assert suppressed(office) is None
    assert office.get(Lead, office.people[0].lead_id).stage is LeadStage.IN_SEQUENCE
    assert office.get(Contact, office.people[0].contact_id).email_status == "valid"
    assert {row.level for row in rows(office.context, Alert)} == {"critical", "warning"}
    assert [row.verdict for row in rows(office.context, DeliveryVerdict)] == [
        "blocked"
    ]  # the brakes count it, once a mail
    assert len(rows(office.context, Alert)) == 2  # one a mailbox and day, not one a mail
    assert office.get(Approval, approval_id).state is ApprovalState.VOID  # a person looks before it goes on


@pytest.mark.parametrize(("days", "reason"), [((0, 5, 13), "soft_bounces"), ((0, 8, 16), None), ((16, 0, 8), None)])
def test_soft_bounces_are_counted_over_two_weeks(office: Office, days: Sequence[int], reason: str | None) -> None:
    mail = sent(office)
    for day in days:
        tell(office, event(office, "bounce", mail, day * 1440, **FULL))
    assert suppressed(office) == reason


@pytest.mark.parametrize(("kind", "reason"), [("spamreport", "complaint"), ("group_unsubscribe", "opt_out")])
def test_who_says_no_is_heard(office: Office, kind: str, reason: str) -> None:
    mail = sent(office)
    _, approval_id, _ = office.draft(0)
    tell(office, event(office, kind, mail))
    assert suppressed(office) == reason
    assert office.get(Approval, approval_id).state is ApprovalState.VOID
    assert [row.kind for row in rows(office.context, ThreadTrigger)] == ["opted_out"]


def test_opens_and_clicks_are_kept_and_wake_nobody(office: Office) -> None:
    mail = sent(office)
    tell(
        office,
        event(office, "open", mail, 1, ip="203.0.113.7", useragent="x"),
        event(office, "open", mail, 2, sg_machine_open=True),
        event(office, "click", mail, 3, url="https://sender.example/price"),
    )
    hits = sorted((row.kind, row.actor, row.raw) for row in rows(office.context, EngagementEvent))
    assert hits == [("click", "unknown", {}), ("open", "machine", {}), ("open", "unknown", {})]
    assert rows(office.context, ThreadTrigger) == []


def test_it_is_matched_by_the_service_s_own_id(office: Office) -> None:
    sent(office, provider_message_id="m1")
    tell(office, event(office, "bounce", "", 0, **GONE))
    assert suppressed(office) == "hard_bounce"


def test_the_mail_of_another_program_on_the_same_account_ends_as_a_dead_letter(
    office: Office, clock: VirtualClock
) -> None:
    keep(office, event(office, "bounce", "<other@shop.example>", 0, **GONE))
    assert sweep_workspace(office.context).inbound_events
    for _ in range(20):
        inbound_events.apply_due(office.context)
        clock.advance(timedelta(minutes=5))
    [(state, reason)] = stands(office)
    assert state == "dead"
    assert "No mail of ours" in reason
    assert suppressed(office) is None
    assert not sweep_workspace(office.context).inbound_events


def test_an_event_that_is_faster_than_our_own_note_waits_for_it(office: Office, clock: VirtualClock) -> None:
    named = f"<a.0.{office.context.workspace_id.hex}@sender.example>"
    tell(office, event(office, "delivered", named))
    assert [state for state, _ in stands(office)] == ["received"]
    sent(office)
    clock.advance(timedelta(minutes=2))
    inbound_events.apply_due(office.context)
    assert [state for state, _ in stands(office)] == ["applied"]


def test_an_address_that_was_changed_since_is_not_the_contact_s(office: Office) -> None:
    mail = sent(office)
    tell(office, event(office, "bounce", mail, **GONE) | {"email": "old.name@company0.example"})
    assert suppressed(office) is None
    assert office.get(Lead, office.people[0].lead_id).stage is LeadStage.IN_SEQUENCE
    assert len(rows(office.context, Suppression)) == 1


def test_what_cannot_be_read_is_a_dead_letter_and_holds_up_nothing(office: Office) -> None:
    mail = sent(office)
    tell(office, b"[" * 100_000, b"\xff\x00", b"7", {"event": 3, "email": "x"}, event(office, "delivered", mail))
    states = [row.state for row in rows(office.context, InboundEvent)]
    assert sorted(states) == ["applied", "dead", "dead", "dead", "dead"]


def test_an_event_that_makes_us_fail_holds_up_no_other(office: Office, monkeypatch: Any, clock: VirtualClock) -> None:
    bad, good = sent(office, 0), sent(office, 1)
    real = delivery_events.apply

    def broken(session: Any, context: Any, told: Any, message: Message) -> Any:
        if message.message_id == bad:
            raise ZeroDivisionError
        return real(session, context, told, message)

    monkeypatch.setattr(delivery_events, "apply", broken)
    tell(office, event(office, "spamreport", bad), event(office, "spamreport", good, 1, number=1))
    assert suppressed(office, 1) == "complaint"
    assert [state for state, _ in stands(office)] == ["received", "applied"]
    for _ in range(10):
        clock.advance(timedelta(hours=1))
        inbound_events.apply_due(office.context)
    assert stands(office)[0][0] == "dead"
    assert "ZeroDivisionError" in stands(office)[0][1]


def test_a_worker_that_dies_between_keeping_and_applying_loses_nothing(office: Office, monkeypatch: Any) -> None:
    mail = sent(office)
    keep(office, event(office, "spamreport", mail))
    real = inbound_events._settle

    def dies(*_: Any) -> None:
        raise KeyboardInterrupt  # everything of the event is written, and nothing is committed

    monkeypatch.setattr(inbound_events, "_settle", dies)
    with pytest.raises(KeyboardInterrupt):
        inbound_events.apply_due(office.context)
    assert suppressed(office) is None
    assert [state for state, _ in stands(office)] == ["received"]
    monkeypatch.setattr(inbound_events, "_settle", real)
    inbound_events.apply_due(office.context)
    assert suppressed(office) == "complaint"
    assert [state for state, _ in stands(office)] == ["applied"]


def test_bytes_go_after_a_month_and_rows_after_a_quarter(office: Office, clock: VirtualClock) -> None:
    tell(office, event(office, "delivered", sent(office)), b"rubbish")
    context = office.context

    def after(days: int) -> dict[str, bool]:
        clock.advance(timedelta(days=days))
        with context.database.write(context.workspace_id) as session:
            inbound.purge(session, clock.now())
        return {row.state.value: row.raw_sealed is not None for row in rows(context, InboundEvent)}

    assert after(31) == {"applied": False, "dead": True}
    assert after(60) == {}


# ------------------------------------------------------------------------------- any order, any repetition

_KINDS = ("deferred", "delivered", "gone", "full", "blocked", "spamreport", "unsubscribe", "dropped", "open")
_TOLD = st.lists(
    st.tuples(st.sampled_from(_KINDS), st.integers(0, 1), st.sampled_from("ab"), st.integers(0, 30)),
    min_size=1,
    max_size=7,
    unique=True,
)


def _as_event(office: Office, told: tuple[str, int, str, int]) -> dict[str, Any]:
    kind, number, mail, days = told
    about = f"<{mail}.{number}.{office.context.workspace_id.hex}@sender.example>"
    more = {"gone": GONE, "full": FULL, "blocked": BLOCKED}.get(kind, {})
    return event(office, "bounce" if more else kind, about, days * 1440, number, **more) | {"sg_event_id": repr(told)}


def _end_state(office: Office) -> Any:
    context = office.context
    people = {person.contact_id: number for number, person in enumerate(office.people)}
    leads = {person.lead_id: number for number, person in enumerate(office.people)}
    return {
        "events": sorted((r.dedupe_key, r.state.value, r.kind) for r in rows(context, InboundEvent)),
        "hits": sorted((r.source_key, r.kind, r.actor, people[r.contact_id]) for r in rows(context, EngagementEvent)),
        "suppressed": sorted((suppressed(office, n) or "", n) for n in range(2)),
        "leads": sorted((leads[r.id], r.stage.value) for r in rows(context, Lead)),
        "addresses": sorted((people[r.id], r.email_status, tuple(r.email_reasons)) for r in rows(context, Contact)),
        "mails": sorted((people[r.contact_id], json.dumps(r.reading)) for r in rows(context, Message)),
        "wakes": sorted((leads[r.subject_id], r.kind) for r in rows(context, ThreadTrigger)),
        "alerts": sorted((r.level, r.source_key.split(":")[-1]) for r in rows(context, Alert)),
        "approvals": sorted((leads[r.lead_id], r.state.value) for r in rows(context, Approval)),
    }


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(told=_TOLD, data=st.data())
def test_any_order_and_repetition_comes_to_the_same_end(
    database: Database, tmp_path: Path, told: list[tuple[str, int, str, int]], data: st.DataObject
) -> None:
    repeated = told + data.draw(st.lists(st.sampled_from(told), max_size=3))
    shuffled = data.draw(st.permutations(repeated))
    cuts = data.draw(st.integers(1, len(shuffled)))

    def run(order: Sequence[tuple[str, int, str, int]], at_once: int) -> Any:
        workspace_id: UUID = uuid4()
        clock = VirtualClock(START)
        context = context_of(database, workspace_id, clock, SystemIds(), lambda _: None, data_dir=tmp_path)  # type: ignore[arg-type,return-value]
        office = open_office(context, people=2)
        for number in range(2):
            office.draft(number)
            for mail in "ab":
                sent(office, number, mail)
        for start in range(0, len(order), at_once):
            tell(office, *(_as_event(office, each) for each in order[start : start + at_once]))
        return _end_state(office)

    in_order = run(sorted(told, key=lambda each: each[3]), len(told))
    assert run(shuffled, cuts) == in_order


def test_the_states_are_the_four_that_the_page_shows() -> None:
    assert [state.value for state in InboundState] == ["received", "applied", "superseded", "dead"]


@pytest.mark.parametrize("by", ["id", "message_id"])
def test_a_person_says_which_mail_it_is_about(office: Office, clock: VirtualClock, by: str) -> None:
    sent(office)
    keep(office, event(office, "spamreport", "<of another name@x.example>"))
    clock.advance(timedelta(hours=1))
    inbound_events.apply_due(office.context)
    [dead], [mail] = rows(office.context, InboundEvent), rows(office.context, Message)
    assert dead.state is InboundState.DEAD
    principal = Principal(office.context.workspace_id, "user:1", "Ann", frozenset(Permission))
    deps = api_office_deps(office)
    inbound_actions.replay(deps, principal, dead.id, message=str(getattr(mail, by)))
    inbound_events.apply_due(office.context)
    assert [state for state, _ in stands(office)] == ["applied"]
    assert suppressed(office) == "complaint"


def api_office_deps(office: Office) -> Dependencies:
    context = office.context
    return Dependencies(
        settings=context.settings,
        database=context.database,
        clock=context.clock,
        ids=context.ids,
        context_for=lambda _: context,
        unsubscribe=TOKENS,
        booking=BOOKING,
    )
