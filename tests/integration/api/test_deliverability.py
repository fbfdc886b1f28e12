"""What is found out about a domain is kept, asked again and told once when it breaks; brakes and warm-up are shown.

| real | made up |
|---|---|
| the application, both databases, the checks of a domain | the DNS: a zone in memory |
"""

import dataclasses
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlmodel import col, select

from agents import brakes, mail_domains
from agents.context import AgentContext
from agents.send_plan import send_plan
from store.models import Alert, Mailbox, MailDomain, OutboxItem, OutboxState, Role
from store.queries import outbox
from tests.support.api_office import ApiOffice, csrf_of, sign_in
from tests.support.crash.office import SENDER
from tests.support.zone import FakeZone
from tools.mail.verdicts import Verdict

DOMAIN = brakes.domain_of(SENDER)
GOOD = {
    (DOMAIN, "TXT"): ["v=spf1 ip4:192.0.2.25 -all"],
    (f"_dmarc.{DOMAIN}", "TXT"): [f"v=DMARC1; p=reject; rua=mailto:d@{DOMAIN}"],
    (DOMAIN, "MX"): [f"10 mail.{DOMAIN}"],
    (f"mail.{DOMAIN}", "A"): ["192.0.2.25"],
}


@pytest.fixture
def key(office: ApiOffice) -> dict[str, str]:
    return office.key("read", "mailboxes:write")


def asking(office: ApiOffice, records: dict[tuple[str, str], list[str]], silent: tuple[str, ...] = ()) -> AgentContext:
    context = office.office.context
    settings = context.settings.model_copy(update={"web_fetch": True})
    tools = dataclasses.replace(context.tools, domain_records=FakeZone(records, silent))
    return dataclasses.replace(context, settings=settings, tools=tools)


def alerts(office: ApiOffice) -> list[str]:
    with office.deps.database.read(office.workspace_id) as session:
        query = select(Alert).where(Alert.subject_kind == "mail_domain").order_by(col(Alert.created_at), col(Alert.id))
        return [f"{row.level}: {row.text}" for row in session.exec(query)]


def ticks(office: ApiOffice, by: timedelta) -> None:
    office.office.context.clock.advance(by)  # type: ignore[attr-defined]


