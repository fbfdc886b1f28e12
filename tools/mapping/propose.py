"""A mapping proposed from the headers and some rows, each choice with a confidence and the reason for it.

Two things speak: what a column is called and what its values look like. Values can veto a header; without a known
header only values that can be nothing else (web addresses, e-mail addresses, countries) are taken.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from core.errors import Rejected
from tools.files.rows import RawRow
from tools.mapping import transforms as t
from tools.mapping.company_targets import COMPANY_TARGETS, LOCATION_HEADERS
from tools.mapping.document import FieldMapping, Kind, MappingDocument, SignalMapping
from tools.mapping.person_targets import FIRST_NAMES, LAST_NAMES, PERSON_TARGETS, USAGE_TARGETS
from tools.mapping.places import parse_location
from tools.mapping.shapes import Column
from tools.mapping.targets import Target, currency_of, header_match, header_names, header_words

TARGETS: dict[Kind, Sequence[Target]] = {
    Kind.COMPANY: COMPANY_TARGETS,
    Kind.PERSON: PERSON_TARGETS,
    Kind.USAGE: USAGE_TARGETS,
}

_HEADER_WEIGHT = 0.6  # of the header in a confidence; the values have the rest
_SPARSE_LOSS = 0.15  # of the confidence in a column that is empty: the one that is meant is usually filled
_ALONE_WEIGHT = 0.5  # of values that speak without a known header
_LEAST_CONFIDENCE = 0.35
_LEAST_ALTERNATIVE = 0.5  # of the values of a further column, to stand in for the first
_LEAST_PLACES = 0.3
_FEW = 5  # values: from fewer nothing is told without a header
_ALL_STATES = 0.9  # of a column: from here on a region column is of the USA
_YES_OR_NO = frozenset({"true", "false", "yes", "no", "0", "1"})
_HIRING = frozenset({"is hiring", "hiring", "hiring now", "currently hiring", "has open jobs"})
_FUNDED = frozenset({"last funding at", "last funding date", "last funding on", "funded at", "latest funding date"})
# Buyer intent as review sites export it: a row a company, what it looked at, and the day.
_INTENT = frozenset({"signal type", "signal", "intent signal", "intent type", "buyer intent signal", "activity type"})
_LOOKED_AT = re.compile(r"(?i)pric|compar|alternativ|competitor|profile|categor|sponsor|review")
_OF_THE_PRODUCT = frozenset({"category", "category name", "product", "product name", "vendor", "vendor name"})
_INTENT_DAYS = ("day", "date", "signal date", "activity date", "last seen at", "last seen", "time", "timestamp")
_PERSON_PLACES = (*LOCATION_HEADERS, *header_names("geography|region|area|person location|contact location|geo"))


@dataclass(frozen=True, slots=True)
class Choice:
    field: str
    columns: tuple[str, ...]
    confidence: float  # 0–1
    reason: str


@dataclass(frozen=True, slots=True)
class Proposal:
    document: MappingDocument
    choices: tuple[Choice, ...]
    unmapped: tuple[str, ...]  # columns that no field takes; a company keeps them in `raw`


def propose_company_mapping(headers: Sequence[str], sample_rows: Sequence[RawRow]) -> Proposal:
    """Raises Rejected where no column can be the company's name."""
    draft = _Draft(Kind.COMPANY, headers, sample_rows)
    draft.choose()
    draft.places()
    draft.signals()
    return draft.finish("the company's name")


def propose_person_mapping(headers: Sequence[str], sample_rows: Sequence[RawRow]) -> Proposal:
    """Raises Rejected where no column can be the person's name, or none tells the company."""
    draft = _Draft(Kind.PERSON, headers, sample_rows)
    draft.joined_names()
    draft.choose()
    draft.country_of_a_place()
    return draft.finish("the person's name, and one for the company's name, domain or the e-mail address")


def propose_usage_mapping(headers: Sequence[str], sample_rows: Sequence[RawRow]) -> Proposal:
    """One metric a row, or one column a metric. Raises Rejected where customer, day or numbers cannot be told."""
    draft = _Draft(Kind.USAGE, headers, sample_rows)
    draft.choose()
    draft.metrics()
    return draft.finish("the customer, the day, and metric and value (or numbers in columns of their own)")


