"""Was this written by a person, or by a program on their behalf? Headers first (RFC 3834), then what subjects say.

And when they are back, where the words say so: the later reading of an ambiguous date, because waiting too long costs
a day and writing to somebody on holiday costs goodwill.
"""

import re
from datetime import date, timedelta
from email.message import Message

from tools.mail import mime

_OUT_OF_OFFICE = re.compile(
    r"out of (?:the )?office|\bOOO\b|\booto\b|on (?:annual |parental |maternity |paternity |sick )?(?:leave"
    r"|vacation|holiday)s?\b|away from"
    r" (?:my desk|the office|my e?-?mail)|currently (?:away|out|travelling|traveling|unavailable)"
    r"|limited access to (?:my )?e-?mail"
    r"|will be (?:back|returning|out)\b|i am away|i'm away|(?:on|taking) pto"
    r"|abwesen|nicht im (?:büro|haus)|im urlaub|in elternzeit|außer haus|nicht erreichbar"
    r"|derzeit nicht am arbeitsplatz"
    r"|absen(?:t|ce)\b|en congés?|en vacances|hors du bureau|de retour le|en déplacement"
    r"|fuera de (?:la )?oficina|ausen(?:te|cia)|de vacaciones|estaré de vuelta|fuori (?:sede|ufficio)|in ferie"
    r"|assente"
    r"|afwezig|met vakantie|fora do escritório|de férias",
    re.IGNORECASE,
)
_AUTO_SUBJECT = re.compile(
    r"^(?:\[?(?:auto(?:matic|mated|mat)?[- ]?(?:reply|response|responder|antwort|notification)"
    r"|automatische antwort|autoreply|autoresponse"
    r"|réponse automatique|respuesta automática|risposta automatica|automatisch antwoord|resposta automática|autosvar"
    r"|abwesenheitsnotiz|abwesenheit|abwesend|out of office|ooo|absence|absent|ausencia|vacation|on vacation"
    r"|urlaub|fuera de la oficina)\b)",
    re.IGNORECASE,
)
_NO_LONGER = re.compile(
    r"no longer (?:with|work(?:s|ing)? (?:at|for|here))|(?:has|have) left (?:the )?(?:company|organi[sz]ation"
    r"|us)\b|nicht mehr (?:bei|für|im unternehmen)"
    r"|hat (?:das|unser) unternehmen verlassen|n'est plus (?:chez|dans)|ne (?:fait|travaille) plus"
    r"|a quitté (?:l'entreprise|la société)"
    r"|ya no (?:trabaja|forma parte)|non lavora più",
    re.IGNORECASE,
)

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan januar jänner janvier janv enero ene gennaio januari janeiro",
            "february feb februar février févr fevrier febrero febbraio februari fevereiro",
            "march mar märz maerz mars marzo maart março",
            "april apr avril avr abril abr aprile",
            "may mai mayo maggio mei maio",
            "june jun juni juin junio giugno junho",
            "july jul juli juillet juil julio luglio julho",
            "august aug août aout agosto augustus",
            "september sep sept septembre septiembre settembre setembro",
            "october oct oktober okt octobre octubre ottobre outubro",
            "november nov novembre noviembre novembro",
            "december dec dezember dez décembre déc decembre diciembre dic dicembre dezembro",
        ),
        start=1,
    )
    for name in names.split()
}
_WEEKDAYS = {
    name: number
    for number, names in enumerate(
        (
            "monday montag lundi lunes lunedì",
            "tuesday dienstag mardi martes martedì",
            "wednesday mittwoch mercredi miércoles mercoledì",
            "thursday donnerstag jeudi jueves giovedì",
            "friday freitag vendredi viernes venerdì",
            "saturday samstag sonnabend samedi sábado sabato",
            "sunday sonntag dimanche domingo domenica",
        )
    )
    for name in names.split()
}
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_WEEKDAY = "|".join(_WEEKDAYS)
# Words after which the return stands. "From … until …" gives two dates: the one after the second word counts.
_UNTIL = re.compile(
    r"\b(?:until|till|through|thru|\bto\b|back (?:in the office )?(?:on|at work on|in)?"
    r"|return(?:ing)?(?: to (?:the office|work))?(?: on)?|resume"
    r"|bis(?: einschließlich| zum| einschl\.)?|wieder (?:ab|am|erreichbar ab|da ab|im büro ab|für sie da ab)?"
    r"|zurück (?:am|ab)?|ab dem"
    r"|jusqu['’]?\s?(?:au|à)|de retour(?: le| à partir du)?|au\b|à partir du|hasta(?: el)?|vuelvo(?: el)?"
    r"|regres(?:o|aré)(?: el)?|a partir del?"
    r"|fino al?|tot(?: en met)?|até)\b",
    re.IGNORECASE,
)
DATES = re.compile(
    rf"(?P<iso>\d{{4}}-\d\d-\d\d)"
    rf"|(?P<d1>\d{{1,2}})(?:st|nd|rd|th|er|º)?[.\s]*(?:of "
    rf"|de )?(?P<m1>{_MONTH})\b\.?,?(?:\s+(?:de(?:l)? )?(?P<y1>\d{{4}}))?"
    rf"|\b(?P<m2>{_MONTH})\b\.?\s+(?P<d2>\d{{1,2}})(?:st|nd|rd|th)?\b(?:,?\s+(?P<y2>\d{{4}}))?"
    rf"|(?P<a>\d{{1,2}})[./-](?P<b>\d{{1,2}})(?:[./-](?P<y3>\d{{4}}|\d\d))?(?!\d)"
    rf"|\b(?P<weekday>{_WEEKDAY})\b",
    re.IGNORECASE,
)
_LOOK_AHEAD = 60  # characters between "until" and its date
_LONGEST_ABSENCE = timedelta(days=400)


