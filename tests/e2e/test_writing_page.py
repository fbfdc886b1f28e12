"""Other words are refused, tried and stopped, and a rule is taken back, in a browser. Real: all but the worker."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import expect

from store.models import EditRule, Role
from tests.e2e.test_console import signed_in
from tests.e2e.test_imports_and_sequences import office, site  # noqa: F401
from tests.e2e.test_sequence_editor import looks_right
from tests.support.api_office import ApiOffice

pytestmark = pytest.mark.browser


def _rule(office: ApiOffice) -> None:  # noqa: F811
    rule_id, seal = uuid4(), office.office.context.sealer.seal
    with office.deps.database.write(office.workspace_id) as session:
        session.add(
            EditRule(
                workspace_id=office.workspace_id,
                id=rule_id,
                kind="tone",
                find_sealed=seal("just", context=f"edit_rule|find|{rule_id}"),
                put_sealed=seal("", context=f"edit_rule|put|{rule_id}"),
                template="first_mail/hiring",
                field="body",
                figures={"edits": 5, "companies": 4, "would_change": 14, "of": 60, "helped": 6, "harmed": 1},
                decided_by="user:ann",
                decided_at=datetime(2026, 6, 2, tzinfo=UTC),
            )
        )


def test_words_are_tried_and_a_rule_taken_back(page: Any, site: str, office: ApiOffice) -> None:  # noqa: F811
    _rule(office)
    signed_in(page, site, office.user(Role.SALES_OPS))
    page.goto(f"{site}/sequences")
    page.get_by_role("link", name="Variants and rules").click()
    page.get_by_label("Template").select_option("follow_up/close")
    page.get_by_role("button", name="Begin from its words").click()
    words = page.get_by_label("Words for follow_up/close")
    built_in = words.input_value()
    page.get_by_label("What it tries").fill("A softer end")
    words.fill(built_in.replace("the timing is wrong", "you bought from Contoso for $40"))
    page.get_by_role("button", name="Try it on half").click()
    page.get_by_role("alert").get_by_text("These words cannot be sent.").wait_for()
    assert "Contoso" in words.input_value()
    looks_right(page, "writing-refused")
    words.fill(built_in.replace("the timing is wrong", "this is not the moment"))
    page.get_by_role("button", name="Try it on half").click()
    page.get_by_text("It is tried from the next draft on").wait_for()
    page.get_by_text("would have changed 14 of your last 60 drafts").wait_for()
    looks_right(page, "writing")
    page.emulate_media(color_scheme="dark")
    looks_right(page, "writing-dark")
    page.get_by_role("button", name="Undo: just").click()
    page.get_by_text("is not proposed again").wait_for()
    page.get_by_role("button", name="Stop A softer end").click()
    page.get_by_text("Nobody gets these words any more.").wait_for()
    expect(page.get_by_role("button", name="Adopt A softer end")).to_have_count(0)
