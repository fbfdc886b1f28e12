"""The fields of a company, as the lists of the world call and fill them."""

from collections.abc import Sequence

from tools.mapping import transforms as t
from tools.mapping.shapes import Column
from tools.mapping.targets import Target, as_text, currency_of, header_names, scale_of


def _items(column: Column) -> t.Transform:
    separators = [s for s in ("|", ";", ",", " / ") if sum(s in text for text in column.texts) > len(column.texts) / 4]
    return t.Items(separator=separators[0] if separators else ",")


def _money(column: Column) -> t.Transform:
    return t.Money(currency=currency_of(column) or "USD", decimal=column.decimal, scale=scale_of(column.name))


COMPANY_TARGETS: Sequence[Target] = (
    Target(
        "name",
        header_names(
            "name|company name|company|organization name|organisation name|account name|business name|"
            "legal name|company legal name|organization|organisation|account|firma|firmenname|unternehmen|"
            "societe|entreprise|raison sociale|nom|empresa|razon social|compania|nombre|startup|startup name|"
            "customer|customer name|kunde|kundenname|client|client name|brand|vendor|supplier|employer|issuer|"
            "security|firm"
        ),
        "names", lambda c: c.words if c.email < 0.2 and c.date < 0.5 else 0.0, 0.7, as_text,
    ),
    Target(
        "website",
        header_names(
            "website|website url|web site|company website|homepage|home page|homepage url|domain|"
            "company domain|url|web|webseite|internetseite|internet|site web|site internet|site|sitio web|"
            "pagina web|web address|link|www|careers url|jobs url"
        ),
        "addresses of their own domains", lambda c: c.own_domain, 0.5, lambda _: t.Website(), 0.8, True,
    ),
    Target(
        "employees",
        header_names(
            "employees|number of employees|employee count|employees count|num employees|no of employees|"
            "headcount|team size|company size|staff|staff count|size|mitarbeiter|mitarbeiterzahl|"
            "anzahl mitarbeiter|beschaftigte|effectif|effectifs|nombre de salaries|salaries|empleados|"
            "numero de empleados|plantilla|employee range|size range"
        ),
        "numbers of people", lambda c: c.employees, 0.6, lambda _: t.Employees(),
    ),
    Target(
        "revenue_minor",
        header_names(
            "revenue|annual revenue|yearly revenue|total revenue|revenues|sales|annual sales|turnover|arr|"
            "umsatz|jahresumsatz|chiffre d affaires|chiffre daffaires|ca|ingresos|facturacion|ventas|"
            "revenue usd"
        ),
        "amounts", lambda c: c.amount, 0.6, _money,
    ),
    Target(
        "industry",
        header_names(
            "industry|primary industry|sector|gics sector|industry sector|vertical|branche|industrie|"
            "wirtschaftszweig|secteur|secteur d activite|industria|category|category code|market|segment|"
            "business type"
        ),
        "words", lambda c: c.words if c.variety < 0.95 or len(c.texts) < 20 else 0.0, 0.6, as_text,
    ),
    Target(
        "country",
        header_names(
            "country|country code|country name|hq country|headquarters country|billing country|land|pays|pais|"
            "nation"
        ),
        "countries", lambda c: c.country, 0.5, lambda _: t.Country(), 0.9,
    ),
    Target(
        "region",
        header_names(
            "state|province|state code|state province|bundesland|etat|departement|provincia|"
            "comunidad autonoma|estado|region|hq state|billing state|county"
        ),
        "regions", lambda c: 0.0 if c.is_list else max(c.us_state, 0.9 * c.words), 0.6, as_text,
    ),
    Target(
        "city",
        header_names(
            "city|town|stadt|ort|ville|ciudad|localidad|municipality|hq city|headquarters city|billing city|"
            "commune"
        ),
        "places", lambda c: c.place, 0.6, as_text,
    ),
    Target(
        "description",
        header_names(
            "long description|description|company description|full description|about|overview|summary|blurb|"
            "short description|one liner|tagline|beschreibung|descripcion|presentation|desc|bio|profile"
        ),
        "sentences", lambda c: max(c.long_text, 0.6 * c.words), 0.4, as_text, 2.0, True,
    ),
    Target(
        "founded_year",
        header_names(
            "founded year|year founded|founded|founding year|founding date|founded on|founded at|founded date|"
            "year established|established|incorporation year|grundungsjahr|gegrundet|annee de creation|"
            "date de creation|fundado|ano de fundacion|fundacion"
        ),
        "years", lambda c: max(c.year, c.date), 0.6, lambda _: t.Year(),
    ),
    Target(
        "status",
        header_names(
            "status|company status|operating status|business status|account status|statut|estatus"
        ),
        "a few words", lambda c: c.words if c.variety < 0.5 or len(c.texts) < 10 else 0.0, 0.6, as_text,
    ),
    Target(
        "tags",
        header_names(
            "tags|keywords|categories|category list|labels|topics|specialties|specialities|industries|"
            "schlagworte|stichworte|etiquettes|mots cles|etiquetas|palabras clave"
        ),
        "lists of words", lambda c: max(c.is_list, c.words), 0.5, _items,
    ),
    Target(
        "technologies",
        header_names(
            "technologies|tech stack|technology stack|technology|technologien|techs|stack|technologie|"
            "tecnologias|tools"
        ),
        "lists of words", lambda c: max(c.is_list, c.words), 0.5, _items,
    ),
    Target(
        "source_id",
        header_names(
            "id|uuid|company id|account id|record id|external id|permalink|slug|cik|duns|crm id|guid|ticker|"
            "symbol|key"
        ),
        "unique keys", lambda c: c.variety, 0.95, as_text,
    ),
)  # fmt: skip


LOCATION_HEADERS = header_names(
    "location|locations|headquarters|headquarters location|hq|hq location|all locations|loc|address|"
    "standort|sitz|adresse|lieu|siege|localisation|ubicacion|sede|direccion|based in|place|office"
)
