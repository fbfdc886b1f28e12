"""What stands beside an intent: the language, which objection it is, the times they propose, whom they name.

Everything found is a place in the text, or an enum, or a date worked out from it: no words leave the sealed body. A
name that is found is for a person to read; nothing here is ever written to.
"""

import re
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import StrEnum

from tools.calendar.time_phrases import Shape, read_times

_MAX_TEXT = 20_000
_MAX_FOUND = 10


class ObjectionKind(StrEnum):
    PRICE = "price"
    TIMING = "timing"
    COMPETITOR = "competitor"
    NO_NEED = "no_need"
    AUTHORITY = "authority"


@dataclass(frozen=True, slots=True)
class Span:
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class ProposedTime:
    span: Span
    at: datetime | None  # on their clock, without a zone: they named none; None where day or hour is not plain


@dataclass(frozen=True, slots=True)
class ReplyDetails:
    language: str = ""  # ISO 639-1; empty: too few words to tell
    objections: tuple[ObjectionKind, ...] = ()
    times: tuple[ProposedTime, ...] = ()
    refers_to: tuple[Span, ...] = ()


# The commonest words that only one of these languages has, or has often.
_WORDS = {
    "en": "the and you your we our is are not to of for with this that have has it be will would can please thanks "
    "thank "
    "me my from what about would more no on at if do don't i'm how when was out so but up us off mail email",
    "de": "der die das und ist nicht ich wir sie ihre ihr ihnen mit für auf eine einen ein zu von bitte danke uns "
    "mir mich "
    "auch noch kein keine sind haben habe im dem den es wie was wann oder aber nur sehr gerne mehr vielen an aus bei",
    "fr": "le la les et est pas je nous vous votre vos avec pour sur une un de du des merci ne que qui dans au aux mon "
    "notre nos sont être plus bien cela ce cette mais ou où quel quelle si en par me d'une c'est n'est j'ai été",
    "es": "el la los las y es no yo nosotros usted su sus con para por una un de del gracias que en nuestro nuestra "
    "mi me "
    "más está están pero como qué cuándo muy al lo se si nos ya estoy tenemos tiene este esta favor quiero eso sí",
    "it": "il la gli e è non io noi lei con per una un di del della grazie che nel nostro mi più sono ma come cosa si "
    "ci vi sua suo questo questa anche molto ho abbiamo può al da",
    "nl": "de het een en is niet ik wij u uw met voor op van bedankt ons mij ook geen zijn hebben heb maar aan wat "
    "wanneer "
    "naar dit dat te bij als kan graag meer we je",
    "pt": "o a os as e é não eu nós com para por uma um do da dos das obrigado obrigada que em nosso nossa meu "
    "minha mais "
    "está são mas como muito ao se você vocês seu sua isso este esta no na",
}
_LANGUAGE_OF = {
    word: [name for name, others in _WORDS.items() if word in others.split()]
    for words in _WORDS.values()
    for word in words.split()
}
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_LETTERS = {
    "de": re.compile(r"[äöüß]"), "fr": re.compile(r"[èêëàâçœùû]"), "es": re.compile(r"[ñ¿¡]|[áíóú]"),
    "pt": re.compile(r"[ãõ]"),
}  # fmt: skip


def language_of(text: str) -> str:
    """The language of a short text by its commonest words; empty where they do not tell."""
    words = _WORD.findall(text[:2_000].casefold().replace("’", "'"))
    votes: Counter[str] = Counter()
    for word in words:
        named = _LANGUAGE_OF.get(word, ())
        for name in named:
            votes[name] += 12 // len(named)
        for name, letters in _LETTERS.items():
            if letters.search(word):
                votes[name] += 6
    ranked = votes.most_common(2)
    if not ranked or ranked[0][1] < 12 or (len(ranked) > 1 and ranked[0][1] == ranked[1][1]):
        return ""
    return ranked[0][0]


# ------------------------------------------------------------------------------------------------------ objections

_I = re.IGNORECASE
_OBJECTIONS = {
    ObjectionKind.PRICE: re.compile(
        r"\b(?:too (?:expensive|pricey|costly)|expensive|over budget|can(?:'t|not) afford|cheaper|(?:no"
        r"|not in the) budget"
        r"|budget (?:is )?(?:frozen|gone|spent|cut)|zu teuer|kein budget|trop cher|pas de budget|pas le budget"
        r"|(?:demasiado|muy) caro|(?:sin|no hay|no tenemos) presupuesto)\b", _I),
    ObjectionKind.TIMING: re.compile(
        r"\b(?:not (?:the right|a good) time|bad tim(?:e|ing)|too (?:early|late|busy)|swamped|slammed|not (?:a"
        r"|our) priority"
        r"|not this (?:year|quarter)|next (?:year|quarter)|nicht der richtige zeitpunkt|keine priorität"
        r"|nächstes (?:jahr|quartal)"
        r"|pas le bon moment|pas (?:une |la )?priorité|l'année prochaine|no es (?:el|buen) momento"
        r"|no es (?:una )?prioridad"
        r"|el (?:próximo año|año que viene))\b", _I),
    ObjectionKind.COMPETITOR: re.compile(
        r"\b(?:already (?:have|use|using|work(?:ing)? with|signed)|happy with (?:our|the) (?:current|existing|present)"
        r"|locked into|under contract|contract (?:runs|until|with)|(?:went|gone|going) with (?:another|someone"
        r"|a competitor)"
        r"|haben (?:bereits|schon)|nutzen (?:bereits|schon)|zufrieden mit|vertraglich gebunden|nous avons déjà"
        r"|déjà équipés?"
        r"|sous contrat|satisfaits? de|ya (?:tenemos|usamos|contamos|trabajamos)|contentos con|bajo contrato)\b", _I),
    ObjectionKind.NO_NEED: re.compile(
        r"\b(?:(?:do not|don't|dont|no) (?:\w+ )?need|not (?:relevant|a (?:good )?fit|something we)|no (?:use"
        r"|requirement)"
        r"|(?:kein(?:en)?) bedarf|brauchen (?:wir )?(?:das )?nicht|benötigen (?:wir )?nicht|nicht relevant|pas besoin"
        r"|aucun besoin|pas concernés?|no (?:lo )?necesit\w+|no nos hace falta|no es relevante)\b", _I),
    ObjectionKind.AUTHORITY: re.compile(
        r"\b(?:not my (?:decision|call)|(?:can't|cannot) decide|don't (?:decide|make)|(?:my|our) (?:boss|manager"
        r"|board|ceo|cfo)"
        r" (?:decides|has to|needs to|would have to)|above my pay grade|need(?:s)? (?:approval|sign-?off)"
        r"|entscheide (?:ich )?nicht"
        r"|(?:geschäftsführung|zentrale|chef(?:in)?) entscheidet|nicht entscheidungsbefugt|ne décide pas"
        r"|c'est (?:ma|la) direction|siège qui décide|no (?:lo )?decido|decide (?:mi|la) (?:jefe|dirección"
        r"|central))\b", _I),
}  # fmt: skip


