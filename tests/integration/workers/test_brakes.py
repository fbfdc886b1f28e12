"""A mailbox, or its domain, stops by what really came back, in the transaction that claims; a person lets it go on."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import col, select

from agents import attention, brake_measures, brakes
from agents.brake_measures import LEAST_SENT, MOST_BOUNCES, WARN_SENT
from core.errors import Conflict, Rejected
from scoring.engagement import ActorClass
from store import bulk
from store.models import Alert, AuditEntry, Brake, DeliveryVerdict, Mailbox, Message, OutboxItem, OutboxState
from store.queries import outbox
from tests.support.crash.office import Office, unsubscribe
from tools.mail.verdicts import Verdict
from tools.ports import SendOutcome, SendResult
from workers import housekeeping
from workers.dispatcher import Dispatcher


def run(office: Office) -> int:
    return Dispatcher(unsubscribe, "worker:1", keep_leases=False).run(office.context)


def all_of(office: Office, model: type) -> list:  # type: ignore[type-arg]
    with office.context.database.read(office.context.workspace_id) as session:
        return list(session.exec(select(model).order_by(col(model.id))))  # type: ignore[attr-defined]


def sent_before(
    office: Office, count: int, *, mailbox_id: UUID | None = None, ago: timedelta = timedelta(days=1)
) -> None:
    """Mails that really left, as rows."""
    context = office.context
    at = context.clock.now() - ago
    rows = [
        {
            "id": context.ids.new(),
            "key": f"mail:{context.ids.new()}",
            "kind": outbox.MAIL,
            "subject_kind": "lead",
            "subject_id": office.people[0].lead_id,
            "mailbox_id": mailbox_id or office.mailbox_id,
            "payload": {},
            "state": OutboxState.SENT,
            "not_before": at,
            "sent_at": at,
            "created_at": at,
        }
        for _ in range(count)
    ]
    with context.database.write(context.workspace_id) as session:
        bulk.insert(session, OutboxItem, rows)


def came_back(
    office: Office,
    count: int,
    verdict: Verdict = Verdict.NO_SUCH_PERSON,
    *,
    mailbox_id: UUID | None = None,
    of: str = "a",
) -> None:
    context = office.context
    with context.database.write(context.workspace_id) as session:
        mailbox = session.get_one(Mailbox, (context.workspace_id, mailbox_id or office.mailbox_id))
        for number in range(count):
            source = f"outbox:{mailbox.id}:{of}{number}"
            brakes.note(session, context, mailbox, verdict, source=source, accepted=True, code="5.1.1")


def colleague(office: Office) -> UUID:
    """Another mailbox of the same domain."""
    context = office.context
    made = context.ids.new()
    with context.database.write(context.workspace_id) as session:
        first = session.get_one(Mailbox, (context.workspace_id, office.mailbox_id))
        address = f"bob@{brakes.domain_of(first.address)}"
        session.add(
            Mailbox(
                workspace_id=context.workspace_id,
                id=made,
                user_id=first.user_id,
                address=address,
                display_name="Bob",
                created_at=context.clock.now(),
            )
        )
    return made


def lift(office: Office, brake_id: UUID, reason: str = "The list was cleaned.") -> None:
    with office.context.database.write(office.context.workspace_id) as session:
        brakes.lift(session, office.context, brake_id, reason, by="user:1")


@pytest.mark.parametrize(
    ("sent", "hits", "verdict", "stops"),
    [
        (198, 6, Verdict.NO_SUCH_PERSON, False),  # below the floor, whatever the share
        (200, 5, Verdict.NO_SUCH_PERSON, False),
        (200, 6, Verdict.NO_SUCH_PERSON, True),
        (200, 6, Verdict.BLOCKED, True),
        (200, 20, Verdict.FULL, False),  # theirs, and it passes
        (200, 20, Verdict.DEFERRED, False),
        (1_001, 1, Verdict.COMPLAINT, False),
        (1_000, 1, Verdict.COMPLAINT, True),
    ],
)
def test_it_stops_at_the_share_and_not_before_the_floor(
    office: Office,
    post: Any,
    sent: int,
    hits: int,
    verdict: Verdict,
    stops: bool,
) -> None:
    sent_before(office, sent)
    came_back(office, hits, verdict)
    item = office.approved(0)
    run(office)
    assert len(post.envelopes) == (0 if stops else 1)
    found = all_of(office, Brake)
    assert len(found) == stops
    if stops:
        (brake,) = found
        assert (brake.mailbox_id, brake.hits, brake.sent, brake.until) == (office.mailbox_id, hits, sent, None)
        row: OutboxItem = office.get(OutboxItem, item)
        assert (row.state, "braked" in row.state_reason) == (OutboxState.READY, True)


def test_what_is_older_than_a_week_is_forgiven(office: Office, post: Any) -> None:
    sent_before(office, 200)
    came_back(office, 50)
    office.context.clock.advance(brake_measures.WINDOW)  # type: ignore[attr-defined]
    sent_before(office, 200)
    office.approved(0)
    run(office)
    assert len(post.envelopes) == 1


def test_one_alert_however_often_it_is_asked(office: Office, post: Any) -> None:
    sent_before(office, LEAST_SENT)
    came_back(office, 10)
    office.approved(0)
    for _ in range(3):
        run(office)
        housekeeping.keep_house(office.context)
        office.context.clock.advance(timedelta(minutes=6))  # type: ignore[attr-defined]
    assert [alert.level for alert in all_of(office, Alert) if alert.source_key.startswith("brake")] == ["critical"]
    assert len(all_of(office, Brake)) == 1


def test_a_lower_level_warns_once_and_lets_mails_leave(office: Office, post: Any) -> None:
    sent_before(office, WARN_SENT)
    came_back(office, 2)
    office.approved(0)
    run(office)
    run(office)
    assert len(post.envelopes) == 1
    assert [alert.level for alert in all_of(office, Alert) if alert.source_key.startswith("brake")] == ["warning"]


def test_a_person_lifts_it_with_a_reason_and_the_same_events_brake_no_more(office: Office, post: Any) -> None:
    sent_before(office, LEAST_SENT)
    came_back(office, 10)
    office.approved(0)
    run(office)
    (brake,) = all_of(office, Brake)
    with pytest.raises(Rejected):
        lift(office, brake.id, "  ")
    lift(office, brake.id)
    with pytest.raises(Conflict):
        lift(office, brake.id)
    office.context.clock.advance(timedelta(minutes=6))  # type: ignore[attr-defined]
    came_back(office, 10)  # told of again
    run(office)
    assert len(post.envelopes) == 1
    assert {"brake.put_on", "brake.lifted"} <= {entry.action for entry in all_of(office, AuditEntry)}
    kept = all_of(office, Brake)[0]
    assert (kept.lifted_by, kept.lift_reason) == ("user:1", "The list was cleaned.")
    # New events over a new sample brake again.
    sent_before(office, LEAST_SENT, ago=timedelta(minutes=1))
    came_back(office, 10, of="b")
    office.approved(1)
    run(office)
    assert len(post.envelopes) == 1
    assert len(all_of(office, Brake)) == 2


def test_the_domain_stops_where_several_mailboxes_bring_it_over(office: Office, post: Any) -> None:
    other = colleague(office)
    for mailbox_id in (office.mailbox_id, other):
        sent_before(office, LEAST_SENT // 2, mailbox_id=mailbox_id)
        came_back(office, 4, mailbox_id=mailbox_id)
    office.approved(0)
    run(office)
    assert post.envelopes == []
    (brake,) = all_of(office, Brake)
    assert (brake.mailbox_id, brake.sent, brake.hits) == (None, LEAST_SENT, 8)
    lift(office, brake.id)
    office.context.clock.advance(timedelta(minutes=6))  # type: ignore[attr-defined]
    run(office)
    assert len(post.envelopes) == 1


def test_one_bad_mailbox_does_not_stop_its_colleagues_and_two_do(office: Office, post: Any) -> None:
    other = colleague(office)
    sent_before(office, LEAST_SENT, mailbox_id=other)
    sent_before(office, 5_000)
    came_back(office, 10, mailbox_id=other)
    office.approved(0)
    run(office)
    assert len(post.envelopes) == 1
    assert [brake.mailbox_id for brake in all_of(office, Brake)] == [other]
    came_back(office, 151)
    office.approved(1)
    run(office)
    assert len(post.envelopes) == 1
    assert {brake.mailbox_id for brake in all_of(office, Brake)} == {other, office.mailbox_id, None}


def test_a_mail_refused_at_the_door_counts_on_both_sides(office: Office, post: Any) -> None:
    sent_before(office, LEAST_SENT - 1)
    came_back(office, 5)
    post.answers = [SendResult(SendOutcome.REJECTED, "RCPT TO: 550 5.1.1 unknown", "5.1.1")]
    office.approved(0)
    run(office)
    office.approved(1)
    run(office)
    assert len(post.envelopes) == 1
    (brake,) = all_of(office, Brake)
    assert (brake.hits, brake.sent) == (6, LEAST_SENT)
    assert brake.hits / brake.sent == MOST_BOUNCES


@pytest.mark.parametrize(
    ("answer", "cause", "whole_domain", "for_a_while"),
    [
        (("RCPT TO: 550 5.7.1 [192.0.2.1] listed at zen.spamhaus.org", "5.7.1"), "blocked", False, False),
        (("the final dot: 550-5.7.26 unauthenticated, SPF and DKIM did not pass", "5.7.26"), "unproven", True, False),
    ],
)
def test_a_refusal_of_us_closes_what_the_table_says_and_suppresses_nobody(
    office: Office,
    post: Any,
    answer: tuple[str, str],
    cause: str,
    whole_domain: bool,
    for_a_while: bool,
) -> None:
    items = [office.approved(number) for number in range(2)]
    post.answers = [SendResult(SendOutcome.MISCONFIGURED, *answer)]
    run(office)
    run(office)
    assert len(post.envelopes) == 1
    (brake,) = all_of(office, Brake)
    assert (brake.cause, brake.mailbox_id is None, brake.until is not None) == (cause, whole_domain, for_a_while)
    rows = [office.get(OutboxItem, item) for item in items]
    assert [row.state for row in rows] == [OutboxState.READY] * 2
    assert max(row.attempts for row in rows) == 0
    lift(office, brake.id)
    office.context.clock.advance(timedelta(minutes=6))  # type: ignore[attr-defined]
    run(office)
    assert len(post.envelopes) == 3


def test_a_quota_rests_the_mailbox_for_an_hour_and_goes_on_by_itself(office: Office, post: Any) -> None:
    office.approved(0)
    office.approved(1)
    post.answers = [SendResult(SendOutcome.REJECTED, "550 5.4.5 Daily user sending quota exceeded", "5.4.5")] * 2
    run(office)
    assert len(post.envelopes) == 1
    office.context.clock.advance(timedelta(minutes=30))  # type: ignore[attr-defined]
    run(office)
    assert len(post.envelopes) == 1
    office.context.clock.advance(timedelta(minutes=31))  # type: ignore[attr-defined]
    run(office)  # refused again: a second rest
    office.context.clock.advance(timedelta(minutes=61))  # type: ignore[attr-defined]
    run(office)
    assert len(post.envelopes) == 4
    assert sorted(brake.lifted_by for brake in all_of(office, Brake)) == ["", "time"]
    assert all_of(office, DeliveryVerdict) == []


def test_a_bounce_told_of_by_mail_and_by_a_service_counts_once_for_the_mailbox_that_sent(
    office: Office, post: Any
) -> None:
    context, person = office.context, office.people[0]
    office.approved(0)
    run(office)
    (ours,) = all_of(office, Message)
    with context.database.write(context.workspace_id) as session:
        report = Message(
            workspace_id=context.workspace_id,
            id=context.ids.new(),
            direction="in",
            source_key="inbox:1",
            mailbox_id=office.mailbox_id,
            contact_id=person.contact_id,
            in_reply_to=ours.message_id,
            kind="bounce",
            reading={"bounce": "blocked", "statuses": ["5.7.26"], "verdict": "unproven"},
            at=context.clock.now(),
        )
        session.add(report)
        session.flush()
        told = {"contact_id": person.contact_id, "kind": "bounce", "actor": ActorClass.MACHINE, "rule": "dsn"}
        for key, message_id, raw in (
            ("message:1", report.id, {"bounce": "blocked"}),
            ("delivery:1", ours.id, {"bounce": "blocked", "status": "5.7.1"}),
            ("delivery:2", ours.id, {"bounce": "hard", "status": "5.1.1"}),
        ):
            at = context.clock.now()
            assert attention.add_event(
                session,
                context,
                source_key=key,
                message_id=message_id,
                raw=raw,
                at=at,
                **told,  # type: ignore[arg-type]
            )
        # A report that names no mail of ours, about a person nobody wrote to, is somebody else's or forged.
        told["contact_id"] = office.people[2].contact_id
        attention.add_event(
            session,
            context,
            source_key="message:2",
            raw={"bounce": "hard"},
            at=context.clock.now(),
            **told,  # type: ignore[arg-type]
        )
    (verdict,) = all_of(office, DeliveryVerdict)
    assert (verdict.verdict, verdict.mailbox_id, verdict.code) == ("unproven", office.mailbox_id, "5.7.26")


def test_while_a_domain_warms_up_its_mailboxes_share_what_it_may_send(office: Office, post: Any) -> None:
    context = office.context
    others = [office.mailbox_id, colleague(office)]
    with context.database.write(context.workspace_id) as session:
        for mailbox_id in others:
            box = session.get_one(Mailbox, (context.workspace_id, mailbox_id))
            box.ramp_started_at = context.clock.now()
            session.add(box)
    sent_before(office, 49, mailbox_id=others[1], ago=timedelta(minutes=5))
    office.approved(0)
    office.approved(1)
    run(office)
    assert len(post.envelopes) == 1, "the fiftieth of the domain's first day"
    waiting = [row for row in all_of(office, OutboxItem) if row.state is OutboxState.READY]
    assert [("domain is warming up" in row.state_reason) for row in waiting] == [True]
