"""An ICP's definition as the fields of a form, and back. What a form cannot hold, its text tab holds.

Lists are one entry a line, so that commas stay what they are. Every field is named by its path in the definition, so
that what `parse_icp` says of a path stands at its field.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Protocol

import yaml

from api.problems import Invalid
from api.views.icp_diff import in_full
from scoring.icp import IcpDefinition
from scoring.icp_model import Exclusions

_LISTS = ("countries", "regions", "technologies")
_EXCLUDED = ("industries", "countries", "domains", "name_words", "technologies", "statuses")
CRITERIA = ("industry", "employees", "revenue", "location", "technologies", "growth")
_TIERS = ("tier_1", "tier_2", "tier_3")
_AS_TEXT = ("half_lives", "rules")  # what no form holds is typed as YAML in a field of its own
_SPARE_INDUSTRIES, _SPARE_ROLES = 2, 1  # empty rows to fill in
_MOST_ROWS = 200
_ROWS_KEPT = 30


class Sent(Protocol):
    """What a form sent: starlette's FormData."""

    def get(self, key: str, /) -> Any: ...
    def __iter__(self) -> Iterator[Any]: ...


def values_of(icp: IcpDefinition | None) -> dict[str, Any]:
    """The fields of a form by name; of an empty ICP where there is none."""
    icp = icp or IcpDefinition(name="")
    full = in_full(icp)
    values: dict[str, Any] = {"name": icp.name, "growth_signals": list(icp.growth_signals)}
    values["industries"] = [{"name": one.name, "synonyms": "\n".join(one.synonyms)} for one in icp.industries]
    for name in _LISTS:
        values[name] = "\n".join(full[name])
    for end in ("min", "max"):
        values[f"employees.{end}"] = _text(getattr(icp.employees, end) if icp.employees else None)
        values[f"revenue.{end}_minor"] = _major(getattr(icp.revenue, f"{end}_minor") if icp.revenue else None)
    values["revenue.currency"] = icp.revenue.currency if icp.revenue else "EUR"
    for name in _EXCLUDED:
        values[f"exclusions.{name}"] = "\n".join(full["exclusions"][name])
    values["roles"] = [dict(role, weight=_text(role["weight"])) for role in full["roles"]]
    values["weights.fit"], values["weights.intent"] = _text(icp.weights.fit), _text(icp.weights.intent)
    for name in CRITERIA:
        values[f"weights.criteria.{name}"] = _text(full["weights"]["criteria"][name])
    for name in _TIERS:
        values[f"bands.{name}"] = _text(full["bands"][name])
    for name in _AS_TEXT:
        values[name] = to_text_of(full[name]) if name in full else ""
    return values


def sent_values(sent: Sent) -> dict[str, Any]:
    """What was typed, as `values_of` gives it; rows without a name are left away, so that rows are counted as lists."""
    values: dict[str, Any] = {name: _line(sent.get(name)) for name in values_of(None)}
    for name in (*_LISTS, *_AS_TEXT, *(f"exclusions.{name}" for name in _EXCLUDED)):
        values[name] = _lines(sent.get(name))
    values["growth_signals"] = _ticked(sent, "growth_signals")
    values["industries"], values["roles"] = [], []
    for row in range(_MOST_ROWS):
        name, synonyms = _line(sent.get(f"industries[{row}].name")), _lines(sent.get(f"industries[{row}].synonyms"))
        if name or synonyms.strip():
            values["industries"].append({"name": name, "synonyms": synonyms})
        if role := _line(sent.get(f"roles[{row}].role")):
            values["roles"].append(
                {
                    "role": role,
                    "departments": _ticked(sent, f"roles[{row}].departments"),
                    "min_seniority": _line(sent.get(f"roles[{row}].min_seniority")),
                    "weight": _line(sent.get(f"roles[{row}].weight")),
                }
            )
    return values


