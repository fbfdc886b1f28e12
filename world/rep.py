"""The people on our side, as the demo plays them: a rep who reads drafts, meetings that are kept, deals that close."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from world.chance import Chance
from world.truth import Company, Person


@dataclass(frozen=True, slots=True)
class Review:
    """What the rep does with a draft. `body` is set for an edit."""

    action: Literal["approve", "edit", "reject"]
    reason: str = ""
    body: str = ""


class Rep:
    """Reads each draft as a person would: most are fine, some get a more formal opening, a few are not sent."""

    def __init__(self, chance: Chance) -> None:
        self._chance = chance

    def review(self, draft_key: str, body: str, problems: int) -> Review:
        if problems:
            return Review("reject", "The check found something in it that no fact supports.")
        kind = self._chance.weighted((("approve", 0.88), ("edit", 0.09), ("reject", 0.03)), "review", draft_key)
        if kind == "reject":
            return Review("reject", self._chance.pick(("Not a fit after all.", "Wrong person."), "why", draft_key))
        if kind == "edit":
            return Review("edit", "Too familiar an opening.", body.replace("Hi ", "Hello ", 1))
        return Review("approve")


@dataclass(frozen=True, slots=True)
class DealOutcome:
    won: bool
    amount_minor: int  # a year's contract
    after: timedelta


class Selling:
    """How meetings and deals end: hidden truth, met by chance."""

    def __init__(self, chance: Chance) -> None:
        self._chance = chance

    def shows_up(self, person: Person, meeting_key: str) -> bool:
        return self._chance.happens(person.shows_up, "shows up", meeting_key)

    def closes(self, company: Company, meeting_key: str) -> DealOutcome:
        """A year's price is 45 to 75 dollars a month and seat, a fifth of the staff, at least ten seats."""
        seats = max(10, round(company.employees * 0.2))
        price = self._chance.between(45, 75, "price", meeting_key)
        days = self._chance.rng("closes", meeting_key).randint(8, 26)
        won = self._chance.happens(0.08 + 0.6 * company.propensity, "won", meeting_key)
        return DealOutcome(won, round(seats * price * 12) * 100, timedelta(days=days))