def why(client: TestClient, key: dict[str, str]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get("/api/v1/why-not-sending", headers=key).json()["gates"]
    return found


def test_what_was_good_and_breaks_is_told_once(office: ApiOffice) -> None:
    broken = {**GOOD, (DOMAIN, "TXT"): ["v=spf1 +all"]}
    silent = {name: value for name, value in GOOD.items() if name != (DOMAIN, "TXT")}
    mail_domains.look(asking(office, GOOD), DOMAIN)
    assert alerts(office) == [], "what was never good is no news"
    ticks(office, timedelta(days=1))
    mail_domains.look(asking(office, silent, silent=(DOMAIN,)), DOMAIN)
    assert alerts(office) == [], "a silent name server is no break"
    for _ in range(3):
        ticks(office, timedelta(days=1))
        mail_domains.look(asking(office, broken), DOMAIN)
    (told,) = alerts(office)
    assert told.startswith(f"critical: SPF of {DOMAIN} was better before")
    assert "Publish TXT" in told
    ticks(office, timedelta(days=1))
    mail_domains.look(asking(office, GOOD), DOMAIN)
    ticks(office, timedelta(days=1))
    mail_domains.look(asking(office, broken), DOMAIN)
    assert len(alerts(office)) == 2, "mended and broken again is news"


def test_only_domains_that_send_are_asked_and_once_a_day(office: ApiOffice) -> None:
    context = asking(office, GOOD)
    assert mail_domains.look_again(context) == 0, "a folder leaves no building"
    with office.deps.database.write(office.workspace_id) as session:
        box = session.get_one(Mailbox, (office.workspace_id, office.office.mailbox_id))
        box.transport = "smtp"
        session.add(box)
    assert [mail_domains.look_again(context) for _ in range(2)] == [1, 0]
    ticks(office, timedelta(hours=23))
    assert mail_domains.look_again(context) == 0
    ticks(office, timedelta(hours=1))
    assert mail_domains.look_again(context) == 1
    offline = context.settings.model_copy(update={"web_fetch": False})
    ticks(office, timedelta(days=2))
    assert mail_domains.look_again(dataclasses.replace(context, settings=offline)) == 0


def test_the_report_is_read_by_api_and_page_with_the_record_to_publish(
    client: TestClient, office: ApiOffice, key: dict[str, str]
) -> None:
    place = f"/api/v1/mail-domains/{DOMAIN}"
    assert client.get(place, headers=key).json()["made_at"] is None
    changed = client.patch(place, json={"sends_from": ["192.0.2.25"], "ramp": "gradual"}, headers=key)
    assert (changed.status_code, changed.json()["sends_from"]) == (200, ["192.0.2.25"])
    for wrong in ({"sends_from": ["mail.example"]}, {"blocklists": ["a/b"]}, {"selectors": ["x" * 254]}):
        assert client.patch(place, json=wrong, headers=key).status_code == 422
    assert client.patch("/api/v1/mail-domains/other.example", json={}, headers=key).status_code == 404
    assert client.patch(place, json={}, headers=office.key("read")).status_code == 403
    mail_domains.look(asking(office, {**GOOD, (f"_dmarc.{DOMAIN}", "TXT"): []}), DOMAIN)
    found = client.get(place, headers=key).json()
    worst = found["findings"][0]
    assert (found["wrong"] > 0, worst["severity"]) == (True, "wrong")
    (dmarc,) = [each for each in found["findings"] if each["check"] == "dmarc" and each["severity"] == "wrong"]
    assert dmarc["publish"]["host"] == f"_dmarc.{DOMAIN}"
    assert client.get("/api/v1/mail-domains", headers=key).json() == [found]
    sign_in(client, office, office.user(Role.SALES_OPS))
    page = client.get(f"/mailboxes/{office.office.mailbox_id}").text
    assert dmarc["publish"]["value"] in page.replace("&#39;", "'")
    assert "Keep, and look now" in page
    assert "No such person" in client.get("/delivery-policy").text.replace("no such person", "No such person")


def test_a_brake_is_seen_and_lifted_with_a_reason(client: TestClient, office: ApiOffice, key: dict[str, str]) -> None:
    context, mailbox_id = office.office.context, office.office.mailbox_id
    with office.deps.database.write(office.workspace_id) as session:
        box = session.get_one(Mailbox, (office.workspace_id, mailbox_id))
        at = context.clock.now() - timedelta(hours=1)
        for number in range(200):
            session.add(_sent(office, number, at))
        for number in range(8):
            source = f"outbox:{number}"
            brakes.note(session, context, box, Verdict.BLOCKED, source=source, accepted=True, code="5.7.1")
        assert brakes.hold(session, context, box) is not None
    (brake,) = client.get("/api/v1/brakes", headers=key).json()
    assert (brake["hits"], brake["sent"], brake["cause"]) == (8, 200, "bounces")
    shown = client.get(f"/api/v1/mailboxes/{mailbox_id}/deliverability", headers=key).json()
    assert (shown["measures"][0]["share"], shown["brakes"][0]["id"]) == (0.04, brake["id"])
    (gate,) = [gate for gate in why(client, key) if gate["code"] == "braked"]
    assert (gate["level"], gate["parts"][0]["id"]) == ("stops", str(mailbox_id))
    with office.deps.database.read(office.workspace_id) as session:
        (planned,) = send_plan(session, context).mailboxes
    assert "braked" in planned.closed
    lift = f"/api/v1/brakes/{brake['id']}/lift"
    assert client.post(lift, json={"reason": "x"}, headers=office.key("read")).status_code == 403
    assert client.post(lift, json={"reason": ""}, headers=key).status_code == 422
    sign_in(client, office, office.user(Role.SALES_OPS))
    page = f"/mailboxes/{mailbox_id}"
    assert "This mailbox is braked." in client.get(page).text
    data = {"csrf": csrf_of(client), "reason": "Old addresses are out of the list."}
    answer = client.post(f"{page}/brakes/{brake['id']}/lift", data=data, follow_redirects=True)
    assert ("The brake is lifted" in answer.text, "This mailbox is braked." in answer.text) == (True, False)
    assert client.post(lift, json={"reason": "again"}, headers=key).status_code == 409
    assert client.get("/api/v1/brakes", headers=key).json() == []
    assert len(client.get("/api/v1/brakes?lifted=true", headers=key).json()) == 1


def _sent(office: ApiOffice, number: int, at: Any, mailbox_id: UUID | None = None) -> OutboxItem:
    return OutboxItem(
        workspace_id=office.workspace_id,
        id=office.office.context.ids.new(),
        key=f"mail:{mailbox_id}:{at}:{number}",
        kind=outbox.MAIL,
        subject_kind="lead",
        subject_id=office.office.people[0].lead_id,
        mailbox_id=mailbox_id or office.office.mailbox_id,
        state=OutboxState.SENT,
        not_before=at,
        sent_at=at,
        created_at=at,
    )


def test_the_warm_up_is_shown_from_what_really_left(client: TestClient, office: ApiOffice, key: dict[str, str]) -> None:
    mailbox_id = office.office.mailbox_id
    now = office.office.context.clock.now()
    with office.deps.database.write(office.workspace_id) as session:
        box = session.get_one(Mailbox, (office.workspace_id, mailbox_id))
        box.ramp_started_at, box.daily_cap = now - timedelta(days=3), 50
        session.add(box)
        for number in range(12):
            session.add(_sent(office, number, now - timedelta(days=1)))
    ramp = client.get(f"/api/v1/mailboxes/{mailbox_id}/deliverability", headers=key).json()["ramp"]
    assert (ramp["may_send_today"], ramp["sent_today"], ramp["days"]) == (24, 0, [24, 48, 50])
    assert (ramp["domain_may_send_today"], ramp["domain_days"][:3]) == (50, [50, 100, 200])
    with office.deps.database.read(office.workspace_id) as session:
        assert session.exec(select(MailDomain)).all() == [], "a look makes no rows"
