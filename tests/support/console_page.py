"""What browser tests do on every page of the console, waited for: signing in, where the focus is, what is wrong."""

import json
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from tests.support.api_office import PASSWORD

_WCAG = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa")


def sign_in(page: Any, site: str, email: str, *, at: str = "/approvals", password: str = PASSWORD) -> None:
    """As somebody who asks for `at` and is not signed in yet. Ends on that page, loaded."""
    page.goto(f"{site}{at}")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    # Not a pattern of the address: the form's own ends with the page that is asked for, too.
    page.wait_for_url(lambda url: "/sign-in" not in url)


def spoken(page: Any) -> str:
    """What a live region says that has the focus: a browser gives it at the first frame, which may be after `load`."""
    page.wait_for_function("document.activeElement?.matches('[role=status],[role=alert]')")
    said: str = page.evaluate("document.activeElement.innerText")
    return said


def has_focus(page: Any, selector: str) -> None:
    """Waits until what has the focus is such an element."""
    page.wait_for_function("wanted => document.activeElement?.matches(wanted)", arg=selector)


def findings(page: Any, tags: Sequence[str] = _WCAG) -> list[str]:
    """What axe-core has against the page as it stands: a line a rule."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(_axe())
    found = page.evaluate(f"axe.run(document, {json.dumps({'runOnly': {'type': 'tag', 'values': list(tags)}})})")
    return [
        f"{one['id']}: {one['help']}: {one['nodes'][0]['html'][:160]} ×{len(one['nodes'])}"
        for one in found["violations"]
    ]


def too_wide(page: Any) -> int:
    """Pixels by which the page is wider than the window; 0: it fits."""
    over: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return max(over, 0)


@cache
def _axe() -> str:
    return files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
