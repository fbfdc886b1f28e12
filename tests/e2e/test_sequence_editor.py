"""A sequence is edited, tried on a real lead, compared, and its leads moved, in a browser. Real: all but the worker."""

import os
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]

from scoring.sequence import SEQUENCES
from store.models import Role
from tests.e2e.test_console import signed_in
from tests.e2e.test_imports_and_sequences import TIER_1, WIDTHS, office, site  # noqa: F401
from tests.support.api_office import ApiOffice

pytestmark = pytest.mark.browser


def looks_right(page: Any, name: str) -> None:
    page.wait_for_load_state()
    for width, height in WIDTHS:
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, (name, width)
        if folder := os.environ.get("SALESOS_TEST_SCREENSHOTS"):
            page.screenshot(path=Path(folder) / f"{name}-{width}.png", full_page=True)
    found = Axe().run(page).response["violations"]
    assert found == [], [(one["id"], [node["target"] for node in one["nodes"]]) for one in found]


def test_a_version_is_tried_saved_compared_and_given_to_running_leads(page: Any, site: str, office: ApiOffice) -> None:  # noqa: F811
    assert SEQUENCES[1].name == TIER_1
    signed_in(page, site, office.user(Role.SALES_OPS))
    page.goto(f"{site}/sequences")
    page.get_by_role("link", name=f"Versions of {TIER_1}").click()
    page.get_by_role("link", name="Edit", exact=True).click()
    text = page.get_by_label("The sequence as text")
    definition = text.input_value()
    text.fill(definition.replace("wait_days: 4", "wait_days: 5\n  only_if: [opened]"))
    page.get_by_role("button", name="Check and preview").click()
    page.get_by_role("alert").get_by_text("nobody reads").wait_for()
    looks_right(page, "sequence-refused")
    text.fill(definition.replace("wait_days: 4", "wait_days: 5\n  only_if: [not_clicked]"))
    page.get_by_label("Why, in your words").fill("More time before the end")
    page.get_by_role("button", name="Check and preview").click()
    page.get_by_role("heading", name="On a real lead").wait_for()
    looks_right(page, "sequence-checked")
    page.get_by_role("button", name="Save as the next version").click()
    page.wait_for_url("**/versions?said=saved")
    page.get_by_text("More time before the end").wait_for()
    looks_right(page, "sequence-versions")
    page.get_by_role("link", name="See what moving them").click()
    page.get_by_role("heading", name="What it would change").wait_for()
    looks_right(page, "sequence-move")
    page.get_by_role("button", name="Move 3 leads").click()
    page.get_by_text("3 leads were moved").wait_for()
    looks_right(page, "sequence-moved")
