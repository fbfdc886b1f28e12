"""Countries as vendors of data write them in a search: English names."""

from typing import Final

import pycountry

# What the part before the comma of the ISO name would name wrongly or not at all.
_SAID: Final = {
    "CD": "Democratic Republic of the Congo",
    "CG": "Republic of the Congo",
    "KP": "North Korea",
    "KR": "South Korea",
    "RU": "Russia",
    "VG": "British Virgin Islands",
    "VI": "U.S. Virgin Islands",
}


def country_name(code: str) -> str:
    """The common English name of an ISO 3166-1 alpha-2 code ("Taiwan", "South Korea"); "" where there is none."""
    key = code.upper()
    country = pycountry.countries.get(alpha_2=key) if len(key) == 2 else None
    if country is None:
        return ""
    return _SAID.get(key) or str(getattr(country, "common_name", country.name).partition(",")[0])
