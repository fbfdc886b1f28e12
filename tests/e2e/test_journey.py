"""One story through the whole console: guide → ICP → run → approval by key → sent → a reply → timeline → undo.

| part | real or played |
|---|---|
| application, worker, store, browser, the mail as it leaves and the reply as it comes (folders) | real |
| time | moved by the test, so that it is a Tuesday afternoon in everybody's office |
| companies and people | the sample that comes with the product |
| language model, the web, DNS | absent: templates and rules serve |
"""

import email
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect
from typer.testing import CliRunner

from cli.composition import Application, compose
from cli.main import app as cli
from core.clock import VirtualClock
from core.settings import DeliveryMode, Settings
from tests.support.guide import through_the_guide, until
from tests.support.served import served
from tests.support.workdays import working_tuesday

EMAIL, PASSWORD = "mara@ledgerline.example", "correct horse battery 9"


pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(1800)]


@contextmanager
def working(application: Application) -> Iterator[None]:
    """A worker beside the server, as `salesos serve` has it."""
    stop, failed = threading.Event(), []

    def work() -> None:
        try:
            while not stop.wait(0.2):
                application.worker.drain()
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(timeout=300)
        assert not thread.is_alive(), "The worker did not end."
    assert not failed, failed


@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 390)])
def test_from_the_guide_to_a_reply_and_back(
    tmp_path: Path, page: Any, monkeypatch: pytest.MonkeyPatch, theme: str, width: int
) -> None:
    monkeypatch.setenv("SALESOS_DATA_DIR", str(tmp_path / "data"))
    made = CliRunner().invoke(
        cli,
        ["init", "--name", "Ledgerline Ltd", "--postal-address", "1 Main Street, Dublin", "--email", EMAIL,
         "--user-name", "Mara Vidal", "--password-stdin"],
        input=PASSWORD + "\n",
    )  # fmt: skip
    assert made.exit_code == 0, made.output
    page.set_default_timeout(60_000)
    page.emulate_media(color_scheme=theme)
    page.set_viewport_size({"width": width, "height": 844})
    settings = Settings(data_dir=tmp_path / "data", delivery=DeliveryMode.FOLDER, send_delay_seconds=0)
    with (
        # Afternoon in Europe, morning in New York: within working hours of whoever the sample names.
        compose(settings, clock=VirtualClock(working_tuesday(datetime.now(UTC), hour=14, minute=30))) as application,
        served(application.app) as site,
        working(application),
    ):
        through_the_guide(page, site, EMAIL, PASSWORD)
        company = page.locator("#draft-title, .draft h2").first.inner_text().strip()
        page.keyboard.press("a")
        page.get_by_role("status").first.wait_for()
        (sent,) = until(lambda: list((tmp_path / "data").rglob("sent/**/*.eml")) or None)
        _reply(sent.read_bytes(), tmp_path)

        # The reply is in the company's one list, and somebody is told to answer it.
        page.goto(f"{site}/companies")
        page.keyboard.press("/")
        page.keyboard.type(company)
        page.keyboard.press("Enter")
        page.wait_for_url("**q=*")  # the row of all companies that came first would be another
        page.locator("a[data-open]").first.click()
        page.wait_for_url("**/companies/*-*")
        place = page.url
        until(lambda: page.goto(place) and page.get_by_text("Sounds useful").count())
        # The row names the company and asks for it, wherever it ranks.
        asks = page.locator("[data-row]", has_text=company).filter(has_text="Answer what they wrote")
        until(lambda: page.goto(f"{site}/today") and asks.count())
        expect(asks.first.locator("a[data-open]")).to_be_visible()

        # An edit by hand, and taken back.
        page.goto(place)
        page.keyboard.press("e")
        page.get_by_label("Industry").fill("Freight forwarding")
        page.keyboard.press("Enter")
        page.get_by_role("status").wait_for()
        expect(page.get_by_text("→ Freight forwarding").and_(page.locator(":visible"))).not_to_have_count(0)
        page.get_by_role("button", name="Undo").first.press("Enter")
        page.wait_for_url("**said=undone")
        expect(page.get_by_text("undone").and_(page.locator(":visible"))).not_to_have_count(0)


def _reply(raw: bytes, folder: Path) -> None:
    """As the recipient's own program answers."""
    mail = email.message_from_bytes(raw, policy=policy.default)
    answer = EmailMessage()
    answer["From"], answer["To"] = str(mail["To"]), str(mail["From"])
    answer["Subject"] = f"Re: {mail['Subject']}"
    answer["In-Reply-To"] = answer["References"] = str(mail["Message-ID"])
    answer["Message-ID"] = "<answer-1@recipient.example>"
    answer["Date"] = str(mail["Date"])
    answer.set_content("Sounds useful. Can we talk next week?\n")
    target = folder / "data" / "inbox" / EMAIL
    target.mkdir(parents=True, exist_ok=True)
    (target / "0001.eml").write_bytes(answer.as_bytes())
