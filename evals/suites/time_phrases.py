"""Times in people's words: right, asked back, or wrong.

Cases of our own in six languages. `python bench/time_libraries.py ours DIRECTORY` grades the published English
phrases that can name a time to meet (evals/published_times.py says which) the same way. Right: every time that is to be
found is found, exactly, and no other. Asked: there is a question. Wrong is all else: a time that was not meant, or one
passed over in silence (of the published ones these are counted apart, as missed).
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from evals.case import Case, Split
from evals.graders import equals
from evals.published_times import Phrase, Span, load
from evals.suite import Result
from tools.calendar.time_phrases import Conventions, Shape, Times, Window, read_times

# The published set's own habits: months first, and the hours that it gives to the parts of the day.
PUBLISHED = Conventions(
    month_first=True,
    parts={
        "morning": (time(8), time(12)), "afternoon": (time(12), time(16)), "evening": (time(16), time(20)),
        "night": (time(20), time(23, 59, 59)), "lunch": (time(11), time(13)), "daytime": (time(8), time(18)),
        "midday": (time(10), time(14)), "breakfast": (time(8), time(12)), "dinner": (time(16), time(20)),
    },
)  # fmt: skip


class TimePhrasesSuite:
    name = "time_phrases"

    def run(self, case: Case) -> Result:
        """A case says where both are and when the mail was sent: times come out as `describe` writes them."""
        at = datetime.fromisoformat(str(case.input["at"]))
        times = read_times(
            str(case.input["text"]),
            at,
            theirs=str(case.input.get("theirs", "Europe/Berlin")),
            ours=str(case.input.get("ours", "America/New_York")),
            language=str(case.input.get("language", "")),
        )
        found, asked = [describe(one) for one in times.windows], [one.why.value for one in times.questions]
        wanted = [str(one) for one in case.expected.get("windows", [])]
        verdict = "right" if found == wanted and asked == case.expected.get("asked", []) else "wrong"
        if verdict == "wrong" and asked and set(found) <= set(wanted):
            verdict = "asked"
        output = {"windows": found, "asked": asked, "verdict": verdict, "language": times.language}
        grades = [equals("windows", found, wanted), equals("asked", asked, case.expected.get("asked", []))]
        return Result(case, output, grades)

    def figures(self, results: Sequence[Result]) -> Mapping[str, float]:
        figures: dict[str, float] = {}
        for language in ("en", "de", "fr", "es", "it", "nl"):
            for split in Split:
                of = [
                    one.output["verdict"]
                    for one in results
                    if one.case.input.get("language") == language and one.case.split is split
                ]
                figures |= _shares(f"{language}.{split.value}", of)
        return figures


def describe(window: Window) -> str:
    """One line: days, hours, zone, and "not" before what is refused. Open sides are empty."""
    days = "" if window.first is None and window.last is None else f"{_iso(window.first)}..{_iso(window.last)}"
    days = _iso(window.first) if window.first is not None and window.first == window.last else days
    hours = "" if window.shape is Shape.DAYS else f"{_clock(window.since)}-{_clock(window.until)}"
    hours = _clock(window.since) if window.shape is Shape.CLOCK else hours
    words = ("not" if window.excluded else "", days, hours, "~" if window.around else "", window.zone if hours else "")
    return " ".join(word for word in words if word)


def _iso(day: date | None) -> str:
    return day.isoformat() if day else ""


def _clock(at: time | None) -> str:
    return f"{at:%H:%M}" if at else ""


# ---------------------------------------------------------------------------------------------------- published phrases


def published_counts(directory: Path) -> dict[str, Counter[str]]:
    """By halves, how many published phrases are right, asked, missed and wrong. `directory`: that of the JSON files."""
    counts: dict[str, Counter[str]] = {"dev": Counter(), "test": Counter()}
    for phrase in load(directory):
        counts[phrase.split][grade(phrase)] += 1
    return counts


def _shares(name: str, verdicts: Sequence[Any]) -> dict[str, float]:
    """Right, and not wrong: what is asked back is neither."""
    if not verdicts:
        return {}
    count = len(verdicts)
    right, wrong = (sum(one == verdict for one in verdicts) / count for verdict in ("right", "wrong"))
    return {f"{name}.right": right, f"{name}.not_wrong": 1 - wrong}


def grade(phrase: Phrase) -> str:
    """right | asked | missed | wrong, by the published readings."""
    times = read_times(phrase.text, phrase.reference.replace(tzinfo=UTC), theirs="UTC", language="en",
                       conventions=PUBLISHED)  # fmt: skip
    return verdict(phrase, times)


def verdict(phrase: Phrase, times: Times) -> str:
    if times.questions:
        return "asked"
    if not times.windows:
        return "missed"
    for wanted in phrase.wanted:
        if not any(_same(one, span) for one in times.windows for span in wanted):
            return "wrong"
    every = [*phrase.others, *(span for wanted in phrase.wanted for span in wanted)]
    extra = [one for one in times.windows if not any(_same(one, span) for span in every)]
    return "wrong" if extra else "right"


def _same(window: Window, span: Span) -> bool:
    """Exactly that reading. A window that has days and hours answers for both of two published readings."""
    return any(_equal(one, span) for one in _readings(window))


def _readings(window: Window) -> Iterable[tuple[datetime | time | None, datetime | time | None, bool]]:
    """(start, end, whole days) as the published set writes them."""
    first, last = window.first, window.last
    if first is not None or last is not None:
        begins = datetime.combine(first, time.min) if first else None
        ends = datetime.combine(last, time.min) + timedelta(days=0 if window.through else 1) if last else None
        yield begins, ends, True
        if window.through and last:
            yield begins, ends + timedelta(days=1) if ends else None, True
            yield None, ends + timedelta(days=1) if ends else None, True
        # "before Friday", "by Friday": we begin with today, they leave it open.
        yield None, ends, True
    if window.shape is Shape.DAYS:
        return
    since, until = window.since, window.until
    if window.shape is Shape.CLOCK:
        until = since
    if until == time.max:
        until = time(23, 59, 59)
    if first is not None and first == last:
        yield (
            datetime.combine(first, since) if since else None,
            datetime.combine(first, until) if until else None,
            False,
        )
    yield since, until, False


def _equal(got: tuple[datetime | time | None, datetime | time | None, bool], span: Span) -> bool:
    return got == (span.start, span.end, span.days)
