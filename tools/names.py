"""Names of companies, as a key to find the same firm by, and of people, as far as they can be addressed safely."""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache


def _words(lines: str) -> frozenset[str]:
    return frozenset(word for line in lines.splitlines() if not line.strip().startswith("#") for word in line.split())


# Legal forms by what registers of the world call them; written without dots and spaces, as `_tokens` leaves them.
LEGAL_FORMS = _words(
    """
    # English-speaking
    inc incorporated corp corporation co company llc lllp llp lp ltd limited plc pllc pbc pc unltd cic trust pty
    ptyltd pteltd pte proprietary
    # German-speaking
    gmbh ggmbh mbh ag kg kgaa ohg gbr ug ev eg gmbhco cokg gmbhcokg haftungsbeschrankt
    # French, Spanish, Portuguese, Italian, Romanian
    sa sas sasu sarl eurl snc sca scop selarl sprl bvba asbl srl sl slu sau sac sacv sadecv cv ltda eireli lda spa
    sapa sarlu srls eirl sapi
    # Benelux, Nordic, Baltic
    bv nv vof oy oyj ab hb publ as asa aps ivs ehf hf uab sia ou
    # Central and eastern Europe, Turkey, Greece
    spzoo zoo sro doo dooel dd kft zrt nyrt bt ooo oao zao pao ao tov eood ood ad sti as anonim epe ae ike
    # Asia, Africa and the rest
    kk gk kabushikigaisha pvt pvtltd privatelimited sdn bhd sdnbhd berhad tbk jsc ojsc cjsc pjsc pcl llp fze fzco fzllc
    dmcc wll bsc saog saoc pllc limitada limitee aktiengesellschaft holding holdings se
    """
)
_LEADING_FORMS = frozenset({"pt", "ooo", "oao", "zao", "pao", "tov", "cv"})
_CJK_FORMS = re.compile(
    "株式会社|有限会社|合同会社|合資会社|一般社団法人|㈱|㈲|주식회사|유한회사|\\(주\\)|"
    "股份有限公司|有限责任公司|有限責任公司|有限公司|集团|集團"
)
_SEC_STATE = re.compile(r"\s*[/\\][A-Za-z]{2,4}[/\\]?\s*$")  # "U-Haul Holding Co /NV/": the state of incorporation
_BRACKETS = re.compile(r"[(\[{（【][^)\]}）】]*[)\]}）】]?")
_TRADING_AS = re.compile(r"(?i)\b(?:d\s*/\s*b\s*/\s*a|dba|doing business as|trading as|t\s*/\s*a)\b[:.]?\s*")
_FORMER = re.compile(
    r"(?i)[\s,;–-]+(?:formerly(?: known as)?|previously|f\s*/\s*k\s*/\s*a|fka|also known as|a\s*/\s*k\s*/\s*a|aka|"
    r"now part of|acquired by|an? [\w.&]+ company|ehemals|vormals|anciennement|antes)\b.*$"
)
_LETTERS = str.maketrans(
    {"ß": "ss", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "æ": "ae", "œ": "oe", "þ": "th", "ı": "i", "ħ": "h", "ŧ": "t"}
    | {"&": " and ", "+": " plus ", "@": " at ", "№": " no "}
    | dict.fromkeys("'’‘`´ʼ!", "")
)
_WEB_ENDINGS = ("com",)  # .ai, .io, .co cost more precision than they gain: two firms often differ by them
_MAX_NAME = 1_000  # characters: a longer one is no name, and the patterns need not search it
_MAX_KEY = 300  # the column's width


def company_name_key(name: str) -> str:
    """The same key for the ways one firm's name is written; "" where there is no letter or digit.

    Without case, accents, punctuation, spaces, legal forms, "the", ".com", brackets and former names:
    "The Acmé Co., Inc. (YC S21)" → "acme". Of "X dba Y" it is Y, the name that people use. Equal keys are a
    reason to look, not a proof: two firms may share a name.
    """
    return _name_key(name[:_MAX_NAME])


