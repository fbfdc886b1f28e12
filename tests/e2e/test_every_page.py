"""What holds of every page of the console, in both themes and at three widths.

| real | made up |
|---|---|
| the application on a port, SQLite, Chromium, axe-core | the office: companies, leads, drafts, a run, hostile names |
"""

import json
from collections.abc import Iterator
from datetime import timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from api.app import create_app
from core.clock import SystemClock
from store import migrations
from store.models import (
    Company,
    Icp,
    IcpVersion,
    InboundEndpoint,
    InboundEvent,
    InboundState,
    Mailbox,
    Meeting,
    Role,
    Run,
    Task,
    WebhookEndpoint,
)
from store.queries import inbound
from store.session import Database
from tests.support.api_office import PASSWORD, ApiOffice, api_office, tell_a_story
from tests.support.served import served

pytestmark = pytest.mark.browser

HOSTILE = (
    "<script>document.title='owned'</script><img src=x onerror=document.title='owned'>\u202egnp.exe\u200b"
    '=HYPERLINK("http://evil.example")\'"{{7*7}}'
)
LARGEST_PAGE = 100_000  # bytes over the wire: the page with its style sheets and scripts
_AXE = files("axe_playwright_python").joinpath("axe.min.js")
_WCAG = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}}


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiOffice]:
    folder = tmp_path_factory.mktemp("every page")
    url = f"sqlite:///{folder / 'salesos.db'}"
    migrations.upgrade(url)
    database = Database(url)
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
        mailbox = session.get(Mailbox, (office.workspace_id, office.office.mailbox_id))
        assert mailbox is not None
        mailbox.display_name = HOSTILE[:200]
        session.add(mailbox)
        told = _dead_letter(session, office)
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
        "meetings": "/meetings?when=past&whose=all",
        "meeting": f"/meetings/{meeting.id}",
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
    page.goto(f"{site}/sign-in")
    page.get_by_label("E-mail").fill("admin@sender.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "/sign-in" not in url)
    return page


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(signed_in: Any, site: str, office: ApiOffice, theme: str) -> None:
    signed_in.emulate_media(color_scheme=theme)
    source, found = _AXE.read_text(encoding="utf-8"), []
    for name, place in {**places(office), "sign-in": "/sign-in"}.items():
        if name == "sign-in":
            signed_in.context.clear_cookies()
        signed_in.goto(f"{site}{place}")
        signed_in.evaluate(source)
        result = signed_in.evaluate(f"axe.run(document, {json.dumps(_WCAG)})")
        for violation in result["violations"]:
            where = violation["nodes"][0]
            found.append(
                f"{name}: {violation['id']}: {violation['help']}: {where['html'][:160]} ×{len(violation['nodes'])}"
            )
    assert not found, "\n" + "\n".join(found)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 1024, 390])
def test_no_page_is_wider_than_the_screen(
    signed_in: Any, site: str, office: ApiOffice, theme: str, width: int, tmp_path: Path
) -> None:
    signed_in.emulate_media(color_scheme=theme)
    signed_in.set_viewport_size({"width": width, "height": 800})
    wide = []
    for name, place in places(office).items():
        signed_in.goto(f"{site}{place}")
        signed_in.screenshot(path=tmp_path / f"{name}-{theme}-{width}.png")
        over = signed_in.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if over > 0:
            wide.append(f"{name} by {over} px")
    assert not wide, f"at {width} px: {', '.join(wide)}"


def test_hostile_text_does_nothing_and_nothing_comes_from_elsewhere(
    signed_in: Any, site: str, office: ApiOffice
) -> None:
    """`page` itself fails on a script error and on any request that leaves the machine."""
    complaints: list[str] = []
    signed_in.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    for name, place in places(office).items():
        answer = signed_in.goto(f"{site}{place}")
        assert answer.status == 200, f"{name}: {answer.status}"
        assert "unsafe" not in answer.headers["content-security-policy"]
        assert signed_in.title() != "owned", name
        assert signed_in.locator("img[src=x]").count() == 0, name
        assert "49" not in signed_in.locator("h1").first.inner_text() or "{{7*7}}" not in HOSTILE, name
    assert not complaints, complaints


def test_every_page_is_small_and_has_one_heading_and_a_title(signed_in: Any, site: str, office: ApiOffice) -> None:
    sizes: dict[str, int] = {}

    def note(response: Any) -> None:
        sizes[response.url] = len(response.body())

    too_large = []
    for name, place in places(office).items():
        sizes.clear()
        signed_in.on("response", note)
        signed_in.goto(f"{site}{place}")
        signed_in.wait_for_load_state("load")
        signed_in.remove_listener("response", note)
        if sum(sizes.values()) > LARGEST_PAGE:
            too_large.append(f"{name}: {sum(sizes.values()):,} bytes")
        assert signed_in.locator("h1").count() == 1, name
        assert "SalesOS" in signed_in.title(), name
    assert not too_large, too_large


def test_focus_is_always_seen(signed_in: Any, site: str, office: ApiOffice) -> None:
    """Tab through the first thirty stops of every page: each is on the page and has an outline."""
    unseen = []
    for name, place in places(office).items():
        signed_in.goto(f"{site}{place}")
        for _ in range(30):
            signed_in.keyboard.press("Tab")
            state = signed_in.evaluate(
                """() => { const e = document.activeElement; if (!e || e === document.body) return null;
                const s = getComputedStyle(e), r = e.getBoundingClientRect();
                return [e.outerHTML.slice(0, 120), s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0,
                        r.width > 0 && r.height > 0]; }"""
            )
            if state is None:
                break
            if not (state[1] and state[2]):
                unseen.append(f"{name}: {state[0]}")
    assert not unseen, "\n" + "\n".join(unseen)
