"""Chromium for tests: the machine's own, quiet, and unable to leave the machine."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, Request, expect, sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",  # /dev/shm is 64 MB in a container
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)
_TIMEOUT_MS = 60_000  # of a page that hangs; a busy machine is not one
expect.set_options(timeout=_TIMEOUT_MS)  # its own five seconds are a busy machine's
NOT_FOUND = f"No Chromium on PATH (looked for {', '.join(_NAMES)}); on Debian: apt install chromium"


def chromium_path() -> str | None:
    return next((path for path in map(shutil.which, _NAMES) if path), None)


@contextmanager
def launch(path: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(_FLAGS))
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def open_page(browser: Browser, **profile: Any) -> Iterator[Page]:
    """A page of a fresh profile. At the end it fails on script errors and on requests to anywhere but loopback.

    `profile`: what is different about whoever looks (viewport, locale, timezone_id, java_script_enabled, ...).
    """
    usual = {"viewport": {"width": 1280, "height": 800}, "locale": "en-GB", "timezone_id": "UTC"}
    context = browser.new_context(**{**usual, **profile})
    context.set_default_timeout(_TIMEOUT_MS)
    problems: list[str] = []

    def note_request(request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.hostname not in ("127.0.0.1", "localhost", "::1"):
            problems.append(f"asked for {request.url}")

    context.on("request", note_request)
    page = context.new_page()
    page.on("pageerror", lambda error: problems.append(f"script error: {error}"))
    try:
        yield page
    finally:
        context.close()
    assert not problems, f"The page {'; '.join(problems)}"
