"""Why a draft waits: what it may bring, why now, and what follows; and the order anew when a deal's worth changes."""

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

from fastapi.testclient import TestClient

from store.models import Approval, ApprovalState, Lead, Role, SignalRow, Workspace
from store.queries import approval_rank
from tests.support.api_office import ApiOffice, sign_in, tell_a_story


def worth_a_deal(office: ApiOffice, minor: int) -> None:
    with office.deps.database.write(office.workspace_id) as session:
        workspace = session.get_one(Workspace, office.workspace_id)
        workspace.deal_value_minor, workspace.currency = minor, "EUR"
        session.add(workspace)
        session.flush()
        approval_rank.rerank(session)


def expected(office: ApiOffice, ids: list[UUID]) -> list[int]:
    with office.deps.database.read(office.workspace_id) as session:
        return [session.get_one(Approval, (office.workspace_id, found)).expected_minor for found in ids]


def test_without_a_deal_value_there_is_a_chance_and_no_money(client: TestClient, office: ApiOffice) -> None:
    (first, _), *_ = tell_a_story(office)
    worth_a_deal(office, 0)
    sign_in(client, office, office.user(Role.REP))
    for place in ("/approvals", f"/approvals/{first}", "/approvals/batch"):
        page = client.get(place).text
        assert "0.90 % chance" in page, place
        assert "may bring" not in page, place
        assert "10,000" not in page, place
    key = office.key("read")
    item = client.get("/api/v1/approvals", headers=key).json()["items"][0]
    assert (item["expected_minor"], item["chance"]) == (None, 0.009)
    one = client.get(f"/api/v1/approvals/{first}", headers=key).json()
    assert one["expected_minor"] is None
    assert [reason["code"] for reason in one["worth"]] == ["deal_value", "chance"]


def test_with_a_deal_value_there_is_money(client: TestClient, office: ApiOffice) -> None:
    (first, _), *_ = tell_a_story(office)
    worth_a_deal(office, 5_000_000)
    sign_in(client, office, office.user(Role.REP))
    for place in ("/approvals", f"/approvals/{first}", "/approvals/batch"):
        assert re.search(r"may bring (</span>)?450\.00 EUR", client.get(place).text), place
    item = client.get("/api/v1/approvals", headers=office.key("read")).json()["items"][0]
    assert (item["expected_minor"], item["chance"], item["currency"]) == (45_000, 0.009, "EUR")


def test_the_order_is_made_anew_when_the_worth_of_a_deal_changes(office: ApiOffice) -> None:
    ids = [approval_id for approval_id, _ in tell_a_story(office)]
    with office.deps.database.write(office.workspace_id) as session:
        decided = session.get_one(Approval, (office.workspace_id, ids[2]))
        decided.state, decided.expected_minor = ApprovalState.REJECTED, 7
        session.add(decided)
    worth_a_deal(office, 1_000_000)
    before = expected(office, ids)
    assert before[:2] == [9_000, 8_000], "one in a hundred of a deal's worth, by the lead's priority"
    worth_a_deal(office, 3_000_000)
    assert expected(office, ids)[:2] == [27_000, 24_000]
    assert expected(office, ids)[2] == 7, "what is decided keeps the sum that it was decided by"
    worth_a_deal(office, 0)
    assert expected(office, ids)[:2] == [9_000, 8_000], "a stand-in keeps the order"


def test_a_lead_of_unknown_priority_is_counted_as_such(office: ApiOffice) -> None:
    (first, _), *_ = tell_a_story(office)
    with office.deps.database.write(office.workspace_id) as session:
        lead = session.get_one(Lead, (office.workspace_id, office.office.people[0].lead_id))
        lead.priority = None
        session.add(lead)
    worth_a_deal(office, 1_000_000)
    assert expected(office, [first]) == [3_000]


def test_why_now_in_words_with_dates(client: TestClient, office: ApiOffice) -> None:
    (first, _), *_ = tell_a_story(office)
    now = office.deps.clock.now()
    with office.deps.database.write(office.workspace_id) as session:
        lead = session.get_one(Lead, (office.workspace_id, office.office.people[0].lead_id))
        rows = []
        for age, (kind, quote) in enumerate(
            [
                ("funding", "Raised 12 million <script>"),
                ("hiring", "Two clerks"),
                *[("news", f"Item {n}") for n in range(6)],
            ]
        ):
            row: dict[str, Any] = {"kind": kind, "quote": quote, "source": "web", "content_key": f"k{age}"}
            rows.append(
                SignalRow(
                    **row,
                    workspace_id=office.workspace_id,
                    id=office.deps.ids.new(),
                    company_id=lead.company_id,
                    observed_at=now - timedelta(days=10 + age),
                )
            )
        session.add_all(rows)
        session.flush()
        oldest = rows[-1]
        lead.hooks = [
            {"kind": "news", "fact_ids": [str(oldest.id)], "value": 0.5, "reason": "Was in the news, 17 days old."},
            {"kind": "news", "fact_ids": ["gone"], "value": 0.1, "reason": "Its fact is gone."},
        ]
        session.add(lead)
    shown = client.get(f"/api/v1/approvals/{first}", headers=office.key("read")).json()["why_now"]
    assert [why["text"] for why in shown[:3]] == [
        "The company was in the news",
        "The company raised money",
        "The company is hiring for related roles",
    ]
    assert shown[0]["chosen"] == "Was in the news, 17 days old."
    assert [why["quote"] for why in shown] == [
        "Item 5",
        "Raised 12 million <script>",
        "Two clerks",
        "Item 0",
        "Item 1",
        "Item 2",
    ]
    sign_in(client, office, office.user(Role.REP))
    page = client.get(f"/approvals/{first}").text
    assert "The company raised money" in page
    assert "Sat 23 May" in page
    assert "Raised 12 million &lt;script&gt;" in page
    assert "Then, if nobody answers:" in page
    assert "(touch 2)" in page
