"""An ICP's definition in full, and what differs between two: by meaning, so spelling out a default is no change."""

from dataclasses import asdict
from typing import Any

from pydantic import BaseModel, Field

from api.views.icps import read_definition
from scoring.icp import IcpDefinition
from scoring.reading import Reader
from scoring.rule_model import as_mapping, in_words
from scoring.rule_reading import read_rules


class Difference(BaseModel):
    path: str = Field(description="`employees.max`, `countries`, `roles`.")
    before: Any = Field(description="null: nothing was asked.")
    after: Any
    added: list[str] = Field(description="Of a list: what came.")
    removed: list[str] = Field(description="Of a list: what went.")


def in_full(icp: IcpDefinition) -> dict[str, Any]:
    """The mapping that `parse_icp` reads back to the same ICP, with every default written out."""
    full: dict[str, Any] = _plain(asdict(icp))
    full["industries"] = [industry["name"] if not industry["synonyms"] else industry for industry in full["industries"]]
    for name in ("employees", "revenue"):
        if full[name] is None:
            del full[name]
    full["rules"] = [as_mapping(rule) for rule in icp.rules]
    for name in ("rules", "half_lives"):  # most have none: what is not said is not shown
        if not full[name]:
            del full[name]
    return full


def differences(before: dict[str, Any], after: dict[str, Any]) -> list[Difference]:
    """In the order of the fields. A definition that cannot be read is compared as it stands."""
    flat_before, flat_after = _flat(_full(before)), _flat(_full(after))
    paths = [*flat_after, *(path for path in flat_before if path not in flat_after)]
    found = []
    for path in paths:
        old, new = flat_before.get(path), flat_after.get(path)
        if old != new:
            found.append(
                Difference(path=path, before=old, after=new, added=_beyond(new, old), removed=_beyond(old, new))
            )
    return found


def _full(definition: dict[str, Any]) -> dict[str, Any]:
    icp = read_definition(definition)
    return in_full(icp) if icp is not None else definition


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, str) else value  # an enum's word


def _flat(value: dict[str, Any], path: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, item in value.items():
        at = f"{path}.{name}" if path else str(name)
        if isinstance(item, dict):
            found.update(_flat(item, at))
        else:
            found[at] = item
    return found


def _beyond(these: Any, those: Any) -> list[str]:
    if not isinstance(these, list):
        return []
    known = [line(item) for item in those] if isinstance(those, list) else []
    return [text for item in these if (text := line(item)) not in known]


def line(item: Any) -> str:
    """An item of a list in a line."""
    if not isinstance(item, dict):
        return str(item)
    if "name" in item:
        return f"{item['name']} ({', '.join(item.get('synonyms', ()))})"
    if "when" in item:
        read = read_rules(Reader(), [item])
        return in_words(read[0]) if read[0].when else str(item)
    parts = [str(item.get("role", "")).replace("_", " ")]
    if departments := item.get("departments"):
        parts.append(", ".join(str(d).replace("_", " ") for d in departments))
    parts.append(f"from {str(item.get('min_seniority', '')).replace('_', ' ')} up")
    parts.append(f"weight {item.get('weight', 1.0):g}" if isinstance(item.get("weight"), int | float) else "")
    return (
        ": ".join(parts[:2]) + ", " + ", ".join(part for part in parts[2:] if part)
        if departments
        else ", ".join(part for part in parts if part)
    )
