"""Approvals in a browser: keys only, two people on one draft, a live check, a session that ends in mid-edit."""

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.sync_api import expect

from api.app import create_app
from core.clock import SystemClock
from store.models import ApprovalState, Role, WebSession
from store.session import Database
from tests.e2e.test_console import office, signed_in, site, state_of
from tests.support.api_office import PASSWORD, ApiOffice, api_office, tell_a_story
from tests.support.console_page import findings, has_focus, spoken
from tests.support.migrated import new_sqlite
from tests.support.served import served

pytestmark = pytest.mark.browser
__all__ = ["office", "site"]  # fixtures


def test_an_edit_is_checked_while_it_is_typed_and_outlives_the_session(page: Any, site: str, office: ApiOffice) -> None:
    (first, _), *_ = tell_a_story(office)
    email = office.user(Role.REP)
    signed_in(page, site, email)
    page.goto(f"{site}/approvals/{first}?edit=1")
    body = page.get_by_label("Body")
    body.fill(body.input_value() + "\nWe have 4711 customers.")
    expect(page.locator("#preview ins")).to_contain_text(["4711"])
    with office.deps.database.write(office.workspace_id) as session:
        session.execute(sa.delete(WebSession))
    body.press("End")
    body.type(" Really.")
    page.get_by_text("Your session has ended").wait_for()
    page.get_by_role("button", name="Save as a new draft").click()
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_text("not saved yet").wait_for()
    kept = page.get_by_label("Body").input_value()
    assert "4711 customers." in kept
    assert "Really." in kept
    assert state_of(office, first) is ApprovalState.PENDING


def test_two_people_on_one_draft(page: Any, site: str, office: ApiOffice) -> None:
    (first, _), *_ = tell_a_story(office)
    signed_in(page, site, office.user(Role.REP, "ann_lee@sender.example"))
    other = page.context.browser.new_context()
    second = other.new_page()
    second.set_default_timeout(60_000)
    signed_in(second, site, office.user(Role.MANAGER, "bob_ray@sender.example"))
    with page.expect_response("**/reading"):
        page.goto(f"{site}/approvals/{first}")
    second.goto(f"{site}/approvals/{first}")
    second.get_by_text("Ann Lee opened this just now").wait_for()
    page.keyboard.press("a")
    page.get_by_text("undo works").or_(page.get_by_text("until then you can undo")).wait_for()
    second.keyboard.press("a")
    second.get_by_text("Already approved by Ann Lee").wait_for()
    other.close()


def test_several_at_once_by_keys(page: Any, site: str, office: ApiOffice) -> None:
    stories = tell_a_story(office)
    signed_in(page, site, office.user(Role.REP))
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.wait_for_url("**/approvals/*")
    page.keyboard.press("x")
    page.get_by_text("2 selected").wait_for()
    page.keyboard.press("b")
    page.wait_for_url("**/batch?*")
    expect(page.locator("article.mail")).to_have_count(2)
    page.keyboard.press("y")
    page.get_by_role("heading", name="2 of 2 approved").wait_for()
    assert [state_of(office, a).value for a, _ in stories] == ["approved", "approved", "pending"]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_what_comes_of_decisions_is_held_to_wcag(page: Any, site: str, office: ApiOffice, theme: str) -> None:
    """The pages that no address leads to: a live check, two edits that meet, a notice with its undo, the results."""
    stories = [str(approval_id) for approval_id, _ in tell_a_story(office)]
    page.emulate_media(color_scheme=theme)
    signed_in(page, site, office.user(Role.REP, "ann_lee@sender.example"))
    other = page.context.browser.new_context()
    second = other.new_page()
    second.set_default_timeout(60_000)
    signed_in(second, site, office.user(Role.MANAGER, "bob_ray@sender.example"))
    for editor, words in ((page, "Hello,\n\nmine."), (second, "Hello,\n\ntheirs.")):
        editor.goto(f"{site}/approvals/{stories[0]}?edit=1")
        editor.get_by_label("Body").fill(words)
    page.locator("#preview ins").first.wait_for()
    hold_to_wcag(page)
    second.keyboard.press("Control+Enter")
    second.wait_for_url("**said=edited")
    page.keyboard.press("Control+Enter")
    page.get_by_text("Bob Ray saved other words while you typed").wait_for()
    assert "Bob Ray saved other words" in spoken(page)
    assert page.get_by_label("Body").input_value() == "Hello,\n\nmine."
    hold_to_wcag(page)
    page.get_by_role("button", name="Save mine in place of theirs").click()
    page.wait_for_url("**said=edited")
    expect(page.locator(".mail")).to_contain_text("mine.")
    page.goto(f"{site}/approvals/{stories[1]}")
    decide(page, "a", "Approved")
    hold_to_wcag(page)
    page.keyboard.press("u")
    page.wait_for_url("**said=undone")
    hold_to_wcag(page)
    page.goto(f"{site}/approvals/batch?id={stories[1]}")
    page.keyboard.press("y")
    page.get_by_role("heading", name="1 of 1 approved").wait_for()
    hold_to_wcag(page)
    other.close()


