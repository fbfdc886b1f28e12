"""Lists in a real browser: move, tick and act by keyboard, keep a view, and no page wider than its window."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from core.clock import SystemClock
from store.models import Enrollment, Role, SavedView
from store.session import Database
from tests.e2e.test_console import site  # noqa: F401 the fixture
from tests.support.api_office import ApiOffice, api_office
from tests.support.console_page import sign_in as sign_in_at
from tests.support.list_office import dress, rows_of
from tests.support.migrated import new_sqlite

pytestmark = pytest.mark.browser


@pytest.fixture
def office(tmp_path: Path) -> Any:
    database = Database(new_sqlite(tmp_path))
    made = api_office(database, SystemClock(), tmp_path, people=64)
    dress(made)
    yield made
    database.close()


def sign_in(page: Any, site: str, email: str) -> None:  # noqa: F811
    sign_in_at(page, site, email, at="/leads")


def test_tick_act_and_keep_a_view_by_keyboard(page: Any, site: str, office: ApiOffice) -> None:  # noqa: F811
    sign_in(page, site, office.user(Role.SALES_OPS))
    expect(page.get_by_text("64 leads")).to_be_visible()
    expect(page.get_by_role("button", name="Pause sequence")).to_be_hidden()  # nothing is ticked yet
    for key in ("j", "x", "j", "x"):
        page.keyboard.press(key)
    expect(page.locator(".chosen")).to_have_text("2 ticked")
    page.get_by_role("button", name="Pause sequence").click()
    page.get_by_role("status").filter(has_text="2 sequences are paused").wait_for()
    assert sum(row.state.value == "paused" for row in rows_of(office, Enrollment)) == 2

    page.keyboard.press("/")
    page.keyboard.type("freight")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=freight**")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.keyboard.press("v")
    page.keyboard.type("Freight")
    page.keyboard.press("Enter")
    page.get_by_role("status").filter(has_text="The view is saved").wait_for()
    expect(page.get_by_role("navigation", name="Views").get_by_text("Freight")).to_be_visible()
    assert [view.query for view in rows_of(office, SavedView)] == ["q=freight"]

    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/leads/0*")


def test_all_that_match_are_asked_for_first(page: Any, site: str, office: ApiOffice) -> None:  # noqa: F811
    sign_in(page, site, office.user(Role.SALES_OPS))
    page.goto(f"{site}/leads?tier=1")
    page.get_by_label("all 16 that match").check()
    page.get_by_role("button", name="Stop", exact=True).click()
    page.wait_for_load_state()
    expect(page.get_by_role("heading", name="Stop: 16 leads?")).to_be_visible()
    page.wait_for_load_state()  # its keys work from then on
    page.keyboard.press("y")
    page.get_by_role("status").filter(has_text="16 leads are stopped").wait_for()
    assert sum(row.state.value == "stopped" for row in rows_of(office, Enrollment)) == 16


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("width", "height"), [(1024, 768), (390, 844)])
def test_pages_fit(
    page: Any,
    site: str,  # noqa: F811
    office: ApiOffice,
    tmp_path: Path,
    theme: str,
    width: int,
    height: int,
) -> None:
    page.emulate_media(color_scheme=theme)
    page.set_viewport_size({"width": width, "height": height})
    sign_in(page, site, office.user(Role.SALES_OPS))
    for place in ("/leads", "/companies", "/contacts", f"/contacts/{office.office.people[0].contact_id}"):
        page.goto(f"{site}{place}")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), place
        assert page.locator("h1").count() == 1
        page.screenshot(path=tmp_path / f"{place.split('/')[1]}-{len(place) > 12}-{theme}-{width}.png")
