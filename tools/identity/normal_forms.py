"""A company's name as it is compared: without legal form, accents, script, punctuation, brackets, former names.

`tools.names.company_name_key` is the key that the store finds a company by. Here the same name keeps its words, so that
two names can be compared where the keys differ, and every other name that the text gives (trading name, former name,
what stands in brackets) is kept as an alias: evidence for a match, never a proof.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from anyascii import anyascii

from tools.names import LEGAL_FORMS, plain

MAX_NAME = 1_000  # characters: a longer one is no name, and the patterns need not search it
_MAX_ALIASES = 4


def _words(lines: str) -> frozenset[str]:
    return frozenset(lines.split())


# What firms add to a name or leave out of it without becoming another firm.
GENERIC = _words(
    """
    ai app apps asia bank brands capital companies consulting cloud com corporation data development digital
    energy enterprise enterprises entertainment europe financial finance foods france france germany global
    group groups hd health healthcare holding holdings hq india industrial industries institute insurance
    interactive international io inc lab labs laboratories limited logistics management media mobile
    net network networks online partners payments pharmaceuticals platform platforms products properties
    research resources robotics services software solution solutions studio studios
    system systems team tech technologies technology therapeutics uk us usa ventures worldwide xyz
    engineering operations ops pro and of the a
    center java learning program project works division branch office
    argentina austria belgium brazil canada chile china colombia denmark egypt estonia finland greece hungary iceland
    indonesia ireland israel italy japan kenya korea latvia lithuania luxembourg malaysia mexico netherlands nigeria
    norway pakistan peru philippines poland portugal romania russia singapore spain sweden switzerland taiwan thailand
    turkey ukraine uae vietnam america americas africa australia emea dach nordics latam
    """
)
# One word for the ways it is cut; what stands on the right is the form that is compared.
_ABBREVIATIONS = {
    "assoc": "associates", "assocs": "associates", "bancorporation": "bancorp", "bros": "brothers",
    "cent": "center", "centers": "center", "centre": "center", "chem": "chemical", "cos": "companies",
    "comm": "communications", "commns": "communications", "communication": "communications", "cons": "consulting",
    "ctr": "center", "dept": "department", "devt": "development", "dev": "development", "dist": "distribution",
    "elec": "electric", "electr": "electric", "engr": "engineering", "engrg": "engineering", "ent": "enterprises",
    "enterprise": "enterprises", "fin": "financial", "finl": "financial", "fncl": "financial",
    "gen": "general", "grp": "group", "groupe": "group", "grupo": "group", "gruppe": "group", "gruppo": "group",
    "hldg": "holdings", "hldgs": "holdings", "holding": "holdings", "hosp": "hospital", "ind": "industries",
    "inds": "industries", "industry": "industries", "ins": "insurance", "inst": "institute", "instr": "instruments",
    "intl": "international", "int": "international", "internatl": "international", "labs": "labs", "lab": "labs",
    "laboratory": "labs", "laboratories": "labs", "mach": "machines", "machs": "machines", "mfg": "manufacturing",
    "mgmt": "management", "mgt": "management", "mkt": "market", "mktg": "marketing", "mtr": "motor", "natl": "national",
    "nat": "national", "pac": "pacific", "pharma": "pharmaceuticals", "pharm": "pharmaceuticals",
    "pharmaceutical": "pharmaceuticals", "pptys": "properties", "ppty": "properties", "prod": "products",
    "prods": "products", "product": "products", "pub": "publishing", "realestate": "realty", "res": "resources",
    "resource": "resources", "rlty": "realty", "rr": "railroad", "ry": "railway", "sci": "sciences",
    "science": "sciences", "scientific": "sciences", "soln": "solutions", "solns": "solutions",
    "solution": "solutions", "st": "saint", "svc": "services", "svcs": "services", "service": "services",
    "sys": "systems", "system": "systems", "tech": "technologies", "technology": "technologies",
    "techs": "technologies", "technol": "technologies", "tel": "telephone", "trans": "transport",
    "transportation": "transport", "transn": "transport", "univ": "university", "util": "utilities",
    "utils": "utilities", "utility": "utilities", "ventures": "ventures", "venture": "ventures",
}  # fmt: skip
# Left out of a legal form's company: a state, a new incorporation, a class of shares.
_NOISE = re.compile(
    r"(?i)\s*[/\\](?:[a-z]{2,4}|new|adr)[/\\]?\s*$|\(\s*class\s+[a-z]\s*\)|\bclass\s+[a-z]\b|\b(?:common|ordinary) "
    r"(?:stock|shares?)\b|\s-\s*(?:adr|ads)\b|\(the\)"
)
_BRACKETS = re.compile(r"[(\[{（【]([^)\]}）】]*)[)\]}）】]?")
_FORMER = re.compile(
    r"(?i)(?:\W|_)++(?:formerly(?: known as)?|previously(?: known as)?|f\s*/\s*k\s*/\s*a|fka|also known as|"
    r"a\s*/\s*k\s*/\s*a|aka|ehemals|vormals|früher|anciennement|ex-|antes|antigua(?:mente)?|già|tidigare|voorheen|"
    r"dawniej|ранее)\b[\s:.]*"
)
_OWNER = re.compile(r"(?i)[\s,;(\[–-]++(?:now part of|acquired by|a division of|an? [\w.&]+ company|part of)\b.*$")
_TRADING_AS = re.compile(r"(?i)\b(?:d\s*/\s*b\s*/\s*a|dba|doing business as|trading as|t\s*/\s*a)\b[:.]?\s*")
_BRACKET_TALK = re.compile(r"(?i)\b(?:formerly|previously|fka|f/k/a|aka|ehemals|vormals|anciennement)\b[\s:.]*")
_CJK_FORMS = re.compile(
    "株式会社|有限会社|合同会社|合資会社|一般社団法人|㈱|㈲|주식회사|유한회사|\\(주\\)|"
    "股份有限公司|有限责任公司|有限責任公司|有限公司|集团|集團|公司"
)
_CYRILLIC_FORMS = re.compile(r"(?i)(?<!\w)(?:ООО|ОАО|ЗАО|ПАО|АО|ИП|ТОВ|ЕООД|ООД|ТОО)(?!\w)")
_DOTTED = re.compile(r"(?<=\b\w)\.(?=\w\b)")
_TOKEN = re.compile(r"[^\W_]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z][a-z])")
_WEB_ENDINGS = _words("com net org io ai co app dev so hq xyz")
_LEADING_FORMS = _words("pt ooo oao zao pao tov cv the")


@dataclass(frozen=True, slots=True)
class CompanyName:
    """`tokens` in their order, without legal form; `core` without generic words too (never empty where tokens are
    not). `key` is the tokens run together. `aliases` are the keys of every other name that the text gives."""

    tokens: tuple[str, ...]
    core: tuple[str, ...]
    key: str
    aliases: frozenset[str]

    @property
    def text(self) -> str:
        return " ".join(self.tokens)


@lru_cache(maxsize=65_536)
def _company_name(name: str) -> CompanyName:
    text = _NOISE.sub(" ", unicodedata.normalize("NFKC", name))
    main, others = _split_names(text)
    tokens = _tokens(main) or _tokens(name)
    if not name.isascii():  # transliterated letters may spell what was looked for before
        tokens = _tokens(_split_names(" ".join(tokens))[0]) or tokens
    core = tuple(token for token in tokens if token not in GENERIC) or tokens
    key = "".join(tokens)
    aliases = []
    for other in others:
        found = _tokens(other)
        if found and "".join(found) != key:
            aliases.append("".join(found))
    if len(camel := _CAMEL.split(main)) > 1:
        aliases.append("".join(_tokens(" ".join(camel))))
    return CompanyName(tokens, core, key, frozenset(alias for alias in aliases[:_MAX_ALIASES] if alias != key))


def company_name(name: str) -> CompanyName:
    """The name in its compared form. Takes any text; looks at its first 1,000 characters. Idempotent on `text`."""
    return _company_name(name[:MAX_NAME])


def _split_names(text: str) -> tuple[str, list[str]]:
    """The name that is used now, and the others that the text gives."""
    others: list[str] = []
    text = _OWNER.sub("", text)
    trading = _TRADING_AS.split(text, maxsplit=1)
    if len(trading) > 1 and trading[1].strip(" )"):
        others.append(trading[0].strip(" (,"))
        text = trading[1].strip(" )")
    former = _FORMER.split(text, maxsplit=1)
    if len(former) > 1 and former[0].strip():
        others.append(former[1].strip(" )]"))
        text = former[0]
    for inside in _BRACKETS.findall(text):
        others.append(_BRACKET_TALK.sub("", inside))
    bare = _BRACKETS.sub(" ", text)
    return (bare if _TOKEN.search(bare) else text), others


def _tokens(text: str) -> tuple[str, ...]:
    text = _CYRILLIC_FORMS.sub(" ", _CJK_FORMS.sub(" ", text))
    folded = plain(text)
    if not folded.isascii():
        folded = anyascii(folded).lower()
    tokens = _TOKEN.findall(_DOTTED.sub("", folded))
    tokens = [word for word in tokens if word != "and"] or tokens
    while len(tokens) > 1 and tokens[0] in _LEADING_FORMS:
        tokens = tokens[1:]
    while len(tokens) > 1 and (ending := _legal_ending(tokens)):
        tokens = tokens[:-ending]
    if len(tokens) > 1 and tokens[-1] == "com":
        tokens = tokens[:-1]
    return tuple(_ABBREVIATIONS.get(token, token) for token in tokens)


def _legal_ending(tokens: list[str]) -> int:
    for width in (4, 3, 2, 1):
        if width < len(tokens) and "".join(tokens[-width:]) in LEGAL_FORMS:
            return width
    return 0
