"""The workspace's settings as fields of a form, and back. Texts in, checked values out; lists are a line each."""

from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from importlib import resources
from typing import Any, Final
from zoneinfo import available_timezones

from pydantic import ValidationError

from agents.offer import OfferSettings
from agents.workspace_settings import WorkspaceSettings
from api.problems import Invalid
from api.views.settings import WorkspaceOut

OWN: Final = (
    "name",
    "postal_address",
    "country",
    "time_zone",
    "currency",
    "deal_value",
    "preparation_hour",
    "preparation_hours_before",
)
LISTS: Final = ("proof_points", "prices", "allowed_hosts", "related_technologies")
OFFER: Final = ("product", "value_line", *LISTS, "sender_title", "meeting_minutes")
FIELDS: Final = (*OWN, *OFFER)
LABELS: Final = {
    "name": "Name",
    "postal_address": "Postal address",
    "country": "Country",
    "time_zone": "Time zone",
    "currency": "Currency",
    "deal_value": "What a won deal is worth",
    "preparation_hour": "At this hour of their day",
    "preparation_hours_before": "Or so many hours before",
    "product": "Product",
    "value_line": "What it does",
    "proof_points": "Proof points",
    "prices": "Prices",
    "allowed_hosts": "Sites that mails may link to",
    "related_technologies": "Technologies",
    "sender_title": "Title under the sender's name",
    "meeting_minutes": "Minutes of a meeting",
}
CURRENCIES: Final = ("AUD", "CAD", "CHF", "CZK", "DKK", "EUR", "GBP", "HUF", "INR", "NOK", "NZD", "PLN", "RON", "SEK",
                     "SGD", "USD", "ZAR")  # fmt: skip
# pydantic's words, in ours.
_SAID: Final = {
    "string_too_short": "it is empty",
    "missing": "it is empty",
    "int_parsing": "a whole number",
    "string_pattern_mismatch": "a host alone, such as www.example.com",
}


def values_of(shown: WorkspaceOut) -> dict[str, str]:
    """What the fields hold when nobody typed yet."""
    values = {name: str(getattr(shown, name)) for name in OWN if name != "deal_value"}
    values["deal_value"] = money_text(shown.deal_value_minor)
    offer: dict[str, Any] = (
        shown.offer.model_dump() if shown.offer else {"sender_title": "Sales", "meeting_minutes": 30}
    )
    for name in OFFER:
        found = offer.get(name, "")
        values[name] = "\n".join(found) if name in LISTS else str(found)
    return values


def money_text(minor: int) -> str:
    return "" if not minor else str(Decimal(minor) / 100)


def wanted(form: Mapping[str, str], current: WorkspaceOut) -> dict[str, Any]:
    """Checked values by field, of those that the form has. An offer of which nothing is said stays unsaid.

    Raises Invalid: everything that is wrong, each by its field's name.
    """
    raw: dict[str, Any] = {name: form[name] for name in OWN if name in form and name != "deal_value"}
    problems: list[dict[str, Any]] = []
    if "deal_value" in form:
        try:
            raw["deal_value_minor"] = _minor(form["deal_value"])
        except ValueError as error:
            problems.append({"path": "deal_value", "message": str(error)})
    offer = _offer(form)
    if offer is not None and (current.offer is not None or current.offer_problem or _says(offer)):
        raw["offer"] = offer
    found: WorkspaceSettings | None = None
    try:
        # The name is asked for by the model alone: a form of the offer has none.
        found = WorkspaceSettings.model_validate({"name": current.name, **raw})
    except ValidationError as error:
        problems += _problems(error)
    if problems or found is None:
        raise Invalid("This cannot be saved yet.", problems, hint="Nothing was changed.")
    return {name: getattr(found, name) for name in raw}


def preview_of(form: Mapping[str, str], company: str) -> dict[str, str]:
    """How a mail would say it: the sentence, the first proof point, and who writes."""
    product, value_line = (form.get(name, "").strip() for name in ("product", "value_line"))
    return {
        "sentence": f"{product} {value_line}." if product and value_line else "",
        "doubt": _doubt(product, value_line),
        "proof": next(iter(_lines(form.get("proof_points", ""))), ""),
        "title": form.get("sender_title", "").strip(),
        "company": company,
    }


def _doubt(product: str, value_line: str) -> str:
    """What would read badly, said before a mail says it."""
    if value_line.endswith((".", "!", "?")):
        return "Leave the full stop out: the sentence ends with one of its own."
    if product and value_line.lower().startswith(product.lower()):
        return "The product's name stands in front already."
    if value_line[:1].isupper() and not value_line[:2].isupper():
        return "It goes on after the product's name: begin with a small letter."
    return ""


def _offer(form: Mapping[str, str]) -> dict[str, Any] | None:
    """None: the form has no offer."""
    if "product" not in form:
        return None
    offer: dict[str, Any] = {
        name: _lines(form[name]) if name in LISTS else form[name].strip() for name in OFFER if name in form
    }
    for name in ("sender_title", "meeting_minutes"):
        if offer.get(name) == "":
            del offer[name]
    return offer


def _says(offer: Mapping[str, Any]) -> bool:
    return any(offer.get(name) for name in ("product", "value_line", *LISTS))


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _minor(text: str) -> int:
    """'12,000.50' in minor units; empty: 0."""
    plain = text.strip().replace(",", "").replace(" ", "").replace("\N{NO-BREAK SPACE}", "")
    if not plain:
        return 0
    try:
        value = Decimal(plain)
    except InvalidOperation:
        raise ValueError("an amount, such as 12000 or 12,000.50") from None
    if not value.is_finite() or value < 0 or value > 10**12:
        raise ValueError("an amount between 0 and a million millions")
    if value * 100 != (value * 100).to_integral_value():
        raise ValueError("at most two digits behind the point")
    return int(value * 100)


def _problems(error: ValidationError) -> Iterable[dict[str, Any]]:
    for item in error.errors():
        loc = [str(part) for part in item["loc"]]
        if loc[:1] == ["offer"]:
            loc = loc[1:] or ["product"]
        message = _SAID.get(item["type"], item["msg"].removeprefix("Value error, "))
        if len(loc) > 1 and loc[1].isdigit():
            message = f"line {int(loc[1]) + 1}: {message}"
        yield {"path": loc[0].replace("deal_value_minor", "deal_value"), "message": message}


def problems_by_field(error: Exception | None) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for item in error.problems if isinstance(error, Invalid) else ():
        found.setdefault(str(item["path"]), []).append(str(item["message"]))
    return found


@lru_cache(maxsize=1)
def zones() -> tuple[str, ...]:
    return tuple(sorted(name for name in available_timezones() if "/" in name or name == "UTC"))


@lru_cache(maxsize=1)
def countries() -> tuple[tuple[str, str], ...]:
    """(code, name), by name: from the IANA database's own table (iso3166.tab)."""
    text = (resources.files("tzdata") / "zoneinfo" / "iso3166.tab").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in text.splitlines() if line and not line.startswith("#"))
    return tuple(sorted(((code, name) for code, name in rows), key=lambda row: row[1]))


assert set(OFFER) == set(OfferSettings.model_fields)  # a field that is added there is asked for here