class _Draft:
    def __init__(self, kind: Kind, headers: Sequence[str], rows: Sequence[RawRow]) -> None:
        self.kind = kind
        self.columns = [Column.of(header, rows) for header in headers]
        self.fields: dict[str, FieldMapping] = {}
        self.choices: list[Choice] = []
        self.signal_mappings: list[SignalMapping] = []
        self.metric_mappings: dict[str, FieldMapping] = {}
        self.taken: set[str] = set()
        # Beside what was looked at, these tell the product's category and maker, not the company's.
        intent = kind is Kind.COMPANY and any(_tells_intent(column) for column in self.columns)
        self.aside = {c.name for c in self.columns if intent and header_words(c.name) in _OF_THE_PRODUCT}

    def choose(self) -> None:
        """The surest pair of field and column first, each field and each column once."""
        pairs = [
            (confidence, -rank, -place, target, column, reason)
            for rank, target in enumerate(TARGETS[self.kind])
            for place, column in enumerate(self.columns)
            if target.field not in self.fields and column.name not in self.taken | self.aside
            for confidence, reason in [self._judge(target, column)]
            if confidence >= _LEAST_CONFIDENCE
        ]
        for confidence, _, _, target, column, reason in sorted(pairs, key=lambda pair: pair[:3], reverse=True):
            if target.field in self.fields or column.name in self.taken:
                continue
            if target.field == "revenue_minor" and not currency_of(column):
                reason += "; no currency is named, USD is assumed: change it if that is wrong"
                confidence = min(confidence, 0.6)
            self.take(target.field, (column.name,), target.transform(column), confidence, reason)
        for target in TARGETS[self.kind]:
            if target.alternatives and target.field in self.fields:
                self._add_alternatives(target)

    def _judge(self, target: Target, column: Column) -> tuple[float, str]:
        share = target.shape(column)
        header = header_match(target, column.name, self.kind)
        if not column.texts:
            # An empty column is taken only by its plain name: later rows may fill it.
            return (0.4, "its header says so; the sample has no value in it") if header >= 0.95 else (0.0, "")
        if share < target.least:
            return 0.0, ""
        seen = f"{share:.0%} of its values look like {target.looks_like}"
        if header:
            how = "its header is a usual name" if header >= 0.7 else "its header contains a usual name"
            return (_HEADER_WEIGHT * header + (1 - _HEADER_WEIGHT) * share) * (
                0.85 + 0.15 * column.filled
            ), f"{how}; {seen}"
        return (_ALONE_WEIGHT * share, seen) if share >= target.alone else (0.0, "")

    def take(
        self, field: str, columns: tuple[str, ...], transform: t.Transform, confidence: float, reason: str
    ) -> None:
        self.fields[field] = _mapped(columns, transform)
        self.choices.append(Choice(field, columns, round(confidence, 2), reason))
        self.taken.update(columns)

    def _add_alternatives(self, target: Target) -> None:
        first = self.fields[target.field]
        more = [
            column.name
            for column in self.columns
            if column.name not in self.taken
            and target.shape(column) >= max(target.least, _LEAST_ALTERNATIVE)
            and header_match(target, column.name, self.kind) > 0
        ]
        if not more:
            return
        columns = (*first.origins, *more)
        self.fields[target.field] = _mapped(columns, first.transform)
        self.choices = [
            Choice(c.field, columns, c.confidence, f"{c.reason}; {', '.join(more)} where it is empty")
            if c.field == target.field
            else c
            for c in self.choices
        ]
        self.taken.update(more)

    def places(self) -> None:
        """City, region and country out of one column of locations, and the country out of states of the USA."""
        region = self._column(self.fields["region"].column) if "region" in self.fields else None
        if region is None:
            states = [
                c for c in self.columns if c.name not in self.taken and len(c.texts) > 4 and c.us_state >= _ALL_STATES
            ]
            if states:
                region = states[0]
                self.take("region", (region.name,), t.Text(), 0.5, f"{region.us_state:.0%} are states of the USA")
        if region is not None and region.us_state >= _ALL_STATES and "country" not in self.fields:
            reason = f"{region.us_state:.0%} of {region.name!r} are states of the USA"
            self.take("country", (region.name,), t.Country(of_us_state=True), 0.7, reason)
        named = [c for c in self.columns if header_words(c.name) in LOCATION_HEADERS and c.name not in self.taken]
        named.sort(key=lambda c: LOCATION_HEADERS.index(header_words(c.name)))
        for column in named:
            share = max(column.location, column.place)
            if share < _LEAST_PLACES:
                continue
            for part in ("city", "region", "country"):
                if part not in self.fields:
                    reason = f"{share:.0%} of its values read as places"
                    self.take(part, (column.name,), t.Location(part=part), 0.5 + 0.4 * share, reason)
            return

    def signals(self) -> None:
        for column in self.columns:
            words = header_words(column.name)
            if (
                words in _HIRING
                and column.share(lambda v: v.casefold() in ("true", "false", "yes", "no", "0", "1")) > 0.9
            ):
                self.signal_mappings.append(SignalMapping(kind="hiring", column=column.name))
                self.choices.append(Choice("signals", (column.name,), 0.8, "it says whether they hire"))
                self.taken.add(column.name)
            elif words in _FUNDED and column.date > 0.8:
                self.signal_mappings.append(
                    SignalMapping(
                        kind="funding", column=column.name, date_column=column.name, day_first=column.day_first
                    )
                )
                self.choices.append(Choice("signals", (column.name,), 0.8, "it dates a funding round"))
                self.taken.add(column.name)
            elif _tells_intent(column):
                self._review_site(column)

    def _review_site(self, column: Column) -> None:
        """What a company looked at, and the day. Without a day the list's own day dates it."""
        dated = [c for c in self.columns if header_words(c.name) in _INTENT_DAYS and c.date > 0.8]
        day = min(dated, key=lambda c: _INTENT_DAYS.index(header_words(c.name)), default=None)
        mapping = SignalMapping(kind="review_site_visit", column=column.name)
        columns: tuple[str, ...] = (column.name,)
        if day is not None:
            mapping = mapping.model_copy(update={"date_column": day.name, "day_first": day.day_first})
            columns = (column.name, day.name)
        self.signal_mappings.append(mapping)
        self.choices.append(Choice("signals", columns, 0.8, "it says what they looked at on a review site"))
        self.taken.update(columns)

    def country_of_a_place(self) -> None:
        """Where people are is often one column: "Lyon, France". Only its country is a field of theirs."""
        if "country" in self.fields:
            return
        for column in self.columns:
            if header_words(column.name) in _PERSON_PLACES and column.name not in self.taken:
                share = column.share(lambda text: parse_location(text).country)
                if share >= _LEAST_ALTERNATIVE:
                    reason = f"{share:.0%} of its values read as places of a country"
                    self.take("country", (column.name,), t.Location(part="country"), 0.5 + 0.4 * share, reason)
                    return

    def joined_names(self) -> None:
        first = next((c for c in self.columns if header_words(c.name) in FIRST_NAMES), None)
        last = next((c for c in self.columns if header_words(c.name) in LAST_NAMES and c is not first), None)
        if first is not None and last is not None and first.words > 0.7 and last.words > 0.7:
            self.take("full_name", (first.name, last.name), t.Join(), 0.95, "first and last name, joined")

    def metrics(self) -> None:
        """Where no metric and value were found, every column of numbers is a metric of its header's name."""
        if {"metric", "value"} <= set(self.fields):
            return
        for field in ("metric", "value"):
            if (mapping := self.fields.pop(field, None)) is not None:
                self.taken.difference_update(mapping.origins)
                self.choices = [choice for choice in self.choices if choice.field != field]
        for column in self.columns:
            if column.name not in self.taken and column.number >= 0.8:
                name = header_words(column.name).replace(" ", "_")
                self.metric_mappings[name] = _mapped((column.name,), t.Number(decimal=column.decimal))
                self.choices.append(Choice(f"metrics.{name}", (column.name,), 0.7, f"{column.number:.0%} are numbers"))
                self.taken.add(column.name)

    def finish(self, needed: str) -> Proposal:
        order = {target.field: rank for rank, target in enumerate(TARGETS[self.kind])}
        fields = dict(sorted(self.fields.items(), key=lambda item: order[item[0]]))
        unmapped = tuple(column.name for column in self.columns if column.name not in self.taken)
        try:
            document = MappingDocument(
                kind=self.kind, fields=fields, signals=tuple(self.signal_mappings), metrics=self.metric_mappings
            )
        except ValueError as error:
            raise Rejected(
                f"No mapping can be proposed: there is no column that looks like {needed}.",
                hint=f"Write a mapping by hand; the columns are: {', '.join(c.name for c in self.columns[:40])}.",
            ) from error
        return Proposal(document, tuple(self.choices), unmapped)

    def _column(self, name: str | None) -> Column | None:
        return next((column for column in self.columns if column.name == name), None)


def _tells_intent(column: Column) -> bool:
    return header_words(column.name) in _INTENT and column.share(_LOOKED_AT.search) >= 0.8


def _mapped(columns: tuple[str, ...], transform: t.Transform) -> FieldMapping:
    if len(columns) == 1:
        return FieldMapping(column=columns[0], transform=transform)
    return FieldMapping(columns=columns, transform=transform)
