"""A rep's calendars in a real browser: a CalDAV server that others wrote, hours that change what is offered, Google.

| real | made for the test |
|---|---|
| the application on a port, SQLite, Radicale, axe-core, | Google: its page is skipped, its answers are given |
| Chromium with its rules on cookies and forms | |
"""

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlmodel import select

from api.app import create_app
from core.clock import SystemClock
from store import migrations
from store.models import CalendarConnection, ConnectionState, Role, User
from store.session import Database
from tests.support.api_office import PASSWORD, ApiOffice, api_office
from tests.support.calendar_cloud import CalendarCloud, connected_to
from tests.support.radicale import PASSWORD as CALDAV_PASSWORD
from tests.support.radicale import USER, Radicale, running
from tests.support.served import served

pytestmark = pytest.mark.browser

_AXE = files("axe_playwright_python").joinpath("axe.min.js")
_WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@pytest.fixture(scope="module")
def server() -> Iterator[Radicale]:
    with running() as found:
        found.make("Work")
        found.make("Family")
        yield found


@pytest.fixture
def cloud() -> CalendarCloud:
    return CalendarCloud()


@pytest.fixture
def office(tmp_path: Path, cloud: CalendarCloud) -> Iterator[ApiOffice]:
    url = f"sqlite:///{tmp_path / 'salesos.db'}"
    migrations.upgrade(url)
    database = Database(url)
    made = connected_to(api_office(database, SystemClock(), tmp_path), cloud)
    made.user(Role.REP, "ada@sender.example")
    made.user(Role.ADMIN, "admin@sender.example")
    with database.write(made.workspace_id) as session:
        for user in session.exec(select(User)):
            user.time_zone = "Europe/Berlin"
            session.add(user)
    yield made
    database.close()


@pytest.fixture
def site(office: ApiOffice) -> Iterator[str]:
    with served(create_app(office.deps)) as address:
        yield address


def sign_in(page: Any, site: str, email: str) -> None:
    page.goto(f"{site}/sign-in")
    page.fill("[name=email]", email)
    page.fill("[name=password]", PASSWORD)
    page.click("main button[type=submit]")
    page.wait_for_url(lambda url: "/sign-in" not in url)


def looked_at(page: Any, folder: Path, name: str) -> None:
    """Axe, both themes, three widths; a picture of each."""
    page.evaluate(_AXE.read_text(encoding="utf-8"))
    for width in (1280, 1024, 390):
        for theme in ("light", "dark"):
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme=theme)
            options = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}}
            found = page.evaluate("options => axe.run(document, options)", options)["violations"]
            assert [(each["id"], each["nodes"][0]["html"]) for each in found] == [], name
            assert page.evaluate("document.documentElement.scrollWidth") <= width, name
            page.screenshot(path=str(folder / f"{name}-{width}-{theme}.png"), full_page=True)
    page.set_viewport_size({"width": 1280, "height": 900})
    page.emulate_media(color_scheme="light")


def offered(page: Any) -> list[str]:
    page.wait_for_selector("#offered-title")
    return page.locator(".slots li").all_inner_texts()