def is_automatic(message: Message) -> str:
    """The header or subject that says a program answered; empty when nothing does."""
    submitted = mime.header(message, "Auto-Submitted").lower()
    if submitted and not submitted.startswith("no"):
        return f"Auto-Submitted: {submitted[:60]}"
    for name in (
        "X-Autoreply",
        "X-Autorespond",
        "X-Autoresponder",
        "X-Auto-Reply-From",
        "X-Mail-Autoreply",
        "X-Vacation",
    ):
        if message.get(name) is not None and mime.header(message, name).lower() not in ("no", "false"):
            return name
    precedence = mime.header(message, "Precedence").lower()
    if precedence in ("auto_reply", "auto-reply", "autoreply"):
        return f"Precedence: {precedence}"
    subject = _bare_subject(mime.header(message, "Subject"))
    if _AUTO_SUBJECT.match(subject):
        return f"Subject: {subject[:60]}"
    # Bulk and lists are not answers to us, but a person's reply through a list is a reply: only with the words.
    if precedence in ("bulk", "junk") and _OUT_OF_OFFICE.search(f"{subject}\n{mime.body(message)[:1000]}"):
        return f"Precedence: {precedence}"
    return ""


def is_out_of_office(subject: str, text: str) -> bool:
    return _OUT_OF_OFFICE.search(f"{subject}\n{text[:2000]}") is not None


def has_left(text: str) -> bool:
    """Whether the answer says that the person does not work there any more."""
    return _NO_LONGER.search(text[:2000]) is not None


def return_date(text: str, sent_on: date) -> date | None:
    """The day they say they are back (or away until), when it is after `sent_on` and within 400 days; else None."""
    found: list[date] = []
    for marker in _UNTIL.finditer(text[:3000]):
        window = text[marker.end() : marker.end() + _LOOK_AHEAD]
        match = DATES.search(window)
        day = day_of(match, sent_on) if match is not None else None
        if day is not None and sent_on < day <= sent_on + _LONGEST_ABSENCE:
            found.append(day)
    return max(found, default=None)


def day_of(match: re.Match[str], sent_on: date) -> date | None:
    """The day that a match of `DATES` names, seen from `sent_on`; None where there is no such day."""
    try:
        if match["iso"]:
            return date.fromisoformat(match["iso"])
        if match["weekday"]:
            ahead = (_WEEKDAYS[match["weekday"].lower()] - sent_on.weekday() - 1) % 7 + 1
            return sent_on + timedelta(days=ahead)
        if match["a"]:
            year = match["y3"]
            readings = [
                _dated(int(match["b"]), int(match["a"]), year, sent_on),
                _dated(int(match["a"]), int(match["b"]), year, sent_on),
            ]
            possible = [day for day in readings if day is not None and day > sent_on]
            # Day first is how most of the world writes; where both readings lie ahead, the nearer future of a few
            # weeks is likelier than one half a year away.
            return min(possible, default=None)
        name, day, year = (
            (match["m1"], match["d1"], match["y1"]) if match["m1"] else (match["m2"], match["d2"], match["y2"])
        )
        return _dated(_MONTHS[name.lower()], int(day), year, sent_on)
    except ValueError:
        return None


def _dated(month: int, day: int, year: str | None, sent_on: date) -> date | None:
    try:
        if year:
            return date(int(year) + (2000 if len(year) == 2 else 0), month, day)
        this_year = date(sent_on.year, month, day)
        return this_year if this_year > sent_on else date(sent_on.year + 1, month, day)
    except ValueError:
        return None


def _bare_subject(subject: str) -> str:
    return re.sub(r"^(?:(?:re|aw|fwd?|wg|sv|antw|rv|tr)\s*:\s*)+", "", subject.strip(), flags=re.IGNORECASE)
