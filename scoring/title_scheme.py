"""A title in the words of a CRM contact list: eleven departments, five ranks, filed under the strongest keyword.

Such a list (snapADDY's is the public one) is no judgement of who may sign: it files a title under the first keyword of
an order of precedence, so "Assistant to the CFO" is Management in it and every consultant is Senior. `read_title`
judges; this only says where such a list would put the title, for comparing with lists and for reading them. The order
was found on the half of the public lists that the tests do not measure; the words are ours.
"""

import re
from typing import NamedTuple

from scoring.title_text import any_of, fold


class ListLabels(NamedTuple):
    department: str
    seniority: str


# First match wins. What a department is called by outright comes before what it works with.
_DEPARTMENTS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (label, any_of(words))
    for label, words in (
        ("Marketing", "marketing ; mktg."),
        ("Sales", r"\w*sales ; \w*vertrieb"),
        ("Marketing", r"\w*messe"),
        ("Business Development", r"\w*business"),
        ("Marketing", r"\w*communication ; comunicacion ; \w*kommunikation"),
        ("Information Technology", r"\w*crm."),
        ("Sales", "account manager ; account director"),
        ("Consulting", r"\w*consultant"),
        ("Purchasing", r"\w*einkauf ; purchasing ; achat ; compras."),
        ("Customer Support", r"\w*support ; customer service ; kundenservice ; kundendienst"),
        (
            "Information Technology",
            r"it. ; itsm. ; ict. ; edv. ; digital ; sap. ; \w*administrat ; administrador ; \w*informatik ; "
            r"informatique ; information tech ; \w*entwickler. ; developer ; software ; \w*systems? ; cio. ; cto.",
        ),
        (
            "Human Resources",
            r"hr. ; human re ; ressources hum ; recursos hum ; rh. ; personal(?:leit|abteil|refer|wes)",
        ),
        ("Marketing", r"\w*marketing"),
        ("Project Management", r"\w*proje[ck]t(?=.*\bverkauf)"),
        ("Sales", r"account ; ventas. ; ventes. ; commercial ; comercial"),
        ("Project Management", r"\w*proje[ck]?t ; proyecto ; projek"),
        ("Sales", "account ; ventas. ; ventes. ; commercial ; comercial"),
        ("Consulting", r"\w*berater ; \w*beratung"),
        ("Sales", r"\w*verkauf"),
        ("Administrative", r"\w*assisten[tz] ; sekret ; office man ; secretar"),
        (
            "Marketing",
            r"pr. ; \w*event ; \w*media ; presse. ; werbung ; brand ; marken ; marcom ; evenement ; redakt ; "
            r"content ; fairs?.",
        ),
        ("Other", "operations ; operaciones"),
        (
            "Information Technology",
            r"architect ; \w*netzwerk ; network ; data ; database ; web ; application ; anwendung ; erp. ; "
            r"dynamics ; cloud ; "
            r"technolog ; cyber ; programm(?:ier|er|eur) ; devops",
        ),
        ("Purchasing", r"procure ; purchas ; buyer ; sourcing ; beschaffung"),
        ("Consulting", "consulting ; conseil ; coach"),
        ("Administrative", r"\w*verwaltung ; empfang ; reception ; back ?office ; sachbearbeit"),
        ("Business Development", r"geschaftsentwickl ; unternehmensentwickl ; partnership"),
    )
)
_SENIORITIES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (label, any_of(words))
    for label, words in (
        ("Junior", r"\w*junior"),
        ("Director", r"director ; \w+direktor ; member of (?:the )?board"),
        ("Lead", "leitung. ; teamleader. ; fachteamlead"),
        ("Senior", "senior ; sr."),
        ("Management", r"[se]?vp. ; product owner"),
        ("Senior", "manag ; responsable ; assistante?."),
        ("Management", "president ; vice president"),
        ("Lead", r"\w*head ; \w*leit ; chef(?:fe)?(?:in)?. ; \w*lead(?:er)?."),
        (
            "Management",
            r"geschaftsf ; ceo. ; c[fdtsiopmrc]o. ; chief ; \w*founder ; founding ; owner ; \w*gesellschafter ; "
            r"\w*vorstand ; "
            r"\w*vorsitz ; \w*grunder ; \w*inhaber ; president",
        ),
        ("Lead", r"\w*prokur ; ppa. ; chef"),
        ("Senior", r"\w*consultant ; engineer"),
        (
            "Junior",
            r"\w*analyst ; \w*referent ; \w*mitarbeiter ; \w*assisten[tz] ; associate ; trainee ; \w*praktik ; "
            r"\w*student ; \w*sekret ; intern. ; azubi ; apprenti ; stagiaire",
        ),
    )
)


def list_labels(title: str) -> ListLabels:
    """Where a CRM list files the title; a title without any keyword is a Senior of Other, the plainest of its words."""
    text = fold(title)
    return ListLabels(_first(_DEPARTMENTS, text, "Other"), _first(_SENIORITIES, text, "Senior"))


def _first(rules: tuple[tuple[str, re.Pattern[str]], ...], text: str, otherwise: str) -> str:
    return next((label for label, pattern in rules if pattern.search(text)), otherwise)
