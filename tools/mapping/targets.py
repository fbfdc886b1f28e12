"""What each field is called in the lists of the world, and what its values look like.

Header words are in English, German, French and Spanish, the likeliest first, as `header_words` leaves them.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tools.domains import registrable_domain
from tools.mapping import transforms as t
from tools.mapping.amounts import currency_in
from tools.mapping.document import Kind
from tools.mapping.shapes import Column
from tools.names import plain


@dataclass(frozen=True, slots=True)
class Target:
    """`shape` gives the share of values that fit; under `least` a column is not this, whatever it is called.

    `alone`: from this share on the values tell the field without a known header; over 1 they never do.
    """

    field: str
    headers: tuple[str, ...]
    looks_like: str  # "… % of its values look like <this>"
    shape: Callable[[Column], float]
    least: float
    transform: Callable[[Column], t.Transform]
    alone: float = 2.0
    alternatives: bool = False  # further columns that fit stand in where the first is empty


_FILLERS = {"company", "account", "organization", "organisation", "org", "business", "firm", "the", "primary", "main"}
_PERSON_FILLERS = {"contact", "person", "lead", "employee", "the", "primary", "main", "work", "business"}


# "Price/Sales", "revenue growth %": made of the number that is meant, and another one.
_OTHER_NUMBER = re.compile(r"(?i)\w\s*/\s*\w|growth|margin|ratio|\bper\b|change|rank|multiple|forecast|%")


def header_words(header: str) -> str:
    """ "companyName", "Company_Name ", "company.name" → "company name"."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", header)
    return " ".join(re.findall(r"[^\W_]+", plain(spaced)))


def header_match(target: Target, header: str, kind: Kind) -> float:
    """0–1: how plainly a header names the field."""
    words = header_words(header)
    if _OTHER_NUMBER.search(header) and target.field in ("revenue_minor", "employees"):
        return 0.0
    if words in target.headers:
        return 1.0 - 0.01 * min(target.headers.index(words), 30)
    fillers = _PERSON_FILLERS if kind is Kind.PERSON else _FILLERS
    tokens = words.split()
    stripped = " ".join(token for token in tokens if token not in fillers)
    if stripped and stripped in target.headers:
        return 0.9 - 0.01 * min(target.headers.index(stripped), 30)
    for index, name in enumerate(target.headers):
        if len(name) > 3 and re.search(rf"\b{re.escape(name)}\b", words):
            return max(0.3, 0.6 - 0.01 * index - 0.03 * (len(tokens) - len(name.split())))
    return 0.0


def scale_of(header: str) -> float:
    """1,000,000 for "Revenue (M)", "Umsatz in Mio. EUR", "sales_usd_mm"; 1 where the header names no unit."""
    words = header_words(header).split()
    for names, factor in ((("m", "mm", "mn", "mio", "million", "millions", "millionen", "millones"), 1e6),
                          (("b", "bn", "mrd", "billion", "billions", "milliarden", "milliards"), 1e9),
                          (("k", "tsd", "thousand", "thousands", "milliers", "000s"), 1e3)):  # fmt: skip
        if any(word in names for word in words[1:]):
            return factor
    return 1.0


def currency_of(column: Column) -> str:
    """The currency that the header names, else that most values do not contradict; "" where nothing does."""
    return currency_in(column.name) or next((c for text in column.texts if (c := currency_in(text))), "")


def _names(text: str) -> tuple[str, ...]:
    return tuple(" ".join(plain(name).split()) for name in text.split("|"))


def _text(_: Column) -> t.Transform:
    return t.Text()


def _items(column: Column) -> t.Transform:
    separators = [s for s in ("|", ";", ",", " / ") if sum(s in text for text in column.texts) > len(column.texts) / 4]
    return t.Items(separator=separators[0] if separators else ",")


def _money(column: Column) -> t.Transform:
    return t.Money(currency=currency_of(column) or "USD", decimal=column.decimal, scale=scale_of(column.name))


def _number(column: Column) -> t.Transform:
    return t.Number(decimal=column.decimal)