def definition_of(values: Mapping[str, Any]) -> dict[str, Any]:
    """The mapping for `parse_icp`, which says what is wrong with it. Defaults that stand as they are, are left away."""
    usual = values_of(None)
    found: dict[str, Any] = {"name": values["name"].strip()}
    if values["industries"]:
        found["industries"] = [_industry(row) for row in values["industries"]]
    employees = {end: _whole(text) for end in ("min", "max") if (text := values[f"employees.{end}"].strip())}
    if employees:
        found["employees"] = employees
    revenue: dict[str, Any] = {
        f"{end}_minor": _minor(text) for end in ("min", "max") if (text := values[f"revenue.{end}_minor"].strip())
    }
    if revenue:
        found["revenue"] = {**revenue, "currency": values["revenue.currency"].strip()}
    for name in _LISTS:
        if items := _items(values[name], codes=name == "countries"):
            found[name] = items
    if values["growth_signals"]:
        found["growth_signals"] = list(values["growth_signals"])
    excluded = {
        name: _items(values[f"exclusions.{name}"], codes=name == "countries")
        for name in _EXCLUDED
        if values[f"exclusions.{name}"].strip() or name == "statuses"
    }
    if excluded["statuses"] == list(Exclusions().statuses):
        del excluded["statuses"]
    if excluded:
        found["exclusions"] = excluded
    roles = [dict(role, weight=_number(role["weight"])) for role in values["roles"]]
    if roles and roles != [dict(role, weight=float(role["weight"])) for role in usual["roles"]]:
        found["roles"] = roles
    weights: dict[str, Any] = {
        name: _number(values[f"weights.{name}"])
        for name in ("fit", "intent")
        if values[f"weights.{name}"].strip() != usual[f"weights.{name}"]
    }
    criteria = {
        name: _number(values[f"weights.criteria.{name}"])
        for name in CRITERIA
        if values[f"weights.criteria.{name}"].strip() != usual[f"weights.criteria.{name}"]
    }
    if criteria:
        weights["criteria"] = criteria
    if weights:
        found["weights"] = weights
    bands = {
        name: _number(values[f"bands.{name}"])
        for name in _TIERS
        if values[f"bands.{name}"].strip() != usual[f"bands.{name}"]
    }
    if bands:
        found["bands"] = bands
    for name in _AS_TEXT:
        if values[name].strip():
            found[name] = _yaml(values[name])
    return found


def rows_for_show(values: dict[str, Any], *, more: str = "") -> dict[str, Any]:
    """With empty rows to fill in; `more`: of which list somebody asked for further ones."""
    industries, roles = list(values["industries"]), list(values["roles"])
    spare = _SPARE_INDUSTRIES + (3 if more == "industries" else 0)
    industries += [{"name": "", "synonyms": ""} for _ in range(spare)]
    spare = _SPARE_ROLES + (2 if more == "roles" else 0)
    empty = {"role": "", "departments": [], "min_seniority": "manager", "weight": "1"}
    roles += [dict(empty) for _ in range(spare)]
    return {**values, "industries": industries, "roles": roles}


def problems_by_field(problems: Sequence[Mapping[str, Any]], values: Mapping[str, Any]) -> dict[str, list[str]]:
    """By the name of the field that each stands at; "" holds those that no field has."""
    known = {name for name in values if name not in ("industries", "roles")}
    found: dict[str, list[str]] = {}
    for problem in problems:
        path, message = str(problem["path"]), str(problem["message"])
        at = path if path in known else re.sub(r"(\[\d+\])?$", "", path)
        if row := re.match(r"(industries|roles)\[(\d+)\](?:\.(\w+))?", path):
            first = "name" if row[1] == "industries" else "role"
            at = f"{row[1]}[{row[2]}].{row[3] or first}"
        elif part := re.match(r"(half_lives|rules)\b", path):
            at, message = part[1], message if path == part[1] else f"{path}: {message}"
        elif at not in known and at not in ("industries", "roles", "employees", "revenue", "weights", "bands"):
            at = ""
        if entry := re.fullmatch(r".*\[(\d+)\]", path):
            message = f"Line {int(entry[1]) + 1}: {message}" if at in known and at not in _AS_TEXT else message
        found.setdefault(at, []).append(message if at else f"{path}: {message}")
    return found


