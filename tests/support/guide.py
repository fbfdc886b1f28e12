"""The set-up guide as somebody new takes it: by keyboard, with its defaults, up to the first draft on the screen."""

import time
from typing import Any


def through_the_guide(page: Any, site: str, email: str, password: str) -> list[str]:
    """Signs in to an empty workspace and takes every step; returns what each said. Ends on the first draft."""
    page.goto(f"{site}/")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(password)
    page.keyboard.press("Enter")
    page.wait_for_url("**/setup")

    # What is not known is asked for; everything else has a default, and "n" takes the step.
    page.get_by_label("Product", exact=False).first.fill("Ledgerline")
    page.get_by_label("What it does").fill("finds invoice errors before the invoice leaves the building")
    page.keyboard.press("Enter")
    steps = [said(page, "offer")]
    while "sample" not in steps:
        if steps[-1] == "offer":
            page.keyboard.press("n")  # it is put on file in somebody's name: the key goes to the box that says so
            assert page.evaluate("document.activeElement.name") == "sure"
            page.keyboard.press("Space")
        page.keyboard.press("n")
        page.wait_for_url(lambda url, last=steps[-1]: "said=" in url and not url.endswith(f"said={last}"))
        steps.append(page.url.partition("said=")[2])
    page.keyboard.press("n")
    steps.append(said(page, "run"))

    # The page follows the run by itself: nobody reloads it.
    # What it offers meanwhile is the clock's matter: mails that are due are written without a word.
    read = page.get_by_role("link", name="Read the first one")
    write = page.get_by_role("button", name="Write the first five now")

    def written() -> bool:
        if write.is_visible():
            page.keyboard.press("n")
        return bool(read.is_visible())

    until(written)
    if page.url.endswith("said=drafts"):
        steps.append("drafts")
    page.keyboard.press("n")
    page.wait_for_url(lambda url: "/setup" not in url)
    page.keyboard.press("j")
    page.wait_for_url("**/approvals/*")
    return steps


def said(page: Any, code: str) -> str:
    page.wait_for_url(f"**/setup?said={code}")
    return code


def until(check: Any, seconds: float = 300) -> Any:
    """What `check` answers, as soon as it is something. The seconds are those of a hang."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := check():
            return found
        time.sleep(0.1)
    raise AssertionError("It did not happen in time.")
