"""What holds of every page of the console, in both themes and at three widths.

| real | made up |
|---|---|
| the application on a port, SQLite, Chromium, axe-core | the office: companies, leads, drafts, a run, hostile names |
"""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, select

from agents.discovery.kinds import Kind
from api.app import create_app
from core.clock import SystemClock
from store.models import (
    CalendarConnection,
    Company,
    ConnectedCalendar,
    Finding,
    Icp,
    IcpVersion,
    InboundEndpoint,
    InboundEvent,
    InboundState,
    Mailbox,
    Meeting,
    Pool,
    PoolEntry,
    PoolMember,
    Role,
    Run,
    Task,
    Transcript,
    User,
    WebhookEndpoint,
)
from store.queries import inbound
from store.session import Database
from tests.support.api_office import ApiOffice, api_office, tell_a_story
from tests.support.browser import open_page
from tests.support.console_page import findings, sign_in, too_wide
from tests.support.migrated import new_sqlite
from tests.support.served import served

pytestmark = pytest.mark.browser

HOSTILE = (
    "<script>document.title='owned'</script><img src=x onerror=document.title='owned'>\u202egnp.exe\u200b"
    '=HYPERLINK("http://evil.example")\'"{{7*7}}'
)
LARGEST_PAGE = 100_000  # bytes before compression: the page with its style sheets and scripts
_SIZE = """['navigation', 'resource'].flatMap((kind) => performance.getEntriesByType(kind))
  .reduce((sum, each) => sum + each.decodedBodySize, 0)"""
THEMES, WIDTHS = ("light", "dark"), (1280, 1024, 390)
_NOTES_FOCUS = """
window.focused = [];
addEventListener('focusin', ({ target }) => {
  const style = getComputedStyle(target), box = target.getBoundingClientRect();
  focused.push([target.outerHTML.slice(0, 120), style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0,
                box.width > 0 && box.height > 0]);
});
"""


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiOffice]:
    folder = tmp_path_factory.mktemp("every page")
    database = Database(new_sqlite(folder))
    office = api_office(database, SystemClock(), folder)
    office.user(Role.ADMIN, "admin@sender.example")
    office.stories = tell_a_story(office)  # type: ignore[attr-defined]
    office.places = _fill(office)  # type: ignore[attr-defined]
    yield office
    database.close()


