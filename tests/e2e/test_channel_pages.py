"""Tasks by key, the page of team notices and the page behind a notice's link, in a browser.

| real | made up |
|---|---|
| the application on a port, SQLite, Chromium, axe-core | the office, its tasks, a channel with a hostile name |
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from api.app import create_app
from core.clock import SystemClock
from store.models import Approval, ApprovalState, Notice, NoticeChannel, NoticeKind, Role, Task, TaskState
from store.queries import team_notices
from store.session import Database
from tests.support.api_office import ApiOffice, api_office
from tests.support.console_page import findings, has_focus, too_wide
from tests.support.console_page import sign_in as sign_in_at
from tests.support.migrated import new_sqlite
from tests.support.served import served
from tools.notice_links import NoticeLinks

pytestmark = pytest.mark.browser

LINKS = NoticeLinks([b"only for tests of links in notices, long"], "")
HOSTILE = "<script>document.title='owned'</script>"


@dataclass
class Site:
    url: str
    office: ApiOffice
    link: str
    approval_id: UUID

    def task(self, kind: str = "phone") -> UUID:
        deps, now = self.office.deps, self.office.deps.clock.now()
        row = Task(
            workspace_id=self.office.workspace_id, id=deps.ids.new(), source_key=f"t:{deps.ids.new()}",
            subject_kind="lead", subject_id=self.office.office.people[1].lead_id, kind=kind, title="Call Pat Weber",
            due_at=now, created_at=now,
        )  # fmt: skip
        task_id = row.id
        with deps.database.write(self.office.workspace_id) as session:
            session.add(row)
        return task_id

    def get(self, model: Any, row_id: UUID) -> Any:
        with self.office.deps.database.read(self.office.workspace_id) as session:
            return session.get_one(model, (self.office.workspace_id, row_id))


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    database = Database(new_sqlite(tmp_path))
    office = api_office(database, SystemClock(), tmp_path)
    office.deps = replace(office.deps, notices=LINKS)
    office.user(Role.ADMIN, "admin@sender.example")
    deps, now = office.deps, office.deps.clock.now()
    _, approval_id, digest = office.office.draft()
    channel_id, notice_id = deps.ids.new(), deps.ids.new()
    common = {"workspace_id": office.workspace_id, "created_at": now}
    with database.write(office.workspace_id) as session:
        session.add(
            NoticeChannel(
                **common, id=channel_id, name=HOSTILE, service="slack_webhook", secret_sealed="x",
                kinds=["reply"], alerts_from=now, created_by="x",
            )
        )  # fmt: skip
        session.flush()
        session.add(
            Notice(
                **common, id=notice_id, channel_id=channel_id, key="k", kind=NoticeKind.APPROVAL, due_at=now,
                subject_id=approval_id, content_hash=digest, link_until=now + team_notices.LINK_FOR,
            )
        )  # fmt: skip
    with served(create_app(office.deps)) as address:
        yield Site(address, office, LINKS.url(office.workspace_id, notice_id), approval_id)
    database.close()


def sign_in(page: Any, site: Site, at: str) -> None:
    """As somebody who follows a link and is not signed in yet."""
    sign_in_at(page, site.url, "admin@sender.example", at=at)


def test_a_call_is_logged_with_one_key_and_taken_back_with_another(page: Any, site: Site) -> None:
    task_id = site.task()
    sign_in(page, site, "/today")
    page.goto(f"{site.url}/today?whose=all")
    page.locator("[data-row]", has_text="Call Pat Weber").locator("a[data-open]").focus()
    page.keyboard.press("v")
    page.get_by_text("Logged: voicemail").wait_for()
    assert site.get(Task, task_id).result == "voicemail"
    page.keyboard.press("u")
    page.get_by_text("The task waits again.").wait_for()
    assert site.get(Task, task_id).state is TaskState.OPEN


def test_what_cannot_be_undone_asks_once_more(page: Any, site: Site) -> None:
    task_id = site.task()
    sign_in(page, site, "/today")
    page.goto(f"{site.url}/today?whose=all")
    page.locator("[data-row]", has_text="Call Pat Weber").locator("a[data-open]").focus()
    page.keyboard.press("x")
    page.wait_for_function("document.activeElement.textContent.startsWith('Not interested')")
    has_focus(page, "button")
    assert site.get(Task, task_id).state is TaskState.OPEN
    page.keyboard.press("Enter")
    page.get_by_text("The lead is lost").wait_for()
    assert site.get(Task, task_id).result == "not_interested"


def test_call_back_opens_its_hour(page: Any, site: Site) -> None:
    task_id = site.task("sms")
    sign_in(page, site, "/today")
    page.goto(f"{site.url}/today?whose=all")
    page.locator("[data-row]", has_text="Call Pat Weber").locator("a[data-open]").focus()
    page.keyboard.press("b")
    page.get_by_label("When").fill("2036-01-01T10:30")
    page.get_by_role("button", name="Wait until then").click()
    page.get_by_text("within a year").wait_for()
    assert site.get(Task, task_id).state is TaskState.OPEN


def test_a_link_is_followed_through_signing_in_and_approves_by_key(page: Any, site: Site) -> None:
    sign_in(page, site, site.link)
    page.get_by_text("shall we talk?").wait_for()
    assert site.get(Approval, site.approval_id).state is ApprovalState.PENDING
    page.keyboard.press("a")
    page.get_by_text("Approved. It leaves in its time.").wait_for()
    assert site.get(Approval, site.approval_id).state is ApprovalState.APPROVED
    page.goto(f"{site.url}{site.link}")
    page.get_by_text("it decides once").wait_for()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_pages_are_for_everybody(page: Any, site: Site, theme: str, tmp_path: Path) -> None:
    site.task()
    sign_in(page, site, "/today")
    page.emulate_media(color_scheme=theme)
    for name, place in {"today": "/today?whose=all", "notices": "/notices", "link": site.link}.items():
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 900})
            page.goto(f"{site.url}{place}")
            page.screenshot(path=tmp_path / f"{name}-{theme}-{width}.png", full_page=True)
            assert too_wide(page) == 0, f"{name} at {width}"
        assert findings(page) == [], name
        assert page.title() != "owned"
