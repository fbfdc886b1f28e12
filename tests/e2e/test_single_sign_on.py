"""Single sign-on in a real browser.

| real | made for the test |
|---|---|
| the application on a port, SQLite, axe-core, | the provider: an OpenID server on `localhost`, another site |
| Chromium with its rules on cookies and forms | than `127.0.0.1`, that asks for no password |
"""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from api.app import create_app
from core.clock import SystemClock
from store.models import Role
from store.session import Database
from tests.support.api_office import ApiOffice, api_office
from tests.support.console_page import findings, sign_in, too_wide
from tests.support.migrated import new_sqlite
from tests.support.oidc_server import CLIENT_ID, CLIENT_SECRET, OidcServer, oidc_server
from tests.support.served import served

pytestmark = pytest.mark.browser


@pytest.fixture
def provider() -> Iterator[OidcServer]:
    with oidc_server() as server:
        server.issuer = server.issuer.replace("127.0.0.1", "localhost")
        yield server


@pytest.fixture
def site_and_office(tmp_path: Path) -> Iterator[tuple[str, ApiOffice]]:
    database = Database(new_sqlite(tmp_path))
    listener = socket.create_server(("127.0.0.1", 0))
    site = f"http://127.0.0.1:{listener.getsockname()[1]}"
    office = api_office(database, SystemClock(), tmp_path, public_url=site, sso_private=True)
    with served(create_app(office.deps), listener):
        yield site, office
    database.close()


def looked_at(page: Any, folder: Path, name: str) -> None:
    """Nothing for axe to find, no wider than the window; and pictures for people."""
    for width, height in ((1280, 800), (1024, 768), (390, 844)):
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)
            page.set_viewport_size({"width": width, "height": height})
            page.screenshot(path=folder / f"{name}-{theme}-{width}.png", full_page=True)
            assert too_wide(page) == 0, f"{name} at {width} px"
            assert findings(page) == [], name
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 1280, "height": 800})


def test_an_admin_sets_it_up_and_a_person_comes_in(
    page: Any, site_and_office: tuple[str, ApiOffice], provider: OidcServer, tmp_path: Path
) -> None:
    site, office = site_and_office
    email = office.user(Role.ADMIN)
    sign_in(page, site, email, at="/people/single-sign-on")
    looked_at(page, tmp_path, "empty")

    page.get_by_label("Issuer").fill(provider.issuer)
    page.get_by_label("Client ID").fill(CLIENT_ID)
    page.get_by_label("Client secret", exact=False).first.fill(CLIENT_SECRET)
    page.get_by_label("E-mail domains").fill("sender.example")
    page.get_by_label("People who come for the first time").select_option("rep")
    page.get_by_role("button", name="Set it up").click()
    expect(page.get_by_role("status")).to_contain_text("is set up")
    page.wait_for_load_state()  # its keys work from then on
    page.screenshot(path=tmp_path / "saved.png")
    page.keyboard.press("t")
    page.get_by_text("The provider answers.").wait_for()
    looked_at(page, tmp_path, "set-up")
    page.get_by_role("button", name="Take it away").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.screenshot(path=tmp_path / "dialog.png")
    page.get_by_role("button", name="Cancel").click()

    page.context.clear_cookies()
    page.goto(f"{site}/leads")
    link = page.get_by_role("link", name="Sign in with localhost")
    looked_at(page, tmp_path, "sign-in")
    link.click()
    page.wait_for_url(f"{site}/leads")
    expect(page.get_by_role("heading", name="Leads", level=1)).to_be_visible()
    cookies = {cookie["name"]: cookie for cookie in page.context.cookies()}
    assert cookies["salesos"]["httpOnly"]
    assert "salesos_sso" not in cookies

    page.context.clear_cookies()
    provider.wrong = {"error": "access_denied"}
    page.goto(f"{site}/sign-in/single?workspace={office.slug}")
    page.get_by_role("link", name="Sign in with localhost").click()
    expect(page.get_by_role("alert")).to_contain_text("let nobody in")
    page.wait_for_load_state()
    looked_at(page, tmp_path, "refused")