COMPANY_TARGETS: Sequence[Target] = (
    Target(
        "name",
        _names(
            "name|company name|company|organization name|organisation name|account name|business name|"
            "legal name|company legal name|organization|organisation|account|firma|firmenname|unternehmen|"
            "societe|entreprise|raison sociale|nom|empresa|razon social|compania|nombre|startup|startup name|"
            "customer|customer name|kunde|kundenname|client|client name|brand|vendor|supplier|employer|issuer|"
            "security|firm"
        ),
        "names", lambda c: c.words if c.email < 0.2 and c.date < 0.5 else 0.0, 0.7, _text,
    ),
    Target(
        "website",
        _names(
            "website|website url|web site|company website|homepage|home page|homepage url|domain|"
            "company domain|url|web|webseite|internetseite|internet|site web|site internet|site|sitio web|"
            "pagina web|web address|link|www|careers url|jobs url"
        ),
        "addresses of their own domains", lambda c: c.own_domain, 0.5, lambda _: t.Website(), 0.8, True,
    ),
    Target(
        "employees",
        _names(
            "employees|number of employees|employee count|employees count|num employees|no of employees|"
            "headcount|team size|company size|staff|staff count|size|mitarbeiter|mitarbeiterzahl|"
            "anzahl mitarbeiter|beschaftigte|effectif|effectifs|nombre de salaries|salaries|empleados|"
            "numero de empleados|plantilla|employee range|size range"
        ),
        "numbers of people", lambda c: c.employees, 0.6, lambda _: t.Employees(),
    ),
    Target(
        "revenue_minor",
        _names(
            "revenue|annual revenue|yearly revenue|total revenue|revenues|sales|annual sales|turnover|arr|"
            "umsatz|jahresumsatz|chiffre d affaires|chiffre daffaires|ca|ingresos|facturacion|ventas|"
            "revenue usd"
        ),
        "amounts", lambda c: c.amount, 0.6, _money,
    ),
    Target(
        "industry",
        _names(
            "industry|primary industry|sector|gics sector|industry sector|vertical|branche|industrie|"
            "wirtschaftszweig|secteur|secteur d activite|industria|category|category code|market|segment|"
            "business type"
        ),
        "words", lambda c: c.words if c.variety < 0.95 or len(c.texts) < 20 else 0.0, 0.6, _text,
    ),
    Target(
        "country",
        _names(
            "country|country code|country name|hq country|headquarters country|billing country|land|pays|pais|"
            "nation"
        ),
        "countries", lambda c: c.country, 0.5, lambda _: t.Country(), 0.9,
    ),
    Target(
        "region",
        _names(
            "state|province|state code|state province|bundesland|etat|departement|provincia|"
            "comunidad autonoma|estado|region|hq state|billing state|county"
        ),
        "regions", lambda c: 0.0 if c.is_list else max(c.us_state, 0.9 * c.words), 0.6, _text,
    ),
    Target(
        "city",
        _names(
            "city|town|stadt|ort|ville|ciudad|localidad|municipality|hq city|headquarters city|billing city|"
            "commune"
        ),
        "places", lambda c: c.place, 0.6, _text,
    ),
    Target(
        "description",
        _names(
            "long description|description|company description|full description|about|overview|summary|blurb|"
            "short description|one liner|tagline|beschreibung|descripcion|presentation|desc|bio|profile"
        ),
        "sentences", lambda c: max(c.long_text, 0.6 * c.words), 0.4, _text, 2.0, True,
    ),
    Target(
        "founded_year",
        _names(
            "founded year|year founded|founded|founding year|founding date|founded on|founded at|founded date|"
            "year established|established|incorporation year|grundungsjahr|gegrundet|annee de creation|"
            "date de creation|fundado|ano de fundacion|fundacion"
        ),
        "years", lambda c: max(c.year, c.date), 0.6, lambda _: t.Year(),
    ),
    Target(
        "status",
        _names(
            "status|company status|operating status|business status|account status|statut|estatus"
        ),
        "a few words", lambda c: c.words if c.variety < 0.5 or len(c.texts) < 10 else 0.0, 0.6, _text,
    ),
    Target(
        "tags",
        _names(
            "tags|keywords|categories|category list|labels|topics|specialties|specialities|industries|"
            "schlagworte|stichworte|etiquettes|mots cles|etiquetas|palabras clave"
        ),
        "lists of words", lambda c: max(c.is_list, c.words), 0.5, _items,
    ),
    Target(
        "technologies",
        _names(
            "technologies|tech stack|technology stack|technology|technologien|techs|stack|technologie|"
            "tecnologias|tools"
        ),
        "lists of words", lambda c: max(c.is_list, c.words), 0.5, _items,
    ),
    Target(
        "source_id",
        _names(
            "id|uuid|company id|account id|record id|external id|permalink|slug|cik|duns|crm id|guid|ticker|"
            "symbol|key"
        ),
        "unique keys", lambda c: c.variety, 0.95, _text,
    ),
)  # fmt: skip