def to_text(definition: Mapping[str, Any]) -> str:
    return str(yaml.safe_dump(dict(definition), sort_keys=False, allow_unicode=True, width=100))


def to_text_of(part: Any) -> str:
    return str(yaml.safe_dump(part, sort_keys=False, allow_unicode=True, width=100)).strip()


def _yaml(text: str) -> Any:
    """What it says; the text itself where it is no YAML, which `parse_icp` refuses at its path."""
    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError):
        return text


def from_text(text: str) -> dict[str, Any]:
    """YAML, and so JSON too. Raises Invalid, with the line."""
    try:
        found = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        at = f"Line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise _unreadable(f"{at}{error.problem or 'this is not YAML'}.") from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise _unreadable("This is not YAML that can be read.") from error
    if not isinstance(found, dict) or not all(isinstance(key, str) for key in found):
        raise _unreadable("It must be fields with values, such as `name: Freight forwarders`.")
    return found


def _unreadable(message: str) -> Invalid:
    return Invalid(
        "The text cannot be read.", [{"path": "text", "message": message}], hint="Nothing is lost: mend it below."
    )


def _industry(row: Mapping[str, str]) -> Any:
    synonyms = _items(row["synonyms"])
    return {"name": row["name"].strip(), "synonyms": synonyms} if synonyms else row["name"].strip()


def field_names(signals: Iterable[str], departments: Sequence[str]) -> tuple[str, ...]:
    """Every field that a form of this may have, up to as many rows as anybody fills in at one sitting."""
    rows = [f"industries[{row}].{part}" for row in range(_ROWS_KEPT) for part in ("name", "synonyms")]
    for row in range(_ROWS_KEPT):
        rows += [f"roles[{row}].{part}" for part in ("role", "min_seniority", "weight")]
        rows += [f"roles[{row}].departments:{department}" for department in departments]
    ticks = [f"growth_signals:{kind}" for kind in signals]
    return (*(name for name in values_of(None) if name not in ("industries", "roles")), *ticks, *rows)


def _ticked(sent: Sent, name: str) -> list[str]:
    """Boxes are named `name:choice`, in the order in which they stand."""
    return [str(key).partition(":")[2] for key in sent if str(key).startswith(f"{name}:")]


def _line(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _lines(value: Any) -> str:
    return _line(value).replace("\r\n", "\n").replace("\r", "\n")


def _items(text: str, *, codes: bool = False) -> list[str]:
    """An entry a line; codes of countries by spaces and commas too."""
    if codes:
        return [code for code in re.split(r"[\s,;]+", text) if code]
    return [line.strip() for line in text.split("\n") if line.strip()]


def _whole(text: str) -> Any:
    """A number where it is one; else as it was typed, which `parse_icp` refuses at its path."""
    plain = text.strip().replace(",", "").replace(" ", "")
    return int(plain) if plain.isascii() and plain.isdigit() and len(plain) < 16 else text


def _minor(text: str) -> Any:
    try:
        amount = Decimal(text.strip().replace(",", "").replace(" ", "")) * 100
    except InvalidOperation:
        return text
    fits = amount.is_finite() and amount == amount.to_integral_value() and abs(amount) < 10**18
    return int(amount) if fits else text


def _number(text: str) -> Any:
    try:
        return float(text.strip())
    except ValueError:
        return text


def _text(value: Any) -> str:
    if value is None:
        return ""
    return repr(value).removesuffix(".0") if isinstance(value, float) else str(value)


def _major(minor: int | None) -> str:
    if minor is None:
        return ""
    whole, rest = divmod(minor, 100)
    return f"{whole}.{rest:02d}" if rest else str(whole)
