"""What a proposal says beside its times: one question where their words had two readings, and the page of all times.

In their language, and in our words only: nothing of what they wrote is repeated. Asked once a thread; who was asked
and is unclear again gets times and the page.
"""

from dataclasses import dataclass
from datetime import time
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from agents.booking.mail_words import mail_words
from agents.context import AgentContext
from agents.proposed_times import times_of
from store.models import Contact, Draft, Meeting, Message, User
from tools.calendar.slot_words import day_words, main_language
from tools.calendar.time_phrases import Ambiguous, Shape, Times, Why, Window

ASKING: Final = "meeting/which"  # the template that asks
_MOST = 2  # readings that one question names
_WHICH: Final = {
    "en": "Do you mean {readings}?", "de": "Meinen Sie {readings}?", "fr": "Voulez-vous dire {readings} ?",
    "es": "¿Se refiere a {readings}?", "it": "Intende {readings}?", "nl": "Bedoelt u {readings}?",
}  # fmt: skip
_OR: Final = {"en": " or ", "de": " oder ", "fr": " ou ", "es": " o a ", "it": " o ", "nl": " of "}
_WHOSE: Final = {
    "en": "Do you mean your time or ours ({zone})?",
    "de": "Meinen Sie Ihre Zeit oder unsere ({zone})?",
    "fr": "Voulez-vous dire à votre heure ou à la nôtre ({zone}) ?",
    "es": "¿Se refiere a su hora o a la nuestra ({zone})?",
    "it": "Intende la Sua ora o la nostra ({zone})?",
    "nl": "Bedoelt u uw tijd of de onze ({zone})?",
}


@dataclass(frozen=True, slots=True)
class Beside:
    """`question`: "" where nothing is to be asked. `all_times`: the words before `page`; both "" without a page."""

    question: str = ""
    all_times: str = ""
    page: str = ""


def beside_times(session: Session, context: AgentContext, meeting: Meeting, *, asking: bool | None = None) -> Beside:
    """`asking`: whether the draft asks; None: it does where it is unclear and this thread was not asked before."""
    contact = session.get(Contact, (context.workspace_id, meeting.contact_id))
    rep = session.get(User, (context.workspace_id, meeting.user_id))
    said = Times(language=meeting.language)
    prefix, _, message_id = meeting.purpose_key.partition(":")
    message = session.get(Message, (context.workspace_id, UUID(message_id))) if prefix == "message" else None
    if message is not None and contact is not None:
        said = times_of(session, context, message, contact, rep.time_zone if rep is not None else "")
    page = context.tools.meeting_url(context.workspace_id, meeting.id)
    words = mail_words(meeting.language or said.language)("none_suit") if page else ""
    if asking is False or (asking is None and _asked(session, meeting)):
        return Beside("", words, page)
    return Beside(question_of(said, rep.time_zone if rep is not None else ""), words, page)


def question_of(said: Times, our_zone: str) -> str:
    """One question that names both readings, in the language they wrote; "" where there are not just two to name."""
    language = main_language(said.language)
    asked = two_readings(said)
    if asked is not None:
        readings = _OR[language].join(_reading(one, language) for one in asked.options[:_MOST])
        return _WHICH[language].format(readings=readings)
    if our_zone and any(one.why is Why.WHOSE_CLOCK for one in said.questions):
        return _WHOSE[language].format(zone=our_zone)
    return ""


def two_readings(said: Times) -> Ambiguous | None:
    """The first thing they said that has two readings, both known and unlike each other."""
    for one in said.questions:
        told = {(option.first, option.last, option.since, option.until, option.zone) for option in one.options}
        if len(told) == len(one.options) == _MOST:
            return one
    return None


def _reading(window: Window, language: str) -> str:
    parts: list[str] = []
    if window.first is not None:
        from_day, utc = window.on(window.first)[0], ZoneInfo(window.zone) if "/" in window.zone else ZoneInfo("UTC")
        parts.append(day_words(from_day, utc, language))
    if window.shape is not Shape.DAYS and window.since is not None:
        hours = _clock(window.since)
        if window.until is not None and window.until != time.max:
            hours = f"{hours}–{_clock(window.until)}"
        parts.append(f"{hours} ({window.zone})" if window.zone else hours)
    return ", ".join(parts)


def _clock(at: time) -> str:
    return f"{at:%H:%M}"


def _asked(session: Session, meeting: Meeting) -> bool:
    query = select(Draft.id).where(
        Draft.lead_id == meeting.lead_id, col(Draft.template).startswith(ASKING), Draft.meeting_id != meeting.id
    )
    return session.exec(query.limit(1)).first() is not None