def _fill(office: ApiOffice) -> dict[str, str]:
    """One of everything, with hostile names; the address of each page by its name."""
    deps, now, common = office.deps, office.deps.clock.now(), {"workspace_id": office.workspace_id}
    person = office.office.people[0]
    with deps.database.write(office.workspace_id) as session:
        icp = Icp(**common, id=deps.ids.new(), name=f"Hostile {HOSTILE}", created_at=now)
        session.add(icp)
        session.flush()
        definition = {"name": icp.name, "industries": ["software"], "employees": {"min": 5}}
        version = IcpVersion(
            **common, id=deps.ids.new(), icp_id=icp.id, number=1, definition=definition, created_at=now
        )
        session.add(version)
        session.flush()
        run = Run(
            **common, id=deps.ids.new(), icp_version_id=version.id, state="running", error=HOSTILE, created_at=now
        )
        hook = WebhookEndpoint(
            **common,
            id=deps.ids.new(),
            url="https://hooks.example/x",
            description=HOSTILE[:200],
            created_by="x",
            created_at=now,
        )
        company = Company(
            **common,
            id=deps.ids.new(),
            name=HOSTILE[:300],
            domain="hostile.example",
            description="x" * 100_000,
            industry=HOSTILE[:200],
            created_at=now,
            updated_at=now,
        )
        session.add_all([run, hook, company])
        meeting = Meeting(
            **common,
            id=(meeting_id := deps.ids.new()),
            lead_id=person.lead_id,
            contact_id=person.contact_id,
            company_id=company.id,
            user_id=deps.ids.new(),
            purpose_key=f"message:{meeting_id}",
            state="booked",
            starts_at=now - timedelta(hours=2),
            ends_at=now - timedelta(hours=1),
            time_zone="Europe/Berlin",
            notes_sealed=office.office.context.sealer.seal(HOSTILE, context=f"meeting|notes|{meeting_id}"),
            created_at=now,
        )
        task = Task(
            **common,
            id=(task_id := deps.ids.new()),
            source_key=f"task:{task_id}",
            subject_kind="lead",
            subject_id=person.lead_id,
            kind="sms",
            title=HOSTILE[:300],
            script_sealed=office.office.context.sealer.seal(HOSTILE, context=f"task|script|{task_id}"),
            due_at=now,
            created_at=now,
        )
        session.add_all([meeting, task])
        session.flush()
        _said(session, office, meeting)
        pool_id = _pool(session, office, meeting)
        mailbox = session.get(Mailbox, (office.workspace_id, office.office.mailbox_id))
        assert mailbox is not None
        mailbox.display_name = HOSTILE[:200]
        session.add(mailbox)
        told = _dead_letter(session, office)
        for user in list(session.exec(select(User))):  # the admin's own, and other people's
            _calendar(session, office, user)
    (first, _), _, (third, _) = office.stories  # type: ignore[attr-defined]
    return {
        "today": "/today",
        "queue": "/approvals",
        "draft": f"/approvals/{first}",
        "held-back": f"/approvals/{third}",
        "batch": "/approvals/batch",
        "edit": f"/approvals/{third}?edit=1",
        "companies": "/companies",
        "company": f"/companies/{company.id}",
        "leads": "/leads",
        "lead": f"/leads/{person.lead_id}",
        "contacts": "/contacts",
        "contact": f"/contacts/{person.contact_id}",
        "calendars": "/calendars",
        "calendar-new": "/calendars/new",
        "availability": "/availability",
        "meetings": "/meetings?when=past&whose=all",
        "meeting": f"/meetings/{meeting.id}",
        "pools": "/pools",
        "rooms": "/rooms",
        "pool": f"/pools/{pool_id}",
        "icps": "/icps",
        "icp": f"/icps/{icp.id}",
        "icp-editor": f"/icps/{icp.id}/edit",
        "icp-new": "/icps/new",
        "runs": "/runs",
        "run": f"/runs/{run.id}",
        "sequences": "/sequences",
        "writing": "/writing?template=first_mail/hiring",
        "mailboxes": "/mailboxes",
        "mailbox": f"/mailboxes/{office.office.mailbox_id}",
        "telephony": "/telephony",
        "telephony-task": f"/telephony/tasks/{task.id}",
        "why": "/why",
        "send-plan": "/send-plan",
        "policies": "/policies",
        "budgets": "/budgets",
        "vendors": "/vendors",
        "duplicates": "/duplicates",
        "merges": "/duplicates?of=merged",
        "outbox": "/outbox",
        "webhooks": "/webhooks",
        "webhook": f"/webhooks/{hook.id}",
        "notices": "/notices",
        "received": "/received",
        "received-event": f"/received/{told}",
        "suppressions": "/suppressions",
        "law": "/law",
        "audit": "/audit",
        "people": "/people",
        "settings": "/settings",
        "imports": "/imports",
        "setup": "/setup",
        "account": "/account",
    }


def _pool(session: Any, office: ApiOffice, meeting: Meeting) -> Any:
    """Two members with hostile names and skills, and one meeting in the ledger."""
    deps, now, common = office.deps, office.deps.clock.now(), {"workspace_id": office.workspace_id}
    needs = [{"skill": "german", "countries": ["DE"]}]
    pool_id, taker, other = deps.ids.new(), deps.ids.new(), deps.ids.new()
    session.add(Pool(**common, id=pool_id, name=HOSTILE[:100], needs=needs, created_at=now, updated_at=now))
    for number, user_id in enumerate((taker, other)):
        email = f"member{number}@sender.example"
        session.add(User(**common, id=user_id, email=email, name=HOSTILE[:200], role=Role.REP, created_at=now))
        session.flush()
        session.add(
            PoolMember(**common, id=deps.ids.new(), pool_id=pool_id, user_id=user_id, skills=["x" * 40], joined_at=now)
        )
    for user_id, change in ((taker, -500_000_000), (other, 500_000_000)):
        session.add(
            PoolEntry(
                **common,
                id=deps.ids.new(),
                pool_id=pool_id,
                user_id=user_id,
                meeting_id=meeting.id,
                kind="assigned",
                change=change,
                reason=HOSTILE[:300],
                at=now,
            )
        )
    meeting.pool_id, meeting.user_id = pool_id, taker
    session.add(meeting)
    session.flush()
    return pool_id


