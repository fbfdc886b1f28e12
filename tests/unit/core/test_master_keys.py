"""The master key is there before anything is sealed, is nobody else's, and is never replaced by accident."""

import os
import stat
import threading
from base64 import b64encode
from pathlib import Path
from uuid import UUID

import pytest
from pydantic import SecretStr

from core.crypto import KeyPurpose, MasterKeys, Sealer, new_key
from core.errors import FixConfiguration
from core.master_keys import create_key_file, key_file, load_master_keys, parse_master_keys
from core.settings import Settings

WORKSPACE = UUID("0192c1a0-0000-7000-8000-000000000001")
ONE = b64encode(b"\x01" * 32).decode()
TWO = b64encode(b"\x02" * 32).decode()


def settings(data_dir: Path, keys: str = "") -> Settings:
    return Settings(_env_file=None, data_dir=data_dir, master_keys=SecretStr(keys))


def opens_with(master: MasterKeys, other: MasterKeys) -> bool:
    keys = [new_key(purpose, workspace_id=WORKSPACE, master=master) for purpose in KeyPurpose]
    Sealer.unlock(WORKSPACE, keys=keys, master=other)
    return True


def test_the_first_key_given_is_the_current_one() -> None:
    master = parse_master_keys(f"new:{ONE}, old:{TWO}", source="the test")
    assert master.current_id == "new"
    assert opens_with(parse_master_keys(f"old:{TWO}", source="the test"), master)


@pytest.mark.parametrize(
    "text",
    ["", " , ", "new", f":{ONE}", "new:", "new:AAAA", f"new:{ONE}x", f"new:{ONE},new:{TWO}", "x" * 65 + f":{ONE}"],
)
def test_a_bad_setting_is_refused_with_the_format_and_without_the_key(text: str) -> None:
    with pytest.raises(FixConfiguration) as caught:
        parse_master_keys(text, source="SALESOS_MASTER_KEYS")
    assert "SALESOS_MASTER_KEYS" in str(caught.value)
    assert ONE not in str(caught.value)


def test_without_a_key_it_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(FixConfiguration, match="salesos init"):
        load_master_keys(settings(tmp_path))


def test_the_key_file_is_its_owners_only_and_stays(tmp_path: Path) -> None:
    path = create_key_file(tmp_path / "new")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    content = path.read_text()
    assert create_key_file(tmp_path / "new") == path
    assert path.read_text() == content
    assert os.listdir(path.parent) == [path.name]
    master = load_master_keys(settings(tmp_path / "new"))
    assert opens_with(master, load_master_keys(settings(tmp_path / "new")))


def test_the_setting_goes_before_the_file(tmp_path: Path) -> None:
    create_key_file(tmp_path)
    assert load_master_keys(settings(tmp_path, f"k1:{ONE}")).current_id == "k1"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_key_file_that_others_can_use_is_refused(tmp_path: Path, mode: int) -> None:
    path = create_key_file(tmp_path)
    path.chmod(mode)
    with pytest.raises(FixConfiguration, match="chmod 600"):
        load_master_keys(settings(tmp_path))


@pytest.mark.parametrize("content", [b"", b"rubbish", b"\xff\xfe\x00", f"k:{ONE[:20]}".encode()])
def test_a_broken_key_file_is_a_clear_message_and_is_never_overwritten(tmp_path: Path, content: bytes) -> None:
    path = key_file(tmp_path)
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(FixConfiguration, match=r"master\.key"):
        load_master_keys(settings(tmp_path))
    create_key_file(tmp_path)
    assert path.read_bytes() == content


def test_starters_that_race_agree_on_one_key(tmp_path: Path) -> None:
    barrier = threading.Barrier(8)
    seen: list[str] = []

    def start() -> None:
        barrier.wait()
        seen.append(create_key_file(tmp_path).read_text())

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 8
    assert len(set(seen)) == 1
