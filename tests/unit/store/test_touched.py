"""Which tables a statement reads and writes, by its text."""

import pytest

from store.touched import tables_of


@pytest.mark.parametrize(
    ("sql", "tables", "writes"),
    [
        ("SELECT lead.id FROM lead JOIN contact ON contact.id = lead.contact_id", {"lead", "contact"}, False),
        ("SELECT merge.id FROM merge", {"merge"}, False),  # a table that is called like a verb
        ("SELECT task.id FROM task FOR UPDATE", {"task"}, False),
        ("SELECT lead.updated_at FROM lead", {"lead"}, False),
        ("UPDATE task SET state=? WHERE task.id = ?", {"task"}, True),
        ("INSERT INTO task (id) SELECT lead.id FROM lead", {"task", "lead"}, True),
        ("WITH new AS (INSERT INTO task (id) VALUES (?) RETURNING id) SELECT id FROM new", {"task"}, True),
        ("WITH old AS (SELECT id FROM merge) SELECT id FROM old", {"merge"}, False),
        ('INSERT INTO "user_account" (id) VALUES (?)', {"user_account"}, True),
    ],
)
def test_what_a_statement_touches(sql: str, tables: set[str], writes: bool) -> None:
    assert tables_of(sql) == (tables, writes)


def test_a_deletion_touches_what_goes_with_it() -> None:
    found, writes = tables_of("DELETE FROM company WHERE company.id = ?")
    assert writes
    assert {"company", "contact", "lead", "enrollment"} <= found
