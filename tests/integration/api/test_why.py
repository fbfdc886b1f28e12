"""Why is nothing being sent? Each gate is named while it holds, with its count, and not when it does not."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from sqlmodel import select

from agents.policy import Policy, set_policy
from agents.why import Gate, Level, Report, why_not_sending
from core.clock import VirtualClock
from core.settings import DeliveryMode
from store import ledger
from store.models import (
    Contact,
    Draft,
    Enrollment,
    Lead,
    LeadStage,
    Mailbox,
    OutboxItem,
    OutboxState,
    ThreadTrigger,
    Touch,
    User,
    Workspace,
)
from store.queries import pulse, suppression
from store.session import Database
from tests.support.api_office import ApiOffice, api_office

OFFER = {"product": "Ledgerly", "value_line": "catches invoice errors before they are sent"}
LLM = {"llm_base_url": "http://127.0.0.1:9/v1", "llm_model": "m"}
Holds = Callable[[ApiOffice], None]


@pytest.fixture
def healthy(office: ApiOffice) -> ApiOffice:
    """Nothing holds: a worker runs, there is an offer, and the touches are due later."""
    with office.deps.database.write(office.workspace_id) as session:
        pulse.beat(session, office.deps.clock.now(), "test")
        workspace = session.get_one(Workspace, office.workspace_id)
        workspace.offer = OFFER
        session.add(workspace)
    change(office, Touch, due_at=office.deps.clock.now() + timedelta(days=2))
    return office


def change(office: ApiOffice, model: Any, **values: Any) -> None:
    with office.deps.database.write(office.workspace_id) as session:
        session.execute(sa.update(model).values(**values).execution_options(synchronize_session=False))


def report(office: ApiOffice, settings: dict[str, Any] | None = None, **scope: UUID) -> Report:
    context = office.office.context
    if settings:
        context = replace(context, settings=context.settings.model_copy(update=settings))
    with office.deps.database.read(office.workspace_id) as session:
        return why_not_sending(session, context, **scope)


def gates(office: ApiOffice, settings: dict[str, Any] | None = None, **scope: UUID) -> dict[str, Gate]:
    return {gate.code: gate for gate in report(office, settings, **scope).gates}


def policy(office: ApiOffice, **values: Any) -> None:
    with office.deps.database.write(office.workspace_id) as session:
        set_policy(session, office.deps.clock, office.deps.ids, Policy(**values), by="user:x")


def queued(office: ApiOffice, **values: Any) -> UUID:
    item_id = office.office.approved(0)
    if values:
        change(office, OutboxItem, **values)
    return item_id


def _kill_switch(office: ApiOffice) -> None:
    policy(office, kill_switch=True)


def _worker(office: ApiOffice) -> None:
    assert isinstance(office.deps.clock, VirtualClock)
    office.deps.clock.advance(timedelta(minutes=5))


def _no_offer(office: ApiOffice) -> None:
    with office.deps.database.write(office.workspace_id) as session:
        session.get_one(Workspace, office.workspace_id).offer = {}


def _no_postal(office: ApiOffice) -> None:
    with office.deps.database.write(office.workspace_id) as session:
        session.get_one(Workspace, office.workspace_id).postal_address = " "


def _paused(office: ApiOffice) -> None:
    change(office, Mailbox, state="paused", pause_reason="Bounces.")


def _cap(office: ApiOffice) -> None:
    queued(office, state=OutboxState.SENT, sent_at=office.deps.clock.now())
    change(office, Mailbox, daily_cap=1)


def _ramp(office: ApiOffice) -> None:
    now = office.deps.clock.now()
    item_id = queued(office, state=OutboxState.SENT, sent_at=now)
    with office.deps.database.write(office.workspace_id) as session:
        row = session.get_one(OutboxItem, (office.workspace_id, item_id)).model_dump()
        for number in range(9):  # ten is what a warm-up begins with
            session.add(OutboxItem(**{**row, "id": uuid4(), "key": f"mail:{number}"}))
    change(office, Mailbox, ramp_started_at=now)


def _window(office: ApiOffice) -> None:
    change(office, Contact, time_zone="Asia/Tokyo", country="US")
    queued(office)


def _draft(office: ApiOffice) -> None:
    office.office.draft(0)


def _problems(office: ApiOffice) -> None:
    office.office.draft(0)
    change(office, Draft, problems=[{"code": "unsupported_number"}])


def _propose(office: ApiOffice) -> None:
    policy(office, autonomy={"first_mail": "propose"})
    office.office.draft(0)


def _policy_changed(office: ApiOffice) -> None:
    queued(office)
    policy(office, contacts_per_company=2)


def _put_off(office: ApiOffice) -> None:
    queued(office, not_before=office.deps.clock.now() + timedelta(minutes=5), state_reason="An earlier mail.")


def _send_delay(office: ApiOffice) -> None:
    queued(office, not_before=office.deps.clock.now() + timedelta(seconds=60))


def _state(state: OutboxState) -> Holds:
    def end(office: ApiOffice) -> None:
        queued(office, state=state, state_reason="Because.")

    return end


def _germany(office: ApiOffice) -> None:
    change(office, Contact, country="DE")


def _france(office: ApiOffice) -> None:
    change(office, Contact, country="FR")


def _suppressed(office: ApiOffice) -> None:
    with office.deps.database.write(office.workspace_id) as session:
        sealer = office.office.context.sealer
        address = office.office.people[0].address
        suppression.suppress(session, office.deps.clock, sealer, address=address, reason="opt_out")


def _blocked(office: ApiOffice) -> None:
    change(office, Touch, state="blocked", block_reason="Not without consent (rule de_uwg_7)")


def _address(office: ApiOffice) -> None:
    change(office, Contact, email_status="invalid")


def _expired(office: ApiOffice) -> None:
    change(office, Enrollment, state="paused", stop_reason="Nobody decided on a draft within 72 hours.")


def _enrollment_paused(office: ApiOffice) -> None:
    change(office, Enrollment, state="paused", stop_reason="They are away.")


def _due(office: ApiOffice) -> None:
    change(office, Touch, due_at=office.deps.clock.now() - timedelta(hours=1))


def _nothing_planned(office: ApiOffice) -> None:
    change(office, Touch, state="done")


def _trigger(attempts: int) -> Holds:
    def fail(office: ApiOffice) -> None:
        now = office.deps.clock.now()
        row = ThreadTrigger(
            workspace_id=office.workspace_id,
            id=uuid4(),
            key="k",
            subject_kind="lead",
            subject_id=office.office.people[0].lead_id,
            kind="touch_due",
            due_at=now + timedelta(minutes=1),
            attempts=attempts,
            last_error="It broke.",
            created_at=now,
        )
        with office.deps.database.write(office.workspace_id) as session:
            session.add(row)

    return fail


def _inbox(office: ApiOffice) -> None:
    change(office, Mailbox, inbox_problem="The password is wrong.")


def _budget_used_up(office: ApiOffice) -> None:
    with office.deps.database.write(office.workspace_id) as session:
        ledger.set_budget(session, office.deps.clock, f"workspace:{office.deps.clock.now():%Y-%m}", 0)


def _nothing(_: ApiOffice) -> None:
    """The settings alone."""


CASES: list[tuple[str, Level, Holds, dict[str, Any]]] = [
    ("delivery_hold", Level.STOPS, _nothing, {"delivery": DeliveryMode.HOLD}),
    ("delivery_folder", Level.NOTE, _nothing, {"delivery": DeliveryMode.FOLDER}),
    ("kill_switch", Level.STOPS, _kill_switch, {}),
    ("worker_not_running", Level.STOPS, _worker, {}),
    ("no_offer", Level.STOPS, _no_offer, {}),
    ("no_postal_address", Level.STOPS, _no_postal, {}),
    ("mailbox_paused", Level.STOPS, _paused, {}),
    ("inbox_unread", Level.NOTE, _inbox, {}),
    ("cap_used_up", Level.WAITS, _cap, {}),
    ("ramp_used_up", Level.WAITS, _ramp, {}),
    ("window_closed", Level.WAITS, _window, {}),
    ("approvals_waiting", Level.HOLDS, _draft, {}),
    ("gate_problems", Level.HOLDS, _problems, {}),
    ("autonomy_propose", Level.HOLDS, _propose, {}),
    ("policy_changed", Level.HOLDS, _policy_changed, {}),
    ("put_off", Level.WAITS, _put_off, {}),
    ("send_delay", Level.WAITS, _send_delay, {}),
    ("outbox_unknown", Level.HOLDS, _state(OutboxState.UNKNOWN), {}),
    ("outbox_failed", Level.HOLDS, _state(OutboxState.FAILED), {}),
    ("approvals_expired", Level.HOLDS, _state(OutboxState.EXPIRED), {}),
    ("outbox_cancelled", Level.NOTE, _state(OutboxState.CANCELLED), {}),
    ("law_blocks", Level.HOLDS, _germany, {}),
    ("no_legal_basis", Level.HOLDS, _france, {}),
    ("suppressed", Level.HOLDS, _suppressed, {}),
    ("touches_blocked", Level.HOLDS, _blocked, {}),
    ("no_address", Level.HOLDS, _address, {}),
    ("drafts_expired", Level.HOLDS, _expired, {}),
    ("sequences_paused", Level.HOLDS, _enrollment_paused, {}),
    ("due_not_drafted", Level.WAITS, _due, {}),
    ("nothing_planned", Level.STOPS, _nothing_planned, {}),
    ("steps_rest", Level.HOLDS, _trigger(1_001), {}),
    ("steps_back_off", Level.WAITS, _trigger(2), {}),
    ("no_budget", Level.NOTE, _nothing, LLM),
    ("budget_used_up", Level.NOTE, _budget_used_up, LLM),
]


@pytest.mark.parametrize(("code", "level", "hold", "settings"), CASES, ids=[case[0] for case in CASES])
def test_a_gate_is_named_while_it_holds(
    healthy: ApiOffice, code: str, level: Level, hold: Holds, settings: dict[str, Any]
) -> None:
    assert code not in gates(healthy)
    hold(healthy)
    gate = gates(healthy, settings)[code]
    assert gate.level is level
    assert gate.text


def test_of_a_healthy_office_only_the_calendar_is_said(healthy: ApiOffice) -> None:
    found = report(healthy)
    assert [gate.code for gate in found.gates] == ["nothing_due"]
    assert not found.stopped
    assert found.gates[0].until == healthy.deps.clock.now() + timedelta(days=2)
    assert found.pipeline.planned == 9


def test_counts_and_moments_are_those_of_the_rows(healthy: ApiOffice) -> None:
    _germany(healthy)
    blocked = gates(healthy)["law_blocks"]
    assert blocked.count == 3
    assert blocked.parts[0].label.startswith("DE (de_uwg_7)")
    assert blocked.parts[0].count == 3
    _cap(healthy)
    cap = gates(healthy)["cap_used_up"]
    assert cap.until is not None
    assert cap.until > healthy.deps.clock.now()
    assert "1 of 1 today" in cap.parts[0].label


def test_a_window_says_until_when_and_where(healthy: ApiOffice) -> None:
    _window(healthy)
    closed = gates(healthy)["window_closed"]
    assert closed.parts[0].label == "Asia/Tokyo"
    # 14:00 UTC is 23:00 in Tokyo: it opens there at 08:00, which is 23:00 UTC.
    assert closed.until == healthy.deps.clock.now() + timedelta(hours=9)


def test_the_window_is_open_where_it_is_daytime(healthy: ApiOffice) -> None:
    queued(healthy)
    assert "window_closed" not in gates(healthy)


def test_the_worst_comes_first(healthy: ApiOffice) -> None:
    _germany(healthy)
    _inbox(healthy)
    _kill_switch(healthy)
    levels = [gate.level for gate in report(healthy).gates]
    assert levels == sorted(levels, key=list(Level).index)
    assert levels[0] is Level.STOPS


def test_without_any_mailbox_it_says_so(healthy: ApiOffice) -> None:
    with healthy.deps.database.write(healthy.workspace_id) as session:
        session.execute(sa.delete(Mailbox))
    assert gates(healthy)["no_mailbox"].level is Level.STOPS


def test_one_paused_mailbox_of_two_stops_only_its_own(healthy: ApiOffice) -> None:
    _paused(healthy)
    with healthy.deps.database.write(healthy.workspace_id) as session:
        user = session.exec(select(User.id)).first()
        assert user is not None
        other = Mailbox(
            workspace_id=healthy.workspace_id,
            id=uuid4(),
            user_id=user,
            address="b@sender.example",
            display_name="B",
            created_at=healthy.deps.clock.now(),
        )
        session.add(other)
    assert gates(healthy)["mailbox_paused"].level is Level.HOLDS
    assert gates(healthy, mailbox_id=healthy.office.mailbox_id)["mailbox_paused"].level is Level.STOPS
    assert "mailbox_paused" not in gates(healthy, mailbox_id=other.id)


def test_of_one_lead_only_its_own_is_said(healthy: ApiOffice) -> None:
    first, second = healthy.office.people[0].lead_id, healthy.office.people[1].lead_id
    healthy.office.draft(0)
    assert "approvals_waiting" in gates(healthy, lead_id=first)
    assert "approvals_waiting" not in gates(healthy, lead_id=second)
    with healthy.deps.database.write(healthy.workspace_id) as session:
        lead = session.get_one(Lead, (healthy.workspace_id, second))
        lead.stage, lead.stop_reason = LeadStage.STOPPED, "They said no."
        session.add(lead)
    assert "They said no." in gates(healthy, lead_id=second)["lead_not_in_sequence"].text
    assert "lead_not_in_sequence" not in gates(healthy, lead_id=first)


def test_a_lead_without_a_sequence_and_one_whose_sequence_is_over(healthy: ApiOffice) -> None:
    lead = healthy.office.people[0].lead_id
    change(healthy, Enrollment, state="finished")
    assert "sequence_over" in gates(healthy, lead_id=lead)
    with healthy.deps.database.write(healthy.workspace_id) as session:
        session.execute(sa.delete(Enrollment))
    assert "no_sequence" in gates(healthy, lead_id=lead)


def test_the_same_number_of_statements_however_much_waits(
    database: Database, clock: VirtualClock, tmp_path: Any
) -> None:
    def statements(people: int) -> int:
        office = api_office(database, clock, tmp_path, people=people)
        for number in range(people):
            office.office.draft(number)
        change(office, Contact, country="DE")
        seen: list[str] = []

        def note(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
            seen.append(statement)

        sa.event.listen(database.engine, "before_cursor_execute", note)
        try:
            report(office)
        finally:
            sa.event.remove(database.engine, "before_cursor_execute", note)
        return len(seen)

    assert statements(3) == statements(30)


def test_over_http_it_links_to_what_settles_it(client: TestClient, healthy: ApiOffice) -> None:
    _kill_switch(healthy)
    key = healthy.key("read")
    found = client.get("/api/v1/why-not-sending", headers=key).json()
    assert found["stopped"] is True
    assert found["summary"].startswith("Nothing leaves: The kill switch")
    assert found["gates"][0]["href"] == "/policies"
    for parameter in ("mailbox_id", "lead_id"):
        assert client.get(f"/api/v1/why-not-sending?{parameter}={uuid4()}", headers=key).status_code == 404
    assert client.get("/api/v1/why-not-sending").status_code == 401


def test_another_workspace_is_not_looked_into(
    client: TestClient, healthy: ApiOffice, database: Database, clock: VirtualClock, tmp_path: Any
) -> None:
    other = api_office(database, clock, tmp_path)
    other.office.draft(0)
    key = healthy.key("read")
    assert (
        client.get(f"/api/v1/why-not-sending?lead_id={other.office.people[0].lead_id}", headers=key).status_code == 404
    )
    assert client.get(f"/api/v1/why-not-sending?mailbox_id={other.office.mailbox_id}", headers=key).status_code == 404
    codes = {gate["code"] for gate in client.get("/api/v1/why-not-sending", headers=key).json()["gates"]}
    assert "approvals_waiting" not in codes
