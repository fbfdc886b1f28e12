"""A mapping applied to a row. What cannot be read is a problem naming column and value; the rest of the row is kept."""

from datetime import UTC, datetime, time
from typing import Any

from tools.domains import registrable_domain
from tools.files.rows import RawRow
from tools.mapping import amounts, cells, dates, transforms
from tools.mapping.cells import Unreadable
from tools.mapping.document import REQUIRED, FieldMapping, Kind, MappingDocument, SignalMapping
from tools.mapping.places import country_code, parse_location, us_state
from tools.ports import CompanyRecord, PersonRecord, RowProblem, SignalRecord, UsageRecord

_SHOWN = 60  # characters of a cell in a reason
_NAMES = frozenset({"name", "full_name", "company_name"})


class _Fields:
    """The fields of one row, and what could not be read on the way."""

    def __init__(self, row: RawRow) -> None:
        self.row = row
        self.values: dict[str, Any] = {}
        self.problems: list[RowProblem] = []

    def fill(self, mapping: MappingDocument) -> None:
        for name, field in mapping.fields.items():
            value = self.value(name, field)
            if value is None or value == "" or value == ():
                continue
            if name == "revenue_minor":
                self.values["revenue_minor"], self.values["currency"] = value
            else:
                self.values[name] = value

    def value(self, name: str, field: FieldMapping) -> Any:
        if field.constant is not None:
            return _constant(name, field.constant)
        if isinstance(field.transform, transforms.Join):
            parts = [cells.text_of(self.row.cells.get(column)) for column in field.origins]
            return field.transform.separator.join(part for part in parts if part)
        for column in field.origins:
            cell = self.row.cells.get(column)
            if cell is None or cell == "":
                continue
            try:
                value = _transformed(name, field.transform, cell)
            except Unreadable as error:
                self.report(column, cell, str(error))
                continue
            if value is not None and value != "" and value != ():
                return value
        return None

    def report(self, column: str, cell: object, why: str) -> None:
        shown = cells.raw_text(cell)
        shown = shown if len(shown) <= _SHOWN else shown[: _SHOWN - 1] + "…"
        self.problems.append(RowProblem(self.row.line, f"column {column!r} holds {shown!r}: {why}", shown))

    def missing(self, mapping: MappingDocument) -> RowProblem | None:
        for name in REQUIRED[mapping.kind]:
            if name in self.values:
                continue
            origins = [repr(column) for column in mapping.fields[name].origins]
            why = next((p.reason for p in self.problems if any(origin in p.reason for origin in origins)), "")
            if not why:
                why = f"{', '.join(origins) or 'the mapping'} is empty"
            reason = f"there is no {name}: {why}"
            return RowProblem(self.row.line, reason, _excerpt(self.row))
        return None


def apply_company(
    mapping: MappingDocument,
    row: RawRow,
    source: str,
    *,
    as_of: datetime | None = None,
    problems: list[RowProblem] | None = None,
) -> CompanyRecord | RowProblem:
    """A company, or why there is none: its name is missing.

    Cells of other fields that cannot be read leave their field empty and are appended to `problems`. `as_of` is the
    day the list was made: it dates signals that have no date of their own.
    """
    fields = _fields(mapping, row, Kind.COMPANY, problems)
    if isinstance(fields, RowProblem):
        return fields
    values = fields.values
    if values.get("country") == "US" and (state := us_state(values.get("region", ""))):
        values["region"] = state  # "CA" and "California" are one region
    values["status"] = values.get("status", "").lower()
    signals = tuple(s for m in mapping.signals if (s := _signal(m, fields, as_of, problems)) is not None)
    return CompanyRecord(source=source, line=row.line, signals=signals, raw=row.cells, **values)


def apply_person(
    mapping: MappingDocument, row: RawRow, source: str, *, problems: list[RowProblem] | None = None
) -> PersonRecord | RowProblem:
    """A person, or why there is none: no name, or nothing that tells the company. The e-mail's domain may tell it."""
    fields = _fields(mapping, row, Kind.PERSON, problems)
    if isinstance(fields, RowProblem):
        return fields
    values = {"title": "", **fields.values}
    if not values.get("company_domain"):
        values["company_domain"] = registrable_domain(values.get("email", "")) or ""
    if not values["company_domain"] and not values.get("company_name"):
        return RowProblem(row.line, "nothing tells the person's company: no name, domain or work e-mail", "")
    return PersonRecord(source=source, line=row.line, **values)


