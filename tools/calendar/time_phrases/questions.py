"""What is asked back, in the language they wrote. It is for a draft or a person; nothing is sent here."""

from collections.abc import Sequence
from datetime import date

from tools.calendar.time_phrases.windows import Why, Window

_DAY_NAMES = {
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "de": ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"),
    "fr": ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"),
    "it": ("lunedì", "martedì", "mercoledì", "giovedì", "venerdì", "sabato", "domenica"),
    "nl": ("maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag", "zondag"),
    "es": ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"),
}
_OR = {"en": " or ", "de": " oder ", "fr": " ou ", "es": " o ", "it": " o ", "nl": " of "}
_ASK = {
    "en": {
        Why.DATE_ORDER: "By “{quote}”, which day do you mean: {options}?",
        Why.NEXT_WEEKDAY: "By “{quote}”, which day do you mean: {options}?",
        Why.HALF_OF_DAY: "“{quote}”: in the morning or in the evening?",
        Why.WHOSE_CLOCK: "“{quote}”: in which city's time?",
        Why.ZONE_NAME: "“{quote}” has several time zones of that name: in which city's time do you mean it?",
        Why.NO_SUCH_TIME: "“{quote}” does not exist in the calendar or on that night's clock: which time do you mean?",
        Why.TWICE: "“{quote}” comes twice in that night, when the clock is set back: which one do you mean?",
        Why.WEEKDAY_DIFFERS: "“{quote}”: the weekday and the date do not fit together ({options}). Which do you mean?",
        Why.RECURRING: "“{quote}” names a recurring time: on which day should we meet first?",
        Why.NOT_UNDERSTOOD: "Which day and time do you mean by “{quote}”?",
    },
    "de": {
        Why.DATE_ORDER: "Welchen Tag meinen Sie mit „{quote}“: {options}?",
        Why.NEXT_WEEKDAY: "Welchen Tag meinen Sie mit „{quote}“: {options}?",
        Why.HALF_OF_DAY: "„{quote}“: morgens oder abends?",
        Why.WHOSE_CLOCK: "„{quote}“: nach der Zeit welcher Stadt?",
        Why.ZONE_NAME: "„{quote}“ kann mehrere Zeitzonen bedeuten: Nach der Zeit welcher Stadt meinen Sie es?",
        Why.NO_SUCH_TIME: "„{quote}“ gibt es im Kalender oder in dieser Nacht nicht: Welche Zeit meinen Sie?",
        Why.TWICE: "„{quote}“ gibt es in der Nacht der Zeitumstellung zweimal: Welche Zeit meinen Sie?",
        Why.WEEKDAY_DIFFERS: "„{quote}“: Wochentag und Datum passen nicht zusammen ({options}). Was meinen Sie?",
        Why.RECURRING: "„{quote}“ ist ein wiederkehrender Termin: An welchem Tag wollen wir beginnen?",
        Why.NOT_UNDERSTOOD: "Welchen Tag und welche Uhrzeit meinen Sie mit „{quote}“?",
    },
    "fr": {
        Why.DATE_ORDER: "Par « {quote} », quel jour voulez-vous dire : {options} ?",
        Why.NEXT_WEEKDAY: "Par « {quote} », quel jour voulez-vous dire : {options} ?",
        Why.HALF_OF_DAY: "« {quote} » : le matin ou le soir ?",
        Why.WHOSE_CLOCK: "« {quote} » : à l'heure de quelle ville ?",
        Why.ZONE_NAME: "« {quote} » désigne plusieurs fuseaux : à l'heure de quelle ville ?",
        Why.NO_SUCH_TIME: "« {quote} » n'existe pas dans le calendrier ou cette nuit-là : à quelle heure ?",
        Why.TWICE: "« {quote} » revient deux fois la nuit du changement d'heure : laquelle voulez-vous dire ?",
        Why.WEEKDAY_DIFFERS: "« {quote} » : le jour et la date ne concordent pas ({options}). Que voulez-vous dire ?",
        Why.RECURRING: "« {quote} » désigne un horaire récurrent : quel jour pour la première fois ?",
        Why.NOT_UNDERSTOOD: "Quel jour et quelle heure voulez-vous dire par « {quote} » ?",
    },
    "es": {
        Why.DATE_ORDER: "Con «{quote}», ¿a qué día se refiere: {options}?",
        Why.NEXT_WEEKDAY: "Con «{quote}», ¿a qué día se refiere: {options}?",
        Why.HALF_OF_DAY: "«{quote}»: ¿por la mañana o por la tarde?",
        Why.WHOSE_CLOCK: "«{quote}»: ¿en hora de qué ciudad?",
        Why.ZONE_NAME: "«{quote}» puede ser varias zonas horarias: ¿en hora de qué ciudad?",
        Why.NO_SUCH_TIME: "«{quote}» no existe en el calendario o esa noche: ¿a qué hora se refiere?",
        Why.TWICE: "«{quote}» se repite la noche del cambio de hora: ¿a cuál se refiere?",
        Why.WEEKDAY_DIFFERS: "«{quote}»: el día y la fecha no coinciden ({options}). ¿A cuál se refiere?",
        Why.RECURRING: "«{quote}» es un horario periódico: ¿qué día empezamos?",
        Why.NOT_UNDERSTOOD: "¿A qué día y hora se refiere con «{quote}»?",
    },
    "it": {
        Why.DATE_ORDER: "Con «{quote}» quale giorno intende: {options}?",
        Why.NEXT_WEEKDAY: "Con «{quote}» quale giorno intende: {options}?",
        Why.HALF_OF_DAY: "«{quote}»: di mattina o di sera?",
        Why.WHOSE_CLOCK: "«{quote}»: nell'ora di quale città?",
        Why.ZONE_NAME: "«{quote}» può indicare più fusi orari: nell'ora di quale città?",
        Why.NO_SUCH_TIME: "«{quote}» non esiste nel calendario o in quella notte: a che ora si riferisce?",
        Why.TWICE: "«{quote}» capita due volte la notte del cambio d'ora: quale delle due intende?",
        Why.WEEKDAY_DIFFERS: "«{quote}»: il giorno e la data non concordano ({options}). Quale intende?",
        Why.RECURRING: "«{quote}» indica un orario ricorrente: da quale giorno iniziamo?",
        Why.NOT_UNDERSTOOD: "Quale giorno e quale ora intende con «{quote}»?",
    },
    "nl": {
        Why.DATE_ORDER: "Welke dag bedoelt u met “{quote}”: {options}?",
        Why.NEXT_WEEKDAY: "Welke dag bedoelt u met “{quote}”: {options}?",
        Why.HALF_OF_DAY: "“{quote}”: ’s ochtends of ’s avonds?",
        Why.WHOSE_CLOCK: "“{quote}”: in de tijd van welke stad?",
        Why.ZONE_NAME: "“{quote}” kan meerdere tijdzones zijn: in de tijd van welke stad?",
        Why.NO_SUCH_TIME: "“{quote}” bestaat niet in de kalender of in die nacht: welke tijd bedoelt u?",
        Why.TWICE: "“{quote}” komt twee keer voor in de nacht dat de klok verzet wordt: welke bedoelt u?",
        Why.WEEKDAY_DIFFERS: "“{quote}”: de dag en de datum komen niet overeen ({options}). Wat bedoelt u?",
        Why.RECURRING: "“{quote}” is een terugkerend tijdstip: op welke dag beginnen we?",
        Why.NOT_UNDERSTOOD: "Welke dag en welk tijdstip bedoelt u met “{quote}”?",
    },
}  # fmt: skip
_LONGEST_QUOTE = 60


def ask(why: Why, quote: str, options: Sequence[Window], language: str) -> str:
    """One question. The quote is theirs, cut to 60 characters; it may be shown and quoted, nothing else."""
    language = language if language in _ASK else "en"
    days = dict.fromkeys(one.first for one in options if one.first is not None)
    named = _OR[language].join(_day(day, language) for day in days)
    why = why if named or why not in (Why.DATE_ORDER, Why.NEXT_WEEKDAY, Why.WEEKDAY_DIFFERS) else Why.NOT_UNDERSTOOD
    words = " ".join(quote.split())[:_LONGEST_QUOTE]
    return _ASK[language][why].format(quote=words, options=named)


def _day(day: date, language: str) -> str:
    """Unmistakable in every language: the weekday and the ISO date."""
    return f"{_DAY_NAMES[language][day.weekday()]} {day.isoformat()}"
