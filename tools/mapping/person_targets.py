"""The fields of people and of usage, as the lists of the world call and fill them."""

from collections.abc import Sequence

from tools.domains import registrable_domain
from tools.mapping import transforms as t
from tools.mapping.shapes import Column
from tools.mapping.targets import Target, as_text, header_names


def _has_domain(text: str) -> bool:
    return "@" not in text and registrable_domain(text) is not None


def _may_be_a_person(text: str) -> bool:
    """A link, but not to a page that all of a company's people share: by it they would be taken for one."""
    return ("://" in text or "linkedin.com" in text) and not any(
        part in text for part in ("/company/", "/school/", "/showcase/", "/sales/company/")
    )


def _number(column: Column) -> t.Transform:
    return t.Number(decimal=column.decimal)


PERSON_TARGETS: Sequence[Target] = (
    Target(
        "full_name",
        header_names(
            "full name|name|contact name|person name|contact|person|display name|vollstandiger name|"
            "ansprechpartner|nom complet|nombre completo|lead name|ceo|ceo name|founder|"
            "chief executive officer"
        ),
        "names of people", lambda c: max(c.person, 0.6 * c.words), 0.4, as_text, 0.9,
    ),
    Target(
        "title",
        header_names(
            "title|job title|position|role|designation|headline|function|jobtitel|funktion|stelle|"
            "berufsbezeichnung|poste|fonction|intitule du poste|cargo|puesto|job role|occupation|"
            "seniority title"
        ),
        "job titles", lambda c: max(c.title, 0.6 * c.words), 0.4, as_text, 0.7,
    ),
    Target(
        "email",
        header_names(
            "email|e mail|email address|e mail address|mail|work email|business email|corporate email|"
            "e mail adresse|adresse e mail|courriel|correo|correo electronico|emails"
        ),
        "e-mail addresses", lambda c: c.email, 0.5, as_text, 0.8,
    ),
    Target(
        "company_name",
        header_names(
            "company|company name|organization|organisation|organization name|account name|account|employer|"
            "current company|firma|unternehmen|firmenname|societe|entreprise|empresa|compania|business name"
        ),
        "names", lambda c: c.words if c.email < 0.2 else 0.0, 0.6, as_text,
    ),
    Target(
        "company_domain",
        header_names(
            "company domain|domain|company website|website|company url|web|account domain|homepage|site web|"
            "webseite|sitio web|email domain|url"
        ),
        "addresses of companies", lambda c: c.share(_has_domain), 0.5, lambda _: t.Domain(), 0.8, True,
    ),
    Target(
        "phone",
        header_names(
            "phone|phone number|telephone|work phone|direct phone|mobile|mobile phone|cell|tel|telefon|"
            "telefonnummer|handy|mobil|numero de telephone|telefono|movil|direct dial"
        ),
        "telephone numbers", lambda c: c.phone, 0.5, as_text, 0.95,
    ),
    Target(
        "profile_url",
        header_names(
            "linkedin|linkedin url|linkedin profile|profile url|person linkedin url|linkedin profile url|"
            "profile|xing|url|profil"
        ),
        "links", lambda c: c.share(_may_be_a_person), 0.5, as_text,
    ),
    Target(
        "country",
        header_names(
            "country|country code|person country|contact country|land|pays|pais"
        ),
        "countries", lambda c: c.country, 0.5, lambda _: t.Country(), 0.9,
    ),
    Target(
        "time_zone",
        header_names(
            "time zone|timezone|tz|zeitzone|fuseau horaire|zona horaria"
        ),
        "time zones", lambda c: c.zone, 0.5, as_text, 0.9,
    ),
)  # fmt: skip

USAGE_TARGETS: Sequence[Target] = (
    Target(
        "customer_ref",
        header_names(
            "customer|customer id|account id|customer domain|account|domain|company|company domain|"
            "customer ref|account domain|tenant|workspace|organization|client|kunde|kundennummer|compte|"
            "cliente|customer name|account name|company name|id"
        ),
        "keys", lambda c: 1.0 if c.date < 0.5 else 0.0, 0.5, as_text,
    ),
    Target(
        "day",
        header_names(
            "day|date|usage date|event date|period|month|week|timestamp|datum|tag|jour|fecha|dia|as of|"
            "snapshot date"
        ),
        "dates", lambda c: c.date, 0.8, lambda c: t.Date(day_first=c.day_first), 0.9,
    ),
    Target(
        "metric",
        header_names(
            "metric|metric name|event|event name|measure|kpi|feature|feature name|kennzahl|indicateur|metrica"
        ),
        "a few words", lambda c: c.words if c.variety < 0.5 or len(c.texts) < 10 else 0.0, 0.6, as_text,
    ),
    Target(
        "value",
        header_names(
            "value|count|amount|quantity|total|usage count|number|wert|anzahl|valeur|valor|cantidad"
        ),
        "numbers", lambda c: c.number, 0.8, _number,
    ),
)  # fmt: skip


FIRST_NAMES = header_names("first name|firstname|given name|forename|vorname|prenom|nombre|first")
LAST_NAMES = header_names(
    "last name|lastname|surname|family name|nachname|familienname|nom de famille|nom|apellido|apellidos|last"
)
