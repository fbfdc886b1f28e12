"""What leaves, what does not, and why: on both databases."""

from datetime import UTC, datetime, timedelta
from email import message_from_bytes

import pytest
from sqlmodel import col, select

from core.clock import VirtualClock
from core.errors import Conflict
from store import audit
from store.models import (
    Alert,
    Approval,
    ApprovalState,
    Contact,
    Draft,
    DraftState,
    Lead,
    LeadStage,
    Mailbox,
    MailboxState,
    Message,
    OutboxItem,
    OutboxState,
    PolicyRow,
    Task,
    TaskState,
    ThreadTrigger,
    Touch,
    TouchState,
)
from store.queries import approvals, outbox, suppression
from tests.support.crash.office import Office, unsubscribe
from tools.ports import LookupResult, LostMail, SendOutcome, SendResult
from workers.dispatcher import Dispatcher
from workers.recovery import resolve_unknown

UNKNOWN = SendResult(SendOutcome.UNKNOWN, "The connection ended after the final dot.", "eof after DATA")


def dispatch(office: Office) -> int:
    return Dispatcher(unsubscribe, "worker:1", keep_leases=False).run(office.context)


def item(office: Office, item_id: object) -> OutboxItem:
    found: OutboxItem = office.get(OutboxItem, item_id)  # type: ignore[arg-type]
    return found


def rows(office: Office, model: type) -> list:  # type: ignore[type-arg]
    with office.context.database.read(office.context.workspace_id) as session:
        return list(session.exec(select(model).order_by(col(model.id))))  # type: ignore[attr-defined]


def advance(office: Office, by: timedelta) -> None:
    clock = office.context.clock
    assert isinstance(clock, VirtualClock)
    clock.advance(by)


def test_an_approved_mail_leaves_once_with_everything_that_follows(office: Office, post) -> None:
    sent = office.approved(0)
    dispatch(office)
    dispatch(office)
    assert len(post.envelopes) == 1
    found = item(office, sent)
    assert (found.state, found.attempts) == (OutboxState.SENT, 1)
    mail = message_from_bytes(post.envelopes[0].mime)
    assert mail["Message-ID"] == post.envelopes[0].message_id == found.message_id
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "1 Main Street" in mail.get_payload()[0].get_payload(decode=True).decode()  # type: ignore[index,union-attr]
    assert office.get(Draft, found.draft_id).state is DraftState.SENT
    person = office.people[0]
    assert office.get(Touch, person.touch_ids[0]).state is TouchState.DONE
    message = next(row for row in rows(office, Message) if row.draft_id == found.draft_id)
    assert (message.direction, message.lead_id, message.message_id) == ("out", person.lead_id, found.message_id)
    book = office.context.tools.crm(office.context.workspace_id)
    assert [step.kind for step in book.steps.values()] == ["email_sent"]  # type: ignore[attr-defined]
    with office.context.database.read(office.context.workspace_id) as session:
        assert isinstance(audit.verify(session), audit.Verified)


def test_what_the_service_calls_a_mail_is_kept_with_it(office: Office, post) -> None:
    post.answers = [
        SendResult(SendOutcome.SENT, "taken", "200", provider_id="0102", wire_message_id="<0102@ses.example>")
    ]
    sent = item(office, office.approved(0))
    dispatch(office)
    (message,) = rows(office, Message)
    assert (message.provider_message_id, message.wire_message_id) == ("0102", "<0102@ses.example>")
    assert message.message_id == sent.message_id  # ours stays: events and look-ups name it too


def test_later_touches_move_with_the_real_send(office: Office) -> None:
    person = office.people[0]
    second = office.get(Touch, person.touch_ids[1]).due_at
    sent = office.approved(0)
    advance(office, timedelta(days=1))
    dispatch(office)
    assert item(office, sent).state is OutboxState.SENT
    assert office.get(Touch, person.touch_ids[1]).due_at == second + timedelta(days=1)