def apply_usage(
    mapping: MappingDocument, row: RawRow, *, problems: list[RowProblem] | None = None
) -> tuple[UsageRecord, ...] | RowProblem:
    """A record for each metric that the row has a number for; empty cells give none, as they are not zero."""
    fields = _fields(mapping, row, Kind.USAGE, problems)
    if isinstance(fields, RowProblem):
        return fields
    ref, day = fields.values["customer_ref"], fields.values["day"]
    found: list[tuple[str, float]] = []
    if mapping.metrics:
        before = len(fields.problems)
        found = [(m, v) for m, field in mapping.metrics.items() if (v := fields.value("value", field)) is not None]
        if problems is not None:
            problems += fields.problems[before:]
    elif "metric" in fields.values and "value" in fields.values:
        found = [(fields.values["metric"], fields.values["value"])]
    if not found:
        return RowProblem(row.line, "no metric has a number in this row", _excerpt(row))
    return tuple(UsageRecord(ref, day, metric, value, row.line) for metric, value in found)


def _fields(
    mapping: MappingDocument, row: RawRow, kind: Kind, problems: list[RowProblem] | None
) -> _Fields | RowProblem:
    if mapping.kind is not kind:
        raise ValueError(f"A mapping of kind {mapping.kind.value} was applied to a {kind.value}.")
    fields = _Fields(row)
    fields.fill(mapping)
    missing = fields.missing(mapping)
    if missing is None and problems is not None:
        problems += fields.problems
    return fields if missing is None else missing


def _constant(name: str, text: str) -> Any:
    if name in ("tags", "technologies"):
        return cells.items_of(text, ",")
    return (country_code(text) or text) if name == "country" else text


def _transformed(name: str, transform: transforms.Transform, cell: object) -> Any:
    match transform:
        case transforms.Text():
            return cells.name_of(cell) if name in _NAMES else cells.text_of(cell)
        case transforms.Number():
            number = amounts.number_of(cell, decimal=transform.decimal, scale=transform.scale)
            return round(number) if name == "employees" and number is not None else number
        case transforms.Money():
            return amounts.money_of(cell, currency=transform.currency, decimal=transform.decimal, scale=transform.scale)
        case transforms.Employees():
            return amounts.employees_of(cell)
        case transforms.Items():
            return cells.items_of(cell, transform.separator)
        case transforms.Country():
            return _country(cells.text_of(cell), of_us_state=transform.of_us_state)
        case transforms.Location():
            text = "; ".join(cells.items_of(cell, ";")) if isinstance(cell, (list, tuple)) else cells.text_of(cell)
            return getattr(parse_location(text), transform.part)
        case transforms.Website():
            return _website(cells.text_of(cell))
        case transforms.Domain():
            return registrable_domain(cells.text_of(cell)) or ""
        case transforms.Year():
            return dates.year_of(cell)
        case transforms.Date():
            return dates.date_of(cell, day_first=transform.day_first)
        case transforms.Join():
            return cells.text_of(cell)


def _country(text: str, *, of_us_state: bool) -> str:
    if not text:
        return ""
    if of_us_state:
        return "US" if us_state(text) else ""
    code = country_code(text)
    if not code:
        raise Unreadable("no country of this name or code is known")
    return code


def _website(text: str) -> str:
    if not text or registrable_domain(text) is None:
        return ""
    url = text.split()[0].rstrip(",;")
    return url if "://" in url else f"https://{url.lstrip('/')}"


def _signal(
    mapping: SignalMapping, fields: _Fields, as_of: datetime | None, problems: list[RowProblem] | None
) -> SignalRecord | None:
    text = cells.text_of(fields.row.cells.get(mapping.column))
    if not text or (text.casefold() in ("false", "no", "0") and mapping.equals is None):
        return None
    if mapping.equals is not None and text.casefold() != mapping.equals.casefold():
        return None
    observed = as_of
    if mapping.date_column:
        cell = fields.row.cells.get(mapping.date_column)
        try:
            day = dates.date_of(cell, day_first=mapping.day_first)
        except Unreadable as error:
            if problems is not None:
                fields.report(mapping.date_column, cell, str(error))
                problems.append(fields.problems[-1])
            return None
        observed = None if day is None else datetime.combine(day, time(), UTC)
    if observed is None:
        return None
    return SignalRecord(mapping.kind, observed, quote=f"{mapping.column}: {text[:200]}")


def _excerpt(row: RawRow) -> str:
    return ", ".join(filter(None, (cells.raw_text(cell)[:_SHOWN] for cell in list(row.cells.values())[:6])))[:200]
