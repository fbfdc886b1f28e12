"""A list comes in through the browser, and a sequence is read on a real lead before anybody gets it.

| part | real or played |
|---|---|
| pages, upload, store, worker's import, drafting, gate, browser | real |
| the worker's loop | played by this test: one turn when it says so |
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import expect
from sqlmodel import col, select

from api.app import create_app
from core.clock import SystemClock
from scoring.sequence import SEQUENCES
from store.models import Company, Enrollment, Lead, Role, Workspace
from store.session import Database
from tests.e2e.test_console import signed_in
from tests.support.api_office import ApiOffice, api_office, tell_a_story
from tests.support.migrated import new_sqlite
from tests.support.served import served
from workers.imports import take_in_uploads

pytestmark = pytest.mark.browser
TIER_1 = SEQUENCES[1].name
WIDTHS = ((1280, 800), (1024, 768), (390, 844))


@pytest.fixture
def office(tmp_path: Path) -> Iterator[ApiOffice]:
    database = Database(new_sqlite(tmp_path))
    found = api_office(database, SystemClock(), tmp_path)
    tell_a_story(found)
    with database.write(found.workspace_id) as session:
        workspace = session.get_one(Workspace, found.workspace_id)
        workspace.offer = {**workspace.offer, "proof_points": ["Northwind cut invoice errors by 38% in 8 weeks."]}
        session.add(workspace)
        session.execute(sa.update(Lead).values(tier=1))
        session.execute(sa.update(Enrollment).values(sequence=TIER_1))
    yield found
    database.close()


@pytest.fixture
def site(office: ApiOffice) -> Iterator[str]:
    with served(create_app(office.deps)) as url:
        yield url


def test_a_list_is_uploaded_looked_at_and_taken_in(page: Any, site: str, office: ApiOffice) -> None:
    signed_in(page, site, office.user(Role.REP))
    page.goto(f"{site}/imports")
    content = b"Firm,Homepage,Headcount\nAlbrecht Freight,albrecht.example,120\nMeridian,meridian.example,340\n"
    page.get_by_label("File").set_input_files({"name": "firms.csv", "mimeType": "text/csv", "buffer": content})
    page.get_by_role("button", name="Upload").click()
    page.wait_for_url("**/imports/*said=uploaded")
    expect(page.get_by_label("Field of Headcount")).to_have_value("employees")
    page.get_by_label("Field of Firm").select_option("")
    page.get_by_role("button", name="Start the import").click()
    page.get_by_role("alert").wait_for()  # no column for the name
    page.get_by_label("Field of Firm").select_option("name")
    page.get_by_role("button", name="Start the import").click()
    page.wait_for_url("**/imports/*said=started")
    page.get_by_text("Waits for a worker").wait_for()
    page.evaluate("window.stayed = true")
    assert take_in_uploads(office.office.context) == 1
    page.locator(".tile", has_text="Done").wait_for()
    assert page.evaluate("window.stayed"), "the page follows by itself"
    with office.deps.database.read(office.workspace_id) as session:
        names = session.exec(select(Company.name).where(col(Company.domain) == "albrecht.example")).all()
    assert names == ["Albrecht Freight"]


def test_a_sequence_is_read_on_a_real_lead(page: Any, site: str, office: ApiOffice) -> None:
    signed_in(page, site, office.user(Role.MANAGER))
    page.goto(f"{site}/sequences")
    page.keyboard.press("v")
    page.wait_for_url(f"**/sequences/{TIER_1}/preview")
    page.get_by_label("Company").fill("albrecht")
    page.get_by_role("button", name="Find").click()
    page.get_by_role("heading", name="Albrecht Freight", exact=False).wait_for()
    mail = page.get_by_role("article", name="Mail of step 1")
    expect(mail).to_contain_text("3 billing clerks")
    mail.locator(".body .claim", has_text="3 billing clerks").first.hover()
    expect(mail.locator(".tip:visible")).to_have_count(1)
    expect(page.get_by_role("article")).to_have_count(3)
    page.get_by_role("link", name="first_mail/hiring@1").click()
    page.get_by_role("heading", name="first_mail/hiring").wait_for()
    expect(page.get_by_role("region", name="Source of first_mail/hiring")).to_contain_text("{{ hook }}")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_fit_every_screen_and_can_be_read_by_everybody(
    page: Any, site: str, office: ApiOffice, scheme: str, tmp_path: Path
) -> None:
    page.emulate_media(color_scheme=scheme)
    signed_in(page, site, office.user(Role.MANAGER))
    page.goto(f"{site}/imports")
    content = b"Firm,Homepage,Headcount\nAlbrecht Freight,albrecht.example,120\nMeridian,meridian.example,340\n"
    page.get_by_label("File").set_input_files({"name": "firms.csv", "mimeType": "text/csv", "buffer": content})
    page.get_by_role("button", name="Upload").click()
    page.wait_for_url("**/imports/*said=uploaded")
    one = page.url.partition("?")[0].removeprefix(site)
    for path in ("/imports", one, "/sequences", f"/sequences/{TIER_1}/preview", "/sequences/templates/follow_up/fact"):
        page.goto(f"{site}{path}")
        for width, height in WIDTHS:
            page.set_viewport_size({"width": width, "height": height})
            wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wider <= 0, f"{path} is {wider} px too wide at {width}"
            page.screenshot(
                path=tmp_path / f"{path.strip('/').replace('/', '-')[:20]}-{scheme}-{width}.png", full_page=True
            )
            found = Axe().run(page)
            assert found.violations_count == 0, f"{path} at {width}: {found.generate_report()}"
