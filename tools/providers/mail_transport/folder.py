"""Mail as .eml files in a folder: the default, because nothing leaves the machine.

The file's name is a hash of the Message-ID, so "was it sent?" is "is there a file?", and sending twice writes once.
"""

import contextlib
import hashlib
import os
import threading
from pathlib import Path

from tools.ports import Envelope, LookupResult, SendOutcome, SendResult


class FolderTransport:
    name = "folder"

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def send(self, envelope: Envelope) -> SendResult:
        """SENT once the file is on disk, whole. DEFERRED when the disk refuses; MISCONFIGURED when another mail has
        this Message-ID."""
        path = self.path(envelope.message_id)
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            if not self._write_once(path, envelope.mime):
                if path.read_bytes() == envelope.mime:
                    return SendResult(SendOutcome.SENT, f"{path.name} was already written.", "exists")
                return SendResult(
                    SendOutcome.MISCONFIGURED, f"{path.name} holds another mail with the same Message-ID.", "conflict"
                )
        except OSError as error:
            return SendResult(
                SendOutcome.DEFERRED, f"{path} cannot be written: {error.strerror or error}.", type(error).__name__
            )
        return SendResult(SendOutcome.SENT, f"Written to {path.name}.", "written")

    def lookup(self, message_id: str) -> LookupResult:
        return LookupResult.FOUND if self.path(message_id).exists() else LookupResult.NOT_FOUND

    def close(self) -> None:
        """Nothing is held open."""

    def path(self, message_id: str) -> Path:
        """Where the mail with this Message-ID stands, once it is sent."""
        return self._directory / f"{hashlib.sha256(message_id.encode()).hexdigest()}.eml"

    def _write_once(self, path: Path, content: bytes) -> bool:
        """False when there is a file already. Whole or not at all, also without power: content synced, then name."""
        draft = path.with_name(f".{path.stem}.{os.getpid()}.{threading.get_ident()}.tmp")
        try:
            with draft.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            try:
                os.link(draft, path)  # unlike a rename it fails when another process was first
            except FileExistsError:
                return False
        finally:
            with contextlib.suppress(FileNotFoundError):
                draft.unlink()
        directory = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
        return True
