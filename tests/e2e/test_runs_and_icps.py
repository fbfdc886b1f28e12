"""The main job of sales ops in a browser: describe customers by form, preview, save, run, watch it live to its end.

| part | real or played |
|---|---|
| pages, forms, stream, store, agents of the run, browser | real |
| the worker | played by this test, a step at a time, so that the page can be watched between two |
| people at the companies | one lead was there before |
"""

from collections.abc import Iterator
from pathlib import Path
from time import sleep
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import expect
from sqlmodel import col, select

from agents.crm import crm
from agents.lead_source import lead_source
from agents.scorer import scorer
from agents.step import Step, SubjectKind, Trigger
from api.app import create_app
from core.clock import SystemClock
from store import bulk
from store.models import Cohort, Company, Icp, IcpVersion, Role, Run
from store.models.prospecting import CohortStage
from store.session import Database
from tests.e2e.test_console import signed_in
from tests.support.api_office import ApiOffice, api_office, tell_a_story
from tests.support.migrated import new_sqlite
from tests.support.served import served

pytestmark = pytest.mark.browser
COMPANIES = 120
_STREAMED = 300_000  # ms, of a stream that hangs


@pytest.fixture
def office(tmp_path: Path) -> Iterator[ApiOffice]:
    database = Database(new_sqlite(tmp_path))
    yield api_office(database, SystemClock(), tmp_path)
    database.close()


@pytest.fixture
def site(office: ApiOffice) -> Iterator[str]:
    with served(create_app(office.deps)) as url:
        yield url


def add_companies(office: ApiOffice) -> None:
    now = office.deps.clock.now()
    rows = [
        {"id": (i := uuid4()), "name": f"Spedition {n}", "domain": f"{i}.example", "country": ("DE", "FR")[n % 2],
         "industry": "freight forwarding", "employees": 20 + n, "created_at": now, "updated_at": now}
        for n in range(COMPANIES)
    ]  # fmt: skip
    with office.deps.database.write(office.workspace_id) as session:
        bulk.insert(session, Company, rows)


def find_companies(office: ApiOffice, run_id: UUID) -> None:
    context = office.office.context
    outcome = None
    while outcome is None or outcome.trigger is Trigger.MORE:
        outcome = lead_source(context, Step(SubjectKind.RUN, run_id, "new", Trigger.RUN_STEP, {}, run_id))


def finish(office: ApiOffice, run_id: UUID) -> None:
    context = office.office.context
    with office.deps.database.write(office.workspace_id) as session:
        session.execute(sa.update(Cohort).where(col(Cohort.run_id) == run_id).values(stage=CohortStage.CONTACTS_FOUND))
        cohorts = list(session.exec(select(Cohort.id).where(Cohort.run_id == run_id)))
    for cohort_id in cohorts:
        scorer(context, Step(SubjectKind.COHORT, cohort_id, "contacts_found", Trigger.READY, {}, run_id))
        crm(context, Step(SubjectKind.COHORT, cohort_id, "scored", Trigger.READY, {}, run_id))


