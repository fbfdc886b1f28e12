"""Companies from a list in a file of any shape, by a mapping."""

from datetime import datetime
from pathlib import Path

from core.errors import Rejected
from tools.files.reading import open_table
from tools.files.rows import Items, Position, RawRow
from tools.mapping.apply import apply_company
from tools.mapping.document import MappingDocument
from tools.mapping.propose import propose_company_mapping
from tools.ports import CompanyPage, CompanyRecord, RowProblem

# A page of bad rows alone ends too: a person sees progress, and a page stays a bounded step.
_PROBLEMS_PER_COMPANY = 4


class FileCompanySource:
    """Pages through the file once, and keeps it open between pages; a cursor goes on in any process.

    Not for several threads at once. A cursor belongs to the file as it was: a file that changed is imported anew.
    """

    price_micros = 0  # a file costs nothing to read

    def __init__(
        self,
        path: Path | str,
        mapping: MappingDocument | None = None,
        *,
        as_of: datetime | None = None,
        name: str = "",
    ) -> None:
        """Without a mapping the proposed one is used. `as_of`: when the list was made, for signals without a date.
        `name`: what the list is called, where that is not its path's last part.

        Raises Rejected: no list, or a mapping of columns that it does not have.
        """
        self._table = open_table(path, name=name)
        self.name = f"file:{self._table.name}"
        self.mapping = mapping or propose_company_mapping(self._table.headers, self._table.sample).document
        if self._table.shape.delimiter:  # in JSON a field may first appear after the sample
            self.mapping.check_columns(self._table.headers, self._table.name)
        self._as_of = as_of
        self._items: Items | None = None
        self._cursor: str | None = None  # where `_items` stands

    def page(self, cursor: str | None, limit: int) -> CompanyPage:
        """Up to `limit` companies and the problems on the way. Raises Rejected: a bad cursor, or the file is gone."""
        if limit < 1:
            raise Rejected(f"A page of {limit} companies holds nothing.", hint="Ask for at least one.")
        items = self._items
        if items is None or cursor != self._cursor:
            items = self._table.read(Position.parse(cursor) if cursor else Position())
        self._items = None  # until the page is whole: an error leaves no half-read iterator behind
        records: list[CompanyRecord] = []
        problems: list[RowProblem] = []
        for item, position in items:
            found: CompanyRecord | RowProblem
            if isinstance(item, RawRow):
                found = apply_company(self.mapping, item, self.name, as_of=self._as_of, problems=problems)
            else:
                found = item
            if isinstance(found, RowProblem):
                problems.append(found)
            else:
                records.append(found)
            if len(records) == limit or len(problems) >= _PROBLEMS_PER_COMPANY * limit:
                self._items, self._cursor = items, str(position)
                return CompanyPage(records, problems, self._cursor)
        return CompanyPage(records, problems, None)

    def close(self) -> None:
        self._items = None
        self._table.close()
