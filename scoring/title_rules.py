"""The words of job titles, in English, German, French and Spanish. Matched on folded text (no accents, lower case).

Alternatives are regular expressions between " ; ", each anchored at the start of a word; a final "." stands for
the end of the word, so `it.` is "IT" and never "italy".
"""

import re
from typing import NamedTuple

from scoring.types import Department, Seniority


class SeniorityRule(NamedTuple):
    seniority: Seniority
    pattern: re.Pattern[str]
    text: str  # why, for a reader


class DepartmentRule(NamedTuple):
    department: Department
    pattern: re.Pattern[str]
    rank: int = 1  # a lower rank wins; among equals, the word named first


def _any(alternatives: str) -> re.Pattern[str]:
    """Alternatives between " ; " that start at a word; a final "." means that the word also ends there."""
    parts = [word[:-1] + r"\b" if word.endswith(".") else word for word in alternatives.split(" ; ")]
    return re.compile(r"\b(?:" + "|".join(parts) + ")")


# "Assistant to the CEO" is not a CEO: the clause after such a word is whom somebody works for.
WORKS_FOR = re.compile(
    r"\b(?:assistent\w*|assistenz|assistant\w*|asistente|sekret\w+|secretar\w*|referentin|referent|buro|office|support"
    r"|advisor|adviser|berater\w*|beauftragte\w*|adjoint\w*|reporting)"
    r"\s+(?:\w+\s+)?(?:der|des|dem|to|to the|for|of|de la|de|du|del|von|zur|an)\s+(?P<whom>[^/|,;&]*)"
)
ASSISTANT = _any(r"assisten ; assistant ; asistente ; sekret ; secretar ; teamassist ; \w+assisten[tz]")

# What somebody was says nothing of what they may sign now.
NO_LONGER = re.compile(
    r"^(?:former(?:ly)?|ex|ehemalig\w*|ehem\.?)\b|\b(?:retired|rentner|im ruhestand|pensioniert|a\.d\.)"
)

