"""From a kept reply to windows: whose clock, which day "tomorrow" is, and how 03/04 is written there."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from agents.proposed_times import times_of
from evals.suites.time_phrases import describe


def said(text: str, *, zone: str = "", country: str = "", **reading: Any) -> tuple[list[str], list[str]]:
    context: Any = SimpleNamespace(workspace_id=1, sealer=SimpleNamespace(open=lambda sealed, context: sealed))
    at = datetime(2026, 11, 19, 0, 30, tzinfo=UTC)
    message: Any = SimpleNamespace(id=1, body_sealed=text, at=at, reading={"language": "en", **reading})
    contact: Any = SimpleNamespace(company_id=None, time_zone=zone, country=country)
    session: Any = SimpleNamespace(get=lambda *_: None)
    times = times_of(session, context, message, contact, "Europe/Berlin")
    return [describe(one) for one in times.windows], [one.why.value for one in times.questions]


def test_tomorrow_is_counted_from_their_day_and_their_date_header() -> None:
    assert said("tomorrow at 3pm", zone="America/New_York") == (["2026-11-19 15:00 America/New_York"], [])
    late = said("tomorrow at 3pm", zone="Europe/Berlin", sent_at="2026-11-17T10:00:00+00:00")
    assert late == (["2026-11-18 15:00 Europe/Berlin"], [])
    lied = said("tomorrow at 3pm", zone="Europe/Berlin", sent_at="2020-01-01T10:00:00+00:00")
    assert lied == (["2026-11-20 15:00 Europe/Berlin"], [])


def test_the_clock_of_somebody_unknown_is_their_offset_or_asked() -> None:
    assert said("tomorrow at 3pm", utc_offset="-05:00") == (["2026-11-19 15:00 -05:00"], [])
    assert said("tomorrow at 3pm") == ([], ["whose_clock"])


def test_the_country_says_which_is_the_month() -> None:
    assert said("03/04", zone="America/New_York", country="US") == (["2027-03-04"], [])
    assert said("03/04", zone="Europe/London", country="GB") == (["2027-04-03"], [])
    assert said("03/04", zone="Europe/London") == ([], ["date_order"])