def test_approved_then_edited_sends_nothing(office: Office, post) -> None:
    draft_id, approval_id, digest = office.draft(0)
    office.approve(approval_id, digest)
    sent = office.queue(draft_id, approval_id)
    context = office.context
    with context.database.write(context.workspace_id) as session:
        approvals.replace(session, context.clock, context.ids, draft_id, by="user:ann")
    dispatch(office)
    assert post.envelopes == []
    assert item(office, sent).state is OutboxState.CANCELLED
    assert office.get(Draft, draft_id).state is DraftState.REPLACED
    assert office.get(Approval, approval_id).state is ApprovalState.VOID


def test_words_changed_behind_the_approval_are_found_by_their_hash(office: Office, post) -> None:
    sent = office.approved(0)
    context = office.context
    with context.database.write(context.workspace_id) as session:
        draft = session.get(Draft, (context.workspace_id, item(office, sent).draft_id))
        assert draft is not None
        draft.body_sealed = context.sealer.seal("Send money.", context=f"draft|body|{draft.id}")
    dispatch(office)
    assert post.envelopes == []
    assert "not those that were approved" in item(office, sent).state_reason


def test_a_body_sealed_for_another_row_is_never_sent(office: Office, post) -> None:
    sent = office.approved(0)
    context = office.context
    with context.database.write(context.workspace_id) as session:
        draft = session.get(Draft, (context.workspace_id, item(office, sent).draft_id))
        assert draft is not None
        draft.body_sealed = context.sealer.seal("Send money.", context="draft|body|elsewhere")
    dispatch(office)
    assert (post.envelopes, item(office, sent).state) == ([], OutboxState.FAILED)


@pytest.mark.parametrize("how", ["address", "tag", "domain"])
def test_suppressed_after_the_approval_is_cancelled_and_says_so(office: Office, post, how: str) -> None:
    sent = office.approved(0)
    context, person = office.context, office.people[0]
    local, _, domain = person.address.partition("@")
    given = {
        "address": {"address": person.address},
        "tag": {"address": f"{local}+news@{domain}"},
        "domain": {"domain": domain},
    }[how]
    with context.database.write(context.workspace_id) as session:
        suppression.suppress(session, context.clock, context.sealer, reason="opt_out", **given)
    dispatch(office)
    assert post.envelopes == []
    assert item(office, sent).state is OutboxState.CANCELLED
    assert "Suppressed (opt_out)" in item(office, sent).state_reason
    assert office.get(Touch, person.touch_ids[0]).state is TouchState.BLOCKED


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"country": "DE", "time_zone": "Europe/Berlin"}, "de_uwg_7"),
        ({"country": "CA", "time_zone": "America/Toronto"}, "ca_casl"),
        ({"country": ""}, "unknown_country"),
        ({"country": "FR", "time_zone": "Europe/Paris"}, "eu_legitimate_interest"),
        ({"email_status": "invalid"}, "invalid"),
    ],
)
def test_the_law_and_the_address_are_asked_again(office: Office, post, change: dict[str, str], says: str) -> None:
    sent = office.approved(0)
    context = office.context
    with context.database.write(context.workspace_id) as session:
        contact = session.get(Contact, (context.workspace_id, office.people[0].contact_id))
        assert contact is not None
        for name, value in change.items():
            setattr(contact, name, value)
    dispatch(office)
    assert post.envelopes == []
    assert item(office, sent).state is OutboxState.CANCELLED
    assert says in item(office, sent).state_reason


def test_a_lead_that_moved_on_gets_no_further_step(office: Office, post) -> None:
    sent = office.approved(0)
    context = office.context
    with context.database.write(context.workspace_id) as session:
        lead = session.get(Lead, (context.workspace_id, office.people[0].lead_id))
        assert lead is not None
        lead.stage = LeadStage.MEETING_BOOKED
    dispatch(office)
    assert (post.envelopes, item(office, sent).state) == ([], OutboxState.CANCELLED)


