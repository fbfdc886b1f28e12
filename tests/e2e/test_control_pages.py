"""The pages of control in a real browser: mailboxes, why, policies, budgets, audit, outbox; themes and sizes."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from agents import brakes, mail_domains
from agents.delivery_policy import POLICY
from api.app import create_app
from core.clock import SystemClock
from store import ledger
from store.models import Mailbox, OutboxItem, OutboxState, Role
from store.queries import pulse
from store.session import Database
from tests.support.api_office import ApiOffice, api_office, tell_a_story
from tests.support.console_page import findings, sign_in, too_wide
from tests.support.migrated import new_sqlite
from tests.support.served import served
from tests.support.zone import FakeZone
from tools.deliverability.report import examine_domain
from tools.mail.verdicts import Verdict

pytestmark = pytest.mark.browser

PLACES = {
    "mailboxes": "/mailboxes",
    "mailbox-new": "/mailboxes/new",
    "mailbox": "/mailboxes/{mailbox}",
    "delivery-policy": "/delivery-policy",
    "why": "/why",
    "policies": "/policies",
    "budgets": "/budgets",
    "audit": "/audit",
    "outbox": "/outbox",
}


@pytest.fixture
def office(tmp_path: Path) -> Iterator[ApiOffice]:
    database = Database(new_sqlite(tmp_path))
    office = api_office(database, SystemClock(), tmp_path, people=4)
    tell_a_story(office)
    _spend(office)
    _believed(office)
    item_id = office.office.approved(3)
    with database.write(office.workspace_id) as session:
        pulse.beat(session, office.deps.clock.now(), "test")
        item = session.get_one(OutboxItem, (office.workspace_id, item_id))
        item.state, item.state_reason = OutboxState.UNKNOWN, "The connection ended at the final dot."
        session.add(item)
    yield office
    database.close()


def _spend(office: ApiOffice) -> None:
    deps = office.deps
    scope = f"workspace:{deps.clock.now():%Y-%m}"
    with deps.database.write(office.workspace_id) as session:
        ledger.set_budget(session, deps.clock, scope, 10_000_000_000)
        for provider in ("openai", "hunter"):
            entries = ledger.reserve(
                session,
                deps.clock,
                deps.ids,
                scopes=[scope],
                provider=provider,
                purpose="draft",
                max_micros=900_000_000,
            )
            ledger.settle(session, deps.clock, entries, cost_micros=812_500_000)


def _believed(office: ApiOffice) -> None:
    """A domain with faults and long records, a mailbox that warms up, and a brake on it."""
    context, mailbox_id = office.office.context, office.office.mailbox_id
    with office.deps.database.write(office.workspace_id) as session:
        box = session.get_one(Mailbox, (office.workspace_id, mailbox_id))
        box.ramp_started_at, box.daily_cap = office.deps.clock.now(), 50
        session.add(box)
        zone = FakeZone({("sender.example", "TXT"): [f"v=spf1 {'ip4:192.0.2.25 ' * 12}+all"]}, silent=["nothing"])
        at = office.deps.clock.now()
        mail_domains.keep(session, context, examine_domain(zone, "sender.example", at=at, addresses=["192.0.2.25"]))
        brakes.close(session, context, box, POLICY[Verdict.BLOCKED], "550 5.7.1 listed at zen.spamhaus.org")


@pytest.fixture
def site(office: ApiOffice) -> Iterator[str]:
    with served(create_app(office.deps)) as url:
        yield url


def signed_in(page: Any, site: str, email: str) -> None:
    sign_in(page, site, email, at="/mailboxes")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("width", "height"), [(1280, 800), (1024, 768), (390, 844)])
def test_pages_fit_and_can_be_looked_at(
    page: Any, site: str, office: ApiOffice, tmp_path: Path, theme: str, width: int, height: int
) -> None:
    page.emulate_media(color_scheme=theme)
    page.set_viewport_size({"width": width, "height": height})
    signed_in(page, site, office.user(Role.ADMIN, "ada@sender.example"))
    folder = Path(os.environ.get("SCREENSHOTS", tmp_path))
    for name, place in PLACES.items():
        answer = page.goto(site + place.format(mailbox=office.office.mailbox_id))
        assert answer.status == 200, name
        page.screenshot(path=folder / f"{name}-{theme}-{width}.png", full_page=True)
        assert too_wide(page) == 0, f"{name} at {width} px"
        assert page.locator("h1").count() == 1


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_also_where_something_is_said(page: Any, site: str, office: ApiOffice, theme: str) -> None:
    page.emulate_media(color_scheme=theme)
    signed_in(page, site, office.user(Role.ADMIN, "ada@sender.example"))
    opened = {  # what is pressed, and what comes of it
        "policies": ("[data-opens=kill]", "dialog[open]"),
        "mailbox": ("details.pause summary", "details.pause[open]"),
        "audit": ("[data-key=v] button", ".notice[role=status]"),
    }
    for name, place in PLACES.items():
        page.goto(site + place.format(mailbox=office.office.mailbox_id))
        if name in opened:
            pressed, comes = opened[name]
            page.locator(pressed).click()
            page.locator(comes).first.wait_for()
            page.wait_for_load_state()
        assert findings(page) == [], name


def test_the_kill_switch_takes_one_key_and_one_yes(page: Any, site: str, office: ApiOffice) -> None:
    signed_in(page, site, office.user(Role.SALES_OPS))
    page.goto(f"{site}/policies")
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.keyboard.press("k")
    page.get_by_role("dialog").wait_for()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("kill switch is on")
    page.goto(f"{site}/why")
    expect(page.locator("#gate-kill_switch")).to_contain_text("The kill switch is on")


def test_an_unknown_outcome_is_settled_on_its_page(page: Any, site: str, office: ApiOffice) -> None:
    signed_in(page, site, office.user(Role.SALES_OPS))
    page.goto(f"{site}/outbox")
    page.get_by_role("button", name="It did not arrive").click()
    expect(page.get_by_role("status")).to_contain_text("sent again")
    expect(page.locator(".empty")).to_contain_text("Every mail's outcome is known")


def test_a_mailbox_is_paused_by_key_with_its_reason(page: Any, site: str, office: ApiOffice) -> None:
    signed_in(page, site, office.user(Role.SALES_OPS))
    page.goto(f"{site}/mailboxes/{office.office.mailbox_id}")
    page.keyboard.press("p")
    page.keyboard.type("Too many bounces")
    page.keyboard.press("Enter")
    page.get_by_role("status").wait_for()
    expect(page.locator("main").get_by_text("Too many bounces").and_(page.locator(":visible"))).not_to_have_count(0)