def _calendar(session: Any, office: ApiOffice, user: User) -> None:
    """An account that was closed, with one calendar."""
    now, common = office.deps.clock.now(), {"workspace_id": office.workspace_id, "user_id": user.id}
    connection_id = office.deps.ids.new()
    session.add(
        CalendarConnection(
            **common, id=connection_id, service="google", account=HOSTILE[:254], connection={"url": HOSTILE},
            state="broken", problem=HOSTILE, created_at=now,
        )
    )  # fmt: skip
    session.flush()
    session.add(
        ConnectedCalendar(
            **common, id=office.deps.ids.new(), connection_id=connection_id, calendar_id="x", name=HOSTILE[:300],
            may_write=True,
        )
    )  # fmt: skip


def _said(session: Session, office: ApiOffice, meeting: Meeting) -> None:
    """What was said in it, by somebody who means harm: a finding of each kind, one confirmed."""
    sealer, now = office.office.context.sealer, office.deps.clock.now()
    kept = {"workspace_id": office.workspace_id, "meeting_id": meeting.id, "contact_id": meeting.contact_id}
    heard = office.deps.ids.new()
    turns = json.dumps([[HOSTILE[:80], HOSTILE, [[0, 1, 1.0]]]])
    session.add(
        Transcript(
            **kept,
            id=heard,
            company_id=meeting.company_id,
            content_index="x",
            format="vtt",
            turns=1,
            turns_sealed=sealer.seal(turns, context=f"transcript|turns|{heard}"),
            created_by="x",
            created_at=now,
        )
    )
    session.flush()
    for number, kind in enumerate((*Kind, Kind.NEXT_STEP)):
        found = office.deps.ids.new()
        words = json.dumps({"quote": HOSTILE[:600], "speaker": HOSTILE[:80], "text": HOSTILE[:600]})
        session.add(
            Finding(
                **kept,
                id=found,
                transcript_id=heard,
                kind=kind.value,
                detail="price" if kind is Kind.OBJECTION else "",
                side="prospect",
                who="us",
                words_sealed=sealer.seal(words, context=f"finding|words|{found}"),
                turn=number,
                line=1,
                at_seconds=61.0,
                state="proposed" if number < len(Kind) else "confirmed",
                created_at=now,
            )
        )


def _dead_letter(session: Any, office: ApiOffice) -> Any:
    """A vendor's event that could not be applied, and the address that it came by."""
    deps, sealer, now = office.deps, office.office.context.sealer, office.deps.clock.now()
    endpoint_id, common = deps.ids.new(), {"workspace_id": office.workspace_id}
    session.add(
        InboundEndpoint(
            **common,
            id=endpoint_id,
            vendor="ses",
            token_hash="x",
            token_sealed=sealer.seal("A" * 64, context=inbound.token_under(endpoint_id)),
            secret_sealed=sealer.seal("x", context=inbound.secret_under(endpoint_id)),
            created_by="x",
            created_at=now,
            refused_at=now,
            refusal=HOSTILE,
        )
    )
    inbound.keep(session, sealer, now, "ses", endpoint_id, [inbound.NewEvent("1", HOSTILE, HOSTILE.encode(), now)])
    [row] = session.exec(select(InboundEvent)).all()
    row.state, row.reason = InboundState.DEAD, HOSTILE
    session.add(row)
    return row.id


@pytest.fixture(scope="module")
def site(office: ApiOffice) -> Iterator[str]:
    with served(create_app(office.deps)) as url:
        yield url


def places(office: ApiOffice) -> dict[str, str]:
    found: dict[str, str] = office.places  # type: ignore[attr-defined]
    return found


@pytest.fixture
def signed_in(page: Any, site: str) -> Any:
    sign_in(page, site, "admin@sender.example")
    return page


