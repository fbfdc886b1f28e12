"""What the workspace says of itself: by API and page, checked, kept, ranked by, and never lost while it is typed."""

from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlmodel import col, select

from store.ledger import set_budget
from store.models import Approval, AuditEntry, Role, WebSession, Workspace
from tests.support.api_office import PASSWORD, ApiOffice, csrf_of, form_token, sign_in, tell_a_story

OFFER = {"product": "Ledgerline", "value_line": "finds invoice errors early", "proof_points": ["It found 9 of 10."]}


def workspace_of(office: ApiOffice) -> Workspace:
    with office.deps.database.read(office.workspace_id) as session:
        return session.get_one(Workspace, office.workspace_id)


def patch(client: TestClient, office: ApiOffice, body: dict[str, Any], **headers: str) -> Any:
    return client.patch("/api/v1/workspace", json=body, headers={**office.key("read", "settings:write"), **headers})


def page_form(client: TestClient) -> dict[str, str]:
    """The form as a browser would send it back."""
    import re
    from html import unescape

    html = client.get("/settings").text
    form = {"csrf": form_token(html), "etag": unescape(re.findall(r'name="etag" value="([^"]*)"', html)[0])}
    for name, value in re.findall(r'<input name="(\w+)" value="([^"]*)"', html):
        form[name] = unescape(value)
    for name, value in re.findall(r'<textarea name="(\w+)"[^>]*>\n?([^<]*)</textarea>', html):
        form[name] = unescape(value)
    form["country"] = (re.findall(r'<option value="(\w\w)" selected', html) or [""])[0]
    return form


def test_the_api_changes_what_it_is_given_and_nothing_else(client: TestClient, office: ApiOffice) -> None:
    before = client.get("/api/v1/workspace", headers=office.key()).json()
    answer = patch(client, office, {"name": " Ledgerline Ltd ", "country": "ie", "offer": OFFER})
    assert answer.status_code == 200, answer.text
    after = answer.json()
    assert (after["name"], after["country"]) == ("Ledgerline Ltd", "IE")
    assert after["offer"]["product"] == "Ledgerline"
    assert after["offer"]["meeting_minutes"] == 30
    assert after["postal_address"] == before["postal_address"]
    assert workspace_of(office).offer == OFFER, "only what was said is kept"
    with office.deps.database.read(office.workspace_id) as session:
        entry = session.exec(select(AuditEntry).where(AuditEntry.action == "workspace.changed")).one()
    assert entry.details == {"fields": ["name", "country", "offer"]}
    assert patch(client, office, {"name": "Ledgerline Ltd"}).json() == after
    with office.deps.database.read(office.workspace_id) as session:
        entries = session.exec(select(AuditEntry).where(AuditEntry.action == "workspace.changed")).all()
    assert len(entries) == 1, "the same again changes nothing"


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"time_zone": "../../etc/passwd"}, "time_zone"),
        ({"currency": "EURO"}, "currency"),
        ({"country": "1E"}, "country"),
        ({"name": "  "}, "name"),
        ({"name": "x" * 100_000}, "name"),
        ({"name": "two\nlines"}, "name"),
        ({"postal_address": ""}, "postal_address"),
        ({"deal_value_minor": -1}, "deal_value_minor"),
        ({"deal_value_minor": 10**19}, "deal_value_minor"),
        ({"offer": {"product": "x"}}, "offer.value_line"),
        ({"offer": {**OFFER, "allowed_hosts": ["https://x.example/path"]}}, "offer.allowed_hosts.0"),
        ({"offer": {**OFFER, "proof_points": ["x"] * 51}}, "offer.proof_points"),
        ({"offer": {**OFFER, "meeting_minutes": 5}}, "offer.meeting_minutes"),
        ({"slug": "other"}, "slug"),
    ],
)
def test_what_cannot_be_is_refused(client: TestClient, office: ApiOffice, body: dict[str, Any], path: str) -> None:
    before = workspace_of(office)
    answer = patch(client, office, body)
    assert answer.status_code == 422, answer.text
    assert path in {problem["path"] for problem in answer.json()["problems"]}
    assert workspace_of(office).model_dump() == before.model_dump()


def test_a_stale_reader_is_told(client: TestClient, office: ApiOffice) -> None:
    tag = client.get("/api/v1/workspace", headers=office.key()).headers["etag"]
    assert patch(client, office, {"name": "First"}, **{"If-Match": tag}).status_code == 200
    answer = patch(client, office, {"name": "Second"}, **{"If-Match": tag})
    assert answer.status_code == 412
    assert workspace_of(office).name == "First"


def test_who_may(client: TestClient, office: ApiOffice) -> None:
    assert client.get("/api/v1/workspace").status_code == 401
    refused = client.patch("/api/v1/workspace", json={"name": "x"}, headers=office.key("read"))
    assert refused.status_code == 403
    sign_in(client, office, office.user(Role.REP))
    html = client.get("/settings").text
    assert "Save</button>" not in html
    answer = client.post("/settings", data={"csrf": csrf_of(client), "name": "Mine"})
    assert answer.status_code == 403
    assert workspace_of(office).name != "Mine"


def test_what_waits_is_ranked_by_what_a_deal_is_worth(client: TestClient, office: ApiOffice) -> None:
    tell_a_story(office)
    patch(client, office, {"deal_value_minor": 1_000_000})
    first = _expected(office)
    patch(client, office, {"deal_value_minor": 3_000_000})
    assert any(first)
    assert _expected(office) == pytest.approx([3 * worth for worth in first], abs=2)