def _policy(office: Office, number: int, **definition: object) -> None:
    context = office.context
    with context.database.write(context.workspace_id) as session:
        session.add(
            PolicyRow(
                workspace_id=context.workspace_id,
                id=context.ids.new(),
                number=number,
                definition=definition,
                created_at=context.clock.now(),
            )
        )


def test_the_kill_switch_holds_everything_and_loses_nothing(office: Office, post) -> None:
    sent = office.approved(0)
    _policy(office, 1, kill_switch=True)
    dispatch(office)
    assert (post.envelopes, item(office, sent).state) == ([], OutboxState.READY)
    assert "kill switch" in item(office, sent).state_reason


def test_another_policy_asks_for_another_approval(office: Office, post) -> None:
    sent = office.approved(0)
    _policy(office, 1, contacts_per_company=2)
    dispatch(office)
    assert (post.envelopes, item(office, sent).state) == ([], OutboxState.CANCELLED)
    assert office.get(Touch, office.people[0].touch_ids[0]).state is TouchState.PLANNED


def test_outside_working_hours_it_waits_for_monday(office: Office, post) -> None:
    sent = office.approved(0)
    clock = office.context.clock
    assert isinstance(clock, VirtualClock)
    clock.move_to(datetime(2026, 6, 5, 23, tzinfo=UTC))  # Friday, seven in the evening in New York
    with office.context.database.write(office.context.workspace_id) as session:
        row = session.get(OutboxItem, (office.context.workspace_id, sent))
        assert row is not None
        row.expires_at = None
    dispatch(office)
    assert (post.envelopes, item(office, sent).state) == ([], OutboxState.READY)
    assert item(office, sent).not_before == datetime(2026, 6, 8, 12, tzinfo=UTC)
    assert "working hours" in item(office, sent).state_reason
    clock.move_to(item(office, sent).not_before)
    dispatch(office)
    assert len(post.envelopes) == 1


def test_too_old_an_approval_expires_visibly(office: Office, post) -> None:
    sent = office.approved(0)
    advance(office, timedelta(days=7))
    dispatch(office)
    assert (post.envelopes, item(office, sent).state) == ([], OutboxState.EXPIRED)


def test_the_daily_cap_counts_what_really_left_and_lets_answers_through(office: Office, post) -> None:
    context = office.context
    with context.database.write(context.workspace_id) as session:
        box = session.get(Mailbox, (context.workspace_id, office.mailbox_id))
        assert box is not None
        box.daily_cap = 1
    cold = [office.approved(0), office.approved(1)]
    dispatch(office)
    answer = office.approved(2, kind="reply")
    dispatch(office)
    states = [item(office, found).state for found in cold]
    assert sorted(states) == sorted([OutboxState.SENT, OutboxState.READY])
    assert item(office, answer).state is OutboxState.SENT
    waiting = next(item(office, found) for found in cold if item(office, found).state is OutboxState.READY)
    assert waiting.not_before == datetime(2026, 6, 3, tzinfo=UTC)  # the mailbox's own midnight: UTC
    assert "daily cap" in waiting.state_reason


def test_one_mail_to_a_person_at_a_time_and_steps_in_order(office: Office, post) -> None:
    first = office.approved(0)
    second = office.approved(0, kind="follow_up", touch=1)
    post.answers = [UNKNOWN]
    dispatch(office)
    assert len(post.envelopes) == 1
    assert {item(office, first).state, item(office, second).state} == {OutboxState.SENDING, OutboxState.READY}


def test_put_off_comes_back_with_the_same_bytes(office: Office, post) -> None:
    sent = office.approved(0)
    post.answers = [SendResult(SendOutcome.DEFERRED, "450 4.2.1 busy", "4.2.1", 300)]
    dispatch(office)
    found = item(office, sent)
    assert (found.state, found.attempts) == (OutboxState.READY, 1)
    assert found.not_before >= office.context.clock.now() + timedelta(seconds=300)
    assert "busy" in found.state_reason
    dispatch(office)
    assert len(post.envelopes) == 1  # not before its time
    advance(office, found.not_before - office.context.clock.now())
    dispatch(office)
    assert item(office, sent).state is OutboxState.SENT
    assert post.envelopes[0] == post.envelopes[1]


