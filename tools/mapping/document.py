"""The mapping as a document that a person can read and edit: YAML or JSON, versioned, nothing in it guessed silently.

version: 1
kind: company
fields:
  name: {column: Company}
  website: {columns: [website, careers_url], transform: {kind: website}}
  revenue_minor: {column: Revenue (M), transform: {kind: money, currency: USD, scale: 1000000}}
  country: {constant: DE}
"""

from enum import StrEnum
from typing import Any, Literal, Self

import yaml
from pydantic import Field, ValidationError, model_validator

from core.errors import Rejected
from scoring.intent import SIGNAL_KINDS
from tools.mapping.transforms import Strict, Text, Transform


class Kind(StrEnum):
    COMPANY = "company"
    PERSON = "person"
    USAGE = "usage"


class FieldMapping(Strict):
    """Exactly one of `column`, `columns` (the first that is not empty counts) and `constant`."""

    column: str | None = None
    columns: tuple[str, ...] = ()
    constant: str | None = None
    transform: Transform = Text()

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if sum((self.column is not None, bool(self.columns), self.constant is not None)) != 1:
            raise ValueError("give exactly one of column, columns and constant")
        return self

    @property
    def origins(self) -> tuple[str, ...]:
        return (self.column,) if self.column is not None else self.columns


class SignalMapping(Strict):
    """A signal that a row tells of: present where `column` is filled, or equals `equals`.

    It is dated by `date_column`, else by the day the list was made, which the import is told; undated it is left out.
    """

    kind: str
    column: str
    equals: str | None = None
    date_column: str | None = None
    day_first: bool = False

    @model_validator(mode="after")
    def _known_kind(self) -> Self:
        if self.kind not in SIGNAL_KINDS:
            raise ValueError(f"{self.kind!r} is no kind of signal; these are: {', '.join(sorted(SIGNAL_KINDS))}")
        return self


_COMPANY_FIELDS = (
    "name source_id website industry tags employees revenue_minor country region city description founded_year status "
    "technologies"
)
_PERSON_FIELDS = "full_name title company_name company_domain email phone profile_url country time_zone"
_USAGE_FIELDS = "customer_ref day metric value"
FIELDS: dict[Kind, tuple[str, ...]] = {
    Kind.COMPANY: tuple(_COMPANY_FIELDS.split()),
    Kind.PERSON: tuple(_PERSON_FIELDS.split()),
    Kind.USAGE: tuple(_USAGE_FIELDS.split()),
}
# Without these there is no record. A person needs a company too: by name, domain or e-mail address.
REQUIRED: dict[Kind, tuple[str, ...]] = {
    Kind.COMPANY: ("name",),
    Kind.PERSON: ("full_name",),
    Kind.USAGE: ("customer_ref", "day"),
}
_ALLOWED: dict[str, tuple[str, ...]] = {
    "tags": ("list",),
    "technologies": ("list",),
    "employees": ("employees", "number"),
    "revenue_minor": ("money",),
    "founded_year": ("year",),
    "country": ("country", "location", "text"),
    "city": ("location", "text"),
    "region": ("location", "text"),
    "website": ("website", "text"),
    "company_domain": ("domain",),
    "day": ("date",),
    "value": ("number",),
}
_TEXT_ONLY = ("text", "join")


class MappingDocument(Strict):
    version: Literal[1] = 1
    kind: Kind
    fields: dict[str, FieldMapping]
    signals: tuple[SignalMapping, ...] = ()
    metrics: dict[str, FieldMapping] = Field(
        default_factory=dict
    )  # usage with one column a metric: metric name → its column

    @model_validator(mode="after")
    def _fits_the_kind(self) -> Self:
        known = FIELDS[self.kind]
        for name, mapping in self.fields.items():
            if name not in known:
                raise ValueError(f"{name!r} is no field of a {self.kind.value}; these are: {', '.join(known)}")
            allowed = _ALLOWED.get(name, _TEXT_ONLY)
            if mapping.constant is None and mapping.transform.kind not in allowed:
                raise ValueError(f"{name} takes the transforms {', '.join(allowed)}, not {mapping.transform.kind}")
        missing = [name for name in REQUIRED[self.kind] if name not in self.fields]
        if missing:
            raise ValueError(f"a {self.kind.value} needs a column for {', '.join(missing)}")
        if self.kind is Kind.PERSON and not {"company_name", "company_domain", "email"} & set(self.fields):
            raise ValueError("a person needs a column for company_name, company_domain or email")
        if self.kind is Kind.USAGE and bool(self.metrics) == bool({"metric", "value"} & set(self.fields)):
            raise ValueError("usage has either metric and value, or metrics: one column each")
        if self.kind is Kind.USAGE and not self.metrics and not {"metric", "value"} <= set(self.fields):
            raise ValueError("usage needs both metric and value")
        if any(metric.transform.kind != "number" for metric in self.metrics.values()):
            raise ValueError("metrics take the transform number")
        if (self.metrics and self.kind is not Kind.USAGE) or (self.signals and self.kind is not Kind.COMPANY):
            raise ValueError(f"a mapping of kind {self.kind.value} has no metrics or signals like these")
        return self

    def columns(self) -> tuple[str, ...]:
        """Every column that the mapping reads, once, in its order."""
        named = [c for m in (*self.fields.values(), *self.metrics.values()) for c in m.origins]
        named += [c for s in self.signals for c in (s.column, s.date_column) if c]
        return tuple(dict.fromkeys(named))

    def check_columns(self, headers: tuple[str, ...], file: str) -> None:
        """Raises Rejected where the mapping names a column that the file does not have."""
        absent = [column for column in self.columns() if column not in headers]
        if absent:
            raise Rejected(
                f"The mapping names {', '.join(map(repr, absent[:5]))}, which {file} does not have.",
                hint=f"Its columns are: {', '.join(headers[:40])}.",
            )

    def to_yaml(self) -> str:
        plain = self.model_dump(mode="json", exclude_none=True)
        for name in ("signals", "metrics"):
            if not plain[name]:
                del plain[name]
        for mapping in (*plain["fields"].values(), *plain.get("metrics", {}).values()):
            if not mapping["columns"]:
                del mapping["columns"]
            if mapping["transform"] == {"kind": "text"}:
                del mapping["transform"]
        return yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, width=120)


def load_mapping(text: str | dict[str, Any]) -> MappingDocument:
    """From YAML, JSON or what they hold. Raises Rejected, naming every field that is wrong."""
    try:
        data = yaml.safe_load(text) if isinstance(text, str) else text
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise Rejected(f"The mapping is no YAML or JSON: {error}.", hint="Start from the proposed mapping.") from error
    if not isinstance(data, dict):
        raise Rejected("The mapping is empty or no document.", hint="Start from the proposed mapping.")
    try:
        return MappingDocument.model_validate(data)
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(str(part) for part in e['loc']) or 'mapping'}: {e['msg'].removeprefix('Value error, ')}"
            for e in error.errors()[:10]
        )
        raise Rejected(f"The mapping is wrong: {problems}.", hint="Change these fields and try again.") from error
