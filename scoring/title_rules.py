"""How high somebody stands, by the words of a title, in English, German, French and Spanish (and a few neighbours).

Matched on folded text (scoring.title_text), one part of a title at a time; `any_of` says how alternatives are written.
"""

import re
from typing import NamedTuple

from scoring.title_text import any_of
from scoring.types import Seniority


class SeniorityRule(NamedTuple):
    seniority: Seniority
    pattern: re.Pattern[str]
    text: str  # why, for a reader


_CHIEFS = r"c[efotimsrdpc]o|chro|ciso|gf|gl|vorstand\w*|geschaftsleitung|geschaftsfuhr\w+|president|prasident\w*"

# "Assistant to the CEO" is not a CEO: the clause after such a word is whom somebody works for. It runs over "and" and
# over a list of chiefs ("to the CEO, CFO and COO"), and ends where another job begins.
WORKS_FOR = re.compile(
    r"\b(?:\w*assistent\w*|\w*assistenz|assistant\w*|asistente|sekret\w+|secretar\w*|secretaire|referentin|referent|buro"
    r"|office|support|advisor|adviser|berater\w*|beauftragte\w*|adjoint\w*|reporting|pa|ea|chief of staff|stab\w*)"
    r"\s+(?:\w+\s+)?(?:der|des|dem|fur|to|to the|for|of|de la|de|du|del|von|zur|an|au|aux|d\.)\s+"
    rf"(?P<whom>[^/|,;&]*(?:\s?[/,&]\s?(?:der |des |the )?(?:{_CHIEFS})\b)*)"
)
ASSISTANT = any_of(
    r"\w*assisten(?:t|tin|ten|z|te|za)?. ; assistante?s?. ; asistente ; sekret ; secretar(?!y general|io general) ; "
    r"secretaire ; "
    r"(?:vorstands|direktions|chef)sekret ; teamassist ; pa."
)
# In English the assistant before a rank is its deputy, not somebody's help.
DEPUTY = re.compile(
    r"\bassistant (?=(?:managing |general |regional |associate )?"
    r"(?:director|vice|manager|head|principal|dean|treasurer)\b)"
)
# An "and" that begins another job of the same person, rather than another person to work for.
SECOND_JOB = re.compile(
    r"\s(?:&|und|and|et|y|u\.)\s(?=(?:\w*leit(?:er|ung)|head|manager|director|marketing|office|referent|prokurist)\w*)"
)
AND = re.compile(r"\s?(?:&|\bund\b|\band\b|\bet\b)\s?")

# What somebody was says nothing of what they may sign now.
NO_LONGER = re.compile(
    r"^(?:former(?:ly)?|past|ex|ehemalig\w*|ehem\.?)\b|\b(?:retired|retraite|jubilad[oa]|rentner(?:in)?|im ruhestand"
    r"|pensioniert\w*|emerit\w+|a\.d\.)"
)
# Nor does what somebody hopes to be.
NOT_YET = re.compile(
    r"^(?:aspiring|future|angehende\w*|kunftige\w*|seeking|looking for|job ?seek\w*|open to|auf der suche|auf jobsuche"
    r"|arbeitssuch\w*|arbeitslos|unemployed|en recherche|en busqueda)\b"
)

