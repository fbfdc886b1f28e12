"""The folder transport: whole files, once each."""

import threading
from pathlib import Path

from tools.ports import Envelope, LookupResult, SendOutcome
from tools.providers.mail_transport.folder import FolderTransport


def envelope(message_id: str = "<1@sender.example>", mime: bytes = b"Subject: x\r\n\r\nHello\r\n") -> Envelope:
    return Envelope(message_id, "ada@sender.example", "bob@prospect.example", mime)


def test_a_mail_is_a_file_and_can_be_looked_up(tmp_path: Path) -> None:
    transport = FolderTransport(tmp_path / "out" / "mail")
    assert transport.lookup("<1@sender.example>") is LookupResult.NOT_FOUND
    assert transport.send(envelope()).outcome is SendOutcome.SENT
    assert transport.lookup("<1@sender.example>") is LookupResult.FOUND
    (file,) = (tmp_path / "out" / "mail").iterdir()
    assert file.suffix == ".eml"
    assert file.read_bytes() == envelope().mime


def test_sending_twice_at_once_writes_once(tmp_path: Path) -> None:
    transport = FolderTransport(tmp_path)
    outcomes: list[SendOutcome] = []
    threads = [threading.Thread(target=lambda: outcomes.append(transport.send(envelope()).outcome)) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes == [SendOutcome.SENT] * 16
    assert [path.suffix for path in tmp_path.iterdir()] == [".eml"]


def test_another_mail_under_the_same_id_does_not_overwrite(tmp_path: Path) -> None:
    transport = FolderTransport(tmp_path)
    transport.send(envelope())
    assert transport.send(envelope(mime=b"Other\r\n")).outcome is SendOutcome.MISCONFIGURED
    assert transport.path("<1@sender.example>").read_bytes() == envelope().mime


def test_an_id_cannot_leave_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "mail"
    FolderTransport(folder).send(envelope("<../../etc/passwd@x>"))
    assert [path.parent for path in tmp_path.rglob("*.eml")] == [folder]


def test_a_disk_that_refuses_defers(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    result = FolderTransport(tmp_path / "file").send(envelope())
    assert result.outcome is SendOutcome.DEFERRED
    assert "cannot be written" in result.detail
