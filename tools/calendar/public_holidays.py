"""Public holidays of a country and of a region of it, by the `holidays` library."""

from collections.abc import Mapping
from datetime import date
from functools import lru_cache

import holidays

# Names in English of regions that the calendar knows by their own names only, where lists use them.
_ENGLISH: Mapping[str, Mapping[str, str]] = {
    "DE": {
        "bavaria": "BY",
        "lower saxony": "NI",
        "north rhine-westphalia": "NW",
        "rhineland-palatinate": "RP",
        "saxony": "SN",
        "saxony-anhalt": "ST",
        "thuringia": "TH",
        "hesse": "HE",
    },
}


@lru_cache(maxsize=1024)
def public_holidays(country: str, year: int, region: str = "") -> frozenset[date]:
    """Of the country, in that year and the next, with those of the region where the calendar knows it by code or name;
    empty for a country that it does not know."""
    code = country.strip().upper()
    if not code:
        return frozenset()
    try:
        return frozenset(holidays.country_holidays(code, subdiv=_subdivision(code, region), years=[year, year + 1]))
    except NotImplementedError:
        return frozenset()


@lru_cache(maxsize=1)
def countries() -> tuple[str, ...]:
    """ISO 3166-1 codes of the countries whose public holidays are known."""
    return tuple(sorted(holidays.list_supported_countries(include_aliases=False)))


@lru_cache(maxsize=256)
def regions(country: str) -> tuple[str, ...]:
    """Codes of the regions that have days of their own; empty: none, or a country that is not known."""
    code = country.strip().upper()
    return tuple(holidays.country_holidays(code).subdivisions) if code in countries() else ()


def problem_of_holidays(country: str, region: str) -> str:
    """Why these are nobody's public holidays, in words; "": they are known, or nothing is asked for."""
    code = country.strip().upper()
    if not code:
        return "Name the country too: regions are of one." if region.strip() else ""
    if code not in countries():
        return f"The public holidays of {country!r} are not known: write a code of two letters, like DE."
    if region.strip() and _subdivision(code, region) is None:
        known = ", ".join(regions(code))
        return f"{code} has no region {region!r}" + (f": write one of {known}." if known else ", nor any other.")
    return ""


@lru_cache(maxsize=1024)
def _subdivision(country: str, region: str) -> str | None:
    """ "Bayern" and "BY" are BY of Germany, "California" is CA of the United States. None: not one that we know."""
    wanted = region.strip().casefold().removeprefix(f"{country.casefold()}-")
    if not wanted:
        return None
    calendar = holidays.country_holidays(country)
    for code in calendar.subdivisions:
        if code.casefold() == wanted:
            return str(code)
    found = {name.casefold(): code for name, code in calendar.subdivisions_aliases.items()}
    found |= _ENGLISH.get(country, {})
    return found.get(wanted)
