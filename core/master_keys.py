"""Where the master keys come from: `SALESOS_MASTER_KEYS`, or a key file in the data directory."""

import base64
import binascii
import contextlib
import os
import secrets
from pathlib import Path

from core.crypto import KEY_BYTES, MasterKeys, key_fingerprint
from core.errors import FixConfiguration
from core.settings import Settings

_KEY_FILE = "master.key"
_FORMAT_HINT = "The format is id:base64 of 32 bytes, several separated by commas, the current one first."


def key_file(data_dir: Path) -> Path:
    return data_dir / _KEY_FILE


def load_master_keys(settings: Settings) -> MasterKeys:
    """From the setting when it is there, else from the key file. Raises FixConfiguration, saying what to do."""
    text = settings.master_keys.get_secret_value()
    if text:
        return parse_master_keys(text, source="SALESOS_MASTER_KEYS")
    path = key_file(settings.data_dir)
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="ascii")
    except FileNotFoundError:
        raise FixConfiguration(
            f"There is no master key: SALESOS_MASTER_KEYS is empty and {path} does not exist.",
            hint="Run `salesos init` to make one. If there was one, restore it: sealed fields open with no other.",
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise FixConfiguration(
            f"The key file {path} cannot be read ({type(error).__name__}).", hint=_FORMAT_HINT
        ) from error
    if os.name == "posix" and mode & 0o077:
        raise FixConfiguration(
            f"Others than its owner may use the key file {path} (mode {mode & 0o777:o}).", hint=f"Run: chmod 600 {path}"
        )
    return parse_master_keys(text, source=str(path))


def parse_master_keys(text: str, *, source: str) -> MasterKeys:
    """ "id:base64,id:base64", the first one current; `source` names it in messages, which never hold a key.

    Raises FixConfiguration.
    """
    keys: dict[str, bytes] = {}
    for number, part in enumerate(filter(None, (part.strip() for part in text.split(","))), start=1):
        key_id, _, encoded = part.partition(":")
        try:
            key = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if not key_id or len(key_id) > 64 or len(key) != KEY_BYTES:
            raise FixConfiguration(f"Key {number} in {source} is not an id and 32 bytes in base64.", hint=_FORMAT_HINT)
        if key_id in keys:
            raise FixConfiguration(f"{source} names the key {key_id!r} twice.", hint="Give every key an id of its own.")
        keys[key_id] = key
    if not keys:
        raise FixConfiguration(f"{source} holds no key.", hint=_FORMAT_HINT)
    return MasterKeys(keys)


def create_key_file(data_dir: Path) -> Path:
    """Makes the key file, readable by its owner only, unless there is one; whole or not at all.

    Two processes that start together keep one key: linking a finished file to its name fails for the second.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    path = key_file(data_dir)
    if path.exists():
        return path
    key = os.urandom(KEY_BYTES)
    draft = data_dir / f".{_KEY_FILE}.{os.getpid()}.{secrets.token_hex(4)}"
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(f"{key_fingerprint(key)}:{base64.b64encode(key).decode('ascii')}\n")
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()
    return path
