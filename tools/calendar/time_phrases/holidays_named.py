"""Days with names → dates. Those that follow the moon are named too, so that they are asked back, not passed over."""

from collections.abc import Callable
from datetime import date, timedelta

from dateutil.easter import easter  # type: ignore[import-untyped]

_FIXED = {
    "christmas": (12, 25), "christmas_eve": (12, 24), "new_year": (1, 1), "new_year_eve": (12, 31),
    "independence_day": (7, 4), "halloween": (10, 31), "valentines": (2, 14), "veterans_day": (11, 11),
    "juneteenth": (6, 19), "boxing_day": (12, 26), "st_patrick": (3, 17), "earth_day": (4, 22), "may_day": (5, 1),
    "groundhog_day": (2, 2), "cinco_de_mayo": (5, 5), "april_fools": (4, 1), "all_saints": (11, 1),
    "all_souls": (11, 2), "guy_fawkes": (11, 5), "bastille_day": (7, 14), "womens_day": (3, 8),
    "childrens_day": (6, 1), "epiphany": (1, 6), "assumption": (8, 15), "german_unity": (10, 3),
    "reformation": (10, 31), "italian_liberation": (4, 25), "italian_republic": (6, 2), "immaculate": (12, 8),
    "kings_day": (4, 27),
    "dutch_liberation": (5, 5), "sinterklaas": (12, 5), "spanish_day": (10, 12), "constitution": (12, 6),
    "armistice": (11, 11), "victory_1945": (5, 8), "st_nicholas": (12, 6),
}  # fmt: skip
_FROM_EASTER = {
    "easter": 0, "easter_monday": 1, "good_friday": -2, "whit_monday": 50, "easter_saturday": -1, "ash_wednesday": -46,
    "palm_sunday": -7, "maundy_thursday": -3, "ascension": 39, "whit_sunday": 49, "corpus_christi": 60,
    "mardi_gras": -47, "clean_monday": -48, "trinity_sunday": 56, "carnival_monday": -48,
}  # fmt: skip
# (month, weekday, which of them; 0: the last)
_WEEKDAY_OF_MONTH = {
    "thanksgiving": (11, 3, 4), "labor_day": (9, 0, 1), "memorial_day": (5, 0, 0), "mlk_day": (1, 0, 3),
    "presidents_day": (2, 0, 3), "columbus_day": (10, 0, 2), "mothers_day": (5, 6, 2), "fathers_day": (6, 6, 3),
}  # fmt: skip
_AFTER_THANKSGIVING = {"black_friday": 1, "cyber_monday": 4}


def holiday_rule(name: str) -> Callable[[int], date]:
    """The day of that name in a year. Raises KeyError for a name that no rule has."""
    if name in _FIXED:
        return lambda year: date(year, *_FIXED[name])
    if name in _FROM_EASTER:
        return lambda year: _easter(year) + timedelta(days=_FROM_EASTER[name])
    if name in _AFTER_THANKSGIVING:
        return lambda year: (
            _in_month(year, *_WEEKDAY_OF_MONTH["thanksgiving"]) + timedelta(days=_AFTER_THANKSGIVING[name])
        )
    rule = _WEEKDAY_OF_MONTH[name]
    return lambda year: _in_month(year, *rule)


def _easter(year: int) -> date:
    sunday: date = easter(year)
    return sunday


def _in_month(year: int, month: int, weekday: int, which: int) -> date:
    first = date(year, month, 1)
    found = first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (max(which, 1) - 1))
    while which == 0 and (found + timedelta(days=7)).month == month:
        found += timedelta(days=7)
    return found
