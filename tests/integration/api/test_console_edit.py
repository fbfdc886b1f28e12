"""Editing: what a person typed is never lost, and the next page is the draft that stands now."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from core.errors import Conflict
from store.models import Role
from tests.support.api_office import ApiOffice, csrf_of, sign_in, tell_a_story


@dataclass
class Revised:
    approval_id: UUID


def test_a_refused_edit_keeps_every_typed_word(
    client: TestClient, office: ApiOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    (approval_id, _), *_ = tell_a_story(office)
    sign_in(client, office, office.user(Role.REP))

    def refuse(*_: Any, **__: Any) -> None:
        raise Conflict("It is on its way.", code="draft_closed")

    monkeypatch.setattr("api.actions.approvals.revise", refuse)
    typed = {"csrf": csrf_of(client), "subject": "Mine <b>", "body": "\nMy own words & more"}
    answer = client.post(f"/approvals/{approval_id}/edit", data=typed)
    assert answer.status_code == 409
    assert "It is on its way." in answer.text
    assert 'value="Mine &lt;b&gt;"' in answer.text
    assert "My own words &amp; more</textarea>" in answer.text


def test_a_saved_edit_goes_to_the_new_draft_with_plain_line_ends(
    client: TestClient, office: ApiOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    (approval_id, _), (other, _), _ = tell_a_story(office)
    sign_in(client, office, office.user(Role.REP))
    given: dict[str, str] = {}

    def revise(*_: Any, **words: str) -> Revised:
        given.update(words)
        return Revised(other)

    monkeypatch.setattr("api.actions.approvals.revise", revise)
    typed = {"csrf": csrf_of(client), "subject": " Mine ", "body": "one\r\n\r\ntwo"}
    answer = client.post(f"/approvals/{approval_id}/edit", data=typed)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/approvals/{other}?said=edited")
    assert given == {"subject": "Mine", "body": "one\n\ntwo", "made_from": ""}
