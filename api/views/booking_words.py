"""What the pages for prospects say, in the languages that they speak; days and hours are said by tools.calendar."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from babel.core import negotiate_locale

from tools.calendar.slot_words import MAIN_LANGUAGES, clock_words, day_words


@dataclass(frozen=True, slots=True)
class Speech:
    """One language: its words by key, and how it writes days and times."""

    language: str
    words: Mapping[str, str]

    def __call__(self, key: str, **values: object) -> str:
        return self.words[key].format(**values)

    def day(self, at: datetime, zone: ZoneInfo) -> str:
        return day_words(at, zone, self.language)

    def time(self, at: datetime, zone: ZoneInfo) -> str:
        return clock_words(at, zone)


def speech_of(accept_language: str, known: str = "") -> Speech:
    """`known`: a language chosen before. Else what the browser asks for, first come first; else English."""
    asked = [part.partition(";")[0].strip() for part in accept_language.split(",") if part.strip()][:20]
    chosen = known if known in MAIN_LANGUAGES else negotiate_locale(asked, MAIN_LANGUAGES, sep="-") or "en"
    return Speech(chosen, _WORDS[chosen])


_EN: Final = {
    "meet": "Meet {host}",
    "booked": "Booked",
    "other": "Another time is booked",
    "gone": "This time is no longer free",
    "silent": "One moment, please",
    "minutes": "{minutes} minutes",
    "with": ", with {host} of {workspace}",
    "on_its_way": "An invitation is on its way by e-mail.",
    "to_change": "Move the meeting, or call it off",
    "gone_why": "It was taken, or was held too long ago.",
    "pick_another": "See all free times",
    "confirm": "Confirm this time",
    "nothing_yet": "Nothing is booked until you confirm.",
    "silent_why": "The calendar does not answer at the moment. The time stays kept for you: try again in a minute.",
    "again": "Try again",
    "all_times": "All free times",
    "choose": "Choose a time to meet {host}",
    "move": "Move the meeting",
    "zone": "Time zone",
    "show": "Show times in this zone",
    "none": "There is no free time at the moment.",
    "none_hint": "Answer the mail with a time that suits you.",
    "unknown": "A calendar does not answer at the moment, so some times may be missing.",
    "call_off": "Call the meeting off",
    "call_off_why": "The time is free again for others, and {host} is told.",
    "called_off": "The meeting is called off",
    "called_off_hint": "If you would like another time, answer the mail.",
    "over": "This meeting can no longer be changed here",
    "taken": "This time was taken a moment ago. Please pick another one.",
    "already": "Another time of this meeting is booked already.",
    "join": "Join the call",
    "utc": "UTC{offset}",
}
_DE: Final = {
    "meet": "Gespräch mit {host}",
    "booked": "Gebucht",
    "other": "Ein anderer Termin ist gebucht",
    "gone": "Dieser Termin ist nicht mehr frei",
    "silent": "Einen Moment bitte",
    "minutes": "{minutes} Minuten",
    "with": ", mit {host} von {workspace}",
    "on_its_way": "Eine Einladung ist per E-Mail unterwegs.",
    "to_change": "Termin verschieben oder absagen",
    "gone_why": "Er wurde vergeben oder war zu lange reserviert.",
    "pick_another": "Alle freien Termine ansehen",
    "confirm": "Diesen Termin bestätigen",
    "nothing_yet": "Gebucht ist erst, was Sie bestätigen.",
    "silent_why": "Der Kalender antwortet gerade nicht. Der Termin bleibt für Sie frei: bitte gleich noch einmal.",
    "again": "Noch einmal versuchen",
    "all_times": "Alle freien Termine",
    "choose": "Termin mit {host} wählen",
    "move": "Termin verschieben",
    "zone": "Zeitzone",
    "show": "Termine in dieser Zeitzone zeigen",
    "none": "Zurzeit ist kein Termin frei.",
    "none_hint": "Antworten Sie auf die E-Mail mit einem Termin, der Ihnen passt.",
    "unknown": "Ein Kalender antwortet gerade nicht, es können Termine fehlen.",
    "call_off": "Termin absagen",
    "call_off_why": "Die Zeit wird wieder frei, und {host} erfährt davon.",
    "called_off": "Der Termin ist abgesagt",
    "called_off_hint": "Wenn Sie einen anderen Termin möchten, antworten Sie auf die E-Mail.",
    "over": "Dieser Termin lässt sich hier nicht mehr ändern",
    "taken": "Dieser Termin wurde gerade vergeben. Bitte wählen Sie einen anderen.",
    "already": "Ein anderer Termin dieses Gesprächs ist schon gebucht.",
    "join": "Zum Videogespräch",
    "utc": "UTC{offset}",
}
_FR: Final = {
    "meet": "Rencontrer {host}",
    "booked": "Réservé",
    "other": "Un autre créneau est réservé",
    "gone": "Ce créneau n’est plus libre",
    "silent": "Un instant, s’il vous plaît",
    "minutes": "{minutes} minutes",
    "with": ", avec {host} de {workspace}",
    "on_its_way": "Une invitation arrive par e-mail.",
    "to_change": "Déplacer ou annuler le rendez-vous",
    "gone_why": "Il a été pris, ou était réservé depuis trop longtemps.",
    "pick_another": "Voir tous les créneaux libres",
    "confirm": "Confirmer ce créneau",
    "nothing_yet": "Rien n’est réservé avant votre confirmation.",
    "silent_why": "L’agenda ne répond pas pour le moment. Le créneau vous reste gardé : réessayez dans une minute.",
    "again": "Réessayer",
    "all_times": "Tous les créneaux libres",
    "choose": "Choisir un créneau avec {host}",
    "move": "Déplacer le rendez-vous",
    "zone": "Fuseau horaire",
    "show": "Afficher dans ce fuseau",
    "none": "Aucun créneau n’est libre pour le moment.",
    "none_hint": "Répondez à l’e-mail avec un créneau qui vous convient.",
    "unknown": "Un agenda ne répond pas pour le moment : des créneaux peuvent manquer.",
    "call_off": "Annuler le rendez-vous",
    "call_off_why": "Le créneau redevient libre et {host} est prévenu.",
    "called_off": "Le rendez-vous est annulé",
    "called_off_hint": "Pour un autre créneau, répondez à l’e-mail.",
    "over": "Ce rendez-vous ne peut plus être modifié ici",
    "taken": "Ce créneau vient d’être pris. Choisissez-en un autre.",
    "already": "Un autre créneau de ce rendez-vous est déjà réservé.",
    "join": "Rejoindre l’appel",
    "utc": "UTC{offset}",
}
_ES: Final = {
    "meet": "Reunión con {host}",
    "booked": "Reservado",
    "other": "Hay otra hora reservada",
    "gone": "Esta hora ya no está libre",
    "silent": "Un momento, por favor",
    "minutes": "{minutes} minutos",
    "with": ", con {host} de {workspace}",
    "on_its_way": "Recibirá una invitación por correo.",
    "to_change": "Cambiar o cancelar la reunión",
    "gone_why": "Se ocupó, o estuvo reservada demasiado tiempo.",
    "pick_another": "Ver todas las horas libres",
    "confirm": "Confirmar esta hora",
    "nothing_yet": "Nada queda reservado hasta que lo confirme.",
    "silent_why": "El calendario no responde en este momento. La hora sigue guardada: inténtelo de nuevo en un minuto.",
    "again": "Intentar de nuevo",
    "all_times": "Todas las horas libres",
    "choose": "Elegir una hora con {host}",
    "move": "Cambiar la reunión",
    "zone": "Zona horaria",
    "show": "Mostrar en esta zona",
    "none": "No hay horas libres en este momento.",
    "none_hint": "Responda al correo con una hora que le convenga.",
    "unknown": "Un calendario no responde en este momento: pueden faltar horas.",
    "call_off": "Cancelar la reunión",
    "call_off_why": "La hora queda libre para otros y se avisa a {host}.",
    "called_off": "La reunión está cancelada",
    "called_off_hint": "Si desea otra hora, responda al correo.",
    "over": "Esta reunión ya no se puede cambiar aquí",
    "taken": "Esta hora se acaba de ocupar. Elija otra, por favor.",
    "already": "Ya hay otra hora reservada para esta reunión.",
    "join": "Unirse a la llamada",
    "utc": "UTC{offset}",
}
_IT: Final = {
    "meet": "Incontro con {host}",
    "booked": "Prenotato",
    "other": "È prenotato un altro orario",
    "gone": "Questo orario non è più libero",
    "silent": "Un momento, per favore",
    "minutes": "{minutes} minuti",
    "with": ", con {host} di {workspace}",
    "on_its_way": "Riceverà un invito per e-mail.",
    "to_change": "Sposta o annulla l’appuntamento",
    "gone_why": "È stato preso, o era riservato da troppo tempo.",
    "pick_another": "Vedi tutti gli orari liberi",
    "confirm": "Conferma questo orario",
    "nothing_yet": "Niente è prenotato finché non conferma.",
    "silent_why": "Il calendario al momento non risponde. L’orario resta riservato per Lei: riprovi tra un minuto.",
    "again": "Riprova",
    "all_times": "Tutti gli orari liberi",
    "choose": "Scegli un orario con {host}",
    "move": "Sposta l’appuntamento",
    "zone": "Fuso orario",
    "show": "Mostra gli orari in questo fuso",
    "none": "Al momento non c’è nessun orario libero.",
    "none_hint": "Risponda all’e-mail con un orario che Le va bene.",
    "unknown": "Un calendario al momento non risponde: possono mancare degli orari.",
    "call_off": "Annulla l’appuntamento",
    "call_off_why": "L’orario torna libero per altri e {host} viene avvisato.",
    "called_off": "L’appuntamento è annullato",
    "called_off_hint": "Se desidera un altro orario, risponda all’e-mail.",
    "over": "Questo appuntamento non si può più modificare qui",
    "taken": "Questo orario è appena stato preso. Ne scelga un altro.",
    "already": "È già prenotato un altro orario per questo incontro.",
    "join": "Entra nella chiamata",
    "utc": "UTC{offset}",
}
_NL: Final = {
    "meet": "Afspraak met {host}",
    "booked": "Geboekt",
    "other": "Er is een ander tijdstip geboekt",
    "gone": "Dit tijdstip is niet meer vrij",
    "silent": "Een ogenblik geduld",
    "minutes": "{minutes} minuten",
    "with": ", met {host} van {workspace}",
    "on_its_way": "Een uitnodiging is per e-mail onderweg.",
    "to_change": "Afspraak verzetten of afzeggen",
    "gone_why": "Het is bezet, of was te lang geleden gereserveerd.",
    "pick_another": "Alle vrije tijdstippen bekijken",
    "confirm": "Dit tijdstip bevestigen",
    "nothing_yet": "Er is niets geboekt totdat u bevestigt.",
    "silent_why": "De agenda antwoordt nu niet. Het tijdstip blijft voor u vrij: probeer het over een minuut opnieuw.",
    "again": "Opnieuw proberen",
    "all_times": "Alle vrije tijdstippen",
    "choose": "Kies een tijdstip met {host}",
    "move": "Afspraak verzetten",
    "zone": "Tijdzone",
    "show": "Tijden in deze tijdzone tonen",
    "none": "Er is op dit moment geen vrij tijdstip.",
    "none_hint": "Beantwoord de e-mail met een tijdstip dat u schikt.",
    "unknown": "Een agenda antwoordt nu niet: er kunnen tijdstippen ontbreken.",
    "call_off": "Afspraak afzeggen",
    "call_off_why": "Het tijdstip komt weer vrij en {host} krijgt bericht.",
    "called_off": "De afspraak is afgezegd",
    "called_off_hint": "Wilt u een ander tijdstip, beantwoord dan de e-mail.",
    "over": "Deze afspraak kan hier niet meer worden gewijzigd",
    "taken": "Dit tijdstip is zojuist bezet. Kies een ander.",
    "already": "Er is al een ander tijdstip voor deze afspraak geboekt.",
    "join": "Naar het videogesprek",
    "utc": "UTC{offset}",
}
_WORDS: Final[Mapping[str, Mapping[str, str]]] = {"en": _EN, "de": _DE, "fr": _FR, "es": _ES, "it": _IT, "nl": _NL}
