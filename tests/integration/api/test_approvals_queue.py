"""The queue in its order, decisions on many at once, previews, readers, and words that outlive a session."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from sqlmodel import col

from core.clock import VirtualClock
from store.models import Approval, Draft, Mailbox, Role, User, WebSession
from tests.support.api_office import ApiOffice, csrf_of, sign_in, tell_a_story


def value(office: ApiOffice, approval_id: Any, minor: int, due: timedelta) -> str:
    with office.deps.database.write(office.workspace_id) as session:
        row = session.get(Approval, (office.workspace_id, approval_id))
        assert row is not None
        row.expected_minor, row.due_at = minor, office.deps.clock.now() + due
        session.add(row)
        return row.content_hash


def ids_of(client: TestClient, key: dict[str, str], query: str = "") -> list[str]:
    answer = client.get(f"/api/v1/approvals{query}", headers=key)
    assert answer.status_code == 200, answer.text
    return [item["approval_id"] for item in answer.json()["items"]]


def test_order_filters_and_pages(client: TestClient, office: ApiOffice) -> None:
    (a, _), (b, _), (c, _) = tell_a_story(office)
    value(office, a, 100, timedelta(hours=2))
    value(office, b, 900, timedelta(hours=1))
    value(office, c, 900, timedelta(hours=-1))
    key = office.key("read", "people:read")
    first, second, third = str(c), str(b), str(a)
    assert ids_of(client, key) == [first, second, third]
    assert ids_of(client, key, "?sort=waiting") == [third, second, first]
    assert ids_of(client, key, "?sort=due") == [first, second, third]
    assert ids_of(client, key, "?problems=true") == [str(c)]
    assert ids_of(client, key, "?problems=false") == [second, third]
    assert ids_of(client, key, "?due=overdue") == [str(c)]
    assert ids_of(client, key, "?company=MERIDIAN") == [str(b)]
    assert ids_of(client, key, "?company=%25") == []
    assert ids_of(client, key, "?tier=1") == [str(a)]
    assert ids_of(client, key, "?kind=reply") == []
    assert ids_of(client, key, f"?mailbox={uuid4()}") == []
    page = client.get("/api/v1/approvals?limit=2", headers=key).json()
    rest = client.get("/api/v1/approvals", params={"limit": 2, "cursor": page["next"]}, headers=key).json()
    assert [i["approval_id"] for i in page["items"] + rest["items"]] == [first, second, third]
    assert (
        client.get("/api/v1/approvals", params={"sort": "due", "cursor": page["next"]}, headers=key).status_code == 422
    )


def test_each_of_many_is_decided_by_itself(client: TestClient, office: ApiOffice) -> None:
    (a, _), (b, _), (c, _) = tell_a_story(office)
    hashes = [value(office, x, 1, timedelta()) for x in (a, b, c)]
    body = {
        "items": [
            {"approval_id": str(a), "action": "approve", "content_hash": hashes[0]},
            {"approval_id": str(b), "action": "approve", "content_hash": "0" * 64},
            {"approval_id": str(c), "action": "approve", "content_hash": hashes[2]},
            {"approval_id": str(uuid4()), "action": "approve", "content_hash": hashes[2]},
        ]
    }
    path = "/api/v1/approvals/bulk-decision"
    assert client.post(path, json=body, headers=office.key("read")).status_code == 403
    answer = client.post(path, json=body, headers=office.key("read", "approvals:decide"))
    assert answer.status_code == 200
    results = answer.json()["results"]
    assert [r["problem"]["code"] if r.get("problem") else "accepted" for r in results] == [
        "accepted",
        "draft_changed",
        "gate_failed",
        "not_found",
    ]
    assert answer.json()["accepted"] == 1
    too_many = {"items": body["items"][:1] * 101}
    assert client.post(path, json=too_many, headers=office.key("read", "approvals:decide")).status_code == 422


def test_the_console_says_of_each_what_became_of_it(client: TestClient, office: ApiOffice) -> None:
    (a, _), (b, _), _ = tell_a_story(office)
    digest = value(office, a, 1, timedelta())
    sign_in(client, office, office.user(Role.REP))
    shown = client.get("/approvals/batch").text
    assert shown.count('<article class="mail"') == 3
    data = {"csrf": csrf_of(client), "chosen": [f"{a}:{digest}", f"{b}:{'0' * 64}"]}
    answer = client.post("/approvals/batch", data=data)
    assert "1 of 2 approved" in answer.text
    assert "changed since you read it" in answer.text


def test_the_second_reader_sees_who_has_it(client: TestClient, office: ApiOffice, clock: VirtualClock) -> None:
    (a, _), *_ = tell_a_story(office)
    sign_in(client, office, office.user(Role.REP, "ann_b@sender.example"))
    client.post(f"/approvals/{a}/reading", data={"csrf": csrf_of(client), "editing": "true"})
    client.cookies.clear()
    sign_in(client, office, office.user(Role.MANAGER, "bob_c@sender.example"))
    assert "Ann B is editing this." in client.get(f"/approvals/{a}").text
    clock.advance(timedelta(seconds=50))
    assert "Ann B is editing" not in client.get(f"/approvals/{a}").text


def test_words_outlive_the_session(client: TestClient, office: ApiOffice) -> None:
    (a, _), *_ = tell_a_story(office)
    email = office.user(Role.REP)
    sign_in(client, office, email)
    typed = {"csrf": csrf_of(client), "subject": "Mine", "body": "My <b>own</b> words"}
    with office.deps.database.write(office.workspace_id) as session:
        session.execute(sa.delete(WebSession))
    asked = client.post(f"/approvals/{a}/edit", data=typed)
    assert asked.status_code == 401
    assert "My &lt;b&gt;own&lt;/b&gt; words</textarea>" in asked.text
    from tests.support.api_office import PASSWORD, form_token

    again = {
        "csrf": form_token(asked.text), "workspace": office.slug, "email": email, "password": PASSWORD,
        "again": f"/approvals/{a}/again", "typed.subject": "Mine", "typed.body": typed["body"],
    }  # fmt: skip
    signed = client.post("/sign-in", data=again)
    assert signed.status_code == 200
    shown = client.post(
        f"/approvals/{a}/again",
        data={"csrf": form_token(signed.text), "subject": "Mine", "body": typed["body"]},
    )
    assert "My &lt;b&gt;own&lt;/b&gt; words</textarea>" in shown.text
    assert "not saved yet" in shown.text
    with office.deps.database.read(office.workspace_id) as session:
        assert len(session.execute(sa.select(col(Draft.id))).all()) == 3


@pytest.mark.parametrize("place", ["https://evil.example", "/account", "/approvals/x/edit"])
def test_only_known_forms_are_shown_again(client: TestClient, office: ApiOffice, place: str) -> None:
    from tests.support.api_office import PASSWORD, form_token

    email = office.user(Role.REP)
    csrf = form_token(client.get("/sign-in").text)
    data = {"csrf": csrf, "workspace": office.slug, "email": email, "password": PASSWORD, "again": place}
    assert client.post("/sign-in", data=data).status_code == 303


def test_the_queue_is_narrowed_to_who_it_leaves_from_where_several_send(client: TestClient, office: ApiOffice) -> None:
    (_, draft_id), *_ = tell_a_story(office)
    sign_in(client, office, office.user(Role.REP, "zoe_b@sender.example"))
    assert 'name="rep"' not in client.get("/approvals").text, "one mailbox: nothing to choose"
    here, now = office.workspace_id, office.deps.clock.now()
    with office.deps.database.write(here) as session:
        zoe = session.execute(sa.select(col(User.id)).where(col(User.email) == "zoe_b@sender.example")).scalar_one()
        mailbox = Mailbox(
            workspace_id=here,
            id=office.deps.ids.new(),
            user_id=zoe,
            address="zoe@sender.example",
            display_name="Zoe",
            created_at=now,
        )
        session.add(mailbox)
        session.flush()
        session.execute(sa.update(Draft).where(col(Draft.id) == draft_id).values(mailbox_id=mailbox.id))
    page = client.get(f"/approvals?rep={zoe}").text
    assert f'<option value="{zoe}" selected>Zoe B</option>' in page
    assert page.count('class="choice"') == 1
    assert client.get("/approvals?mine=true").text.count('class="choice"') == 1
    assert client.get("/approvals").text.count('class="choice"') == 3