def hold_to_wcag(page: Any) -> None:
    assert findings(page) == []


def test_a_morning_of_twelve_drafts_without_the_mouse(page: Any, tmp_path: Path) -> None:
    """Eight approved, one edited, two rejected, one undone; after each, what became of it has the focus."""
    database = Database(new_sqlite(tmp_path, "morning.db"))
    office = api_office(database, SystemClock(), tmp_path, people=12)
    ids = [approval_id for approval_id, _ in tell_a_story(office)]
    with served(create_app(office.deps)) as place:
        signed_in(page, place, office.user(Role.REP))
        for key in ("a", "a"):
            decide(page, key, "Approved")
        assert page.url.startswith(f"{place}/approvals/{ids[2]}")

        page.keyboard.press("a")  # the gate holds it back: nothing happens
        page.keyboard.press("e")
        page.wait_for_url("**edit=1")
        has_focus(page, "[name=body]")
        page.keyboard.press("Control+a")
        page.keyboard.type("Hello,\n\nLedgerly catches invoice errors before they are sent. Worth a call next week?")
        page.keyboard.press("Shift+Tab")
        page.keyboard.press("Control+a")
        page.keyboard.type("Ledgerly")
        page.get_by_text("The gate passes it").wait_for()
        page.keyboard.press("Control+Enter")
        page.wait_for_url("**said=edited")
        assert "Saved as a new draft" in spoken(page)
        page.keyboard.press("j")
        page.wait_for_url(lambda url: "said" not in url)
        has_focus(page, "h2")  # the next draft's heading

        page.goto(f"{place}/approvals/{ids[3]}")
        page.keyboard.press("r")
        has_focus(page, "[name=reason]")
        page.keyboard.type("not")
        page.keyboard.press("Escape")
        has_focus(page, "summary")
        expect(page.get_by_label("Why?")).to_be_hidden()
        for reason in ("Too long", "We know them"):
            page.keyboard.press("r")
            page.keyboard.press("Control+a")
            page.keyboard.type(reason)
            decide(page, "Enter", "Rejected")
        for _ in range(7):
            decide(page, "a", "Approved")
        page.keyboard.press("u")
        page.wait_for_url("**said=undone")
        assert "Taken back" in spoken(page)
        assert page.url.startswith(f"{place}/approvals/{ids[11]}")
        states = [state_of(office, found).value for found in ids]
        assert states == ["approved"] * 2 + ["void"] + ["rejected"] * 2 + ["approved"] * 6 + ["pending"]
        page.goto(f"{place}/approvals")
        expect(page.locator(".choice")).to_have_count(2)  # the edited one and the one that was undone wait
    database.close()


def decide(page: Any, key: str, said: str) -> None:
    before = page.url
    page.keyboard.press(key)
    page.wait_for_url(lambda url: url != before and "done=" in url)
    assert said in spoken(page)