# Highest first: the first rule that matches decides, so "CEO & Founder" is an owner and "VP Sales" no president.
SENIORITY_RULES: tuple[SeniorityRule, ...] = (
    SeniorityRule(
        Seniority.VP,
        _any(r"s?vp. ; evp. ; avp. ; vice[ -]?president\w* ; vizepr\w+ ; vicepresident\w*"),
        "vice president",
    ),
    SeniorityRule(
        Seniority.OWNER,
        _any(
            r"(?:co-?|mit)?founder ; founding ; (?:mit)?(?:be)?grunder ; (?:co-?)?fondat\w+ ; "
            r"(?:co-?)?fundador ; (?:co-?|business |mit|geschafts|firmen|unternehmens)?owner. ; "
            r"\w*inhaber ; eigentumer ; propriet ; duen[oa]. ; gerant. ; \w*gesellschafter ; "
            r"shareholder ; entrepreneur ; unternehmer(?:in)?. ; managing partner ; senior partner ; "
            r"executive partner ; equity partner ; general partner ; partner(?:in)?$ ; "
            r"partner(?:in)? [/|&,-] ; investor(?:in)?. ; patron. ; selbst+andig ; self[ -]?employed"
        ),
        "owner or founder",
    ),
    SeniorityRule(
        Seniority.C_LEVEL,
        _any(
            r"ceo ; cfo. ; cto. ; cio. ; coo. ; cmo. ; cso. ; cro. ; cdo. ; cpo. ; chro. ; ciso. ; "
            r"cco. ; cxo. ; chief (?:\w+ ){1,4}offic\w+ ; chief (?!engineer|of |architect)\w+ ; managing[ -]director ; "
            r"general[ -]manager ; (?:\w+ ?-?)?geschaftsfuhr(?:er|erin|ender|ende|ung) ; "
            r"geschaftsleit(?:ung|er|erin). ; gf. ; gl. ; "
            r"(?:vor)?stand(?:s|in|smitglied|svorsitzende\w*)?. ; vorstand ; vorsitz ; "
            r"verwaltungsrat ; aufsichtsrat ; beirat ; board (?:member|of|director) ; "
            r"member of the board ; (?:supervisory|advisory|executive|management) board ; "
            r"chair(?:man|woman|person)?. ; president ; prasident ; directeur general ; "
            r"directrice generale ; pdg. ; dg. ; director(?:a)? general ; gerente general ; "
            r"consejer[oa] delegad[oa] ; administrador(?:a)? unic ; intendant ; secretary general ; "
            r"generalsekretar ; rektor ; dean. ; burgermeister ; mayor. ; executive director ; "
            r"hauptgeschaft ; country manager ; werkleit ; werksleit ; "
            r"editor in chief ; chefredakt"
        ),
        "runs the company, or sits on its board",
    ),
    SeniorityRule(
        Seniority.DIRECTOR,
        _any(
            r"\w*director ; \w*direktor ; \w*direktion ; direct(?:eur|rice) ; dir\. ; prokurist ; "
            r"ppa. ; authori[sz]ed officer"
        ),
        "director, or holds power of attorney",
    ),
    SeniorityRule(
        Seniority.LEAD,
        _any(
            r"head(?:s)?. ; \w*leiter(?:in|innen)?. ; \w*leitung ; \w*ltg. ; ltr. ; leitend\w* ; "
            r"team[ -]?lead ; lead(?:er)?. ; chef(?:fe)?. ; jefe ; jefa. ; supervisor ; "
            r"superintendent ; encargad[oa] ; coordinador ; vertriebsleit ; "
            r"meister(?:in)?. ; chief. ; chefarzt ; oberarzt ; captain"
        ),
        "leads a team or department",
    ),
    SeniorityRule(
        Seniority.INTERN,
        _any(
            r"\w*praktik(?:um|ant) ; intern. ; internship ; trainee ; \w*student(?:in)?. ; stagiair ; "
            r"alternan ; apprenti ; auszubild ; azubi ; becari[oa] ; \w*volontar ; lehrling ; "
            r"leerling ; hilfskraft ; \bhiwi ; duale[rs]? stud"
        ),
        "in training",
    ),
    SeniorityRule(
        Seniority.JUNIOR,
        _any(
            r"junior ; jr. ; \w*assisten[tz] ; assistant ; asistente ; graduate ; entry[ -]level ; "
            r"auxiliar ; aushilf ; aide. ; associate (?!director|partner|professor) ; helfer"
        ),
        "junior or assistant",
    ),
    SeniorityRule(
        Seniority.SENIOR,
        _any(
            r"senior ; principal ; sr. ; snr. ; expert ; \w*experte ; staff engineer ; fellow. ; architect ; "
            r"\w*architekt ; professor ; prof. ; confirme"
        ),
        "senior or expert",
    ),
    SeniorityRule(
        Seniority.MANAGER,
        _any(r"\w*manager ; responsable ; \w*managem ; mgr. ; gerente ; gestionnaire"),
        "manager",
    ),
)

# "Director" is no rank in these, and a head of these leads nobody.
NOT_A_RANK = _any(
    r"product owner ; process owner ; "
    r"art director ; creative director ; account director ; lead generation ; leads? management ; head ?hunter ; "
    r"lead[ -]?gen ; business partner ; partner manag\w* ; channel partner ; partner sales ; partner marketing ; "
    r"scrum master ; chef de partie ; assistant manager ; associated? partner ; intern(?:al|ational)\w*"
)

