"""Connecting a mailbox with Google in a real browser, in both themes and at two widths.

| real | made for the test |
|---|---|
| the application on a port, SQLite, axe-core, | Google: its page is skipped, its answers are given |
| Chromium with its rules on cookies and forms | |
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from playwright.sync_api import expect

from api.app import create_app
from core.clock import SystemClock
from store.models import Mailbox, MailboxState, Role
from store.session import Database
from tests.support.api_office import ApiOffice, api_office
from tests.support.console_page import findings, sign_in
from tests.support.crash.office import SENDER, sealer_of
from tests.support.migrated import new_sqlite
from tests.support.served import served
from tests.support.vendors import Answer, FakeVendor, answer
from tools.providers.mail_accounts import MailAccounts

pytestmark = pytest.mark.browser

_SCOPES = "https://www.googleapis.com/auth/gmail.send https://www.googleapis.com/auth/gmail.readonly"


def google(request: httpx2.Request) -> Answer:
    if request.url.host == "oauth2.googleapis.com":
        return answer({"access_token": "a", "refresh_token": "r", "token_type": "Bearer", "scope": _SCOPES})
    return answer({"sendAs": [{"sendAsEmail": SENDER}]})


@pytest.fixture
def office(tmp_path: Path) -> Iterator[ApiOffice]:
    database = Database(new_sqlite(tmp_path))
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
    for width in (1280, 390):
        for theme in ("light", "dark"):
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme=theme)
            assert findings(page) == [], name
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
        sign_in(page, site, "admin@sender.example")
        page.goto(f"{site}/mailboxes/{office.office.mailbox_id}")
        for transport, part in shown.items():
            page.select_option("[name=transport]", transport)
            for each in filter(None, shown.values()):
                expect(page.locator(each).first, f"{each} for {transport}").to_be_visible(visible=each == part)
        page.select_option("[name=inbox]", "gmail")
        page.fill("[name=daily_cap]", "40")
        page.click("#settings button[type=submit]")
        page.wait_for_selector("#connection-title")
        assert row(office).state is MailboxState.PAUSED
        looked_at(page, tmp_path, "waits")
        page.route("**/mailboxes/*/connect", skip_google)
        page.click(".notice a.button")
        page.wait_for_url("**?said=connected")
        expect(page.locator(".notice").first).to_contain_text("Connected")
        looked_at(page, tmp_path, "connected")
    assert row(office).state is MailboxState.ACTIVE
