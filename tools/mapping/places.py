"""Countries and places as lists write them: names and codes in the large languages, "City, State, Country"."""

import gettext
import re
from functools import cache, lru_cache
from typing import Any, NamedTuple

import pycountry

from tools.names import plain

_LANGUAGES = ("de", "fr", "es", "it", "pt", "nl", "sv", "da", "pl")
# What people write and the ISO names do not hold.
_ALIASES = {
    "uk": "GB", "u.k.": "GB", "great britain": "GB", "britain": "GB", "england": "GB", "scotland": "GB", "wales": "GB",
    "northern ireland": "GB", "usa": "US", "u.s.": "US", "u.s.a.": "US", "united states of america": "US",
    "america": "US", "the united states": "US", "etats-unis": "US",
    "estados unidos": "US", "eeuu": "US", "ee.uu.": "US",
    "russia": "RU", "south korea": "KR", "korea": "KR", "republic of korea": "KR", "north korea": "KP",
    "vietnam": "VN", "czech republic": "CZ", "czechia": "CZ", "uae": "AE", "u.a.e.": "AE", "emirates": "AE",
    "holland": "NL", "the netherlands": "NL", "taiwan": "TW", "iran": "IR", "syria": "SY", "bolivia": "BO",
    "venezuela": "VE", "tanzania": "TZ", "moldova": "MD", "laos": "LA", "brunei": "BN", "ivory coast": "CI",
    "cote d'ivoire": "CI", "dr congo": "CD", "drc": "CD", "congo-kinshasa": "CD", "palestine": "PS", "macau": "MO",
    "macao": "MO", "hong kong": "HK", "hong kong sar": "HK", "turkey": "TR", "turkiye": "TR", "swaziland": "SZ",
    "cape verde": "CV", "macedonia": "MK", "burma": "MM", "kosovo": "XK", "prc": "CN", "mainland china": "CN",
    "people's republic of china": "CN", "the bahamas": "BS", "the gambia": "GM", "ksa": "SA", "brasil": "BR",
    "suisse": "CH", "schweiz": "CH", "svizzera": "CH", "deutschland": "DE", "espana": "ES",
    "nippon": "JP", "eire": "IE",
}  # fmt: skip
_NOT_PLACES = re.compile(
    r"(?i)^(?:remote|fully remote|partly remote|distributed|worldwide|global|anywhere|europe|asia|africa|latin america|"
    r"north america|south america|americas|emea|apac|mena|unknown|various|multiple|international)\b"
)
# Codes of the USA's states that are codes of countries too: these cities tell which is meant.
_ABROAD = {
    "DE": "berlin munich munchen hamburg frankfurt cologne koln stuttgart dusseldorf leipzig dresden",
    "IN": "bangalore bengaluru mumbai delhi new-delhi hyderabad chennai pune gurgaon gurugram noida kolkata ahmedabad",
    "IL": "tel-aviv jerusalem haifa herzliya tel-aviv-yafo",
    "CO": "bogota medellin cali barranquilla",
    "CA": "toronto vancouver montreal ottawa calgary waterloo",
    "AR": "buenos-aires cordoba rosario mendoza",
    "MA": "casablanca rabat marrakesh tangier",
    "PA": "panama-city panama",
    "ID": "jakarta bandung surabaya bali",
    "AL": "tirana",
    "GA": "libreville",
    "MD": "chisinau",
    "ME": "podgorica",
    "MT": "valletta sliema",
    "NC": "noumea",
    "SC": "victoria-seychelles",
    "VA": "vatican-city",
}
_ALSO_A_COUNTRY = {"georgia": frozenset(["tbilisi", "batumi", "kutaisi"])}
_SEPARATORS = re.compile(r"\s*(?:;|\||\s/\s?|/\s|\n|•)\s*")


_LONGEST = 300  # characters: more is no place


class Place(NamedTuple):
    city: str = ""
    region: str = ""
    country: str = ""  # ISO 3166-1 alpha-2


