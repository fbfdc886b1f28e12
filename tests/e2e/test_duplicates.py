"""Duplicates in a browser, by keys alone: choose a pair, merge it, undo, say that they are two.

| real | made up |
|---|---|
| the application on a port, SQLite, Chromium, axe-core | two pairs with hostile names |
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlmodel import select

from api.app import create_app
from core.clock import SystemClock
from store import bulk
from store.models import MergeProposal, Role
from store.queries.companies import CompanyInput, upsert_companies
from store.session import Database
from tests.e2e.test_console import signed_in
from tests.support.api_office import ApiOffice, api_office
from tests.support.console_page import findings, too_wide
from tests.support.migrated import new_sqlite
from tests.support.served import served

pytestmark = pytest.mark.browser

_HOSTILE = "Tern <img src=x onerror=document.title='owned'> " + "x" * 200


@pytest.fixture
def office(tmp_path: Path) -> Iterator[ApiOffice]:
    database = Database(new_sqlite(tmp_path))
    yield api_office(database, SystemClock(), tmp_path)
    database.close()


@pytest.fixture
def pairs(office: ApiOffice) -> list[UUID]:
    """Of the proposals, the likeliest first."""
    made = []
    with office.deps.database.write(office.workspace_id) as session:
        for likely, (one, other) in ((0.8, ("Auk Systems", "Auk")), (0.6, ("Tern", _HOSTILE))):
            inputs = [CompanyInput(name, name.lower(), "file", city="Oslo") for name in (one, other)]
            kept, absorbed = upsert_companies(session, office.deps.clock, inputs).ids
            first, second = sorted((kept, absorbed))
            row = {
                "id": uuid4(),
                "kind": "company",
                "first_id": first,
                "second_id": second,
                "probability": likely,
                "reasons": ["the names are alike"],
                "evidence": {"kept_id": str(kept)},
                "created_at": office.deps.clock.now(),
            }
            bulk.insert(session, MergeProposal, [row])
            made.append(row["id"])
    return made  # type: ignore[return-value]


@pytest.fixture
def site(office: ApiOffice) -> Iterator[str]:
    with served(create_app(office.deps)) as url:
        yield url


def states(office: ApiOffice, pairs: list[UUID]) -> list[str]:
    with office.deps.database.read(office.workspace_id) as session:
        found = {row.id: row.state.value for row in session.exec(select(MergeProposal))}
    return [found[one] for one in pairs]


def test_pairs_are_decided_and_undone_by_keys_alone(page: Any, site: str, office: ApiOffice, pairs: list[UUID]) -> None:
    signed_in(page, site, office.user(Role.REP))
    page.goto(f"{site}/today")
    page.clock.set_fixed_time(office.deps.clock.now())  # the second key counts for so long, on a machine of any speed
    page.keyboard.press("g")
    page.keyboard.press("d")
    page.wait_for_url("**/duplicates")
    page.keyboard.press("m")
    assert states(office, pairs) == ["waiting", "waiting"], "no pair is chosen yet"
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("m")
    page.get_by_role("status").get_by_text("Merged.").wait_for()
    assert states(office, pairs) == ["accepted", "waiting"]
    page.keyboard.press("u")
    page.get_by_text("They are two again").wait_for()
    assert states(office, pairs) == ["waiting", "waiting"]
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.get_by_text("are not proposed again").wait_for()
    assert states(office, pairs) == ["waiting", "rejected"]
    page.keyboard.press("u")
    page.get_by_text("waits for a decision again").wait_for()
    assert states(office, pairs) == ["waiting", "waiting"]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pairs_and_merges_are_accessible_and_fit(
    page: Any, site: str, office: ApiOffice, pairs: list[UUID], theme: str
) -> None:
    signed_in(page, site, office.user(Role.REP))
    page.emulate_media(color_scheme=theme)
    page.goto(f"{site}/duplicates")
    page.get_by_role("button", name="Merge").last.click()
    page.get_by_text("Merged.", exact=False).first.wait_for()
    for place in ("/duplicates", "/duplicates?of=merged"):
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 800})
            page.goto(f"{site}{place}")
            assert too_wide(page) == 0, f"{place} at {width}"
        assert findings(page) == [], place
        assert page.title() != "owned"