@lru_cache(maxsize=65_536)
def _name_key(name: str) -> str:
    text = _SEC_STATE.sub("", unicodedata.normalize("NFKC", name))
    trading = _TRADING_AS.split(text)
    if len(trading) > 1 and trading[-1].strip(" )"):
        text = trading[-1].strip(" )")
    text = _FORMER.sub("", text)
    bare = _BRACKETS.sub(" ", text)
    key = _key(bare)
    return key or _key(text) or "".join(_tokens(name))[:_MAX_KEY]


def _key(text: str) -> str:
    tokens = _tokens(_CJK_FORMS.sub(" ", text))
    while len(tokens) > 1 and (ending := _legal_ending(tokens)):
        tokens = tokens[:-ending]
    while len(tokens) > 1 and (tokens[0] == "the" or tokens[0] in _LEADING_FORMS):
        tokens = tokens[1:]
    if len(tokens) > 1 and tokens[-1] in _WEB_ENDINGS:
        tokens = tokens[:-1]
    return "".join(tokens)[:_MAX_KEY]


def _legal_ending(tokens: list[str]) -> int:
    """How many tokens at the end are one legal form: "sp z o o" is four, "gmbh" one, none 0. One token stays."""
    for width in (4, 3, 2, 1):
        if width < len(tokens) and "".join(tokens[-width:]) in LEGAL_FORMS:
            return width
    return 1 if tokens[-1] in ("and", "y", "et", "und") else 0