@lru_cache(maxsize=8_192)
def country_code(text: str) -> str:
    """ISO 3166-1 alpha-2 of a name in nine languages, an alias, or an alpha-2 or alpha-3 code; "" where unknown."""
    key = plain(text).strip(" .") if len(text) <= _LONGEST else ""
    if not key:
        return ""
    names = _names()
    return names.get(key) or names.get(key.replace(".", "")) or names.get(key.removeprefix("the ")) or ""


@lru_cache(maxsize=1_024)
def us_state(text: str) -> str:
    """The name of a state of the USA by its name or two letters; "" where it is none."""
    return _us_states().get(plain(text).strip(" ."), "")


def parse_location(text: str) -> Place:
    """The first place of "Saint Paul, Minnesota", "Lima, PE / Remote", "Bengaluru, Karnataka, India".

    A lone word is a country where it is the name of one, else a state, else a city.
    """
    return _parse_location(text[:_LONGEST])


@lru_cache(maxsize=16_384)
def _parse_location(text: str) -> Place:
    for option in _SEPARATORS.split(text):
        parts = [p for p in (part.strip(" .") for part in option.split(",")) if p and not _NOT_PLACES.match(p)]
        if parts:
            return _place(parts)
    return Place()


def _place(parts: list[str]) -> Place:
    last = parts[-1]
    if len(parts) == 1:
        code = country_code(last)
        if code and (len(last) > 3 or last.isupper()):
            return Place(country=code) if last.casefold() not in ("singapore", "monaco") else Place(last, "", code)
        state = us_state(last)
        if state == "New York" and len(last) > 2:
            return Place(state, state, "US")  # alone it is the city
        return Place(region=state, country="US") if state and len(last) > 2 else Place(city=last)
    city = parts[0]
    state = us_state(last)
    if state and len(parts) == 2 and not _is_abroad(city, last):
        return Place(city, state, "US")
    if last.isupper() and len(last) == 2 and last in _provinces() and not country_code_of(city, last):
        return Place(city, _provinces()[last], "CA")
    code = country_code(last)
    if code:
        region = parts[-2] if len(parts) > 2 else ""
        return Place(city, (us_state(region) or region) if code == "US" else region, code)
    return Place(city, state or last, "US" if state else "")


def _is_abroad(city: str, state: str) -> bool:
    key = plain(city)
    if key in _ALSO_A_COUNTRY.get(plain(state), ()):
        return True
    return key.replace(" ", "-") in _ABROAD.get(state.upper(), "").split()


def country_code_of(city: str, code: str) -> str:
    """A country meant by two letters that are a Canadian province too: only Peru's are, and Lima's."""
    return "PE" if code == "PE" and plain(city) in ("lima", "arequipa", "cusco") else ""


@cache
def _names() -> dict[str, str]:
    names: dict[str, str] = {}
    translations = [
        gettext.translation("iso3166-1", pycountry.LOCALES_DIR, languages=[language], fallback=True)
        for language in _LANGUAGES
    ]
    for country in pycountry.countries:
        own = [country.name, getattr(country, "common_name", ""), getattr(country, "official_name", "")]
        translated = [t.gettext(name) for t in translations for name in own if name]
        for name in (country.alpha_2, country.alpha_3, *own, *translated):
            if name:
                names.setdefault(plain(name), country.alpha_2)
    return names | {plain(alias): code for alias, code in _ALIASES.items()}


@cache
def _us_states() -> dict[str, str]:
    states: dict[str, str] = {}
    for state in _subdivisions("US"):
        if state.type in ("State", "District"):
            states[plain(state.name)] = states[plain(state.code[3:])] = state.name
    return states | {"washington dc": "District of Columbia", "washington d.c": "District of Columbia"}


@cache
def _provinces() -> dict[str, str]:
    return {p.code[3:]: p.name for p in _subdivisions("CA")}


def _subdivisions(country: str) -> list[Any]:
    return [s for s in pycountry.subdivisions if s.country_code == country]
