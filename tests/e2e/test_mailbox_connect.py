"""Connecting a mailbox with Google in a real browser, in both themes and at two widths.

| real | made for the test |
|---|---|
| the application on a port, SQLite, axe-core, | Google: its page is skipped, its answers are given |
| Chromium with its rules on cookies and forms | |
"""

from collections.abc import Iterator
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from api.app import create_app
from core.clock import SystemClock
from store import migrations
from store.models import Mailbox, MailboxState, Role
from store.session import Database
from tests.support.api_office import PASSWORD, ApiOffice, api_office
from tests.support.crash.office import SENDER, sealer_of
from tests.support.served import served
from tests.support.vendors import Answer, FakeVendor, answer
from tools.providers.mail_accounts import MailAccounts

pytestmark = pytest.mark.browser

_AXE = files("axe_playwright_python").joinpath("axe.min.js")
_SCOPES = "https://www.googleapis.com/auth/gmail.send https://www.googleapis.com/auth/gmail.readonly"


def google(request: httpx2.Request) -> Answer:
    if request.url.host == "oauth2.googleapis.com":
        return answer({"access_token": "a", "refresh_token": "r", "token_type": "Bearer", "scope": _SCOPES})
    return answer({"sendAs": [{"sendAsEmail": SENDER}]})


@pytest.fixture
def office(tmp_path: Path) -> Iterator[ApiOffice]:
    url = f"sqlite:///{tmp_path / 'salesos.db'}"
    migrations.upgrade(url)
    database = Database(url)
    made = api_office(database, SystemClock(), tmp_path)
    made.user(Role.ADMIN, "admin@sender.example")
    deps, context = made.deps, made.office.context
    settings = deps.settings.model_copy(update={"google_client_id": "app"})
    accounts = MailAccounts(settings, database, deps.clock, deps.ids, sealer_of, FakeVendor(google).wire())
    known = replace(context, tools=replace(context.tools, mail_connections=accounts))
    made.deps = replace(deps, context_for=lambda _: known)
    yield made
    database.close()


def row(office: ApiOffice) -> Mailbox:
    with office.deps.database.read(office.workspace_id) as session:
        return session.get_one(Mailbox, (office.workspace_id, office.office.mailbox_id))


def looked_at(page: Any, folder: Path, name: str) -> None:
    page.evaluate(_AXE.read_text(encoding="utf-8"))
    for width in (1280, 390):
        for theme in ("light", "dark"):
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme=theme)
            options = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}}
            found = page.evaluate("options => axe.run(document, options)", options)["violations"]
            assert [each["id"] for each in found] == [], name
            assert page.evaluate("document.documentElement.scrollWidth") <= width, name
            page.screenshot(path=str(folder / f"{name}-{width}-{theme}.png"), full_page=True)


def skip_google(route: Any) -> None:
    """As if the person had said yes at once."""
    left = route.fetch(max_redirects=0)
    there = urlsplit(left.headers["location"])
    assert there.netloc == "accounts.google.com"
    state = parse_qs(there.query)["state"][0]
    route.fulfill(status=303, headers={"location": f"/mailboxes/connect/back?state={state}&code=c"})


def test_a_mailbox_is_set_to_gmail_and_connected(page: Any, office: ApiOffice, tmp_path: Path) -> None:
    shown = {
        "folder": None,
        "smtp": ".for-smtp",
        "ses": ".for-ses",
        "sendgrid": ".for-sendgrid",
        "gmail": ".for-person",
    }
    with served(create_app(office.deps)) as site:
        page.goto(f"{site}/sign-in")
        page.fill("[name=email]", "admin@sender.example")
        page.fill("[name=password]", PASSWORD)
        page.click("main button[type=submit]")
        page.goto(f"{site}/mailboxes/{office.office.mailbox_id}")
        for transport, part in shown.items():
            page.select_option("[name=transport]", transport)
            visible = {each for each in shown.values() if each and page.locator(each).first.is_visible()}
            assert visible == ({part} if part else set()), transport
        page.select_option("[name=inbox]", "gmail")
        page.fill("[name=daily_cap]", "40")
        page.click("#settings button[type=submit]")
        page.wait_for_selector("#connection-title")
        assert row(office).state is MailboxState.PAUSED
        looked_at(page, tmp_path, "waits")
        page.route("**/mailboxes/*/connect", skip_google)
        page.click(".notice a.button")
        page.wait_for_url("**?said=connected")
        assert "Connected" in page.locator(".notice").first.inner_text()
        looked_at(page, tmp_path, "connected")
    assert row(office).state is MailboxState.ACTIVE