def _expected(office: ApiOffice) -> list[int]:
    with office.deps.database.read(office.workspace_id) as session:
        return [row.expected_minor for row in session.exec(select(Approval).order_by(col(Approval.id)))]


def test_the_currency_is_settled_once_money_was_counted(client: TestClient, office: ApiOffice) -> None:
    with office.deps.database.write(office.workspace_id) as session:
        set_budget(session, office.deps.clock, "workspace:2031-01", 5_000_000)
    other = "CHF" if workspace_of(office).currency != "CHF" else "EUR"
    answer = patch(client, office, {"currency": other})
    assert answer.status_code == 409
    assert answer.json()["code"] == "currency_in_use"


def test_the_page_saves_and_says_so(client: TestClient, office: ApiOffice) -> None:
    sign_in(client, office, office.user(Role.ADMIN))
    form = page_form(client)
    form |= {
        "name": "Ledgerline Ltd", "product": "Ledgerline", "value_line": "finds errors", "deal_value": "12,000.50",
        "proof_points": "One.\r\n\r\n Two. ", "time_zone": "Europe/Dublin",
    }  # fmt: skip
    answer = client.post("/settings", data=form)
    assert answer.status_code == 303, answer.text
    assert answer.headers["location"] == "/settings?said=ranked"
    saved = workspace_of(office)
    assert saved.deal_value_minor == 1_200_050
    assert saved.offer["proof_points"] == ["One.", "Two."]
    html = client.get("/settings?said=saved").text
    assert "Saved." in html
    assert "Ledgerline finds errors." in html
    assert client.post("/settings", data=page_form(client)).headers["location"] == "/settings?said=same"


def test_a_mistake_loses_no_text(client: TestClient, office: ApiOffice) -> None:
    sign_in(client, office, office.user(Role.ADMIN))
    typed = "<script>alert(1)</script> & co \u202e"
    form = page_form(client) | {"name": typed, "deal_value": "a lot", "time_zone": "Nowhere"}
    answer = client.post("/settings", data=form)
    assert answer.status_code == 422
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in answer.text
    assert "<script>alert" not in answer.text
    assert "\u202e" not in answer.text
    assert 'id="deal_value-problem"' in answer.text
    assert 'id="time_zone-problem"' in answer.text


def test_two_who_edit_at_once(client: TestClient, office: ApiOffice) -> None:
    sign_in(client, office, office.user(Role.ADMIN))
    form = page_form(client) | {"name": "Mine"}
    patch(client, office, {"name": "Theirs"})
    answer = client.post("/settings", data=form)
    assert answer.status_code == 412
    assert 'value="Mine"' in answer.text
    assert "<q>Theirs</q>" in answer.text
    assert workspace_of(office).name == "Theirs"
    form["etag"] = form_etag(answer.text)
    assert client.post("/settings", data=form).status_code == 303
    assert workspace_of(office).name == "Mine"


def form_etag(html: str) -> str:
    import re
    from html import unescape

    return unescape(re.findall(r'name="etag" value="([^"]*)"', html)[0])


def test_an_ended_session_keeps_what_was_typed(client: TestClient, office: ApiOffice) -> None:
    email = office.user(Role.ADMIN)
    sign_in(client, office, email)
    form = page_form(client) | {"value_line": "says it in long words"}
    with office.deps.database.write(office.workspace_id) as session:
        for row in session.exec(select(WebSession)):
            session.delete(row)
    asked = client.post("/settings", data=form)
    assert asked.status_code == 401
    assert "says it in long words" in asked.text
    carried = {"again": "/settings/again", **{f"typed.{k}": v for k, v in form.items() if k != "csrf"}}
    signed_in = {"csrf": form_token(asked.text), "workspace": office.slug, "email": email, "password": PASSWORD}
    back = client.post("/sign-in", data={**signed_in, **carried})
    assert "says it in long words" in back.text
    shown = client.post("/settings/again", data={**form, "csrf": form_token(back.text)})
    assert shown.status_code == 200
    assert "says it in long words" in shown.text
    assert "says it" not in str(workspace_of(office).offer)


def test_the_server_panel_tells_no_secret(client: TestClient, office: ApiOffice) -> None:
    answer = client.get("/api/v1/server", headers=office.key()).json()
    assert answer["delivery"] == office.deps.settings.delivery.value
    assert answer["database"] in ("sqlite", "postgresql")
    assert set(answer) == {"version", "delivery", "send_delay_seconds", "approval_ttl_hours", "language_model",
                           "web_fetch", "database", "https"}  # fmt: skip
    sign_in(client, office, office.user(Role.VIEWER))
    html = client.get("/settings").text
    assert "How this server is set up" in html
    assert str(office.deps.settings.data_dir) not in html
    assert UUID(client.get("/api/v1/workspace", headers=office.key()).json()["id"]) == office.workspace_id


def test_a_sentence_as_a_mail_would_say_it(client: TestClient, office: ApiOffice) -> None:
    sign_in(client, office, office.user(Role.ADMIN))
    form = {"csrf": csrf_of(client), "product": "Led", "value_line": "Finds errors.", "proof_points": "P one.\nP two."}
    html = client.post("/settings/sentence", data=form).text
    assert "Led Finds errors.." in html
    assert "full stop" in html
    assert "P one." in html
    assert "P two." not in html
