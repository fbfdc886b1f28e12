"""A person meets a dead letter, reads it, tries it again; connects a vendor and copies the address.

| real | made up |
|---|---|
| the application on a port, SQLite, the worker's step, Chromium, axe-core | the vendor's event and key |
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from api.app import create_app
from core.clock import SystemClock
from store.models import Role
from store.queries import inbound
from store.session import Database
from tests.support.api_office import ApiOffice, api_office
from tests.support.console_page import findings, sign_in, too_wide
from tests.support.migrated import new_sqlite
from tests.support.served import served
from workers import inbound_events

pytestmark = pytest.mark.browser
TOPIC = "arn:aws:sns:eu-central-1:123456789012:mail-events"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[ApiOffice]:
    database = Database(new_sqlite(tmp_path))
    office = api_office(database, SystemClock(), tmp_path)
    office.user(Role.ADMIN, "admin@sender.example")
    context = office.office.context
    with database.write(context.workspace_id) as session:
        told = inbound.NewEvent("1", "bounce", b'{"event": "bounce", "email": "<b>bob@x.example</b>"}', None)
        inbound.keep(session, context.sealer, context.clock.now(), "sendgrid", None, [told])
    inbound_events.apply_due(context)
    yield office
    database.close()


@pytest.fixture
def signed_in(page: Any, office: ApiOffice) -> Iterator[tuple[Any, str]]:
    with served(create_app(office.deps)) as site:
        sign_in(page, site, "admin@sender.example")
        yield page, site


def faults(page: Any) -> list[str]:
    page.wait_for_load_state()
    over = too_wide(page)
    return findings(page) + ([f"{over} px too wide"] if over else [])


def test_a_dead_letter_is_read_and_tried_again(signed_in: tuple[Any, str], office: ApiOffice, tmp_path: Path) -> None:
    page, site = signed_in
    page.goto(f"{site}/received")
    page.get_by_role("link", name="Dead letters 1").wait_for()
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 800})
            page.screenshot(path=tmp_path / f"received-{theme}-{width}.png", full_page=True)
            assert not faults(page)
    page.get_by_role("link", name="Bounce").click()
    expect(page.get_by_role("region", name="The event as it came")).to_contain_text("<b>bob@x.example</b>")
    page.screenshot(path=tmp_path / "event.png", full_page=True)
    assert not faults(page)
    page.get_by_label("Message-ID of our mail").fill("nonsense")
    page.get_by_role("button", name="Try it again").click()
    page.get_by_role("alert").get_by_text("There is no such mail of ours.").wait_for()
    page.get_by_label("Message-ID of our mail").fill("")
    page.get_by_role("button", name="Try it again").click()
    page.get_by_role("status").get_by_text("It is tried again.").wait_for()
    inbound_events.apply_due(office.office.context)
    page.goto(f"{site}/received?state=dead")
    page.get_by_role("link", name="Dead letters 1").wait_for()  # it still names no mail of ours
    page.get_by_role("button", name="Try all of them again").click()
    page.get_by_role("status").get_by_text("tried again").wait_for()


def test_a_vendor_is_connected_and_closed(signed_in: tuple[Any, str], tmp_path: Path) -> None:
    page, site = signed_in
    page.goto(f"{site}/received")
    page.get_by_role("combobox", name="Vendor").select_option("ses")
    page.get_by_role("textbox", name="What its messages are verified by").fill("no topic")
    page.get_by_role("button", name="Make an address").click()
    page.get_by_role("alert").get_by_text("is no ARN of an SNS topic").wait_for()
    page.get_by_role("textbox", name="What its messages are verified by").fill(TOPIC)
    page.get_by_role("button", name="Make an address").click()
    page.get_by_text("/webhooks/ses/").wait_for()
    assert not faults(page)
    page.screenshot(path=tmp_path / "endpoint.png", full_page=True)
    page.get_by_role("button", name="Close the address of Amazon SES").click()
    page.get_by_text("No vendor is connected").wait_for()
