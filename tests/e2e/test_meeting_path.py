"""From "let's meet" to the row in the CRM, through a browser and four servers; then everything that people change.

| part | real or played |
|---|---|
| the application on a port, its worker, the store (SQLite), console and public pages in Chromium | real |
| mail out: SMTP with STARTTLS and AUTH; mail in: Dovecot over IMAPS; the bytes that arrive | real servers on loopback |
| the rep's calendar: Radicale over CalDAV, changed by plain GET, PUT and DELETE as another program does it | real |
| workspace, mailbox, calendar, lists: by the commands that people use | real |
| the prospect: their mails and their calendar's answer (iTIP) | written here, as programs write them |
| time | moved by the test: days pass in seconds, and a worker's round is asked for, so nothing is waited for |
| companies and people; language model, the web, DNS | one of each, invented; absent: templates and rules serve |
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import expect

from store.models import CalendarBucket, CrmActivityRow, Hold, HoldState, Lead, Meeting, MeetingState, OutboxItem, Task
from tests.support.browser import open_page
from tests.support.dovecot import DOVECOT
from tests.support.meeting_desk import (
    PASSWORD,
    PROSPECT,
    PROSPECT_ZONE,
    REP,
    Desk,
    calendar_part,
    desk,
    text_of,
)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.skipif(DOVECOT is None, reason="Dovecot is not installed (Debian: apt-get install dovecot-imapd)"),
]

LOOK = timedelta(seconds=61)  # after it a calendar is read again
DEVICE = ZoneInfo("America/Los_Angeles")  # they travel: neither the rep's zone nor that of their office
_ACCEPTED = """BEGIN:VCALENDAR
PRODID:-//Their calendar//EN
VERSION:2.0
METHOD:REPLY
BEGIN:VEVENT
UID:{uid}
SEQUENCE:{sequence}
DTSTAMP:{stamp:%Y%m%dT%H%M%SZ}
DTSTART:{starts_at:%Y%m%dT%H%M%SZ}
ORGANIZER:mailto:{organizer}
ATTENDEE;PARTSTAT=ACCEPTED:mailto:{attendee}
END:VEVENT
END:VCALENDAR
"""


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    with desk(tmp_path, monkeypatch) as opened:
        yield opened


@pytest.fixture
def phone(chromium: Any) -> Iterator[Any]:
    """The prospect's: another profile, another zone, narrow, with fingers."""
    profile = {"locale": "en-US", "timezone_id": DEVICE.key, "has_touch": True, "is_mobile": True}
    with open_page(chromium, viewport={"width": 390, "height": 844}, **profile) as opened:
        yield opened


# ---- what the people do


def signed_in(page: Any, office: Desk, place: str) -> None:
    """A session may have ended while days passed."""
    page.goto(f"{office.site}{place}")
    form, landed = page.get_by_label("Password"), page.locator("nav")
    expect(form.or_(landed).first).to_be_visible()
    if "/sign-in" in page.url:
        page.get_by_label("E-mail").fill(REP)
        form.fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(lambda url: "/sign-in" not in url)
        page.goto(f"{office.site}{place}")


def approve(page: Any, office: Desk) -> str:
    """The one draft that waits, which is open already, by one key. Its words, as the console showed them."""
    signed_in(page, office, "/approvals")
    expect(page.locator("main").get_by_role("button", name="Approve a")).to_be_visible()
    shown: str = page.locator("main").inner_text()
    page.keyboard.press("a")
    expect(page.get_by_role("status").first).to_contain_text("Approved")
    office.work()
    return shown


def proposed(page: Any, office: Desk, words: str) -> list[str]:
    """They write so; the rep approves the answer. The links of its three times, as they arrived."""
    before = len(office.mails())
    office.writes(words)
    held = sorted(hold.starts_at for hold in office.rows(Hold, Hold.state == HoldState.HELD))
    assert len(held) == 3
    assert len(office.mails()) == before, "nothing leaves that nobody approved"
    draft = approve(page, office)
    mail = new(office, before)
    for at in held:
        there = f"{at.astimezone(PROSPECT_ZONE):%H:%M}"
        assert there in draft, "the rep saw the times that were held"
        assert there in text_of(mail)
    links = re.findall(rf"{re.escape(office.site)}/b/[\w-]+", text_of(mail))
    assert len(links) == 3
    return links


def booked(phone: Any, office: Desk, link: str) -> EmailMessage:
    """Looks, sees that nothing is booked yet, presses the button. The invitation."""
    before = len(office.mails())
    phone.goto(link)
    expect(phone.get_by_role("heading", level=1)).to_contain_text("Mara Vidal")
    assert office.rows(Meeting, Meeting.state == MeetingState.BOOKED) == [], "looking books nothing"
    phone.locator("main button.primary").tap()
    expect(phone.get_by_role("heading", level=1)).to_have_text("Booked")
    office.work()
    return new(office, before)


