"""Channels that a team is told in, and links in notices: who may, what is shown, and that opening one does nothing."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from api.app import create_app
from core.clock import VirtualClock
from store.models import Approval, ApprovalState, AuditEntry, Notice, NoticeChannel, NoticeKind, Role
from store.queries import team_notices
from tests.support.api_office import ApiOffice, csrf_of, form_token, sign_in
from tools.notice_links import NoticeLinks

ADDRESS = "https://hooks.slack.com/services/T000/B000/a-secret"
LINKS = NoticeLinks([b"only for tests of links in notices, long"], "http://testserver")
BODY = {"name": "#sales", "service": "slack_webhook", "secret": ADDRESS, "kinds": ["trouble", "reply"]}


@pytest.fixture
def client(office: ApiOffice) -> Any:
    office.deps = replace(office.deps, notices=LINKS)
    with TestClient(create_app(office.deps), follow_redirects=False) as opened:
        yield opened


def made(client: TestClient, office: ApiOffice, **more: Any) -> UUID:
    answer = client.post("/api/v1/notice-channels", json=BODY | more, headers=office.key("read", "webhooks:write"))
    assert answer.status_code == 201, answer.text
    return UUID(answer.json()["id"])


def link(
    client: TestClient, office: ApiOffice, kind: NoticeKind = NoticeKind.APPROVAL, **more: Any
) -> tuple[str, UUID]:
    """The path of a notice of the first draft, and its approval."""
    channel_id = made(client, office)
    _, approval_id, digest = office.office.draft()
    now = office.deps.clock.now()
    values = {"subject_id": approval_id, "content_hash": digest, "link_until": now + team_notices.LINK_FOR} | more
    notice_id = office.deps.ids.new()
    with office.deps.database.write(office.workspace_id) as session:
        session.add(
            Notice(
                workspace_id=office.workspace_id, id=notice_id, channel_id=channel_id, key="k", kind=kind,
                due_at=now, created_at=now, **values,
            )
        )  # fmt: skip
    return LINKS.url(office.workspace_id, notice_id).removeprefix("http://testserver"), approval_id


def state(office: ApiOffice, approval_id: UUID) -> ApprovalState:
    with office.deps.database.read(office.workspace_id) as session:
        return session.get_one(Approval, (office.workspace_id, approval_id)).state


def test_a_channel_is_made_and_its_key_is_sealed_and_never_shown(client: TestClient, office: ApiOffice) -> None:
    channel_id = made(client, office)
    key = office.key("read", "webhooks:write")
    shown = client.get("/api/v1/notice-channels", headers=key).text
    assert "#sales" in shown
    assert "a-secret" not in shown
    with office.deps.database.read(office.workspace_id) as session:
        row = session.get_one(NoticeChannel, (office.workspace_id, channel_id))
        entries = session.exec(select(AuditEntry).where(AuditEntry.subject_id == str(channel_id))).all()
    assert "a-secret" not in row.model_dump_json()
    under = team_notices.sealed_under(channel_id)
    assert office.office.context.sealer.open(row.secret_sealed, context=under) == ADDRESS
    assert row.kinds == ["reply", "trouble"]
    assert [entry.action for entry in entries] == ["notice_channel.created"]


@pytest.mark.parametrize(
    "wrong", [{"secret": "https://evil.example/services/x"}, {"kinds": ["test"]}, {"kinds": []}, {"destination": "C1"}]
)
def test_what_is_no_channel_is_refused(client: TestClient, office: ApiOffice, wrong: dict[str, Any]) -> None:
    key = office.key("read", "webhooks:write")
    assert client.post("/api/v1/notice-channels", json=BODY | wrong, headers=key).status_code == 422
    assert client.get("/api/v1/notice-channels", headers=key).json()["items"] == []


def test_a_channel_is_changed_paused_resumed_tested_and_deleted(client: TestClient, office: ApiOffice) -> None:
    channel_id, key = made(client, office), office.key("read", "webhooks:write")
    path = f"/api/v1/notice-channels/{channel_id}"
    assert client.patch(path, json={"kinds": ["approval"]}, headers=key).json()["kinds"] == ["approval"]
    assert client.patch(path, json={"secret": "https://evil.example"}, headers=key).status_code == 422
    assert client.post(f"{path}/test", headers=key).status_code == 204
    assert [one["kind"] for one in client.get(f"{path}/notices", headers=key).json()["items"]] == ["test"]
    assert client.post(f"{path}/pause", headers=key).json()["state"] == "paused"
    assert client.post(f"{path}/test", headers=key).status_code == 409
    assert client.post(f"{path}/resume", headers=key).json()["state"] == "active"
    (told,) = client.get(f"{path}/notices", headers=key).json()["items"]
    assert told["state"] == "cancelled", "what waited while it was paused is old"
    assert client.delete(path, headers=key).status_code == 204
    assert client.get(path, headers=key).status_code == 404


def test_opening_a_link_shows_the_draft_and_decides_nothing(client: TestClient, office: ApiOffice) -> None:
    path, approval_id = link(client, office)
    assert client.get(path).headers["location"].startswith("/sign-in?next=/n/"), "nobody is signed in"
    sign_in(client, office, office.user(Role.REP))
    for _ in range(3):
        assert "shall we talk?" in client.get(path).text
        client.head(path)
    assert state(office, approval_id) is ApprovalState.PENDING


def test_a_rep_approves_from_the_link_once(client: TestClient, office: ApiOffice) -> None:
    path, approval_id = link(client, office)
    sign_in(client, office, office.user(Role.REP))
    form = {"csrf": form_token(client.get(path).text), "action": "approve"}
    assert client.post(path, data=form | {"csrf": "x"}).status_code == 403
    assert state(office, approval_id) is ApprovalState.PENDING
    assert client.post(path, data=form).status_code == 200
    assert state(office, approval_id) is ApprovalState.APPROVED
    undo = client.post(f"/api/v1/approvals/{approval_id}/undo", headers=office.key("read", "approvals:decide"))
    assert undo.status_code == 200
    assert client.post(path, data=form).status_code == 409, "a link decides once, even after an undo"
    assert state(office, approval_id) is ApprovalState.PENDING


def test_a_rejection_needs_its_reason(client: TestClient, office: ApiOffice) -> None:
    path, approval_id = link(client, office)
    sign_in(client, office, office.user(Role.REP))
    form = {"csrf": csrf_of(client), "action": "reject"}
    assert client.post(path, data=form).status_code == 422
    assert client.post(path, data=form | {"reason": "Too long."}).status_code == 200
    assert state(office, approval_id) is ApprovalState.REJECTED


def test_who_may_not_decide_sees_no_form_and_is_refused(client: TestClient, office: ApiOffice) -> None:
    path, approval_id = link(client, office)
    sign_in(client, office, office.user(Role.VIEWER))
    page = client.get(path)
    assert page.status_code == 200
    assert "shall we talk?" not in page.text, "nor may they read the mail"
    assert f'action="{path}"' not in page.text
    assert client.post(path, data={"csrf": form_token(page.text), "action": "approve"}).status_code == 403
    assert state(office, approval_id) is ApprovalState.PENDING


def test_a_link_runs_out(client: TestClient, office: ApiOffice, clock: VirtualClock) -> None:
    path, approval_id = link(client, office)
    sign_in(client, office, office.user(Role.REP))
    form = {"csrf": csrf_of(client), "action": "approve"}
    with office.deps.database.write(office.workspace_id) as session:
        notice = session.exec(select(Notice)).one()
        notice.link_until = clock.now() - timedelta(seconds=1)
        session.add(notice)
    assert "ran out" in client.get(path).text
    assert client.post(path, data=form).status_code == 409
    assert state(office, approval_id) is ApprovalState.PENDING


def test_a_link_holds_for_the_words_that_it_told_of(client: TestClient, office: ApiOffice) -> None:
    path, approval_id = link(client, office, content_hash="0" * 64)
    sign_in(client, office, office.user(Role.REP))
    page = client.get(path).text
    assert "not the one that the notice told of" in page
    assert f'action="{path}"' not in page
    assert client.post(path, data={"csrf": csrf_of(client), "action": "approve"}).status_code == 409
    assert state(office, approval_id) is ApprovalState.PENDING


def test_a_forged_or_foreign_link_leads_nowhere(client: TestClient, office: ApiOffice) -> None:
    path, _ = link(client, office)
    sign_in(client, office, office.user(Role.ADMIN))
    foreign = LINKS.url(office.deps.ids.new(), office.deps.ids.new()).removeprefix("http://testserver")
    other = NoticeLinks([b"another installation's secret, as long as it"], "").url(office.workspace_id, UUID(int=1))
    for wrong in (foreign, other, path[:-1] + ("A" if path[-1] != "A" else "B"), "/n/x"):
        assert client.get(wrong).status_code == 404, wrong


@pytest.mark.parametrize("kind", [NoticeKind.TROUBLE, NoticeKind.TEST])
def test_other_notices_lead_to_their_page(client: TestClient, office: ApiOffice, kind: NoticeKind) -> None:
    path, _ = link(client, office, kind)
    sign_in(client, office, office.user(Role.REP))
    assert client.get(path).headers["location"] == "/today?whose=all"


def test_the_page_makes_changes_and_tells_only_who_may(client: TestClient, office: ApiOffice) -> None:
    sign_in(client, office, office.user(Role.SALES_OPS))
    token = csrf_of(client)
    answer = client.post("/notices", data=BODY | {"csrf": token, "kinds": ["reply"]})
    assert answer.status_code == 303, answer.text
    page = client.get(answer.headers["location"]).text
    assert "#sales" in page
    assert "a-secret" not in page
    bad = client.post("/notices", data=BODY | {"csrf": token, "secret": "https://evil.example/x"})
    assert bad.status_code == 422
    assert "hooks.slack.com" in bad.text
    channel = page.partition('action="/notices/')[2].partition('"')[0]
    changed = client.post(f"/notices/{channel}", data={"csrf": token, "name": "#ops", "kinds": ["trouble"]})
    assert changed.headers["location"] == f"/notices?said=changed&channel={channel}"
    assert client.post(f"/notices/{channel}/test", data={"csrf": token}).status_code == 303
    assert ">waiting<" in client.get(f"/notices?channel={channel}").text
    assert client.post(f"/notices/{channel}/delete", data={"csrf": token}).status_code == 303
    sign_in(client, office, office.user(Role.REP))
    assert client.get("/notices").status_code == 403