# By position in the title: the first one named decides, except that generic ones (below) give way to specific ones.
DEPARTMENT_RULES: tuple[DepartmentRule, ...] = (
    DepartmentRule(
        Department.MARKETING,
        _any(r"\w*marketing ; marcom ; cmo. ; \w*kommunikation ; communication ; comunicacion ; public relations"),
        rank=0,  # "Sales & Marketing" is filed under marketing by the CRMs that the labels come from
    ),
    DepartmentRule(
        Department.MARKETING,
        _any(
            r"\w*marketing ; marcom ; cmo. ; \w*kommunikation ; communication ; comunicacion ; "
            r"brand ; marken ; werbung ; advertis ; public relations ; pr[ -] ; pr$ ; presse ; "
            r"\w*offentlichkeits ; social media ; content ; seo. ; sea. ; event ; evenement ; "
            r"\w*messe[n]?. ; fairs?. ; exhibition ; media ; redakt ; editor ; publicidad ; "
            r"mercadeo ; campaign ; growth marketing ; copywriter"
        ),
    ),
    DepartmentRule(
        Department.SALES,
        _any(
            r"\w*sales ; \w*vertrieb ; verkauf ; \w*verkaufer ; \w*verkauf ; "
            r"account ?(?:manag|execut|direct) ; key[ -]account ; kundenberat ; commercial ; "
            r"\w*aussendienst ; \w*innendienst ; venta ; comercial ; vente ; cso. ; cro. ; "
            r"chief revenue ; revenue ; gebietsleit ; presales ; pre-sales ; vendeu ; area manager ; "
            r"handelsvertret ; makler ; \w*akquis ; sdr. ; bdr."
        ),
    ),
    DepartmentRule(
        Department.BUSINESS_DEVELOPMENT,
        _any(
            r"business[ -]development ; business[ -]dev ; geschaftsentwickl ; "
            r"developpement (?:commercial|des affaires) ; desarrollo de negocio ; partnership ; "
            r"alliance ; strategic partner ; unternehmensentwickl ; corporate development ; "
            r"business unit ; business manager ; new business ; growth officer"
        ),
    ),
    DepartmentRule(
        Department.CUSTOMER_SUPPORT,
        _any(
            r"customer (?:support|service|success|care|experience) ; kundenservice ; kundendienst ; "
            r"kundenbetreu ; \w*support ; service[ -]?desk ; help[ -]?desk ; call[ -]?center ; "
            r"service client ; atencion al cliente ; servicetechnik ; after[ -]sales"
        ),
    ),
    DepartmentRule(
        Department.INFORMATION_TECHNOLOGY,
        _any(
            r"it. ; administrat\w+ (?:des )?(?:system|reseau)\w* ; it- ; i\.t\. ; "
            r"cto. ; cio. ; ciso. ; chief (?:information|technology|digital) ; edv. ; \w*software ; developer ; "
            r"\w*entwickler ; programm(?:ier|er|eur) ; devops ; "
            r"\w*informati[ck] ; information (?:technolog|securit|system) ; "
            r"data (?:scien|engineer|analy|manag|protec|archit) ; datenbank ; database ; big data ; "
            r"cyber ; \w*system[ -]?(?:admin|engineer|ingenieur|architekt|betreu) ; "
            r"sysadmin ; network ; netzwerk ; web[ -]?(?:develop|design|master|entwick) ; "
            r"full[ -]?stack ; front[ -]?end ; back[ -]?end ; "
            r"desarrollador ; developpeur ; sistemas ; machine learning ; "
            r"ai. ; ki. ; solution architect ; scrum ; infrastru[ck]tur ; java. ; python ; \.net ; "
            r"application manag ; test manager ; qa engineer ; "
            r"computer ; cto"
        ),
    ),
    DepartmentRule(
        Department.HUMAN_RESOURCES,
        _any(
            r"hr. ; human[ -]?r\w+ ; \w*personal(?:l|r|e|w|m|a|$|s|b|-| ) ; recruit ; talent ; "
            r"people ; recursos humanos ; rrhh ; ressources humaines ; drh. ; rh. ; chro. ; payroll ; "
            r"personnel ; ausbildung ; employer branding ; learning and dev"
        ),
    ),
    DepartmentRule(
        Department.PURCHASING,
        _any(
            r"\w*einkauf ; \w*einkaufer ; purchas ; procure ; sourcing ; buyer ; beschaffung ; "
            r"achat ; acheteu ; compra ; category manager ; supply management ; disponent ; "
            r"material management"
        ),
    ),
    DepartmentRule(
        Department.FINANCE,
        _any(
            r"financ ; finanz ; cfo. ; account(?:ant|ing) ; buchhalt ; \w*buchhalt ; bookkeep ; "
            r"controll ; treasur ; audit ; steuer ; tax. ; comptab ; contab ; bilanz ; rechnungswes ; "
            r"kaufmannischer leiter ; kfm\. leit ; investor relations ; wirtschaftspruf"
        ),
    ),
    DepartmentRule(
        Department.LEGAL,
        _any(
            r"legal ; rechts ; jurist ; juridi ; lawyer ; anwalt ; attorney ; counsel ; compliance ; "
            r"datenschutz ; abogad ; avocat ; patent ; syndikus"
        ),
    ),
    DepartmentRule(
        Department.PRODUCT,
        _any(
            r"product[ -]?(?:manag|own|market|lead|develop|direct) ; produkt(?!ion) ; cpo. ; chief product ; "
            r"chef de produit ; producto ; head of product ; ux. ; ui."
        ),
    ),
    DepartmentRule(
        Department.PROJECT_MANAGEMENT,
        _any(
            r"\w*pro[jg]e[ck]?t ; program(?:me)? manag ; pmo. ; chef(?:fe)? de pro ; scrum master ; "
            r"agile coach ; bauleit"
        ),
        rank=4,
    ),
    DepartmentRule(
        Department.CONSULTING,
        _any(
            r"\w*consult ; \w*berater ; \w*beratung ; advisor ; adviser ; advisory ; conseil ; "
            r"consultor ; asesor ; coach ; trainer"
        ),
        rank=2,
    ),
    DepartmentRule(
        Department.ENGINEERING,
        _any(
            r"\w*engineer ; \w*ingenieur ; ingenier ; r&d ; research and dev ; forschung ; "
            r"entwicklung ; konstrukt ; \w*techni(?:k|sch|que|cal|cien) ; mechatron ; \w*elektr ; "
            r"automation ; scientist ; research"
        ),
        rank=5,
    ),
    DepartmentRule(
        Department.OPERATIONS,
        _any(
            r"operation ; operating ; coo. ; logist ; supply chain ; produktion ; production ; fertigung ; "
            r"qualit ; manufactur ; operaciones ; warehouse ; lager ; plant manager ; facility ; "
            r"betriebsleit ; werk"
        ),
        rank=5,
    ),
    DepartmentRule(
        Department.ADMINISTRATIVE,
        _any(
            r"\w*assisten[tz] ; assistant ; asistente ; sekret ; secretar ; office[ -]manag ; "
            r"back ?office ; administrat(?:ion|ive|if) ; sachbearbeit ; verwaltung(?!srat) ; empfang ; "
            r"reception ; clerk ; kaufm(?:ann|annische|frau) ; burokauf ; team[ -]?assist"
        ),
        rank=5,
    ),
    DepartmentRule(
        Department.OTHER,
        _any(r"docent ; lehrer ; teacher ; dozent ; professor ; nurse ; pfleg ; arzt ; doctor"),
        rank=5,
    ),
    DepartmentRule(
        Department.INFORMATION_TECHNOLOGY,
        _any(
            r"sap. ; crm. ; erp. ; cloud ; digital ; \w*digitalisier ; technolog(?:y|ie|ia) ; "
            r"salesforce ; e-?commerce"
        ),
        rank=3,  # the thing a job is about, not yet the function
    ),
    DepartmentRule(Department.INFORMATION_TECHNOLOGY, _any(r"\w*administrator(?:in)?."), rank=4),
)
