"""From an invitation to a second factor, by keyboard only, in a browser.

| real | made up |
|---|---|
| the application on a port, SQLite, Chromium, axe-core | the authenticator app (pyotp), the office |
"""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyotp
import pytest
from playwright.sync_api import expect

from api.app import create_app
from core.clock import SystemClock, VirtualClock
from store.models import Role
from store.session import Database
from tests.support.api_office import PASSWORD, ApiOffice, api_office
from tests.support.console_page import findings
from tests.support.migrated import new_sqlite
from tests.support.served import served

pytestmark = pytest.mark.browser

SHOTS = Path("/tmp/identity-shots")


@pytest.fixture
def office(tmp_path: Path) -> Iterator[ApiOffice]:
    database = Database(new_sqlite(tmp_path))
    # It stands still where the browser is: codes of thirty seconds are not out of date on a slow machine.
    yield api_office(database, VirtualClock(SystemClock().now()), tmp_path)
    database.close()


def sound(page: Any, name: str) -> None:
    """No finding of axe-core in either theme, no sideways scrolling at any width."""
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        assert findings(page) == [], name
        for width, height in ((1280, 800), (390, 844)):
            page.set_viewport_size({"width": width, "height": height})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (name, width)
            if SHOTS.is_dir():
                page.screenshot(path=SHOTS / f"{name}-{theme}-{width}.png", full_page=True)
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 1280, "height": 800})


def tab_to(page: Any, label: str) -> None:
    """By the keyboard, as somebody without a mouse: focus goes to what has this label."""
    field = page.locator("input").and_(page.get_by_label(label, exact=True))
    wanted = field.or_(page.get_by_role("button", name=label, exact=True)).first
    for _ in range(120):
        if wanted.evaluate("it => it === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"The keyboard does not reach {label}.")


def type_into(page: Any, label: str, text: str) -> None:
    tab_to(page, label)
    page.keyboard.type(text)


def press(page: Any, button: str) -> None:
    tab_to(page, button)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def step_in(page: Any, base: str, office: ApiOffice, email: str) -> None:
    page.goto(f"{base}/sign-in")
    if not page.get_by_label("Workspace").input_value():
        type_into(page, "Workspace", office.slug)
    type_into(page, "E-mail", email)
    type_into(page, "Password", PASSWORD)
    press(page, "Sign in")


def test_from_an_invitation_to_a_second_factor(page: Any, office: ApiOffice) -> None:
    admin = office.user(Role.ADMIN)
    with served(create_app(office.deps)) as base:
        step_in(page, base, office, admin)
        page.goto(f"{base}/people")
        type_into(page, "E-mail", "ben@sender.example")
        press(page, "Make the link")
        link = page.locator(".notice.warn code").inner_text()
        sound(page, "people")
        press(page, "Sign out")

        page.goto(f"{base}/invitation/{link.rsplit('/', 1)[1]}")
        sound(page, "invitation")
        page.reload()
        type_into(page, "Your name", "Ben Lee")
        type_into(page, "Password", PASSWORD)
        type_into(page, "The same again", PASSWORD)
        press(page, "Make the account")
        assert "/today" in page.url

        page.goto(f"{base}/account")
        sound(page, "account")
        page.goto(f"{base}/account")
        type_into(page, "Password", PASSWORD)
        press(page, "Set it up")
        sound(page, "second-factor")
        totp = pyotp.TOTP(page.locator("#secret").inner_text())
        type_into(page, "Code", totp.at(office.deps.clock.now()))
        press(page, "Turn it on")
        codes = page.locator(".codes code").all_inner_texts()
        assert len(codes) == 10
        sound(page, "codes")
        press(page, "Sign out")

        step_in(page, base, office, "ben@sender.example")
        expect(page.get_by_role("heading", level=1)).to_have_text("One more step")
        sound(page, "code")
        # The next one: each counts once, and clocks may differ.
        type_into(page, "Code", totp.at(office.deps.clock.now() + timedelta(seconds=30)))
        press(page, "Sign in")
        assert "/approvals" in page.url
        press(page, "Sign out")

        step_in(page, base, office, "ben@sender.example")
        type_into(page, "Code", codes[0])
        press(page, "Sign in")
        page.goto(f"{base}/account")
        assert "9 of 10 recovery codes are left" in page.locator("main").inner_text()
