"""Texts as files in a directory, for trying things out: nothing leaves the machine."""

from dataclasses import asdict
from pathlib import Path

import orjson

from tools.ports import LookupResult, SendOutcome, SendResult
from tools.ports.telephony import CallOut, Found, Lost, TextOut


class FolderTelephony:
    """One file a text, named by its key: the same one twice is one file."""

    name = "folder"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def send_text(self, text: TextOut) -> SendResult:
        return self._written(text.key, {"kind": "text", **asdict(text)})

    def place_call(self, call: CallOut) -> SendResult:
        return self._written(call.key, {"kind": "call", **asdict(call)})

    def find_text(self, lost: Lost) -> Found:
        for path in sorted(self._folder.glob("*.json")):
            said = orjson.loads(path.read_bytes())
            if said.get("recipient") == lost.recipient and said.get("body") == lost.body:
                return Found(LookupResult.FOUND, f"file:{path.stem}")
        return Found(LookupResult.NOT_FOUND)

    def find_call(self, lost: Lost) -> Found:
        return Found(LookupResult.NOT_FOUND)

    def problem(self) -> str:
        return ""

    def _written(self, key: str, said: dict[str, object]) -> SendResult:
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{key}.json"
        if not path.exists():
            partial = path.with_suffix(".part")
            partial.write_bytes(orjson.dumps(said))
            partial.rename(path)
        return SendResult(
            SendOutcome.SENT, "Written to a file; nothing left the machine.", "file", provider_id=f"file:{key}"
        )
