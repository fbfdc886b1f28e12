"""Answers as .eml files in a folder: for the demo, for tests, and for whoever exports mail by hand."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from tools.ports import InboundMail, Unknown


class FolderInbox:
    """Files in the order of their names; a file's name is its uid, so a new file must sort after the older ones."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def fetch(self, after_uid: str | None, limit: int) -> Sequence[InboundMail] | Unknown:
        """Up to `limit` mails after `after_uid`. A folder that does not exist yet is empty; one that cannot be read
        is Unknown. Hidden files are drafts of whoever writes here, and are left alone."""
        try:
            names = sorted(
                path.name
                for path in self._directory.iterdir()
                if path.suffix == ".eml" and not path.name.startswith(".")
            )
            wanted = [name for name in names if after_uid is None or name > after_uid][:limit]
            return [self._read(name) for name in wanted]
        except FileNotFoundError:
            return []
        except OSError as error:
            return Unknown(f"The inbox folder {self._directory} cannot be read: {error.strerror or error}.")

    def _read(self, name: str) -> InboundMail:
        path = self._directory / name
        return InboundMail(name, path.read_bytes(), datetime.fromtimestamp(path.stat().st_mtime, UTC))
