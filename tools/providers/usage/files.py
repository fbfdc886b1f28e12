"""Usage of customers from a list in a file: a metric a row, or a column a metric."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from tools.files.reading import open_table
from tools.mapping.apply import apply_usage
from tools.mapping.document import MappingDocument
from tools.mapping.propose import propose_usage_mapping
from tools.ports import RowProblem, UsageRecord


class FileUsageSource:
    """Reads the file from its start at every call, in flat memory."""

    def __init__(self, path: Path | str, mapping: MappingDocument | None = None, *, name: str = "") -> None:
        """Without a mapping the proposed one is used. Raises Rejected: no list of usage, or absent columns."""
        self._table = open_table(path, name=name)
        self.name = f"file:{self._table.name}"
        self.mapping = mapping or propose_usage_mapping(self._table.headers, self._table.sample).document
        if self._table.shape.delimiter:
            self.mapping.check_columns(self._table.headers, self._table.name)

    def rows(self, since: date | None) -> Iterator[UsageRecord | RowProblem]:
        """In the file's order; `since` is the first day that counts. Raises Rejected when the file is gone."""
        for item, _ in self._table.read():
            if isinstance(item, RowProblem):
                yield item
                continue
            problems: list[RowProblem] = []
            found = apply_usage(self.mapping, item, problems=problems)
            yield from problems
            if isinstance(found, RowProblem):
                yield found
                continue
            yield from (record for record in found if since is None or record.day >= since)

    def close(self) -> None:
        self._table.close()
