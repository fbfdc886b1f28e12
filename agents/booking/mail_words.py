"""What the mails around a meeting say, in the languages that prospects speak. Values are filled in, never words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from tools.calendar.slot_words import clock_words, day_words, main_language, short_day_words
from tools.calendar.slots import zone_of


@dataclass(frozen=True, slots=True)
class MailWords:
    """One language: its sentences by key, and how it writes an instant on a clock."""

    language: str
    sentences: Mapping[str, str]

    def __call__(self, key: str, **values: object) -> str:
        return self.sentences[key].format(**values)

    def when(self, at: datetime, time_zone: str) -> str:
        """ "Thursday 4 June 2026, 15:00 (Europe/Berlin)". `time_zone`: IANA; another counts as UTC."""
        zone = zone_of(time_zone) or ZoneInfo("UTC")
        return f"{day_words(at, zone, self.language)}, {clock_words(at, zone)} ({zone.key})"

    def short(self, at: datetime, time_zone: str) -> str:
        """ "Thursday 4 June, 15:00", for a subject."""
        zone = zone_of(time_zone) or ZoneInfo("UTC")
        return f"{short_day_words(at, zone, self.language)}, {clock_words(at, zone)}"


def mail_words(language: str) -> MailWords:
    """`language`: a tag; one without words here is English."""
    spoken = main_language(language)
    return MailWords(spoken, _WORDS[spoken])


_EN: Final = {
    "reminder_subject": "Reminder: {day}, {host}",
    "reminder": "A reminder of our meeting: {when}, {minutes} minutes.",
    "here": "We meet here: {room}",
    "room_follows": "The link to the room follows.",
    "phone": "By phone: {number}",
    "change": "To move the meeting or call it off: {page}",
    "change_by_mail": "If it no longer suits you, answer this mail.",
    "booked_subject": "Booked: {day}, {host}",
    "moved_subject": "Moved: {day}, {host}",
    "booked": "Thank you, the time is booked: {when}, {minutes} minutes.",
    "moved": "The meeting is now on {when}, {minutes} minutes.",
    "you_meet": "You will meet {host}.",
    "attached": "The invitation is attached. If it no longer suits you, decline it or answer this mail.",
    "attached_page": "The invitation is attached. To move the meeting or call it off: {page}",
    "off_subject": "Called off: {day}, {host}",
    "off": "The meeting on {when} does not take place; your calendar takes it out with the attachment.",
    "another": "If you would like another time, answer this mail.",
    "others_subject": "Another time with {host}?",
    "sorry": "I am sorry: the time that you picked was taken in the very moment in which you picked it.",
    "kept": "These are kept free for you:",
    "all_times": "All free times: {page}",
    "none_suit": "If no time here suits you, all free times are on this page:",
    "answer": "Answer this mail with a time that suits you.",
    "summary": "{workspace}: {minutes} minutes with {host}",
}
_DE: Final = {
    "reminder_subject": "Erinnerung: {day}, {host}",
    "reminder": "Zur Erinnerung an unser Gespräch: {when}, {minutes} Minuten.",
    "here": "Wir treffen uns hier: {room}",
    "room_follows": "Der Link zum Raum folgt.",
    "phone": "Per Telefon: {number}",
    "change": "Termin verschieben oder absagen: {page}",
    "change_by_mail": "Falls der Termin nicht mehr passt, antworten Sie bitte auf diese E-Mail.",
    "booked_subject": "Gebucht: {day}, {host}",
    "moved_subject": "Verschoben: {day}, {host}",
    "booked": "Vielen Dank, der Termin ist gebucht: {when}, {minutes} Minuten.",
    "moved": "Das Gespräch findet nun statt am {when}, {minutes} Minuten.",
    "you_meet": "Sie sprechen mit {host}.",
    "attached": "Die Einladung ist angehängt. Passt der Termin nicht mehr, lehnen Sie ihn ab oder antworten Sie.",
    "attached_page": "Die Einladung ist angehängt. Termin verschieben oder absagen: {page}",
    "off_subject": "Abgesagt: {day}, {host}",
    "off": "Das Gespräch am {when} findet nicht statt; mit dem Anhang nimmt Ihr Kalender es heraus.",
    "another": "Wenn Sie einen anderen Termin möchten, antworten Sie bitte auf diese E-Mail.",
    "others_subject": "Ein anderer Termin mit {host}?",
    "sorry": "Es tut mir leid: Der Termin wurde in dem Augenblick vergeben, in dem Sie ihn gewählt haben.",
    "kept": "Diese Termine sind für Sie reserviert:",
    "all_times": "Alle freien Termine: {page}",
    "none_suit": "Falls hier keiner passt, stehen alle freien Termine auf dieser Seite:",
    "answer": "Antworten Sie bitte mit einem Termin, der Ihnen passt.",
    "summary": "{workspace}: {minutes} Minuten mit {host}",
}
_FR: Final = {
    "reminder_subject": "Rappel : {day}, {host}",
    "reminder": "Un rappel de notre rendez-vous : {when}, {minutes} minutes.",
    "here": "Nous nous retrouvons ici : {room}",
    "room_follows": "Le lien de la salle suit.",
    "phone": "Par téléphone : {number}",
    "change": "Pour déplacer ou annuler le rendez-vous : {page}",
    "change_by_mail": "S’il ne vous convient plus, répondez à cet e-mail.",
    "booked_subject": "Réservé : {day}, {host}",
    "moved_subject": "Déplacé : {day}, {host}",
    "booked": "Merci, le créneau est réservé : {when}, {minutes} minutes.",
    "moved": "Le rendez-vous a maintenant lieu le {when}, {minutes} minutes.",
    "you_meet": "Vous rencontrerez {host}.",
    "attached": "L’invitation est jointe. S’il ne vous convient plus, refusez-la ou répondez à cet e-mail.",
    "attached_page": "L’invitation est jointe. Pour déplacer ou annuler le rendez-vous : {page}",
    "off_subject": "Annulé : {day}, {host}",
    "off": "Le rendez-vous du {when} n’a pas lieu ; la pièce jointe le retire de votre agenda.",
    "another": "Pour un autre créneau, répondez à cet e-mail.",
    "others_subject": "Un autre créneau avec {host} ?",
    "sorry": "Je suis désolé : le créneau que vous avez choisi a été pris à l’instant même.",
    "kept": "Ces créneaux vous sont réservés :",
    "all_times": "Tous les créneaux libres : {page}",
    "none_suit": "Si aucun ne vous convient, tous les créneaux libres sont sur cette page :",
    "answer": "Répondez à cet e-mail avec un créneau qui vous convient.",
    "summary": "{workspace} : {minutes} minutes avec {host}",
}
_ES: Final = {
    "reminder_subject": "Recordatorio: {day}, {host}",
    "reminder": "Un recordatorio de nuestra reunión: {when}, {minutes} minutos.",
    "here": "Nos reunimos aquí: {room}",
    "room_follows": "El enlace de la sala llegará después.",
    "phone": "Por teléfono: {number}",
    "change": "Para cambiar o cancelar la reunión: {page}",
    "change_by_mail": "Si ya no le viene bien, responda a este correo.",
    "booked_subject": "Reservado: {day}, {host}",
    "moved_subject": "Cambiado: {day}, {host}",
    "booked": "Gracias, la hora está reservada: {when}, {minutes} minutos.",
    "moved": "La reunión es ahora el {when}, {minutes} minutos.",
    "you_meet": "Se reunirá con {host}.",
    "attached": "La invitación va adjunta. Si ya no le viene bien, rechácela o responda a este correo.",
    "attached_page": "La invitación va adjunta. Para cambiar o cancelar la reunión: {page}",
    "off_subject": "Cancelado: {day}, {host}",
    "off": "La reunión del {when} no tendrá lugar; el adjunto la quita de su calendario.",
    "another": "Si desea otra hora, responda a este correo.",
    "others_subject": "¿Otra hora con {host}?",
    "sorry": "Lo siento: la hora que eligió se ocupó en el mismo momento en que la eligió.",
    "kept": "Estas horas están reservadas para usted:",
    "all_times": "Todas las horas libres: {page}",
    "none_suit": "Si ninguna le conviene, todas las horas libres están en esta página:",
    "answer": "Responda a este correo con una hora que le convenga.",
    "summary": "{workspace}: {minutes} minutos con {host}",
}
_IT: Final = {
    "reminder_subject": "Promemoria: {day}, {host}",
    "reminder": "Un promemoria del nostro incontro: {when}, {minutes} minuti.",
    "here": "Ci incontriamo qui: {room}",
    "room_follows": "Il link della sala seguirà.",
    "phone": "Per telefono: {number}",
    "change": "Per spostare o annullare l’appuntamento: {page}",
    "change_by_mail": "Se non Le va più bene, risponda a questa e-mail.",
    "booked_subject": "Prenotato: {day}, {host}",
    "moved_subject": "Spostato: {day}, {host}",
    "booked": "Grazie, l’orario è prenotato: {when}, {minutes} minuti.",
    "moved": "L’appuntamento è ora {when}, {minutes} minuti.",
    "you_meet": "Incontrerà {host}.",
    "attached": "L’invito è allegato. Se non Le va più bene, lo rifiuti o risponda a questa e-mail.",
    "attached_page": "L’invito è allegato. Per spostare o annullare l’appuntamento: {page}",
    "off_subject": "Annullato: {day}, {host}",
    "off": "L’appuntamento di {when} non ha luogo; l’allegato lo toglie dal Suo calendario.",
    "another": "Se desidera un altro orario, risponda a questa e-mail.",
    "others_subject": "Un altro orario con {host}?",
    "sorry": "Mi dispiace: l’orario che ha scelto è stato preso nello stesso momento.",
    "kept": "Questi orari sono riservati per Lei:",
    "all_times": "Tutti gli orari liberi: {page}",
    "none_suit": "Se nessuno Le va bene, tutti gli orari liberi sono in questa pagina:",
    "answer": "Risponda a questa e-mail con un orario che Le va bene.",
    "summary": "{workspace}: {minutes} minuti con {host}",
}
_NL: Final = {
    "reminder_subject": "Herinnering: {day}, {host}",
    "reminder": "Een herinnering aan onze afspraak: {when}, {minutes} minuten.",
    "here": "We spreken elkaar hier: {room}",
    "room_follows": "De link naar de ruimte volgt.",
    "phone": "Telefonisch: {number}",
    "change": "De afspraak verzetten of afzeggen: {page}",
    "change_by_mail": "Schikt het niet meer, beantwoord dan deze e-mail.",
    "booked_subject": "Geboekt: {day}, {host}",
    "moved_subject": "Verzet: {day}, {host}",
    "booked": "Dank u, het tijdstip is geboekt: {when}, {minutes} minuten.",
    "moved": "De afspraak is nu op {when}, {minutes} minuten.",
    "you_meet": "U spreekt met {host}.",
    "attached": "De uitnodiging is bijgevoegd. Schikt het niet meer, wijs haar dan af of beantwoord deze e-mail.",
    "attached_page": "De uitnodiging is bijgevoegd. De afspraak verzetten of afzeggen: {page}",
    "off_subject": "Afgezegd: {day}, {host}",
    "off": "De afspraak op {when} gaat niet door; met de bijlage haalt uw agenda haar weg.",
    "another": "Wilt u een ander tijdstip, beantwoord dan deze e-mail.",
    "others_subject": "Een ander tijdstip met {host}?",
    "sorry": "Het spijt me: het tijdstip dat u koos, werd op hetzelfde moment bezet.",
    "kept": "Deze tijdstippen zijn voor u gereserveerd:",
    "all_times": "Alle vrije tijdstippen: {page}",
    "none_suit": "Past hier geen van, dan staan alle vrije tijdstippen op deze pagina:",
    "answer": "Beantwoord deze e-mail met een tijdstip dat u schikt.",
    "summary": "{workspace}: {minutes} minuten met {host}",
}
_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "en": _EN, "de": _DE, "fr": _FR, "es": _ES, "it": _IT, "nl": _NL,
}  # fmt: skip
