"""Where a person can go from every page."""

from collections import Counter

from api.console.rail import _PLACES


def test_each_place_has_a_key_of_its_own() -> None:
    keys = Counter(place.key for _, places in _PLACES for place in places)
    assert [key for key, count in keys.items() if count > 1] == []