def test_put_off_for_ever_ends_with_a_person(office: Office, post) -> None:
    sent = office.approved(0)
    post.answers = [SendResult(SendOutcome.DEFERRED, "450 4.2.1 busy", "4.2.1")] * 50
    for _ in range(60):
        dispatch(office)
        if item(office, sent).state is not OutboxState.READY:
            break
        advance(office, max(timedelta(0), item(office, sent).not_before - office.context.clock.now()))
    assert item(office, sent).state in (OutboxState.FAILED, OutboxState.EXPIRED)
    assert item(office, sent).state is OutboxState.EXPIRED or rows(office, Task)


def test_nobody_there_is_suppressed_and_the_lead_stops(office: Office, post) -> None:
    sent = office.approved(0)
    post.answers = [SendResult(SendOutcome.REJECTED, "RCPT TO: 550 5.1.1 <person0@company0.example> unknown", "5.1.1")]
    dispatch(office)
    found, person = item(office, sent), office.people[0]
    assert found.state is OutboxState.FAILED
    assert "person0@" not in found.state_reason
    context = office.context
    with context.database.read(context.workspace_id) as session:
        assert suppression.is_suppressed(session, context.sealer, person.address)
    assert office.get(Lead, person.lead_id).stage is LeadStage.STOPPED
    assert office.get(Contact, person.contact_id).email_status == "invalid"
    assert [office.get(Touch, touch).state for touch in person.touch_ids[1:]] == [TouchState.CANCELLED] * 2
    assert "bounced" in [trigger.kind for trigger in rows(office, ThreadTrigger)]


def test_a_refused_mail_that_is_not_about_the_address_suppresses_nobody(office: Office, post) -> None:
    sent = office.approved(0)
    post.answers = [SendResult(SendOutcome.REJECTED, "552 5.3.4 too big", "5.3.4")]
    dispatch(office)
    assert item(office, sent).state is OutboxState.FAILED
    context = office.context
    with context.database.read(context.workspace_id) as session:
        assert not suppression.is_suppressed(session, context.sealer, office.people[0].address)


def test_our_own_fault_pauses_the_mailbox_and_keeps_every_mail(office: Office, post) -> None:
    sent = [office.approved(number) for number in range(3)]
    post.answers = [SendResult(SendOutcome.MISCONFIGURED, "AUTH: 535 5.7.8 bad password", "5.7.8")]
    dispatch(office)
    assert len(post.envelopes) == 1
    assert all(item(office, found).state is OutboxState.READY for found in sent)
    box = office.get(Mailbox, office.mailbox_id)
    assert (box.state, "535 5.7.8" in box.pause_reason) == (MailboxState.PAUSED, True)
    assert [alert.level for alert in rows(office, Alert)] == ["critical"]


@pytest.mark.parametrize("broken", [UNKNOWN, RuntimeError("a bug in a transport")])
def test_an_unknown_outcome_is_looked_up_and_found(office: Office, post, broken) -> None:  # type: ignore[no-untyped-def]
    sent = office.approved(0)
    post.answers, post.lookups = [broken], [LookupResult.FOUND]
    dispatch(office)
    assert item(office, sent).state is OutboxState.SENDING
    advance(office, timedelta(minutes=5))
    dispatch(office)
    assert (item(office, sent).state, len(post.envelopes)) == (OutboxState.SENT, 1)


def test_not_found_counts_when_it_was_said_twice(office: Office, post) -> None:
    sent = office.approved(0)
    post.answers, post.lookups = [UNKNOWN], [LookupResult.NOT_FOUND, LookupResult.NOT_FOUND]
    dispatch(office)
    advance(office, timedelta(minutes=5))
    dispatch(office)
    assert (item(office, sent).state, len(post.envelopes)) == (OutboxState.SENDING, 1)
    advance(office, timedelta(minutes=5))
    dispatch(office)
    assert (item(office, sent).state, len(post.envelopes)) == (OutboxState.SENT, 2)
    assert post.envelopes[0] == post.envelopes[1]


