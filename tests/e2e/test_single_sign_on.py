"""Single sign-on in a real browser.

| real | made for the test |
|---|---|
| the application on a port, SQLite, axe-core, | the provider: an OpenID server on `localhost`, another site |
| Chromium with its rules on cookies and forms | than `127.0.0.1`, that asks for no password |
"""

import socket
import threading
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from api.app import create_app
from core.clock import SystemClock
from store import migrations
from store.models import Role
from store.session import Database
from tests.support.api_office import PASSWORD, ApiOffice, api_office
from tests.support.oidc_server import CLIENT_ID, CLIENT_SECRET, OidcServer, oidc_server

pytestmark = pytest.mark.browser

_AXE = files("axe_playwright_python").joinpath("axe.min.js")
_WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]


@pytest.fixture
def provider() -> Iterator[OidcServer]:
    with oidc_server() as server:
        server.issuer = server.issuer.replace("127.0.0.1", "localhost")
        yield server


@pytest.fixture
def site_and_office(tmp_path: Path) -> Iterator[tuple[str, ApiOffice]]:
    url = f"sqlite:///{tmp_path / 'salesos.db'}"
    migrations.upgrade(url)
    database = Database(url)
    listener = socket.create_server(("127.0.0.1", 0))
    site = f"http://127.0.0.1:{listener.getsockname()[1]}"
    office = api_office(database, SystemClock(), tmp_path, public_url=site, sso_private=True)
    server = uvicorn.Server(uvicorn.Config(create_app(office.deps), log_level="warning"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    yield site, office
    server.should_exit = True
    thread.join(timeout=10)
    database.close()


def looked_at(page: Any, folder: Path, name: str) -> None:
    """Nothing for axe to find, no wider than the window; and pictures for people."""
    for width, height in ((1280, 800), (1024, 768), (390, 844)):
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)
            page.set_viewport_size({"width": width, "height": height})
            page.screenshot(path=folder / f"{name}-{theme}-{width}.png", full_page=True)
            over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert over <= 0, f"{name} is {over} px too wide at {width} px"
            page.evaluate(_AXE.read_text())
            found = page.evaluate("tags => axe.run(document, {runOnly: {type: 'tag', values: tags}})", _WCAG)
            assert not found["violations"], [(v["id"], [n["html"] for n in v["nodes"]]) for v in found["violations"]]
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 1280, "height": 800})


def test_an_admin_sets_it_up_and_a_person_comes_in(
    page: Any, site_and_office: tuple[str, ApiOffice], provider: OidcServer, tmp_path: Path
) -> None:
    site, office = site_and_office
    email = office.user(Role.ADMIN)
    page.goto(f"{site}/people/single-sign-on")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/single-sign-on")
    looked_at(page, tmp_path, "empty")

    page.get_by_label("Issuer").fill(provider.issuer)
    page.get_by_label("Client ID").fill(CLIENT_ID)
    page.get_by_label("Client secret", exact=False).first.fill(CLIENT_SECRET)
    page.get_by_label("E-mail domains").fill("sender.example")
    page.get_by_label("People who come for the first time").select_option("rep")
    page.get_by_role("button", name="Set it up").click()
    page.screenshot(path=tmp_path / "saved.png")
    assert "is set up" in page.get_by_role("status").inner_text()
    page.keyboard.press("t")
    page.get_by_text("The provider answers.").wait_for()
    looked_at(page, tmp_path, "set-up")
    page.get_by_role("button", name="Take it away").click()
    assert page.get_by_role("dialog").is_visible()
    page.screenshot(path=tmp_path / "dialog.png")
    page.get_by_role("button", name="Cancel").click()

    page.context.clear_cookies()
    page.goto(f"{site}/leads")
    link = page.get_by_role("link", name="Sign in with localhost")
    looked_at(page, tmp_path, "sign-in")
    link.click()
    page.wait_for_url(f"{site}/leads")
    assert page.get_by_role("heading", name="Leads", level=1).is_visible()
    cookies = {cookie["name"]: cookie for cookie in page.context.cookies()}
    assert cookies["salesos"]["httpOnly"]
    assert "salesos_sso" not in cookies

    page.context.clear_cookies()
    provider.wrong = {"error": "access_denied"}
    page.goto(f"{site}/sign-in/single?workspace={office.slug}")
    page.get_by_role("link", name="Sign in with localhost").click()
    assert "let nobody in" in page.get_by_role("alert").inner_text()
    looked_at(page, tmp_path, "refused")
