"""By whose days and hours a person is written to: zone and holidays from the contact, and from the company where the
contact is not known to sit elsewhere. Asked when touches are planned, when they are done, and when a mail leaves."""

from dataclasses import dataclass
from datetime import datetime

from agents.policy import Policy
from agents.recipient_time import next_opening, zone_exists
from agents.zone_choice import Place, ZoneChoice, choose_zone
from scoring.sequence_plan import DayClock
from store.models import Company, Contact
from tools.calendar.public_holidays import public_holidays


@dataclass(frozen=True, slots=True)
class RecipientClock:
    choice: ZoneChoice
    country: str
    region: str  # of the company, where the contact sits in the same country

    def days(self, now: datetime, home: str, minute: int) -> DayClock:
        """`minute` of the day when a touch is planned; `home`: the workspace's zone."""
        return DayClock(
            self.choice.zones,
            home if zone_exists(home) else "UTC",
            public_holidays(self.country, now.year, self.region),
            minute,
        )

    def opening(self, now: datetime, home: str, policy: Policy) -> datetime:
        """When from `now` on they may be written to; `now` itself when they may."""
        return next_opening(
            now,
            zone=self.choice.zone or "",
            country=self.country,
            region=self.region,
            zones=self.choice.zones,
            workspace_zone=home,
            policy=policy,
        )


def clock_of(contact: Contact, company: Company | None) -> RecipientClock:
    place = Place(company.country, company.region, company.city) if company is not None else Place()
    return clock_at(contact.time_zone, contact.country, place)


def clock_at(time_zone: str, country: str, place: Place) -> RecipientClock:
    theirs, there = country.strip().upper(), place.country.strip().upper()
    same = not theirs or theirs == there
    return RecipientClock(choose_zone(time_zone, country, place), theirs or there, place.region if same else "")
