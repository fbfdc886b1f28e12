"""A store of the newest schema: migrated once a process, then copied. The migrations themselves are tested apart."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from store import migrations


def new_sqlite(folder: Path, name: str = "salesos.db") -> str:
    """The URL of a new SQLite file in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(_migrated())
    return f"sqlite:///{folder / name}"


@cache
def _migrated() -> bytes:
    with TemporaryDirectory() as folder:
        migrations.upgrade(f"sqlite:///{folder}/salesos.db")
        assert [each.name for each in Path(folder).iterdir()] == ["salesos.db"], "nothing is left in a log beside it"
        return Path(folder, "salesos.db").read_bytes()
