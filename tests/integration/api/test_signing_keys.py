"""DKIM keys over the API, the console and their record in the DNS, which is a zone in memory: on both databases."""

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from api.app import create_app
from store.models import AuditEntry, Mailbox, Role
from tests.support.api_office import ApiOffice, csrf_of, sign_in
from tests.support.crash.office import SENDER
from tests.support.zone import FakeZone

DOMAIN = SENDER.partition("@")[2]
PATH = "/api/v1/signing-keys"


def app(office: ApiOffice, records: Mapping[tuple[str, str], Sequence[str]]) -> TestClient:
    """The application, with this DNS."""
    context = office.office.context
    settings = context.settings.model_copy(update={"web_fetch": True})
    tools = dataclasses.replace(context.tools, domain_records=FakeZone(records))
    asking = dataclasses.replace(context, settings=settings, tools=tools)
    deps = dataclasses.replace(office.deps, context_for=lambda _: asking)
    return TestClient(create_app(deps), follow_redirects=False)


@pytest.fixture
def key(office: ApiOffice) -> dict[str, str]:
    return office.key("read", "mailboxes:write")


def made(office: ApiOffice, key: dict[str, str], **body: str) -> dict[str, Any]:
    answer = app(office, {}).post(PATH, json={"domain": DOMAIN, **body}, headers=key)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_key_signs_once_its_record_was_seen(office: ApiOffice, key: dict[str, str]) -> None:
    new = made(office, key)
    assert (new["selector"], new["algorithm"], new["signs"]) == ("salesos1", "rsa", False)
    assert new["record"]["host"] == f"salesos1._domainkey.{DOMAIN}"
    assert new["record"]["value"].startswith("v=DKIM1; k=rsa; p=MIIB")
    early = app(office, {}).post(f"{PATH}/{new['id']}/check", headers=key).json()
    assert (early["signs"], early["published_at"]) == (False, None)
    assert "holds no record yet" in early["check_problem"]
    zone = {(new["record"]["host"], "TXT"): [new["record"]["value"]]}
    seen = app(office, zone).post(f"{PATH}/{new['id']}/check", headers=key).json()
    assert (seen["signs"], seen["check_problem"]) == (True, "")
    with office.deps.database.read(office.workspace_id) as session:
        actions = [row.action for row in session.exec(select(AuditEntry)) if row.subject_kind == "sending_domain"]
    assert sorted(actions) == ["sending_domain.made", "sending_domain.signs"]


@pytest.mark.parametrize(
    ("published", "says"),
    [
        (lambda value, _: [value[:-40]], "another key, or ours was cut off"),
        (lambda _, other: [other], "another key"),
        (lambda value, other: [value, other], "2 TXT records"),
        (lambda value, _: [value.replace("k=rsa", "k=rsa; h=sha1")], "sha256"),
    ],
)
def test_a_record_that_is_not_ours_to_the_letter_signs_nothing(
    office: ApiOffice, key: dict[str, str], published: Any, says: str
) -> None:
    new, other = made(office, key), made(office, key)
    zone = {(new["record"]["host"], "TXT"): published(new["record"]["value"], other["record"]["value"])}
    found = app(office, zone).post(f"{PATH}/{new['id']}/check", headers=key).json()
    assert (found["signs"], found["published_at"]) == (False, None)
    assert says in found["check_problem"]


def test_the_newest_seen_key_of_each_kind_signs(office: ApiOffice, key: dict[str, str], clock: Any) -> None:
    old = made(office, key)
    clock.advance(timedelta(days=200))
    new, second = made(office, key), made(office, key, algorithm="ed25519")
    assert [found["selector"] for found in (old, new, second)] == ["salesos1", "salesos2", "salesos3"]
    zone = {(found["record"]["host"], "TXT"): [found["record"]["value"]] for found in (old, new, second)}
    client = app(office, zone)
    for found in (old, new, second):
        client.post(f"{PATH}/{found['id']}/check", headers=key)
    items = client.get(PATH, params={"domain": DOMAIN}, headers=key).json()["items"]
    assert {found["selector"]: found["signs"] for found in items} == {
        "salesos1": False,
        "salesos2": True,
        "salesos3": True,
    }
    assert "PRIVATE" not in str(items)


def test_no_domain_is_refused_and_other_workspaces_keys_are_not_there(office: ApiOffice, key: dict[str, str]) -> None:
    answer = app(office, {}).post(PATH, json={"domain": "no domain"}, headers=key)
    assert answer.status_code == 422
    assert app(office, {}).post(f"{PATH}/{office.workspace_id}/check", headers=key).status_code == 404
    assert app(office, {}).post(PATH, json={"domain": DOMAIN}, headers=office.key("read")).status_code == 403


def test_the_mailboxs_page_shows_the_record_and_looks_for_it(office: ApiOffice) -> None:
    with office.deps.database.write(office.workspace_id) as session:
        mailbox = session.exec(select(Mailbox)).one()
        mailbox.transport, mailbox.host = "smtp", "smtp.sender.example"
    client = app(office, {})
    sign_in(client, office, office.user(Role.ADMIN))
    page = client.get(f"/mailboxes/{mailbox.id}")
    assert "leave unsigned" in page.text
    token = {"csrf": csrf_of(client)}
    answer = client.post(f"/mailboxes/{mailbox.id}/signing-keys", data={**token, "algorithm": "rsa"})
    assert answer.status_code == 303
    page = client.get(answer.headers["location"])
    assert f"salesos1._domainkey.{DOMAIN}" in page.text
    assert "waits for its record" in page.text
    path = page.text.partition("/signing-keys/")[2].partition('/check"')[0]
    refused = client.post(f"/mailboxes/{mailbox.id}/signing-keys/{path}/check", data=token)
    assert refused.status_code == 422
    assert "holds no record yet" in refused.text