def test_from_a_form_to_a_run_watched_to_its_end(page: Any, site: str, office: ApiOffice) -> None:
    add_companies(office)
    signed_in(page, site, office.user(Role.SALES_OPS))
    page.goto(f"{site}/icps")
    page.keyboard.press("n")
    page.wait_for_url("**/icps/new")
    page.get_by_label("Name", exact=True).fill("Freight, DE")
    page.get_by_label("Industry 1").fill("freight forwarding")
    page.get_by_label("Employees from").fill("fifty")
    page.locator("textarea[name=countries]").fill("DE")
    page.get_by_role("button", name="Make the ICP").click()
    page.get_by_role("alert").wait_for()
    expect(page.get_by_label("Employees from")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Name", exact=True)).to_have_value("Freight, DE")
    page.get_by_label("Employees from").fill("50")
    page.get_by_label("Name", exact=True).press("Enter")  # saves nothing
    page.get_by_role("heading", name="What would change").wait_for()
    entering = page.locator(".tile", has_text="Would enter").locator("b").inner_text()
    page.get_by_role("button", name="Make the ICP").click()
    page.wait_for_url("**/icps/*said=made")
    page.keyboard.press("r")
    page.wait_for_url("**/runs/new?icp=*")
    page.get_by_label("Start sequences", exact=False).uncheck()
    page.get_by_role("button", name="Start the run").click()
    page.wait_for_url("**/runs/*said=started")
    with office.deps.database.read(office.workspace_id) as session:
        run_id = session.exec(
            select(Run.id)
            .join(IcpVersion, col(IcpVersion.id) == col(Run.icp_version_id))
            .join(Icp, col(Icp.id) == col(IcpVersion.icp_id))
            .where(Icp.name == "Freight, DE")
        ).one()
    page.evaluate("window.stayed = true")
    find_companies(office, run_id)
    kept = page.locator(".funnel li", has_text="In the ICP's filter").locator("b")
    kept.filter(has_text=entering).wait_for(timeout=_STREAMED)  # what the preview said, the run does
    finish(office, run_id)
    page.locator("[data-state=done]").wait_for(timeout=_STREAMED)
    assert page.evaluate("window.stayed"), "the page was never loaded again"
    expect(page.locator(".run-moves")).to_be_hidden()
    page.reload()
    page.get_by_text("Outside where you sell", exact=True).click()
    expect(page.locator("details[open] .lines a")).to_have_count(5)


def test_a_page_whose_stream_script_comes_late_is_live_all_the_same(page: Any, site: str, office: ApiOffice) -> None:
    def late(route: Any) -> None:
        sleep(1.0)
        route.continue_()

    signed_in(page, site, office.user(Role.SALES_OPS))
    with office.deps.database.read(office.workspace_id) as session:
        run_id = session.exec(select(Run.id)).one()
    page.route("**/hx-sse*", late)
    page.goto(f"{site}/runs/{run_id}")
    with office.deps.database.write(office.workspace_id) as session:
        session.execute(sa.update(Run).where(col(Run.id) == run_id).values(companies_seen=4_321))
    page.locator(".funnel b", has_text="4,321").wait_for()


def test_cancelling_asks_first(page: Any, site: str, office: ApiOffice) -> None:
    signed_in(page, site, office.user(Role.SALES_OPS))
    with office.deps.database.read(office.workspace_id) as session:
        run_id = session.exec(select(Run.id)).first()
    page.goto(f"{site}/runs/{run_id}")
    page.keyboard.press("p")
    page.wait_for_url("**said=paused")
    page.keyboard.press("s")
    page.wait_for_url("**said=resumed")
    page.keyboard.press("c")
    page.get_by_role("dialog").get_by_role("button", name="Keep it running").click()
    page.keyboard.press("c")
    page.get_by_role("dialog").get_by_role("button", name="Cancel the run").click()
    page.wait_for_url("**said=cancelled")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("width", "height"), [(1280, 800), (1024, 768), (390, 844)])
def test_pages_fit(
    page: Any, site: str, office: ApiOffice, tmp_path: Path, theme: str, width: int, height: int
) -> None:
    tell_a_story(office)
    add_companies(office)
    page.emulate_media(color_scheme=theme)
    page.set_viewport_size({"width": width, "height": height})
    signed_in(page, site, office.user(Role.SALES_OPS))
    page.goto(f"{site}/icps/new")
    page.get_by_label("Name", exact=True).fill("Freight forwarders in the north")
    page.locator("textarea[name=countries]").fill("DE")
    page.get_by_role("button", name="Make the ICP").click()
    page.wait_for_url("**said=made")
    icp = page.url.split("?")[0]
    page.goto(f"{icp}/edit")
    page.locator("textarea[name=countries]").fill("FR")
    page.get_by_role("button", name="Save as a new version").click()
    page.wait_for_url("**said=saved")
    page.goto(f"{site}/runs/new?icp={icp.split('/')[-1]}")
    page.get_by_role("button", name="Start the run").click()
    page.wait_for_url("**said=started")
    run = page.url.split("?")[0]
    find_companies(office, UUID(run.split("/")[-1]))
    places = {"runs": f"{site}/runs", "run-new": f"{site}/runs/new", "run": run, "icps": f"{site}/icps", "icp": icp,
              "edit": f"{icp}/edit", "text": f"{icp}/edit?tab=text"}  # fmt: skip
    for name, place in places.items():
        page.goto(place)
        _fits(page, tmp_path, f"{name}-{theme}-{width}")
    page.goto(f"{icp}/edit")
    page.locator("textarea[name=countries]").fill("DE")
    page.get_by_label("Tier 1").fill("0.1")
    page.get_by_role("button", name="Preview what").click()
    page.get_by_role("alert").wait_for()
    _fits(page, tmp_path, f"wrong-{theme}-{width}")
    page.get_by_label("Tier 1").fill("0.85")
    page.get_by_role("button", name="Preview what").click()
    page.get_by_role("heading", name="What would change").wait_for()
    _fits(page, tmp_path, f"preview-{theme}-{width}")


def _fits(page: Any, folder: Path, name: str) -> None:
    page.screenshot(path=folder / f"{name}.png", full_page=True)
    over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert over <= 0, f"{name} is {over} px too wide"
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]})
    assert found.violations_count == 0, f"{name}: {found.generate_report()}"
