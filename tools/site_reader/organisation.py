"""What a page's JSON-LD or microdata (schema.org) says of the organisation behind it, and of its open jobs."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import orjson
import pycountry

from tools.site_reader.html import Item, Page
from tools.site_reader.types import cleaned

_MAX_NODES = 2_000  # objects looked at in one page
_ORGANISATIONS = frozenset(
    {
        "organization",
        "corporation",
        "localbusiness",
        "onlinebusiness",
        "onlinestore",
        "ngo",
        "store",
        "airline",
        "school",
    }
    | {"educationalorganization", "collegeoruniversity", "medicalorganization", "governmentorganization"}
    | {"professionalservice", "financialservice", "newsmediaorganization", "softwarecompany"}
)
_YEAR = re.compile(r"(?:^|\D)(1[6-9]\d\d|20\d\d)(?!\d)")
_MAX_EMPLOYEES = 5_000_000  # more than any employer has


class Said(NamedTuple):
    field: str
    value: str | int
    quote: str
    confidence: float  # 0–1


def said_of_organisation(page: Page, year: int) -> Iterator[Said]:
    """`year`: the present one; nobody is founded after it. Several organisations on a page: each says its own."""
    for node in _nodes(page):
        if not _types(node) & _ORGANISATIONS:
            continue
        if name := _text(node.get("name")):
            yield Said("site_name", name, name, 0.85)
        if (employees := _employees(node.get("numberOfEmployees"))) is not None:
            yield Said("employees", employees[0], _quote("numberOfEmployees", node["numberOfEmployees"]), employees[1])
        if country := _country(node.get("address")):
            yield Said("country", country, _quote("address", node["address"]), 0.8)
        founded = _YEAR.search(_text(node.get("foundingDate")))
        if founded and int(founded[1]) <= year:
            yield Said("founded_year", int(founded[1]), _quote("foundingDate", node["foundingDate"]), 0.85)


def job_titles(page: Page) -> list[str]:
    """Titles of schema.org JobPosting objects, in order, repeated where a title has several postings."""
    found = (_text(node.get("title")) for node in _nodes(page) if "jobposting" in _types(node))
    return [title for title in found if title]


def _nodes(page: Page) -> Iterator[Mapping[str, Any]]:
    """Every object, those of @graph and nested ones included, JSON-LD before microdata."""
    left = _MAX_NODES
    for said in (*_parsed(page.json_ld), *(_as_node(item) for item in page.items[:_MAX_NODES])):
        stack = [said]
        while stack and left > 0:
            node = stack.pop()
            if isinstance(node, list):
                stack += reversed(node[:left])
            elif isinstance(node, dict):
                left -= 1
                yield node
                stack += [child for child in reversed(list(node.values())) if isinstance(child, dict | list)]


def _parsed(scripts: Sequence[str]) -> Iterator[Any]:
    for script in scripts:
        try:
            yield orjson.loads(script.strip())  # refuses nesting over 1,024 levels by itself
        except orjson.JSONDecodeError:
            continue


def _as_node(item: Item) -> dict[str, Any]:
    """Microdata in the shape of JSON-LD. Its nesting is bounded by the parser."""
    said = {name: _as_node(value) if isinstance(value, Item) else value for name, value in item.said.items()}
    return {**said, "@type": item.type}


def _types(node: Mapping[str, Any]) -> set[str]:
    kinds = node.get("@type")
    listed = kinds if isinstance(kinds, list) else [kinds]
    return {kind.rpartition("/")[2].lower() for kind in listed if isinstance(kind, str)}


def _text(value: Any) -> str:
    return cleaned(str(value)) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _quote(key: str, value: Any) -> str:
    return cleaned(f"{key}: {orjson.dumps(value).decode()}")


def _number(value: Any) -> int | None:
    if isinstance(value, str):
        digits = value.replace(",", "").replace(" ", "").rstrip("+")
        value = int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 9 else None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 1 <= value <= _MAX_EMPLOYEES:
        return None
    return int(value)


def _employees(value: Any) -> tuple[int, float] | None:
    """A number and how sure: a stated range gives its middle."""
    if isinstance(value, str) and (ends := re.fullmatch(r"\s*([\d,]{1,9})\s*[-–]\s*([\d,]{1,9})\s*", value)):
        value = {"minValue": ends[1], "maxValue": ends[2]}
    if not isinstance(value, dict):
        number = _number(value)
        return None if number is None else (number, 0.75)
    if (number := _number(value.get("value"))) is not None:
        return number, 0.75
    if isinstance(value.get("value"), str) and "-" in value["value"]:
        return _employees(value["value"])
    low, high = _number(value.get("minValue")), _number(value.get("maxValue"))
    return ((low + high) // 2, 0.5) if low is not None and high is not None and low <= high else None


def _country(address: Any) -> str:
    if isinstance(address, list):
        address = address[0] if address else None
    if not isinstance(address, dict):
        return ""
    country = address.get("addressCountry")
    name = _text(country.get("name") if isinstance(country, dict) else country)
    if not name:
        return ""
    try:
        return str(pycountry.countries.lookup(name).alpha_2)
    except LookupError:
        return ""