@pytest.mark.parametrize(
    ("found", "state"), [(LookupResult.FOUND, OutboxState.SENT), (LookupResult.DOUBTFUL, OutboxState.UNKNOWN)]
)
def test_where_ids_prove_nothing_the_bytes_are_looked_for(  # type: ignore[no-untyped-def]
    office: Office, post, found: LookupResult, state: OutboxState
) -> None:
    looked_for: list[LostMail] = []

    def find(mail: LostMail) -> LookupResult:
        looked_for.append(mail)
        return found

    post.find = find
    sent = office.approved(0)
    post.answers, post.lookups = [UNKNOWN], [LookupResult.NOT_FOUND, LookupResult.NOT_FOUND]
    dispatch(office)
    tried_at = office.context.clock.now()
    advance(office, timedelta(minutes=5))
    dispatch(office)
    (envelope,) = post.envelopes
    assert looked_for == [LostMail(envelope.message_id, envelope.mime, tried_at)]
    assert item(office, sent).state is state
    tasks = [task.kind for task in rows(office, Task)]
    assert tasks == (["resolve_unknown"] if state is OutboxState.UNKNOWN else [])


@pytest.mark.parametrize("arrived", [True, False])
def test_where_nobody_can_be_asked_a_person_decides(office: Office, post, arrived: bool) -> None:
    sent = office.approved(0)
    post.answers = [UNKNOWN]
    dispatch(office)
    advance(office, timedelta(minutes=5))
    dispatch(office)
    assert item(office, sent).state is OutboxState.UNKNOWN
    assert [task.kind for task in rows(office, Task)] == ["resolve_unknown"]
    resolve_unknown(office.context, sent, was_sent=arrived, by="user:ann")
    assert rows(office, Task)[0].state is TaskState.DONE
    dispatch(office)
    assert item(office, sent).state is OutboxState.SENT
    assert len(post.envelopes) == (1 if arrived else 2)
    with pytest.raises(Conflict):
        resolve_unknown(office.context, sent, was_sent=True, by="user:bob")


def test_a_worker_that_lost_its_lease_cannot_complete(office: Office, post) -> None:
    sent = office.approved(0)
    context = office.context

    def takeover() -> None:
        advance(office, timedelta(hours=1))
        with context.database.write(context.workspace_id) as session:
            now = context.clock.now()
            assert outbox.claim_expired(session, now, owner="worker:2", lease_seconds=60, limit=5)

    post.on_send = takeover
    post.answers = [SendResult(SendOutcome.REJECTED, "550 5.1.1 nobody", "5.1.1")]
    dispatch(office)
    found = item(office, sent)
    assert (found.state, found.lease_owner, found.lease_token) == (OutboxState.SENDING, "worker:2", 2)


def test_one_crm_step_that_is_refused_does_not_hold_the_others(office: Office) -> None:
    from core.errors import Rejected

    context = office.context
    book = context.tools.crm(context.workspace_id)
    accept = book.mirror

    def strict(activities):  # type: ignore[no-untyped-def]
        if any(activity.summary == "bad" for activity in activities):
            raise Rejected("A field does not exist.")
        return accept(activities)

    book.mirror = strict  # type: ignore[method-assign]
    lead = office.people[0].lead_id
    with context.database.write(context.workspace_id) as session:
        steps = [
            outbox.CrmStep(f"crm:{number}", "lead", lead, "contact", lead, "score", context.clock.now(), words)
            for number, words in enumerate(["good", "bad", "fine"])
        ]
        assert outbox.insert_crm(session, context.clock, context.sealer, steps) == 3
        assert outbox.insert_crm(session, context.clock, context.sealer, steps) == 0
    dispatch(office)
    assert sorted(book.steps) == ["crm:0", "crm:2"]  # type: ignore[attr-defined]
    with context.database.read(context.workspace_id) as session:
        assert outbox.counts(session) == {"sent": 2, "failed": 1}
