"""A mapping made of one choice a column, as a person makes it in a table: the field, and nothing about how it is read.

How a column is read stays as it was where its field stays; where it changes, the values decide, as in a proposal.
"""

from collections.abc import Mapping, Sequence

from core.errors import Rejected
from tools.files.rows import RawRow
from tools.mapping.document import FIELDS, FieldMapping, Kind, MappingDocument, load_mapping
from tools.mapping.propose import TARGETS
from tools.mapping.shapes import Column
from tools.mapping.targets import header_words
from tools.mapping.transforms import Join, Number, Text

METRIC = "metrics"  # of usage: a column of numbers that is a metric of its own


def chosen_of(mapping: MappingDocument) -> dict[str, str]:
    """Column → field. A metric of its own is "metrics"."""
    found = {column: field for field, one in mapping.fields.items() for column in one.origins}
    return found | {column: METRIC for one in mapping.metrics.values() for column in one.origins}


def mapping_of(
    kind: Kind, chosen: Mapping[str, str], sample: Sequence[RawRow], before: MappingDocument | None
) -> MappingDocument:
    """`chosen`: column → field, "metrics" or empty for not used. Columns of one field stand in for each other in order.

    What `before` has of signals and constants is kept. Raises Rejected, naming what is missing or unknown.
    """
    columns: dict[str, list[str]] = {}
    metrics: dict[str, FieldMapping] = {}
    for column, field in chosen.items():
        if field == METRIC and kind is Kind.USAGE:
            metrics[header_words(column).replace(" ", "_") or column] = FieldMapping(column=column, transform=Number())
        elif field:
            columns.setdefault(field, []).append(column)
    if unknown := sorted(set(columns) - set(FIELDS[kind])):
        raise Rejected(f"There is no field {unknown[0]!r}.", hint=f"There are: {', '.join(FIELDS[kind])}.")
    fields = {field: _field(kind, field, names, sample, before) for field, names in columns.items()}
    if before is not None:
        fields |= {f: one for f, one in before.fields.items() if one.constant is not None and f not in fields}
        metrics |= {
            name: one
            for name, one in before.metrics.items()
            if all(chosen.get(column) == METRIC for column in one.origins)
        }
        taken = {column for one in before.metrics.values() for column in one.origins}
        metrics = {n: one for n, one in metrics.items() if n in before.metrics or not taken & set(one.origins)}
    document = {
        "kind": kind.value,
        "fields": {field: one.model_dump(mode="json", exclude_none=True) for field, one in fields.items()},
        "signals": [s.model_dump(mode="json", exclude_none=True) for s in (before.signals if before else ())],
        "metrics": {name: one.model_dump(mode="json", exclude_none=True) for name, one in metrics.items()},
    }
    return load_mapping(document)


def _field(
    kind: Kind, field: str, columns: Sequence[str], sample: Sequence[RawRow], before: MappingDocument | None
) -> FieldMapping:
    known = before.fields.get(field) if before else None
    if known is not None and set(known.origins) == set(columns):
        return known
    target = next((one for one in TARGETS[kind] if one.field == field), None)
    transform = target.transform(Column.of(columns[0], sample)) if target else Text()
    if field == "full_name" and len(columns) > 1:
        return FieldMapping(columns=tuple(columns), transform=Join())
    if len(columns) == 1:
        return FieldMapping(column=columns[0], transform=transform)
    return FieldMapping(columns=tuple(columns), transform=transform)