PERSON_TARGETS: Sequence[Target] = (
    Target(
        "full_name",
        _names(
            "full name|name|contact name|person name|contact|person|display name|vollstandiger name|"
            "ansprechpartner|nom complet|nombre completo|lead name|ceo|ceo name|founder|"
            "chief executive officer"
        ),
        "names of people", lambda c: max(c.person, 0.6 * c.words), 0.4, _text, 0.9,
    ),
    Target(
        "title",
        _names(
            "title|job title|position|role|designation|headline|function|jobtitel|funktion|stelle|"
            "berufsbezeichnung|poste|fonction|intitule du poste|cargo|puesto|job role|occupation|"
            "seniority title"
        ),
        "job titles", lambda c: max(c.title, 0.6 * c.words), 0.4, _text, 0.7,
    ),
    Target(
        "email",
        _names(
            "email|e mail|email address|e mail address|mail|work email|business email|corporate email|"
            "e mail adresse|adresse e mail|courriel|correo|correo electronico|emails"
        ),
        "e-mail addresses", lambda c: c.email, 0.5, _text, 0.8,
    ),
    Target(
        "company_name",
        _names(
            "company|company name|organization|organisation|organization name|account name|account|employer|"
            "current company|firma|unternehmen|firmenname|societe|entreprise|empresa|compania|business name"
        ),
        "names", lambda c: c.words if c.email < 0.2 else 0.0, 0.6, _text,
    ),
    Target(
        "company_domain",
        _names(
            "company domain|domain|company website|website|company url|web|account domain|homepage|site web|"
            "webseite|sitio web|email domain|url"
        ),
        "addresses of companies", lambda c: c.share(_has_domain), 0.5, lambda _: t.Domain(), 0.8, True,
    ),
    Target(
        "phone",
        _names(
            "phone|phone number|telephone|work phone|direct phone|mobile|mobile phone|cell|tel|telefon|"
            "telefonnummer|handy|mobil|numero de telephone|telefono|movil|direct dial"
        ),
        "telephone numbers", lambda c: c.phone, 0.5, _text, 0.95,
    ),
    Target(
        "profile_url",
        _names(
            "linkedin|linkedin url|linkedin profile|profile url|person linkedin url|linkedin profile url|"
            "profile|xing|url|profil"
        ),
        "links", lambda c: c.share(lambda text: "://" in text or "linkedin.com" in text), 0.5, _text,
    ),
    Target(
        "country",
        _names(
            "country|country code|person country|contact country|land|pays|pais"
        ),
        "countries", lambda c: c.country, 0.5, lambda _: t.Country(), 0.9,
    ),
    Target(
        "time_zone",
        _names(
            "time zone|timezone|tz|zeitzone|fuseau horaire|zona horaria"
        ),
        "time zones", lambda c: c.zone, 0.5, _text, 0.9,
    ),
)  # fmt: skip

USAGE_TARGETS: Sequence[Target] = (
    Target(
        "customer_ref",
        _names(
            "customer|customer id|account id|customer domain|account|domain|company|company domain|"
            "customer ref|account domain|tenant|workspace|organization|client|kunde|kundennummer|compte|"
            "cliente|customer name|account name|company name|id"
        ),
        "keys", lambda c: 1.0 if c.date < 0.5 else 0.0, 0.5, _text,
    ),
    Target(
        "day",
        _names(
            "day|date|usage date|event date|period|month|week|timestamp|datum|tag|jour|fecha|dia|as of|"
            "snapshot date"
        ),
        "dates", lambda c: c.date, 0.8, lambda c: t.Date(day_first=c.day_first), 0.9,
    ),
    Target(
        "metric",
        _names(
            "metric|metric name|event|event name|measure|kpi|feature|feature name|kennzahl|indicateur|metrica"
        ),
        "a few words", lambda c: c.words if c.variety < 0.5 or len(c.texts) < 10 else 0.0, 0.6, _text,
    ),
    Target(
        "value",
        _names(
            "value|count|amount|quantity|total|usage count|number|wert|anzahl|valeur|valor|cantidad"
        ),
        "numbers", lambda c: c.number, 0.8, _number,
    ),
)  # fmt: skip

TARGETS: dict[Kind, Sequence[Target]] = {
    Kind.COMPANY: COMPANY_TARGETS,
    Kind.PERSON: PERSON_TARGETS,
    Kind.USAGE: USAGE_TARGETS,
}
LOCATION_HEADERS = _names(
    "location|locations|headquarters|headquarters location|hq|hq location|all locations|loc|address|"
    "standort|sitz|adresse|lieu|siege|localisation|ubicacion|sede|direccion|based in|place|office"
)
FIRST_NAMES = _names("first name|firstname|given name|forename|vorname|prenom|nombre|first")
LAST_NAMES = _names(
    "last name|lastname|surname|family name|nachname|familienname|nom de famille|nom|apellido|apellidos|last"
)


def _has_domain(text: str) -> bool:
    return "@" not in text and registrable_domain(text) is not None