@dataclass
class Visit:
    """What was seen of a page that was opened once, in a window of 1280 pixels; the widths by resizing it."""

    status: int = 0
    policy: str = ""
    size: int = 0  # bytes before compression, with style sheets and scripts
    title: str = ""
    headings: list[str] = field(default_factory=list)
    foreign_images: int = 0
    complaints: list[str] = field(default_factory=list)
    over: dict[tuple[str, int], int] = field(default_factory=dict)  # pixels too wide, by theme and width
    focused: list[tuple[str, bool, bool]] = field(default_factory=list)  # what, has an outline, takes room


@pytest.fixture(scope="module")
def visits(chromium: Any, site: str, office: ApiOffice) -> Iterator[dict[str, Visit]]:
    """Every page of `places`. `open_page` itself fails on a script error and on a request that leaves the machine."""
    with open_page(chromium) as page:
        sign_in(page, site, "admin@sender.example")
        page.add_init_script(_NOTES_FOCUS)
        yield {name: _visit(page, f"{site}{place}", name) for name, place in places(office).items()}


def _visit(page: Any, url: str, name: str) -> Visit:
    visit = Visit()

    def complain(message: Any) -> None:
        if message.type == "error":
            visit.complaints.append(f"{name}: {message.text}")

    page.on("console", complain)
    answer = page.goto(url)
    visit.status, visit.policy = answer.status, answer.headers["content-security-policy"]
    visit.size = page.evaluate(_SIZE)
    visit.title, visit.headings = page.title(), page.locator("h1").all_inner_texts()
    visit.foreign_images = page.locator("img[src=x]").count()
    for _ in range(30):
        page.keyboard.press("Tab")
    visit.focused = page.evaluate("focused")
    for theme in THEMES:
        page.emulate_media(color_scheme=theme)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            visit.over[theme, width] = too_wide(page)
            if folder := os.environ.get("SALESOS_TEST_SCREENSHOTS"):
                page.screenshot(path=Path(folder) / f"{name}-{theme}-{width}.png")
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 1280, "height": 800})
    page.remove_listener("console", complain)
    return visit


@pytest.mark.parametrize("theme", THEMES)
def test_axe_finds_nothing(signed_in: Any, site: str, office: ApiOffice, theme: str) -> None:
    signed_in.emulate_media(color_scheme=theme)
    found = []
    for name, place in {**places(office), "sign-in": "/sign-in"}.items():
        if name == "sign-in":
            signed_in.context.clear_cookies()
        signed_in.goto(f"{site}{place}")
        found += [f"{name}: {each}" for each in findings(signed_in)]
    assert not found, "\n" + "\n".join(found)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_no_page_is_wider_than_the_screen(visits: dict[str, Visit], theme: str, width: int) -> None:
    wide = {name: visit.over[theme, width] for name, visit in visits.items()}
    assert {name: over for name, over in wide.items() if over} == {}


def test_hostile_text_does_nothing_and_nothing_comes_from_elsewhere(visits: dict[str, Visit]) -> None:
    for name, visit in visits.items():
        assert visit.status == 200, f"{name}: {visit.status}"
        assert "unsafe" not in visit.policy
        assert visit.title != "owned", name
        assert visit.foreign_images == 0, name
        assert "49" not in visit.headings[0], name  # {{7*7}} is no template
    assert [each for visit in visits.values() for each in visit.complaints] == []


def test_every_page_is_small_and_has_one_heading_and_a_title(visits: dict[str, Visit]) -> None:
    assert {name: visit.size for name, visit in visits.items() if visit.size > LARGEST_PAGE} == {}
    assert min(visit.size for visit in visits.values()) > 10_000, "style sheets and scripts are counted"
    assert {name: visit.headings for name, visit in visits.items() if len(visit.headings) != 1} == {}
    assert [name for name, visit in visits.items() if "SalesOS" not in visit.title] == []


def test_focus_is_always_seen(visits: dict[str, Visit]) -> None:
    """Tab through the first thirty stops of every page: each is on the page and has an outline."""
    assert [name for name, visit in visits.items() if len(visit.focused) < 5] == [], "the keyboard goes somewhere"
    unseen = [f"{name}: {what}" for name, visit in visits.items() for what, *good in visit.focused if not all(good)]
    assert not unseen, "\n" + "\n".join(unseen)
