"""The console in a real browser: sign in, read a claim's evidence, decide by key, edit; both themes, both sizes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from api.app import create_app
from core.clock import SystemClock
from store.models import Approval, ApprovalState, Role
from store.session import Database
from tests.support.api_office import ApiOffice, api_office, tell_a_story
from tests.support.console_page import sign_in, too_wide
from tests.support.migrated import new_sqlite
from tests.support.served import served

pytestmark = pytest.mark.browser


@pytest.fixture
def office(tmp_path: Path) -> Iterator[ApiOffice]:
    database = Database(new_sqlite(tmp_path))
    yield api_office(database, SystemClock(), tmp_path)
    database.close()


@pytest.fixture
def site(office: ApiOffice) -> Iterator[str]:
    with served(create_app(office.deps)) as url:
        yield url


def signed_in(page: Any, site: str, email: str) -> None:
    page.goto(f"{site}/approvals")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert page.get_by_label("Workspace").input_value(), "one workspace: its name is filled in"
    sign_in(page, site, email)


def state_of(office: ApiOffice, approval_id: Any) -> ApprovalState:
    with office.deps.database.read(office.workspace_id) as session:
        approval = session.get(Approval, (office.workspace_id, approval_id))
        assert approval is not None
        return approval.state


def test_a_rep_decides_by_key(page: Any, site: str, office: ApiOffice) -> None:
    (first, _), (second, _), (third, _) = tell_a_story(office)
    signed_in(page, site, office.user(Role.REP))
    page.keyboard.press("j")
    page.wait_for_url(f"**/approvals/{second}")
    page.keyboard.press("k")
    page.wait_for_url(f"**/approvals/{first}")

    claim = page.locator(".body .claim").first
    tip = claim.locator(".tip")
    expect(tip).to_be_hidden()
    claim.hover()
    expect(tip).to_be_visible()
    assert "We are looking for three billing clerks" in tip.inner_text()
    assert "https://news.example/item" in tip.inner_text()
    assert page.locator(".tip a").count() == 0, "text of strangers is no link"
    page.mouse.move(0, 0)
    expect(tip).to_be_hidden()
    claim.focus()
    expect(tip).to_be_visible()

    page.keyboard.press("a")
    expect(page.get_by_role("status")).to_contain_text("Approved")
    assert state_of(office, first) is ApprovalState.APPROVED
    page.keyboard.press("u")
    page.wait_for_url(f"**/approvals/{first}?said=undone")
    assert state_of(office, first) is ApprovalState.PENDING

    page.goto(f"{site}/approvals/{second}")
    page.keyboard.press("r")
    page.keyboard.type("Too long, and we know them")
    page.keyboard.press("Enter")
    page.get_by_role("status").wait_for()
    assert state_of(office, second) is ApprovalState.REJECTED

    page.goto(f"{site}/approvals/{third}")
    expect(page.locator("#approve button")).to_be_disabled()  # the gate holds it back
    page.keyboard.press("a")
    assert state_of(office, third) is ApprovalState.PENDING
    page.keyboard.press("e")
    page.wait_for_url("**edit=1")
    assert "Hello Pat 2" in page.get_by_label("Body").input_value()
    page.keyboard.press("?")
    page.goto(f"{site}/approvals/{third}")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("width", "height"), [(1024, 768), (390, 844)])
def test_pages_fit_and_can_be_looked_at(
    page: Any, site: str, office: ApiOffice, tmp_path: Path, theme: str, width: int, height: int
) -> None:
    stories = tell_a_story(office)
    page.emulate_media(color_scheme=theme)
    page.set_viewport_size({"width": width, "height": height})
    page.goto(f"{site}/sign-in")
    page.screenshot(path=tmp_path / f"sign-in-{theme}-{width}.png")
    signed_in(page, site, office.user(Role.REP))
    lead = office.office.people[0].lead_id
    places = {
        "queue": "/approvals",
        "draft": f"/approvals/{stories[0][0]}",
        "blocked": f"/approvals/{stories[2][0]}",
        "edit": f"/approvals/{stories[2][0]}?edit=1",
        "leads": "/leads",
        "lead": f"/leads/{lead}",
    }
    for name, place in places.items():
        page.goto(f"{site}{place}")
        if name == "draft":
            page.locator(".body .claim").first.focus()
        page.screenshot(path=tmp_path / f"{name}-{theme}-{width}.png")
        assert too_wide(page) == 0, f"{name} at {width} px"


def test_empty_pages_say_what_to_do(page: Any, site: str, office: ApiOffice) -> None:
    signed_in(page, site, office.user(Role.REP))
    expect(page.locator(".empty")).to_contain_text("start a run")
