"""IANA zones of the states and provinces of wide countries: facts of geography, as the IANA tz database lists zones.

A state that is cut by a border of zones names all of them: its people are at work together where the zones overlap.
"""

from collections.abc import Mapping
from types import MappingProxyType

_E, _C, _M, _P = "America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles"

_US = {
    _E: "CT DE DC GA ME MD MA NH NJ NY NC OH PA RI SC VT VA WV",
    _C: "AL AR IL IA LA MN MS MO OK WI",
    _M: "CO MT NM UT WY",
    _P: "CA WA",
    "America/Phoenix": "AZ",
    "America/Anchorage": "AK",
    "Pacific/Honolulu": "HI",
}
_US_SPLIT: dict[tuple[str, ...], str] = {
    (_E, _C): "FL IN KY MI TN",
    (_C, _M): "KS NE ND SD TX",
    (_M, _P): "ID NV OR",
}
_US_NAMES = {
    "AL": "alabama", "AK": "alaska", "AZ": "arizona", "AR": "arkansas", "CA": "california", "CO": "colorado",
    "CT": "connecticut", "DE": "delaware", "DC": "district of columbia", "FL": "florida", "GA": "georgia",
    "HI": "hawaii", "ID": "idaho", "IL": "illinois", "IN": "indiana", "IA": "iowa", "KS": "kansas", "KY": "kentucky",
    "LA": "louisiana", "ME": "maine", "MD": "maryland", "MA": "massachusetts", "MI": "michigan", "MN": "minnesota",
    "MS": "mississippi", "MO": "missouri", "MT": "montana", "NE": "nebraska", "NV": "nevada", "NH": "new hampshire",
    "NJ": "new jersey", "NM": "new mexico", "NY": "new york", "NC": "north carolina", "ND": "north dakota",
    "OH": "ohio", "OK": "oklahoma", "OR": "oregon", "PA": "pennsylvania", "RI": "rhode island",
    "SC": "south carolina", "SD": "south dakota", "TN": "tennessee", "TX": "texas", "UT": "utah", "VT": "vermont",
    "VA": "virginia", "WA": "washington", "WV": "west virginia", "WI": "wisconsin", "WY": "wyoming",
}  # fmt: skip
_CA: dict[tuple[str, ...], tuple[str, ...]] = {
    ("America/Vancouver",): ("bc", "british columbia"),
    ("America/Edmonton",): ("ab", "alberta"),
    ("America/Regina",): ("sk", "saskatchewan"),
    ("America/Winnipeg",): ("mb", "manitoba"),
    ("America/Toronto", "America/Winnipeg"): ("on", "ontario"),
    ("America/Toronto",): ("qc", "quebec", "québec"),
    ("America/Halifax",): ("ns", "nova scotia", "nb", "new brunswick", "pe", "prince edward island"),
    ("America/St_Johns",): ("nl", "newfoundland and labrador"),
}
_AU: dict[tuple[str, ...], tuple[str, ...]] = {
    ("Australia/Sydney",): ("nsw", "new south wales", "act", "australian capital territory"),
    ("Australia/Melbourne",): ("vic", "victoria"),
    ("Australia/Brisbane",): ("qld", "queensland"),
    ("Australia/Adelaide",): ("sa", "south australia"),
    ("Australia/Perth",): ("wa", "western australia"),
    ("Australia/Darwin",): ("nt", "northern territory"),
    ("Australia/Hobart",): ("tas", "tasmania"),
}


def _us() -> dict[str, tuple[str, ...]]:
    by_code: dict[str, tuple[str, ...]] = {code: (zone,) for zone, codes in _US.items() for code in codes.split()}
    by_code |= {code: zones for zones, codes in _US_SPLIT.items() for code in codes.split()}
    return {name: by_code[code] for code, long in _US_NAMES.items() for name in (code.casefold(), long)}


def _listed(table: Mapping[tuple[str, ...], tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    return {name: zones for zones, names in table.items() for name in names}


REGION_ZONES: Mapping[str, Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {"US": _us(), "CA": _listed(_CA), "AU": _listed(_AU)}
)
