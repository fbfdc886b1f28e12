"""The pages that prospects see (`/b/…`, `/m/…`): whoever they are, whatever they look with, whatever we are called.

| real | made up |
|---|---|
| application on a port, SQLite, Chromium, axe-core | office, meetings, names; the rep's calendar; time stands still |
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import expect
from sqlmodel import select

from agents.booking.picking import call_off, pick_slot
from api.app import create_app
from api.views.booking_words import speech_of
from core.clock import VirtualClock
from store import migrations
from store.models import Availability, Hold, Meeting, MeetingState, User, Workspace
from store.session import Database
from tests.support.api_office import BOOKING, ApiOffice, api_office
from tests.support.browser import open_page
from tests.support.calendar_office import CalendarOffice, with_calendars
from tests.support.fake_calendar import FakeCalendar
from tests.support.served import served
from tools.calendar.slot_words import MAIN_LANGUAGES

pytestmark = pytest.mark.browser

NOW = datetime(2026, 10, 27, 14, tzinfo=UTC)  # the Tuesday before the clocks of New York are set back
THEIRS = ZoneInfo("America/New_York")
HOSTILE = "<script>document.title='owned'</script><img src=x onerror=document.title='owned'>\u202egnp.exe{{7*7}}{host}"
RIGHT_TO_LEFT = "שרה כהן (1)"
LONG = "Donaudampfschifffahrtsgesellschaftskapitän" * 4
WIDTHS = (320, 390, 1024, 1280)
FEWEST = {"/b/": (6, 25_000), "/m/": (5, 60_000)}  # requests, and bytes of all of them
_AXE = files("axe_playwright_python").joinpath("axe.min.js")
_WCAG = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}}
_ALL_WEEK = {day: ["00:00", "24:00"] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}


class Site:
    """An office whose rep has a calendar, and the links of prospects."""

    def __init__(self, api: ApiOffice, outside: FakeCalendar) -> None:
        self.booking: CalendarOffice = with_calendars(api.office, outside)
        self.outside, self.api, self.url = outside, api, ""
        self.deps = replace(api.deps, context_for=lambda _workspace_id: self.booking.context)

    @property
    def workspace_id(self) -> UUID:
        return self.api.workspace_id

    def held(self, hold: Hold) -> str:
        return f"{self.url}/b/{BOOKING.make(self.workspace_id, hold.id)}"

    def page_of(self, meeting_id: UUID) -> str:
        return f"{self.url}/m/{BOOKING.make_meeting(self.workspace_id, meeting_id)}"

    def meeting(self, meeting_id: UUID) -> Meeting:
        return self.booking.meeting(meeting_id)

    def called(self, rep: str, workspace: str) -> None:
        with self.deps.database.write(self.workspace_id) as session:
            user = session.get_one(User, (self.workspace_id, self.rep_id))
            user.name = rep[:200]
            session.add(user)
        with self.deps.database.unscoped(writes=True) as session:
            row = session.get_one(Workspace, self.workspace_id)
            row.name = workspace[:200]
            session.add(row)

    @property
    def rep_id(self) -> UUID:
        with self.deps.database.read(self.workspace_id) as session:
            return session.exec(select(User.id)).one()

    def round_the_clock(self) -> None:
        """So that the night of the change has free times too."""
        with self.deps.database.write(self.workspace_id) as session:
            user = session.get_one(User, (self.workspace_id, self.rep_id))
            user.working_hours, user.time_zone = _ALL_WEEK, "UTC"
            session.add(user)
            rules = {"horizon_days": 7, "notice_hours": 0}
            session.add(Availability(workspace_id=self.workspace_id, id=user.id, rules=rules, updated_at=NOW))


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    url = f"sqlite:///{tmp_path / 'salesos.db'}"
    migrations.upgrade(url)
    database, clock = Database(url), VirtualClock(NOW)
    made = Site(api_office(database, clock, tmp_path, people=5), FakeCalendar(clock=clock))
    with served(create_app(made.deps)) as address:
        made.url = address
        yield made
    database.close()


@pytest.fixture
def visitor(chromium: Any) -> Callable[..., Any]:
    """Opens a page of a profile: `with visitor(locale="de-DE") as page`."""
    return lambda **profile: open_page(chromium, **profile)


def every_state(site: Site) -> dict[str, str]:
    """The address of each thing that these pages say. Three people, and what became of their meetings."""
    asked, booked, off, held = (site.booking.propose(number) for number in range(4))
    for number, holds in ((1, booked), (2, off), (3, held)):
        site.booking.invite(pick_slot(site.booking.context, holds[0].id), number)
        site.booking.work()
    call_off(site.booking.context, off[0].meeting_id)
    site.booking.work()
    with site.deps.database.write(site.workspace_id) as session:
        row = session.get_one(Meeting, (site.workspace_id, held[0].meeting_id))
        row.state, row.booked_key = MeetingState.HELD, None
        session.add(row)
    return {
        "open": site.held(asked[0]),
        "booked": site.held(booked[0]),
        "another": site.held(booked[1]),
        "gone": site.held(off[1]),
        "choose": site.page_of(asked[0].meeting_id),
        "move": site.page_of(booked[0].meeting_id),
        "called-off": site.page_of(off[0].meeting_id),
        "over": site.page_of(held[0].meeting_id),
    }


def day_of(at: datetime) -> str:
    """On their clock, in English."""
    return speech_of("en").day(at, THEIRS)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(
    site: Site, visitor: Any, theme: str, tmp_path: Path
) -> None:
    site.called(RIGHT_TO_LEFT, LONG)
    source, found = _AXE.read_text(encoding="utf-8"), []
    with visitor(timezone_id="Asia/Tokyo") as page:
        page.emulate_media(color_scheme=theme)
        for name, place in every_state(site).items():
            page.goto(place)
            for width in WIDTHS:
                page.set_viewport_size({"width": width, "height": 800})
                page.screenshot(path=tmp_path / f"{name}-{theme}-{width}.png", full_page=True)
                if page.evaluate("document.documentElement.scrollWidth") > width:
                    found.append(f"{name} is wider than {width}")
                if width not in (min(WIDTHS), max(WIDTHS)):
                    continue  # nothing is laid out in a third way
                page.evaluate(source)
                result = page.evaluate(f"axe.run(document, {json.dumps(_WCAG)})")
                found += [f"{name} at {width}: {each['id']}: {each['help']}" for each in result["violations"]]
            assert page.locator("h1").count() == 1, name
    assert not found, "\n" + "\n".join(found)


@pytest.mark.parametrize("language", MAIN_LANGUAGES)
def test_every_language_fits_and_says_so(site: Site, visitor: Any, language: str) -> None:
    places = every_state(site)
    with visitor(locale=language, viewport={"width": 320, "height": 640}) as page:
        titles = set()
        for name, place in places.items():
            page.goto(place)
            assert page.locator("html").get_attribute("lang") == language, name
            assert page.evaluate("document.documentElement.scrollWidth") <= 320, name
            assert "{" not in page.locator("main").inner_text(), name
            titles.add(page.title())
        assert len(titles) >= 6


@pytest.mark.parametrize(
    "name", [HOSTILE, RIGHT_TO_LEFT, "  ", LONG], ids=["hostile", "right to left", "blank", "long"]
)
def test_no_name_does_anything_or_turns_the_words_around_it(site: Site, visitor: Any, name: str) -> None:
    site.called(name, name)
    complaints: list[str] = []
    with visitor() as page:
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        for state, place in every_state(site).items():
            answer = page.goto(place)
            assert answer.status == 200, state
            assert "unsafe" not in answer.headers["content-security-policy"]
            assert page.title() != "owned", state
            assert page.locator("img").count() == 0, state
            text = page.locator("main").inner_text()
            assert "\u202e" not in page.content(), state
            assert "7*7" in text or "49" not in text, state
            for named in page.locator("main bdi").all():
                assert named.evaluate("each => getComputedStyle(each).unicodeBidi") == "isolate", state
            if name.strip() and state in ("open", "booked", "choose", "move"):
                assert page.locator("main bdi").count() >= 1, state
    assert not complaints, complaints


def test_it_is_small(site: Site, visitor: Any) -> None:
    """Bytes and requests, not seconds: what is small is fast on any telephone."""
    for name, place in every_state(site).items():
        sizes: dict[str, int] = {}
        with visitor() as page:
            page.on("response", lambda response, sizes=sizes: sizes.update({response.url: len(response.body())}))
            page.goto(place, wait_until="networkidle")
        most, bytes_ = FEWEST["/b/" if "/b/" in place else "/m/"]
        assert len(sizes) <= most, f"{name}: {sorted(sizes)}"
        assert sum(sizes.values()) <= bytes_, f"{name}: {sum(sizes.values()):,}"


def test_without_javascript_and_by_keyboard_alone(site: Site, visitor: Any) -> None:
    hold = site.booking.propose()[0]
    with visitor(java_script_enabled=False) as page:
        page.goto(site.held(hold))
        _tab_to(page, page.locator("main button"))
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("Booked")
        site.booking.work()

        # Moved, on a clock that they choose by its first letters.
        page.goto(site.page_of(hold.meeting_id))
        _tab_to(page, page.get_by_label("Time zone"))
        page.keyboard.type("Asia/Kol")
        _tab_to(page, page.get_by_role("button", name="Show times in this zone"))
        page.keyboard.press("Enter")
        expect(page.locator("#clock")).to_have_text("India Standard Time, UTC+05:30")
        wanted = page.locator("button[name=start]").nth(7)
        instant = datetime.fromisoformat(str(wanted.get_attribute("value")))
        _tab_to(page, wanted)
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("Booked")
        there = instant.astimezone(ZoneInfo("Asia/Kolkata"))
        expect(page.locator(".moment")).to_contain_text(f"{there:%H:%M}")
        expect(page.locator(".moment")).to_contain_text("Asia/Kolkata")
        assert site.meeting(hold.meeting_id).starts_at == instant

        # Called off: it is asked for twice, by opening and by pressing.
        page.goto(site.page_of(hold.meeting_id))
        _tab_to(page, page.locator("summary"))
        page.keyboard.press("Enter")
        _tab_to(page, page.locator("form[action$='/cancel'] button"))
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("The meeting is called off")
        assert site.meeting(hold.meeting_id).state is MeetingState.CANCELLED


def _tab_to(page: Any, target: Any) -> None:
    """Only by the key; where the focus is must be seen."""
    expect(target).to_be_visible()
    for _ in range(200):
        page.keyboard.press("Tab")
        if target.evaluate("each => each === document.activeElement"):
            style = (
                "each => getComputedStyle(each).outlineStyle !== 'none' && each.getBoundingClientRect().height >= 24"
            )
            assert target.evaluate(style), "the focus is seen, and the target is large enough"
            return
    raise AssertionError("The key does not come there.")


def test_what_is_read_out_names_the_day_and_the_hour_and_each_time_once(site: Site, visitor: Any) -> None:
    hold = site.booking.propose()[0]
    with visitor() as page:
        page.goto(site.page_of(hold.meeting_id))
        expect(page.get_by_role("button", name=f"{day_of(hold.starts_at)}, 09:00", exact=True)).to_be_visible()
        days = page.get_by_role("heading", level=2).all_inner_texts()
        assert len(days) == len(set(days)) > 5
        for day in days:
            assert page.get_by_role("region", name=day).get_by_role("list").count() == 1
        buttons = page.locator("button[name=start]")
        names = buttons.evaluate_all("all => all.map(each => each.getAttribute('aria-label'))")
        assert len(names) == len(set(names)) > 50
        shown = buttons.evaluate_all("all => all.map(each => each.innerText.trim())")
        assert all(text in name for text, name in zip(shown, names, strict=True)), "who speaks to it says what is seen"


def test_the_zone_of_the_visitor_is_guessed_and_said(site: Site, visitor: Any) -> None:
    """Their record's zone where nothing else is known; their device's beside it, and on the page of all times."""
    hold = site.booking.propose()[0]
    with visitor(timezone_id="Asia/Tokyo", locale="de-DE") as page:
        page.goto(site.held(hold))
        expect(page.locator(".moment .clock").first).to_contain_text(
            "Nordamerikanische Ostküsten-Sommerzeit, UTC-04:00"
        )
        expect(page.locator("#here")).to_contain_text("Asia/Tokyo")
        expect(page.locator("#here")).to_contain_text(f"{hold.starts_at.astimezone(ZoneInfo('Asia/Tokyo')):%H:%M}")
        page.locator("a[data-zoned]").click()
        page.wait_for_url("**/m/**zone=Asia%2FTokyo")
        expect(page.locator("#zone")).to_have_value("Asia/Tokyo")
        expect(page.locator("#clock")).to_have_text("Japanische Normalzeit, UTC+09:00")
        there = f"{hold.starts_at.astimezone(ZoneInfo('Asia/Tokyo')):%H:%M}"
        expect(page.locator(f"button[value='{hold.starts_at.isoformat()}']")).to_have_text(there)
    with visitor(timezone_id="America/New_York") as page:
        page.goto(site.held(hold))
        expect(page.get_by_role("button", name="Confirm this time")).to_be_visible()
        expect(page.locator("#here")).to_be_hidden()
        page.goto(site.page_of(hold.meeting_id))
        expect(page.locator("#zone")).to_have_value(THEIRS.key)


def test_an_hour_that_comes_twice_is_two_times_that_nobody_confuses(site: Site, visitor: Any) -> None:
    site.round_the_clock()
    hold = site.booking.propose()[0]
    first, second = (datetime(2026, 11, 1, hour, 30, tzinfo=UTC) for hour in (5, 6))
    with visitor() as page:
        page.goto(site.page_of(hold.meeting_id))
        sunday = day_of(first)
        clock = f"Eastern Daylight Time, UTC-04:00 → {sunday}: Eastern Standard Time, UTC-05:00"
        expect(page.locator("#clock")).to_have_text(clock)
        one, two = (page.locator(f"button[value='{at.isoformat()}']") for at in (first, second))
        expect(one).to_have_text("01:30 UTC-04:00")
        expect(two).to_have_text("01:30 UTC-05:00")
        says = f"{sunday}, 01:30 (UTC-05:00; the second of two such hours that night)"
        expect(two).to_have_attribute("aria-label", says)
        expect(page.locator("button[name=start]").first).not_to_contain_text("UTC")
        two.click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Booked")
        expect(page.locator(".moment .clock")).to_contain_text("the second of two such hours that night")
    assert site.meeting(hold.meeting_id).starts_at == second


def test_the_time_that_is_booked_is_marked_and_not_offered_again(site: Site, visitor: Any) -> None:
    picked = site.booking.book()
    with visitor() as page:
        page.goto(site.page_of(picked.meeting_id))
        expect(page.locator(".moment .tag")).to_have_text("Booked")
        expect(page.locator(f".moment time[datetime='{picked.starts_at.isoformat()}']")).to_be_visible()
        expect(page.locator("button[name=start]").first).to_be_visible()
        expect(page.locator(f"button[value='{picked.starts_at.isoformat()}']")).to_have_count(0)
    assert site.meeting(picked.meeting_id).starts_at == picked.starts_at


def test_while_the_calendar_is_silent_it_says_so_and_keeps_the_time(site: Site, visitor: Any) -> None:
    hold = site.booking.propose()[0]
    site.outside.fail_busy = "Down."
    site.booking.context.clock.advance(timedelta(seconds=61))  # type: ignore[attr-defined]
    with visitor() as page:
        page.goto(site.held(hold))
        page.get_by_role("button", name="Confirm this time").click()
        expect(page.get_by_role("status")).to_contain_text("does not answer")
        site.outside.fail_busy = ""
        page.get_by_role("button", name="Try again").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Booked")
    assert site.meeting(hold.meeting_id).state is MeetingState.BOOKED