def _tokens(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", re.sub(r"(?<=\b\w)\.(?=\w\b)", "", plain(text)))


def plain(text: str) -> str:
    """Case and accents folded, letters outside ASCII that have a usual spelling in it spelled so."""
    folded = text.casefold().translate(_LETTERS)
    if folded.isascii():
        return folded
    decomposed = unicodedata.normalize("NFKD", folded)
    # Latin, Greek and Cyrillic accents only: a Japanese voicing mark is part of its letter.
    # Folded again: a letter of another style (𝖠) comes out of this as a capital.
    bare = "".join(c for c in decomposed if not "\u0300" <= c <= "\u036f").casefold()
    return unicodedata.normalize("NFC", bare)


# ---------------------------------------------------------------------------------------------------- people


@dataclass(frozen=True, slots=True)
class PersonName:
    """First is what one writes after "Dear"; last may be empty where the name is one word of two known parts."""

    first: str
    last: str


_TITLES = _words(
    """
    mr mrs ms mx miss dr prof professor sir dame lord lady rev fr hon herr frau hr fru mme mlle m monsieur madame sr
    sra srta senor senora sig sigra dott dottssa ing dipl dipling mag don dona capt col gen lt maj sgt doctor
    """
)
_SUFFIXES = _words(
    """
    jr sr ii iii iv phd md mba esq cpa cfa pmp msc bsc ma ba llm jd dds rn pe ceng frcs obe mbe cbe pharmd edd dphil
    cissp shrm-cp sphr cism cisa facs cfp mph rd
    """
)
_PARTICLES = _words(
    """
    de da do dos das del della di du des d la le las los van von der den ter ten te zu zum zur vom bin ibn al el
    bint ben abu af av st san santa mac y e
    """
)
_FAMILY_FIRST = _words(
    """
    # the commonest family names of China, Korea and Vietnam, in their Latin spelling
    wang li zhang liu chen yang zhao huang zhou wu xu zhu hu guo lin luo zheng liang xie tang deng feng peng cao
    zeng kim lee park choi jung jeong kang cho yoon jang lim shin nguyen tran pham hoang phan vu dang bui do
    """
)
_NOT_A_PERSON = _words(
    """
    team sales info support admin office hr marketing unknown n/a na none test contact recruiting careers company
    hiring department group inc llc gmbh ltd
    """
)


def person_key(name: str) -> str:
    """What a name is found by: case, accents and punctuation gone, words in their order. Empty for no words."""
    return " ".join(_tokens(plain(name)))


def split_person_name(name: str) -> PersonName | None:
    """First and last name, or None when not sure enough to write "Dear <first>" to a stranger.

    None for: one word, initials instead of a first name, scripts that put the family first (Chinese, Japanese,
    Korean characters), a Chinese, Korean or Vietnamese family name in either end without a comma to tell, names of
    five words and more, digits, teams. "SMITH, JOHN" and "SMITH John" are turned; all capitals become "Smith".
    """
    text = unicodedata.normalize("NFC", " ".join(name.split()))
    text = re.sub(r"\([^)]*\)|\"[^\"]*\"|“[^”]*”", " ", text).strip()
    if not text or len(text) > 120 or any(c.isdigit() or c in "@/\\|<>{}[]_=&" for c in text) or _is_cjk(text):
        return None
    text, reversed_order = _turn_comma(text)
    words = [w for w in text.split() if w.strip(".,")]
    words = _without_titles(words)
    if not 2 <= len(words) <= 4 or any(plain(w).strip(".") in _NOT_A_PERSON for w in words):
        return None
    if not reversed_order and _family_written_in_capitals(words):
        words, reversed_order = words[1:] + words[:1], True
    first = words[0].strip(".,")
    rest = words[1:]
    if len(first) < 2 or plain(first) in _PARTICLES or words[0].endswith("."):
        return None
    if not all(re.fullmatch(r"[^\W\d_]+(?:['’.-][^\W\d_]*)*", w.strip(",")) for w in words):
        return None
    ends = {plain(words[0]), plain(words[-1])}
    if not reversed_order and plain(words[0]) in _FAMILY_FIRST and len(ends) > 1:
        return None  # "Li Wei", "Nguyen Van An": which is the family is not told
    last = rest if len(rest) == 1 else _last_of(rest)
    return PersonName(_cased(first), " ".join(_cased(w.strip(",")) for w in last))


def _turn_comma(text: str) -> tuple[str, bool]:
    """ "Smith, John" → "John Smith"; "John Smith, PhD, MBA" → "John Smith"."""
    head, comma, tail = text.partition(",")
    if not comma:
        return text, False
    parts = [p.strip() for p in tail.split(",") if p.strip()]
    names = [p for p in parts if plain(p).replace(".", "").replace(" ", "") not in _SUFFIXES]
    if not names:
        return head.strip(), False
    if len(names) == 1 and len(names[0].split()) <= 2:
        return f"{names[0]} {head.strip()}", True
    return "", False


def _without_titles(words: list[str]) -> list[str]:
    def bare(word: str) -> str:
        return plain(word).replace(".", "").strip(",-")

    while len(words) > 1 and bare(words[0]) in _TITLES:
        words = words[1:]
    while len(words) > 2 and bare(words[-1]) in _SUFFIXES:
        words = words[:-1]
    return words


def _family_written_in_capitals(words: list[str]) -> bool:
    """ "DUPONT Marie": the French and Japanese way to say which name is the family."""
    first, others = words[0], words[1:]
    return len(first) > 2 and first.isupper() and all(not w.isupper() for w in others) and len(others) <= 2


def _last_of(rest: list[str]) -> list[str]:
    for index, word in enumerate(rest[:-1]):
        if plain(word).strip(".'’") in _PARTICLES:
            return rest[index:]
    middle_is_initial = len(rest[0].strip(".")) == 1
    return rest[1:] if middle_is_initial or len(rest) == 2 else rest[-1:]


def _cased(word: str) -> str:
    if len(word) > 1 and not (word.isupper() or word.islower()):
        return word  # McDonald, deVries: as their bearer writes it
    if plain(word) in _PARTICLES:
        return word.lower()
    parts = re.split(r"([-'’])", word)
    return "".join(part[:1].upper() + part[1:].lower() for part in parts)


def _is_cjk(text: str) -> bool:
    return any("\u2e80" <= c <= "\u9fff" or "\uac00" <= c <= "\ud7af" or "\uf900" <= c <= "\ufaff" for c in text)