def new(office: Desk, before: int, count: int = 1) -> EmailMessage:
    """The one mail that came since; a second round brings no second one."""
    office.work()
    office.work(LOOK)
    mails = office.mails()
    assert len(mails) == before + count, [str(mail["Subject"]) for mail in mails[before:]]
    return mails[-1]


def meeting_of(office: Desk, state: MeetingState = MeetingState.BOOKED) -> Meeting:
    [found] = office.rows(Meeting, Meeting.state == state)
    assert isinstance(found, Meeting)
    return found


# ---- what must hold of an invitation and of the event


def check_invitation(mail: EmailMessage, meeting: Meeting, *, method: str, sequence: int, uid: str = "") -> str:
    """The raw object, and the words for people. Its UID."""
    said, event = calendar_part(mail)
    assert (said, int(event["SEQUENCE"])) == (method, sequence)
    assert (event.decoded("dtstart"), event.decoded("dtend")) == (meeting.starts_at, meeting.ends_at)
    assert event["DTSTART"].to_ical().endswith(b"Z"), "an instant, whatever zones their program knows"
    assert str(event["ORGANIZER"]) == f"mailto:{REP}"
    assert str(event["ATTENDEE"]) == f"mailto:{PROSPECT}"
    assert str(event["STATUS"]) == ("CANCELLED" if method == "CANCEL" else "CONFIRMED")
    assert uid in ("", str(event["UID"])), "the same meeting keeps its UID"
    assert meeting.starts_at is not None
    there, text = meeting.starts_at.astimezone(PROSPECT_ZONE), text_of(mail)
    assert f"{there:%H:%M}" in text
    assert says_whose(text, there), "words say on whose clock"
    return str(event["UID"])


def says_whose(text: str, there: datetime) -> bool:
    """The zone by its name, or by its offset."""
    offset = f"{there:%z}"
    return PROSPECT_ZONE.key in text or f"UTC{offset[:3]}:{offset[3:]}" in text


def check_event(office: Desk, meeting: Meeting, uid: str) -> None:
    _, event, _ = office.event()
    assert str(event["UID"]) == uid, "both sides' calendars know one event"
    assert (event.decoded("dtstart"), event.decoded("dtend")) == (meeting.starts_at, meeting.ends_at)
    assert "Northwind" in str(event["SUMMARY"])
    assert "ATTENDEE" not in event, "our own mail invites; the server must not"


def test_from_let_us_meet_to_the_row_in_the_crm(office: Desk, page: Any, phone: Any) -> None:
    approve(page, office)
    assert len(office.mails()) == 1
    links = proposed(page, office, "Thank you, that sounds interesting. Let's meet next week.\n\nAda\n")
    theirs = [hold.starts_at.astimezone(PROSPECT_ZONE) for hold in office.rows(Hold, Hold.state == HoldState.HELD)]
    next_week = (office.clock.now() + timedelta(days=7)).isocalendar()[:2]
    assert {at.isocalendar()[:2] for at in theirs} == {next_week}, "as they asked"
    assert len({at.date() for at in theirs}) == 3
    assert all(9 <= at.hour < 17 for at in theirs), "and at no hour of their night"

    # Booked: on their phone the time stands in the zone of their office, and in that of the device.
    phone.goto(links[1])
    expect(phone.locator(".moment .clock").first).to_contain_text(PROSPECT_ZONE.key)
    expect(phone.locator("#here")).to_contain_text(DEVICE.key)
    invitation = booked(phone, office, links[1])
    meeting = meeting_of(office)
    uid = check_invitation(invitation, meeting, method="REQUEST", sequence=0)
    assert uid == f"meeting-{meeting.id}@{REP.partition('@')[2]}"
    check_event(office, meeting, uid)
    assert len(office.rows(Hold, Hold.state == HoldState.HELD)) == 0, "the other times are free again"
    phone.goto(links[0])
    expect(phone.get_by_role("heading", level=1)).to_have_text("Another time is booked")

    # The rep drags it in their own program: followed, told once, and nothing is written back.
    assert meeting.starts_at is not None
    before, first = len(office.mails()), meeting.starts_at
    moved_to = first + timedelta(days=3, hours=2)
    etag = office.move_event(moved_to)
    office.work(LOOK)
    told = new(office, before)
    meeting = meeting_of(office)
    assert meeting.starts_at == moved_to
    check_invitation(told, meeting, method="REQUEST", sequence=1, uid=uid)
    assert office.event()[2] == etag, "no echo"

    # Their calendar accepts, by mail.
    before = len(office.mails())
    now = office.clock.now()
    reply = _ACCEPTED.format(
        uid=uid, sequence=1, stamp=now, starts_at=moved_to.astimezone(UTC), organizer=REP, attendee=PROSPECT
    )
    office.writes("Accepted: 30 minutes", reply, "REPLY")
    assert meeting_of(office).starts_at == moved_to
    assert len(office.mails()) == before, "an answer of a program is not answered"

    # Reminders: of the time that stands now, each once.
    left = [moved_to - timedelta(days=1), moved_to - timedelta(minutes=15)]
    over = [at for at in (first - timedelta(days=1), first - timedelta(minutes=15)) if at > office.clock.now()]
    for at in sorted([*left, *over]):
        _nothing_before(office, at)
        if at in left:
            before = len(office.mails())
            office.clock.move_to(at)
            reminder = new(office, before)
            there = moved_to.astimezone(PROSPECT_ZONE)
            assert f"{there:%H:%M}" in text_of(reminder)
            assert says_whose(text_of(reminder), there)
    assert len([item for item in office.rows(OutboxItem) if item.key.startswith("remind:") and item.sent_at]) == 2

    # It took place: one key on Today.
    office.clock.move_to(moved_to + timedelta(minutes=31))
    office.work()
    signed_in(page, office, "/today")
    row = page.locator("[data-row]").filter(has=page.locator("[data-act=h]"))
    expect(row).to_have_count(1)
    row.locator("a[data-open]").focus()
    page.keyboard.press("h")
    page.wait_for_url("**said=held**")
    office.work()
    assert meeting_of(office, MeetingState.HELD).id == meeting.id
    [lead] = office.rows(Lead)
    assert lead.stage.value == "meeting_held"
    mirrored = [step.fields["state"] for step in office.rows(CrmActivityRow, CrmActivityRow.kind == "meeting")]
    assert sorted(mirrored) == ["booked", "held", "proposed"], "each step once"


