"""How kept libraries read the published phrases that can name a time to meet (docs/decisions/0026).

    python bench/time_libraries.py NAME DIRECTORY

NAME is `ours`, or a function below, whose library is installed beside this run (several exclude each other, and none of
them is a dependency of ours). Being generous to each: a library that answers with instants is right when each
published start is among them, ends are not asked of it; where a phrase has two readings (half past two), either counts.
"""

import sys
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from evals.published_times import Phrase, Span, _ahead, load

Starts = Sequence[Span]


def recognizers(text: str, reference: datetime) -> list[tuple[Span, ...]]:
    from ms_recognizers_date_time import Culture, DateTimeRecognizer  # type: ignore[import-not-found, unused-ignore]

    found = DateTimeRecognizer(Culture.English).get_datetime_model().parse(text, reference)
    rows: list[dict[str, Any]] = [{"TypeName": one.type_name, "Resolution": one.resolution or {}} for one in found]
    return [spans for spans in (_ahead(row, reference) for row in rows) if spans]


def dateparser(text: str, reference: datetime) -> list[tuple[Span, ...]]:
    from dateparser.search import search_dates  # type: ignore[import-not-found, unused-ignore]

    settings = {"RELATIVE_BASE": reference, "PREFER_DATES_FROM": "future"}
    return [_at(at) for _, at in search_dates(text, languages=["en"], settings=settings) or []]


def parsedatetime(text: str, reference: datetime) -> list[tuple[Span, ...]]:
    import parsedatetime as library  # type: ignore[import-not-found, unused-ignore]

    return [_at(one[0]) for one in library.Calendar().nlp(text, reference) or ()]


def ctparse(text: str, reference: datetime) -> list[tuple[Span, ...]]:
    from ctparse import ctparse as read  # type: ignore[import-not-found, unused-ignore]

    found = read(text, ts=reference, timeout=2.0)
    if found is None or found.resolution is None:
        return []
    one = getattr(found.resolution, "t_from", None) or found.resolution
    start = getattr(one, "dt", None)
    return [_at(start)] if isinstance(start, datetime) else []


def timefhuman(text: str, reference: datetime) -> list[tuple[Span, ...]]:
    from timefhuman import tfhConfig
    from timefhuman import timefhuman as read  # type: ignore[import-not-found, unused-ignore]

    found = read(text, config=tfhConfig(now=reference, direction=_next(), infer_datetimes=True))
    flat: list[tuple[Span, ...]] = []
    for one in found if isinstance(found, list) else [found]:
        for each in one if isinstance(one, list) else [one]:
            start = each[0] if isinstance(each, tuple) else each
            if isinstance(start, datetime | date | time):
                flat.append(_at(start))
    return flat


def _next() -> Any:
    from timefhuman import Direction  # type: ignore[import-not-found, unused-ignore]

    return Direction.next


def duckling(text: str, reference: datetime) -> list[tuple[Span, ...]]:
    import duckling as library  # type: ignore[import-not-found, unused-ignore]

    zones = library.load_time_zones("/usr/share/zoneinfo")
    at = library.parse_ref_time(zones, "UTC", int(reference.replace(tzinfo=UTC).timestamp()))
    context = library.Context(at, library.default_locale_lang(library.parse_lang("EN")))
    found: list[tuple[Span, ...]] = []
    for row in library.parse(text, context, library.parse_dimensions(["time"]), False):
        readings = [one.get("from") or one.get("to") or one for one in row["value"].get("values", [])]
        starts = [_at(datetime.fromisoformat(one["value"])) for one in readings if "value" in one]
        if starts:
            found.append(tuple(span for each in starts for span in each))
    return found


def _at(start: datetime | date | time) -> tuple[Span, ...]:
    if isinstance(start, date) and not isinstance(start, datetime):
        start = datetime.combine(start, time.min)
    return (Span(start.replace(tzinfo=None), None, False),)


def grade(wanted: Phrase, found: list[tuple[Span, ...]]) -> str:
    """right, wrong or nothing (no time found at all)."""
    if not found:
        return "nothing"
    starts = [one for spans in found for one in spans]
    right = all(any(_same(want, one) for want in choice for one in starts) for choice in wanted.wanted)
    return "right" if right and len(found) <= len(wanted.wanted) + 1 else "wrong"


def _same(want: Span, got: Span) -> bool:
    if want.start is None:
        return got.start == want.end or got.end == want.end
    if want.days and isinstance(want.start, datetime) and isinstance(got.start, datetime):
        return want.start.date() == got.start.date()
    if isinstance(want.start, time) and isinstance(got.start, datetime):
        return want.start == got.start.time()
    return want.start == got.start


LIBRARIES: dict[str, Callable[[str, datetime], list[tuple[Span, ...]]]] = {
    one.__name__: one for one in (recognizers, dateparser, parsedatetime, ctparse, timefhuman, duckling)
}


def main() -> None:
    if sys.argv[1] == "ours":
        from evals.suites.time_phrases import published_counts

        for split, counted in published_counts(Path(sys.argv[2])).items():
            print("ours", split, dict(counted), f"{counted['right'] / sum(counted.values()):.3f}")
        return
    read, phrases = LIBRARIES[sys.argv[1]], load(Path(sys.argv[2]))
    for split in ("dev", "test"):
        counts = {"right": 0, "nothing": 0, "wrong": 0, "raised": 0}
        for phrase in (one for one in phrases if one.split == split):
            try:
                counts[grade(phrase, read(phrase.text, phrase.reference))] += 1
            except Exception:  # whatever a library raises is a result of this measurement
                counts["raised"] += 1
        print(sys.argv[1], split, counts, f"{counts['right'] / sum(counts.values()):.3f}")


if __name__ == "__main__":
    main()
