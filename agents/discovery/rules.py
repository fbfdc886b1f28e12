"""The first reader: rules over sentences. What it answers follows from the words alone, the same each time."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from agents.discovery import words
from agents.discovery.kinds import MOST_QUOTE, PROSPECTS_OWN, Found, Kind, Side, Spoken
from agents.drafting.text import Piece, sentences
from tools.calendar.time_phrases import read_times
from tools.mail.reply_details import language_of

MOST_FOUND = 200  # of one transcript: more is noise, and nobody would look through it
_LONGEST = timedelta(days=400)
_HOURS_BACK = 12  # a transcript may be of a meeting that was moved by some hours


def read(spoken: Spoken) -> list[Found]:
    """In the order in which it was said. A speaker whose side nobody knows is passed over."""
    found: list[Found] = []
    seen: set[tuple[Kind, str]] = set()
    for number in range(len(spoken.turns)):
        for one in _turn(spoken, number):
            key = (one.kind, one.detail if one.kind is Kind.COMPETITOR else one.quote.casefold())
            if key not in seen:
                seen.add(key)
                found.append(one)
            if len(found) >= MOST_FOUND:
                return found
    return found


def fit(spoken: Spoken, number: int, kind: Kind) -> bool:
    """May this kind be found in this turn at all? Needs and doubts are only what a prospect says of themselves."""
    side = spoken.side_of(spoken.turns[number].speaker)
    return side is Side.PROSPECT if kind in PROSPECTS_OWN else side in (Side.US, Side.PROSPECT)


def is_order(sentence: str) -> bool:
    """Words to a machine that reads along: nothing of them is proposed."""
    return words.ORDERS.search(_plain(sentence)) is not None


def found_at(
    spoken: Spoken,
    number: int,
    piece: Piece,
    kind: Kind,
    *,
    detail: str = "",
    requested: bool = False,
    by: str = "rules",
) -> Found:
    """`requested`: the other side is to do it."""
    turn = spoken.turns[number]
    side = spoken.side_of(turn.speaker)
    mark = turn.mark_at(piece.start)
    quote = turn.text[piece.start : min(piece.end, piece.start + MOST_QUOTE)]
    who = side
    if requested:
        who = Side.PROSPECT if side is Side.US else Side.US
    timed = kind in (Kind.COMMITMENT, Kind.NEXT_STEP, Kind.TIMELINE)
    due = due_in(quote, spoken) if timed else None
    return Found(
        kind, detail, side, who, number, piece.start, piece.start + len(quote), quote, turn.speaker, mark.at, mark.line,
        due, by,
    )  # fmt: skip


def due_in(text: str, spoken: Spoken) -> date | None:
    """The last day that the words name, from the day of the meeting on; None: none, or it could be several."""
    local = spoken.at
    language = spoken.language or language_of(text)
    times = read_times(text, local, theirs=spoken.zone, ours=spoken.zone, language=language)
    days = [one.last or one.first for one in times.windows if not one.excluded]
    named = [day for day in days if day is not None and _ahead(day, local)]
    return named[-1] if named else None


def _ahead(day: date, at: datetime) -> bool:
    return (at - timedelta(hours=_HOURS_BACK)).date() <= day <= (at + _LONGEST).date()


def _turn(spoken: Spoken, number: int) -> Iterator[Found]:
    turn = spoken.turns[number]
    side = spoken.side_of(turn.speaker)
    if side not in (Side.US, Side.PROSPECT):
        return
    doubted: set[str] = set()
    for piece in sentences(turn.text):
        text = _plain(piece.text)
        if is_order(piece.text) or words.SUPPOSED.search(text):
            continue
        for kind, detail, requested in _kinds(piece.text, text, side, spoken):
            if kind is Kind.OBJECTION:
                if detail in doubted:  # the same doubt in other words, in one breath
                    continue
                doubted.add(detail)
            yield found_at(spoken, number, piece, kind, detail=detail, requested=requested)


def _kinds(raw: str, text: str, side: Side, spoken: Spoken) -> Iterator[tuple[Kind, str, bool]]:
    asks = raw.rstrip(" \"'”»)").endswith("?")
    if side is Side.PROSPECT:
        doubts = [kind for kind, rule in words.OBJECTIONS.items() if rule.search(text)]
        if doubts and not (asks and doubts[0].value not in ("trust", "effort")):
            yield Kind.OBJECTION, doubts[0].value, False
        others = [kind for kind, rule in words.OTHERS.items() if rule.search(text)]
        if not asks:
            if not doubts:
                yield from ((kind, "", False) for kind in others)
                if not others and words.TIMELINE.search(text) and not words.NEXT_STEPS.search(text):
                    yield Kind.TIMELINE, "", False
            elif Kind.AUTHORITY in others:
                yield Kind.AUTHORITY, "", False
            for name in _rivals(raw, spoken):
                yield Kind.COMPETITOR, name, False
    promised = not asks and words.COMMITMENTS.search(text) and not words.NO_COMMITMENTS.search(text)
    requested = words.REQUESTS.search(text) and not words.NO_NEXT_STEPS.search(text)
    planned = words.NEXT_STEPS.search(text) and not words.NO_NEXT_STEPS.search(text)
    if promised:
        yield Kind.COMMITMENT, "", False
    elif requested or planned:
        yield Kind.NEXT_STEP, "", bool(requested)
    needed = side is Side.PROSPECT and not asks and words.NEEDS.search(words.QUOTED.sub(" ", text))
    if needed and not doubts and not promised and not requested and not planned and Kind.AUTHORITY not in others:
        yield Kind.NEED, "", False


def _rivals(raw: str, spoken: Spoken) -> Iterator[str]:
    ours = {name.casefold() for name in spoken.our_names if name}
    people = {word.casefold() for speaker in spoken.sides for word in speaker.split()}
    for match in words.RIVALS.finditer(raw):
        name = match[1].strip(" .'’")
        first = name.split()[0].casefold()
        if first in words.NOT_RIVALS or first in people or name.casefold() in ours or len(name) > 64:
            continue
        yield name


def _plain(text: str) -> str:
    return " ".join(text.casefold().replace("’", "'").split())