def _nothing_before(office: Desk, at: datetime) -> None:
    before = len(office.mails())
    office.clock.move_to(at - timedelta(minutes=1))
    office.work()
    assert len(office.mails()) == before, f"nothing is due before {at}"


def test_moved_and_called_off_by_them_then_deleted_by_the_rep(office: Desk, page: Any, phone: Any) -> None:
    approve(page, office)
    links = proposed(page, office, "Thank you, that sounds interesting. Let's meet next week.\n\nAda\n")
    invitation = booked(phone, office, links[0])
    uid = str(calendar_part(invitation)[1]["UID"])
    [link] = re.findall(rf"{re.escape(office.site)}/m/[\w-]+", text_of(invitation))

    # They move it, by the link in the invitation.
    before, first = len(office.mails()), meeting_of(office)
    phone.goto(link)
    wanted = phone.locator("button[name=start]").nth(5)
    instant = datetime.fromisoformat(wanted.get_attribute("value"))
    wanted.tap()
    expect(phone.get_by_role("heading", level=1)).to_have_text("Booked")
    told = new(office, before)
    meeting = meeting_of(office)
    assert (meeting.id, meeting.starts_at) == (first.id, instant)
    assert instant != first.starts_at
    check_invitation(told, meeting, method="REQUEST", sequence=1, uid=uid)
    check_event(office, meeting, uid)

    # They call it off there.
    before = len(office.mails())
    phone.goto(link)
    phone.locator("summary").first.tap()
    phone.locator("form[action$='/cancel'] button").tap()
    expect(phone.get_by_role("heading", level=1)).to_have_text("The meeting is called off")
    told = new(office, before)
    check_invitation(told, meeting_of(office, MeetingState.CANCELLED), method="CANCEL", sequence=2, uid=uid)
    assert office.events() == {}, "and the rep's calendar has it no longer"
    assert office.rows(CalendarBucket) == [], "the time is free"
    [task] = office.rows(Task, Task.source_key == f"cancelled:{meeting.id}")
    assert task.title.startswith("They called the meeting off: ask, or offer new times")

    # Another meeting, which the rep deletes in their own program.
    links = proposed(page, office, "Sorry about that. I am still interested: let's meet the week after, please.\n")
    second = booked(phone, office, links[0])
    again = meeting_of(office)
    uid = check_invitation(second, again, method="REQUEST", sequence=0)
    check_event(office, again, uid)
    before = len(office.mails())
    office.delete_event()
    office.work(LOOK)
    told = new(office, before)
    assert office.rows(Meeting, Meeting.state == MeetingState.BOOKED) == []
    [gone] = [row for row in office.rows(Meeting, Meeting.state == MeetingState.CANCELLED) if row.id == again.id]
    check_invitation(told, gone, method="CANCEL", sequence=1, uid=uid)
    assert office.events() == {}

    # Nothing is left to remind of.
    before = len(office.mails())
    assert again.starts_at is not None
    office.clock.move_to(max(again.starts_at, office.clock.now()))
    office.work()
    assert len(office.mails()) == before
    phone.goto(link)
    expect(phone.get_by_role("heading", level=1)).to_have_text("The meeting is called off")