# Highest first: the first rule that matches decides, so "CEO & Founder" is an owner and "VP Sales" no president.
SENIORITY_RULES: tuple[SeniorityRule, ...] = (
    SeniorityRule(
        Seniority.VP,
        any_of(r"[sea]?vp. ; v\.p\. ; vice[ -]?pres\w* ; vizepr\w+ ; vicepres\w* ; vice[ -]?chair\w*"),
        "vice president",
    ),
    SeniorityRule(
        Seniority.OWNER,
        any_of(
            r"(?:co-? ?|mit)?founders?(?:in)?. ; founding (?:partner|member|director|ceo|president) ; "
            r"(?:mit|firmen)?(?:be)?grunder(?:in)?. ; (?:co-? ?)?fondat(?:eur|rice|ore) ; (?:co-? ?)?fundador ; "
            r"(?:co-? ?|business |mit|geschafts|firmen|unternehmens)?owners?. ; \w*inhaber(?:in)?. ; \w*eigentumer ; "
            r"proprie(?:tor|tair|tari) ; duen[oa]. ; gerant(?:e)?. ; associee? gerant ; dirigeante?. ; "
            r"chef d'entreprise ; "
            r"\w*gesellschafter ; teilhaber ; \w*aktionar ; shareholder ; entrepreneur ; unternehmer(?:in)?. ; "
            r"(?:managing|senior|equity|general|founding|name|national|global|regional|tax|audit|law|advisory)"
            r"[ -]partner ; "
            r"partner(?:in)? (?:und|and|&|at|bei) ; investor(?:in)?. ; patron. ; titolare. ; eigenaar ; ejer. ; "
            r"agare. ; wlasciciel ; "
            r"soci[oa]. ; selbst+andig ; self[ -]?employed ; autonom[oa]."
        ),
        "owner or founder",
    ),
    SeniorityRule(Seniority.OWNER, re.compile(r"^partner(?:in)?s?$"), "partner"),
    SeniorityRule(
        Seniority.C_LEVEL,
        any_of(
            r"(?:co-?)?ceo ; cfo. ; cto. ; cio. ; coo. ; cmo. ; cso. ; cro. ; cdo. ; cpo. ; chro. ; ciso. ; cco. ; "
            r"cxo. ; "
            r"chief (?:\w+ ){1,4}offic\w+ ; "
            r"chief (?!engineer|of |architect|account|inspect|editor|nurse|steward|mate|pilot|technic|warrant|petty"
            r"|clerk|buyer|cook|surveyor|resident|physician|scientist|representative)\w+ ; "
            r"managing[ -]director ; general[ -](?:manager|director) ; general counsel ; "
            r"(?:\w+ ?-?)?geschaftsfuhr(?:er|erin|ender|ende|ung) ; geschaftsleit(?:ung|er|erin). ; gf. ; gl. ; "
            r"\w*vorstand(?!s?(?:assist|buro|sekret|stab|refer)) ; vorsitz ; "
            r"verwaltungsrat ; aufsichtsrat ; stiftungsrat ; trustee ; styrelse ; bestuurder ; "
            r"board (?:member|of|director|chair) ; member of the board ; non-?executive director ; ned. ; "
            r"(?:supervisory|executive|management) board ; deputy of (?:the )?board ; "
            r"member (?:of )?(?:the )?(?:executive|management|senior lead) ; "
            r"membre du (?:directoire|comite|codir|conseil) ; miembro del (?:consejo|comite) ; comite de direction ; "
            r"chair(?:man|woman|person)?. ; president ; prasident ; directeur general ; "
            r"directrice generale ; pdg. ; dg. ; director(?:a)? general ; direttore generale ; gerente general ; "
            r"consejer[oa] delegad[oa] ; amministrat(?:ore|rice) delegat ; administrador(?:a)? unic ; zaakvoerder ; "
            r"algemeen directeur ; administrerende direkt ; verkstallande direkt ; daglig leder ; intendant ; "
            r"secretary general ; generalsekretar ; rektor ; dean. ; burgermeister ; mayor. ; executive director ; "
            r"hauptgeschaft ; country manager"
        ),
        "runs the company, or sits on its board",
    ),
    SeniorityRule(
        Seniority.DIRECTOR,
        any_of(
            r"\w*director ; \w*direktor ; \w*direktion ; \w*direct(?:eur|rice) ; direttor ; diretor ; dir\. ; "
            r"\w*prokurist ; ppa."
        ),
        "director, or holds power of attorney",
    ),
    SeniorityRule(
        Seniority.LEAD,
        any_of(
            r"\w*head(?:s)?. ; \w*leiter(?:in|innen)?. ; \w*leit\. ; \w*leitung ; \w*ltg. ; ltr. ; leitend\w* ; "
            r"\w*team[ -]?lead ; lead(?:er)?. ; chef(?:fe)?. ; \w+chef(?:in)?. ; jefe ; jefa. ; capo. ; supervisor ; "
            r"superintendent ; encargad[oa] ; coordinador ; vertriebsleit ; chefredakt ; editor[ -]in[ -]chief ; "
            r"\w*meister(?:in)?. ; chief. ; chefarzt ; oberarzt ; captain ; foreman ; authori[sz]ed officer"
        ),
        "leads a team or department",
    ),
    SeniorityRule(
        Seniority.INTERN,
        any_of(
            r"\w*praktik(?:um|ant) ; intern. ; internship ; \w*student(?:in)?. ; stagiair ; "
            r"alternan ; apprenti ; auszubild ; azubi ; becari[oa] ; \w*volontar ; lehrling ; "
            r"leerling ; hilfskraft ; \bhiwi ; duale[rs]? stud"
        ),
        "in training",
    ),
    SeniorityRule(
        Seniority.JUNIOR,
        any_of(
            r"junior ; jr. ; \w*assisten[tz] ; assistant ; asistente ; graduate ; entry[ -]level ; trainee ; "
            r"auxiliar ; aushilf ; aide. ; associate (?!director|partner|professor) ; founder'?s'? associate ; helfer"
        ),
        "junior or assistant",
    ),
    SeniorityRule(
        Seniority.MANAGER,
        any_of(
            r"\w*manager ; managing consultant ; responsable ; \w*managem ; mgr. ; gerente ; gestionnaire ; "
            r"verantwortliche"
        ),
        "manager",
    ),
    SeniorityRule(
        Seniority.SENIOR,
        any_of(
            r"senior ; principal ; sr. ; snr. ; expert ; \w*experte ; staff engineer ; fellow. ; architect ; "
            r"\w*architekt ; professor ; prof. ; confirme ; associated? partner"
        ),
        "senior or expert",
    ),
)

# Words of rank that are none in these: an owner of a backlog owns no company, and a head-hunter heads nobody.
NOT_A_RANK = any_of(
    r"(?:product|process|data|system|service|platform|solution|application|asset|risk|project|epic|feature)[ -]owner ; "
    r"(?:produkt|prozess|projekt)-?owner ; founder'?s'? associate ; founders. ; (?:advisory|steering) board ; beirat ; "
    r"art director ; lead generation ; leads? management ; leads? manager ; head ?hunter ; "
    r"lead[ -]?gen ; business partner ; partner manag\w* ; partner develop\w* ; channel partner ; partner sales ; "
    r"partner marketing ; partner account ; executive partner ; scrum master ; chef de partie ; chefkoch ; "
    r"chef d[eu] (?=pro[jd]) ; intern(?:al|ational)\w* ; meister(?:hand|werk|schule)\w* ; overhead ; vorstandssekret"
)
