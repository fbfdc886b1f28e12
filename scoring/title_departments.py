"""What somebody works on, by the words of the title, in English, German, French and Spanish (and a few neighbours).

Matched on folded text (scoring.title_text); the grammar of the alternatives is `any_of`'s.
"""

import re
from typing import NamedTuple

from scoring.title_text import any_of
from scoring.types import Department


class DepartmentRule(NamedTuple):
    department: Department
    pattern: re.Pattern[str]
    rank: int = 1  # a lower rank wins; among equals, the word named first


# By position in the title: the first one named decides, except that generic ones (below) give way to specific ones.
DEPARTMENT_RULES: tuple[DepartmentRule, ...] = (
    DepartmentRule(
        Department.CONSULTING,
        any_of(
            r"(?:it|sap|erp|management|strategy|technical|technology|solution|technologie)[ -]?consultant ; "
            r"(?:management|unternehmens|strategie|organisations|it-)berat"
        ),
        rank=0,  # the head noun names the job, what is consulted on does not
    ),
    DepartmentRule(
        Department.INFORMATION_TECHNOLOGY, any_of(r"(?:[se]?vp|vice president)(?: of)?,? engineering"), rank=0
    ),
    DepartmentRule(
        Department.MARKETING,
        any_of(r"\w*marketing ; marcom ; cmo. ; \w*kommunikation ; communication ; comunicacion ; public relations"),
        rank=0,  # "Sales & Marketing" is filed under marketing by the CRMs that the labels come from
    ),
    DepartmentRule(
        Department.MARKETING,
        any_of(
            r"\w*marketing ; marcom ; cmo. ; \w*kommunikation ; communication ; comunicacion ; "
            r"brand ; marken ; werbung ; advertis ; public relations ; pr[ -] ; pr$ ; presse ; "
            r"\w*offentlichkeits ; social media ; content ; seo. ; sea. ; event ; evenement ; "
            r"\w*messe[n]?. ; fairs?. ; exhibition ; media ; redakt ; editor ; publicidad ; "
            r"mercadeo ; campaign ; growth marketing ; copywriter"
        ),
    ),
    DepartmentRule(
        Department.SALES,
        any_of(
            r"\w*sales ; \w*vertrieb ; verkauf ; \w*verkaufer ; \w*verkauf ; "
            r"account[ -]?(?:manag|execut|direct) ; key[ -]account ; kundenberat ; commercial ; "
            r"\w*aussendienst ; \w*innendienst ; venta ; comercial ; vente ; cso. ; cro. ; "
            r"chief revenue ; revenue ; gebietsleit ; presales ; pre-sales ; vendeu ; area manager ; "
            r"handelsvertret ; makler ; \w*akquis ; sdr. ; bdr."
        ),
    ),
    DepartmentRule(
        Department.BUSINESS_DEVELOPMENT,
        any_of(
            r"business[ -]development ; business[ -]dev ; geschaftsentwickl ; "
            r"developpement (?:commercial|des affaires) ; desarrollo de negocio ; partnership ; "
            r"alliance ; strategic partner ; unternehmensentwickl ; corporate development ; "
            r"business unit ; business manager ; new business ; growth officer"
        ),
    ),
    DepartmentRule(
        Department.CUSTOMER_SUPPORT,
        any_of(
            r"customer (?:support|service|success|care|experience) ; kundenservice ; kundendienst ; "
            r"kundenbetreu ; \w*support ; service[ -]?desk ; help[ -]?desk ; call[ -]?center ; "
            r"service client ; atencion al cliente ; servicetechnik ; after[ -]sales"
        ),
    ),
    DepartmentRule(
        Department.INFORMATION_TECHNOLOGY,
        any_of(
            r"it. ; administrat\w+ (?:des )?(?:system|reseau)\w* ; it- ; i\.t\. ; "
            r"cto. ; cio. ; ciso. ; chief (?:information|technology|digital) ; edv. ; \w*software ; developer ; "
            r"\w*entwickler ; programm(?:ier|er|eur) ; devops ; "
            r"\w*informati[ck] ; information (?:technolog|securit|system) ; "
            r"data (?:scien|engineer|analy|manag|protec|archit) ; datenbank ; database ; big data ; "
            r"cyber ; \w*system[ -]?(?:admin|engineer|ingenieur|architekt|betreu) ; "
            r"sysadmin ; network[ -](?:admin|eng|archit|manag|tech|spec|secur) ; network and ; \w*netzwerk ; "
            r"web[ -]?(?:develop|design|master|entwick) ; "
            r"full[ -]?stack ; front[ -]?end ; back[ -]?end ; "
            r"desarrollador ; developpeur ; sistemas ; machine learning ; "
            r"ai. ; ki. ; artificial intel ; kunstliche intel ; solution architect ; scrum ; infrastru[ck]tur ; "
            r"java. ; python ; \.net ; "
            r"application manag ; test manager ; qa engineer ; "
            r"computer ; cto"
        ),
    ),
    DepartmentRule(
        Department.HUMAN_RESOURCES,
        any_of(
            r"hr. ; human[ -]?r\w+ ; \w*personal(?:l|r|e|w|m|a|$|s|b|-) ; "
            r"\w*personal (?!train|assist|bank|coach|shop|injur|care|financ|brand|stylist) ; recruit ; talent ; "
            r"people ; recursos humanos ; rr\.?hh ; ressources humaines ; drh. ; rh. ; chro. ; payroll ; "
            r"personnel ; ausbildung ; employer branding ; learning and dev"
        ),
    ),
    DepartmentRule(
        Department.PURCHASING,
        any_of(
            r"\w*einkauf ; \w*einkaufer ; purchas ; procure ; sourcing ; buyer ; beschaffung ; "
            r"achat ; acheteu ; approvision ; compra ; supplier ; category manager ; supply management ; disponent ; "
            r"material management"
        ),
    ),
    DepartmentRule(
        Department.FINANCE,
        any_of(
            r"financ ; finanz ; cfo. ; account(?:ant|ing) ; buchhalt ; \w*buchhalt ; bookkeep ; "
            r"controll ; treasur ; audit ; steuer ; tax. ; comptab ; contab ; bilanz ; rechnungswes ; "
            r"kaufmannischer leiter ; kfm\. leit ; investor relations ; wirtschaftspruf"
        ),
    ),
    DepartmentRule(
        Department.LEGAL,
        any_of(
            r"legal ; rechts ; jurist ; juridi ; lawyer ; anwalt ; attorney ; counsel(?!l?or) ; compliance ; "
            r"datenschutz ; abogad ; avocat ; patent ; syndikus"
        ),
    ),
    DepartmentRule(
        Department.PRODUCT,
        any_of(
            r"product[ -]?(?:manag|own|market|lead|develop|direct) ; produkt(?!ion) ; cpo. ; chief product ; "
            r"chef de produit ; producto ; head of product ; ux. ; ui."
        ),
    ),
    DepartmentRule(
        Department.PROJECT_MANAGEMENT,
        any_of(
            r"\w*pro[jg]e[ck]?t ; program(?:m|me)? manag ; pmo. ; chef(?:fe)? de pro ; scrum master ; "
            r"agile coach ; bauleit"
        ),
        rank=4,
    ),
    DepartmentRule(
        Department.CONSULTING,
        any_of(
            r"\w*consult ; \w*berater ; \w*beratung ; advisor ; adviser ; advisory ; conseil ; "
            r"consultor ; asesor ; (?:business|executive|agile|leadership|management|career|karriere) coach ; "
            r"systemische\w* coach"
        ),
        rank=2,
    ),
    DepartmentRule(
        Department.ENGINEERING,
        any_of(
            r"\w*engineer ; \w*ingenieur ; ingenier ; r&d ; research and dev ; forschung ; "
            r"entwicklung ; konstrukt ; \w*techni(?:k|sch|que|cal|cien) ; mechatron ; \w*elektr ; "
            r"automation ; scientist ; research"
        ),
        rank=5,
    ),
    DepartmentRule(
        Department.OPERATIONS,
        any_of(
            r"operation ; operating ; coo. ; logist ; supply chain ; produktion ; production ; fertigung ; "
            r"qualit ; manufactur ; operaciones ; warehouse ; lager ; plant manager ; facility ; "
            r"betriebsleit ; werk"
        ),
        rank=5,
    ),
    DepartmentRule(
        Department.ADMINISTRATIVE,
        any_of(
            r"\w*assisten[tz] ; assistant ; asistente ; sekret ; secretar ; office[ -]manag ; "
            r"back ?office ; administrat(?:ion|ive|if) ; sachbearbeit ; verwaltung(?!srat) ; empfang ; "
            r"reception ; amministrazione ; clerk ; kaufm(?:ann|annische|frau) ; burokauf ; team[ -]?assist"
        ),
        rank=5,
    ),
    DepartmentRule(
        Department.OTHER,
        any_of(
            r"(?:teaching|research|scientific|graduate|lab(?:oratory)?|dental|medical|nursing|care|healthcare|store|shop)"
            r" assistant ; wissenschaftliche"
        ),
        rank=4,  # help in a trade or at a university, not in an office
    ),
    DepartmentRule(
        Department.OTHER,
        any_of(r"docent ; lehrer ; teacher ; dozent ; professor ; nurse ; pfleg ; arzt ; doctor"),
        rank=5,
    ),
    DepartmentRule(
        Department.INFORMATION_TECHNOLOGY,
        any_of(
            r"sap. ; crm. ; erp. ; cloud ; digital ; \w*digitalisier ; technolog(?:y|ie|ia). ; "
            r"salesforce ; e-?commerce"
        ),
        rank=3,  # the thing a job is about, not yet the function
    ),
    DepartmentRule(Department.INFORMATION_TECHNOLOGY, any_of(r"\w*administrator(?:in)?."), rank=4),
)