def objections_in(text: str) -> tuple[ObjectionKind, ...]:
    words = text[:_MAX_TEXT].replace("’", "'")
    return tuple(kind for kind, rule in _OBJECTIONS.items() if rule.search(words))


# ------------------------------------------------------------------------------------------------- times they propose


def times_in(text: str, sent_on: date) -> tuple[ProposedTime, ...]:
    """Where times stand, at most ten, with the instant where day and hour are plain and no zone is named.

    For showing a reply. Who plans a meeting asks agents/proposed_times.py, which knows both clocks and asks back.
    """
    sent_at = datetime.combine(sent_on, time.min, tzinfo=UTC)
    times = read_times(text[:_MAX_TEXT], sent_at, theirs="UTC", language=language_of(text))
    found = {
        (one.start, one.end): datetime.combine(one.first, one.since)
        if one.shape is Shape.CLOCK and one.first == one.last and one.first and one.since and one.zone == "UTC"
        else None
        for one in times.windows
        if not one.excluded
    }
    found |= {(one.start, one.end): None for one in times.questions}
    return tuple(
        ProposedTime(Span(*place), at) for place, at in sorted(found.items(), key=lambda one: one[0])[:_MAX_FOUND]
    )


# ------------------------------------------------------------------------------------------------------ whom they name

_NAME = r"(?:[A-ZÀ-ÖØ-ÞŁŚŻČŠŽ](?:[\w'’-]{1,30}|\.))"
_REFERS = re.compile(
    r"(?i:\b(?:contact|reach out to|talk to|speak (?:to|with)|get in touch with|write to|e-?mail|ask|loop(?:ing)? in"
    r"|cc'?ing"
    r"|(?:best|right) person (?:is|would be|to talk to is)|person (?:is|would be)|colleague|handled by|responsible is"
    r"|wenden sie sich (?:bitte )?an|ansprechpartner(?:in)? (?:ist|dafür ist)|zuständig (?:dafür )?ist|kolleg(?:e|en"
    r"|in)"
    r"|adressez-vous à|contactez|la bonne personne est|collègue|transmis à|contacte (?:con|a)|en contacto con"
    r"|la persona (?:indicada|adecuada|responsable) es|compañer[oa]|colega))[ ,:]{1,3}"
    r"(?i:(?:my |our |with |mit |mein(?:en?|e)? |meine[rn]? |mon |ma |notre |mi |nuestr[oa] )?"
    r"(?:colleague|manager|boss|kollege[n]?|kollegin|collègue|compañer[oa]|colega|herrn?|frau|mr\.?|mrs\.?|ms\.?|mme"
    r"|m\."
    r"|sr\.?|sra\.?|dr\.?)?[ ,:]{0,2})"
    rf"(?P<name>{_NAME}(?: (?:(?:von|van|de|del|der|la|le|di) )?{_NAME}){{0,2}})"
)
_NO_NAME = frozenset({
    "I", "We", "You", "He", "She", "They", "It", "The", "This", "That", "Please", "Thanks", "Regards", "Our", "My",
    "Your", "Sie", "Wir", "Ich", "Bitte", "Nous", "Vous", "Je",
})  # fmt: skip
_ADDRESS = re.compile(r"[A-Za-z0-9._%+'-]{1,64}@[A-Za-z0-9.-]{1,200}\.[A-Za-z]{2,24}")


def named_in(text: str) -> tuple[Span, ...]:
    """Where names, and addresses beside them, of somebody else stand."""
    words = text[:_MAX_TEXT]
    spans = [Span(*m.span("name")) for m in _REFERS.finditer(words) if m["name"].split()[0] not in _NO_NAME]
    spans += [Span(*m.span()) for m in _ADDRESS.finditer(words)]
    return tuple(sorted(set(spans), key=lambda span: span.start))[:_MAX_FOUND]


def details_of(text: str, sent_on: date, *, wants_meeting: bool, refers: bool) -> ReplyDetails:
    """Times and names only where an intent asks for them: a date in a signature proposes nothing."""
    return ReplyDetails(
        language=language_of(text),
        objections=objections_in(text),
        times=times_in(text, sent_on) if wants_meeting else (),
        refers_to=named_in(text) if refers else (),
    )