def test_a_caldav_calendar_is_connected_by_form_and_hours_change_what_is_offered(
    page: Any, office: ApiOffice, site: str, server: Radicale, tmp_path: Path
) -> None:
    sign_in(page, site, "ada@sender.example")
    page.goto(f"{site}/calendars")
    looked_at(page, tmp_path, "none-yet")
    page.get_by_role("main").get_by_role("link", name="Connect a calendar").first.click()
    page.wait_for_selector("#caldav-title")
    looked_at(page, tmp_path, "connect")
    page.fill("[name=url]", server.url)
    page.fill("[name=username]", USER)
    page.fill("[name=password]", "not-the-one")
    page.get_by_role("button", name="Connect it").click()
    page.wait_for_selector(".notice.bad")
    assert page.input_value("[name=username]") == USER
    assert page.input_value("[name=password]") == ""
    assert "not-the-one" not in page.content()
    looked_at(page, tmp_path, "connect-refused")
    page.fill("[name=password]", CALDAV_PASSWORD)
    page.get_by_role("button", name="Connect it").click()
    page.wait_for_url("**?said=connected")
    assert page.get_by_role("heading", name=USER).count() == 1
    assert [text.splitlines()[0] for text in page.locator("tbody th").all_inner_texts()] == ["Family", "Work"]
    looked_at(page, tmp_path, "connected")

    family = page.get_by_role("checkbox", name="Family counts as busy")
    before = family.is_checked()
    family.set_checked(not before)
    page.get_by_role("radio", name="Work gets our meetings").check()
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**?said=saved")
    assert page.get_by_role("checkbox", name="Family counts as busy").is_checked() is not before
    assert page.get_by_role("radio", name="Work gets our meetings").is_checked()
    page.get_by_role("button", name="Check now").click()
    page.wait_for_url("**?said=good")

    page.get_by_role("link", name="When you can be met").click()
    page.wait_for_selector("#availability")
    assert any(time.startswith("09") for time in offered(page))
    looked_at(page, tmp_path, "availability")
    for day in _WEEK:
        page.fill(f"[name={day}]", "13:00–14:00, 15-16" if day != "sun" else "")
    page.fill("[name=notice_hours]", "0")
    page.get_by_role("button", name="Show without saving").click()
    page.wait_for_selector("text=Nothing is saved yet")
    assert set(offered(page)) == {"13:00", "13:30", "15:00", "15:30"}
    page.goto(f"{site}/availability")
    assert any(time.startswith("09") for time in offered(page)), "shown, not kept"
    for day in _WEEK:
        page.fill(f"[name={day}]", "13:00–14:00" if day != "sun" else "")
    page.fill("[name=mon]", "soon")
    page.fill("[name=days_off]", "2026-12-24\n2026-13-01")
    page.get_by_role("button", name="Save").click()
    page.wait_for_selector(".notice.bad")
    said = page.locator(".notice.bad").inner_text()
    assert "Monday" in said
    assert "Days off, line 2" in said
    assert page.input_value("[name=days_off]") == "2026-12-24\n2026-13-01", "what was typed stays"
    looked_at(page, tmp_path, "availability-refused")
    page.fill("[name=mon]", "13:00–14:00")
    page.fill("[name=days_off]", "")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**?said=saved")
    assert set(offered(page)) == {"13:00", "13:30"}

    page.goto(f"{site}/calendars")
    page.locator(".leave summary").click()
    looked_at(page, tmp_path, "disconnect")
    page.get_by_role("button", name="Disconnect it").click()
    page.wait_for_url("**?said=off")
    page.wait_for_selector("text=No calendar yet")


def skip_google(route: Any) -> None:
    """As if the person had said yes at once."""
    left = route.fetch(max_redirects=0)
    there = urlsplit(left.headers["location"])
    assert there.netloc == "accounts.google.com"
    state = parse_qs(there.query)["state"][0]
    code = f"code-{state[:8]}"
    route.fulfill(status=303, headers={"location": f"/calendars/connect/back?state={state}&code={code}"})


def test_google_is_connected_dies_and_is_connected_again(
    page: Any, office: ApiOffice, site: str, cloud: CalendarCloud, tmp_path: Path
) -> None:
    sign_in(page, site, "ada@sender.example")
    page.route("**/calendars/**/google", skip_google)
    page.route("**/calendars/*/connect", skip_google)
    page.goto(f"{site}/calendars/new")
    page.get_by_role("link", name="Connect Google Calendar").click()
    page.wait_for_url("**?said=connected")
    page.get_by_role("heading", name="ada@example.com").wait_for()
    with office.deps.database.write(office.workspace_id) as session:
        row = session.exec(select(CalendarConnection)).one()
        row.state, row.problem = ConnectionState.BROKEN, "Google no longer lets us in (invalid_grant)."
        session.add(row)
    page.goto(f"{site}/calendars")
    page.locator(".notice.bad").wait_for()
    looked_at(page, tmp_path, "closed")
    sign_out_and_in(page, site, "admin@sender.example")
    page.goto(f"{site}/calendars")
    page.get_by_role("region", name="Other people’s calendars").wait_for()
    looked_at(page, tmp_path, "everybody")
    sign_out_and_in(page, site, "ada@sender.example")
    page.goto(f"{site}/calendars")
    page.get_by_role("link", name="Connect again").click()
    page.wait_for_url("**?said=connected")
    assert page.locator(".notice.bad").count() == 0


def sign_out_and_in(page: Any, site: str, email: str) -> None:
    page.context.clear_cookies()
    sign_in(page, site, email)
