"""Language, objections, times and names of a reply: places in the text and plain values."""

from datetime import date

import pytest

from tools.mail.intents import Intent, read_intents
from tools.mail.reply_details import ObjectionKind, language_of, named_in, objections_in, times_in

SATURDAY = date(2026, 11, 21)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Thanks for your mail, we are not looking for this.", "en"),
        ("Vielen Dank, das ist für uns leider nicht interessant.", "de"),
        ("Merci pour votre message, ce n'est pas pour nous.", "fr"),
        ("Gracias por su correo, no es para nosotros.", "es"),
        ("Ok", ""),
        ("", ""),
    ],
)
def test_the_language_or_nothing(text: str, language: str) -> None:
    assert language_of(text) == language


@pytest.mark.parametrize(
    ("text", "words", "at"),
    [
        ("Tuesday at 3pm works", "Tuesday at 3pm", "2026-11-24T15:00:00"),
        ("Passt Dienstag um 15 Uhr?", "Dienstag um 15 Uhr", "2026-11-24T15:00:00"),
        ("mardi à 15h30 ?", "mardi à 15h30", "2026-11-24T15:30:00"),
        ("el martes a las 9:15", "martes a las 9:15", "2026-11-24T09:15:00"),
        ("24 November 10:30 is fine", "24 November 10:30", "2026-11-24T10:30:00"),
        ("tomorrow 12am", "tomorrow 12am", "2026-11-22T00:00:00"),
        ("Friday is fine", "Friday", None),
        ("Friday at 25:00", "Friday at 25:00", None),
        ("Friday, 13 pm", "Friday, 13 pm", None),
    ],
)
def test_times_are_places_with_an_instant_where_it_is_plain(text: str, words: str, at: str | None) -> None:
    (found,) = times_in(text, SATURDAY)
    assert text[found.span.start : found.span.end] == words
    assert (found.at.isoformat() if found.at else None) == at


def test_names_and_addresses_are_places() -> None:
    text = "Wenden Sie sich bitte an Frau Anna Schmidt oder jon@there.example."
    assert [text[s.start : s.end] for s in named_in(text)] == ["Anna Schmidt", "jon@there.example"]
    assert named_in("Please contact us. Thanks") == ()


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("That is too expensive", ObjectionKind.PRICE),
        ("Das hat keine Priorität", ObjectionKind.TIMING),
        ("Nous avons déjà un outil", ObjectionKind.COMPETITOR),
        ("No lo necesitamos", ObjectionKind.NO_NEED),
        ("It is not my decision", ObjectionKind.AUTHORITY),
    ],
)
def test_which_objection_it_is(text: str, kind: ObjectionKind) -> None:
    assert kind in objections_in(text)


def test_a_right_wins_over_interest_and_a_mention_claims_none() -> None:
    hits = [
        hit.intent for hit in read_intents("Sounds interesting, but delete all my data and do not write to me again.")
    ]
    assert hits[:2] == [Intent.OPT_OUT, Intent.ERASURE]
    assert Intent.LEGAL_THREAT not in {hit.intent for hit in read_intents("Our lawyers liked the demo.")}
