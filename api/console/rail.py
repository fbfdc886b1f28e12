"""The rail: where a person can go, by what they may do. One table; a page is one line here and one file beside this."""

from dataclasses import dataclass

from api.dependencies import Principal
from api.permissions import Permission


@dataclass(frozen=True, slots=True)
class Place:
    name: str  # what a page passes as `here`
    label: str
    href: str
    key: str  # "g", then this
    needs: Permission = Permission.READ


_PLACES: tuple[tuple[str, tuple[Place, ...]], ...] = (
    (
        "",
        (
            Place("today", "Today", "/today", "t"),
            Place("approvals", "Approvals", "/approvals", "a"),
            Place("meetings", "Meetings", "/meetings", "j"),
            Place("calendars", "Calendars", "/calendars", "k", Permission.WORK),
            Place("pools", "Pools", "/pools", "0"),
            Place("rooms", "Video rooms", "/rooms", "9"),
        ),
    ),
    (
        "Records",
        (
            Place("companies", "Companies", "/companies", "c"),
            Place("leads", "Leads", "/leads", "l"),
            Place("contacts", "Contacts", "/contacts", "p"),
            Place("duplicates", "Duplicates", "/duplicates", "d"),
            Place("imports", "Imports", "/imports", "m", Permission.RECORDS),
        ),
    ),
    (
        "Machine",
        (
            Place("icps", "ICPs", "/icps", "i"),
            Place("runs", "Runs", "/runs", "r"),
            Place("sequences", "Sequences", "/sequences", "q"),
            Place("mailboxes", "Mailboxes", "/mailboxes", "b"),
            Place("telephony", "Texts and calls", "/telephony", "f", Permission.WORK),
            Place("send-plan", "Send plan", "/send-plan", "n"),
            Place("vendors", "Data vendors", "/vendors", "v"),
        ),
    ),
    (
        "Control",
        (
            Place("policies", "Policies", "/policies", "o"),
            Place("suppressions", "Never written to", "/suppressions", "x"),
            Place("webhooks", "Webhooks", "/webhooks", "w", Permission.WEBHOOKS),
            Place("notices", "Team notices", "/notices", "y", Permission.WEBHOOKS),
            Place("received", "Received events", "/received", "z", Permission.WEBHOOKS),
            Place("audit", "Audit", "/audit", "u", Permission.AUDIT),
            Place("people", "People", "/people", "e", Permission.USERS),
            Place("settings", "Settings", "/settings", "s"),
            Place("setup", "Set-up guide", "/setup", "h", Permission.SETTINGS),
        ),
    ),
)


def rail_of(visitor: Principal) -> list[tuple[str, list[Place]]]:
    found = [(group, [place for place in places if visitor.may(place.needs)]) for group, places in _PLACES]
    return [(group, places) for group, places in found if places]
