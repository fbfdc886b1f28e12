"""Sealed fields come back only where they were written, only whole, and only with the right keys."""

from base64 import b64encode
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.crypto import KeyPurpose, MasterKeys, Sealer, Tampered, WrappedKey, new_key, rewrap
from core.errors import FixConfiguration

WORKSPACE = UUID("0192c1a0-0000-7000-8000-000000000001")
OTHER_WORKSPACE = UUID("0192c1a0-0000-7000-8000-000000000002")
PLACE = "contact|email|0192c1a0-0000-7000-8000-0000000000aa"
MASTER = MasterKeys({"k1": b"\x01" * 32})


def keys_of(workspace_id: UUID = WORKSPACE, master: MasterKeys = MASTER) -> list[WrappedKey]:
    return [new_key(purpose, workspace_id=workspace_id, master=master) for purpose in KeyPurpose]


def sealer_of(keys: list[WrappedKey], workspace_id: UUID = WORKSPACE, master: MasterKeys = MASTER) -> Sealer:
    return Sealer.unlock(workspace_id, keys=keys, master=master)


KEYS = keys_of()
SEALER = sealer_of(KEYS)
any_text = st.text(st.characters(exclude_categories=()), max_size=300)


@given(text=any_text)
def test_what_was_sealed_opens_where_it_was_sealed(text: str) -> None:
    assert SEALER.open(SEALER.seal(text, context=PLACE), context=PLACE) == text


@given(text=st.text(min_size=8, max_size=80))
def test_a_token_does_not_hold_the_text(text: str) -> None:
    token = SEALER.seal(text, context=PLACE)
    assert text not in token
    assert token.startswith("v1.")
    assert token.isascii()


def test_equal_texts_seal_differently() -> None:
    assert len({SEALER.seal("ann@example.com", context=PLACE) for _ in range(200)}) == 200


@given(text=any_text, position=st.integers(0), character=st.characters(min_codepoint=33, max_codepoint=126))
def test_any_changed_character_is_noticed(text: str, position: int, character: str) -> None:
    token = SEALER.seal(text, context=PLACE)
    position %= len(token)
    changed = token[:position] + character + token[position + 1 :]
    if changed == token:
        assert SEALER.open(changed, context=PLACE) == text
        return
    with pytest.raises(Tampered):
        SEALER.open(changed, context=PLACE)


@given(text=any_text, length=st.integers(0, 60))
def test_a_token_cut_short_or_made_longer_is_noticed(text: str, length: int) -> None:
    token = SEALER.seal(text, context=PLACE)
    for changed in (token[: length % len(token)], token + "A", token + "=", token + "\n", " " + token):
        with pytest.raises(Tampered):
            SEALER.open(changed, context=PLACE)


@given(rubbish=st.text(max_size=100))
def test_rubbish_is_tampered_and_never_another_error(rubbish: str) -> None:
    for token in (rubbish, f"v1.{KEYS[0].id}.{rubbish}"):
        with pytest.raises(Tampered):
            SEALER.open(token, context=PLACE)


@pytest.mark.parametrize(
    "elsewhere",
    [
        PLACE.replace("0aa", "0ab"),
        PLACE.replace("email", "phone"),
        PLACE.replace("contact", "lead"),
        PLACE + "|",
    ],
)
def test_a_ciphertext_moved_to_another_row_column_or_table_does_not_open(elsewhere: str) -> None:
    with pytest.raises(Tampered) as caught:
        SEALER.open(SEALER.seal("ann@example.com", context=PLACE), context=elsewhere)
    assert "ann" not in str(caught.value)


def test_a_ciphertext_moved_to_another_workspace_does_not_open_even_under_the_same_keys() -> None:
    data, index = b"\x05" * 32, b"\x06" * 32
    ours = Sealer(WORKSPACE, data_keys={"a": data}, index_key=index)
    theirs = Sealer(OTHER_WORKSPACE, data_keys={"a": data}, index_key=index)
    with pytest.raises(Tampered):
        theirs.open(ours.seal("x", context=PLACE), context=PLACE)
    assert ours.blind_index("email", "a@b.example") != theirs.blind_index("email", "a@b.example")


def test_a_context_is_demanded() -> None:
    with pytest.raises(ValueError, match="context"):
        SEALER.seal("x", context="")


def test_rotating_the_data_key_opens_the_old_and_seals_with_the_new_and_keeps_blind_indexes() -> None:
    old_token = SEALER.seal("ann@example.com", context=PLACE)
    newer = new_key(KeyPurpose.SEAL, workspace_id=WORKSPACE, master=MASTER)
    rotated = sealer_of([*KEYS, newer])

    assert rotated.open(old_token, context=PLACE) == "ann@example.com"
    assert not rotated.is_current(old_token)
    fresh = rotated.reseal(old_token, context=PLACE)
    assert rotated.is_current(fresh)
    assert rotated.reseal(fresh, context=PLACE) == fresh
    only_new = sealer_of([newer, KEYS[1]])
    assert only_new.open(fresh, context=PLACE) == "ann@example.com"
    with pytest.raises(Tampered):
        only_new.open(old_token, context=PLACE)
    assert rotated.blind_index("email", "ann@example.com") == SEALER.blind_index("email", "ann@example.com")


def test_rotating_the_master_key_changes_no_field() -> None:
    token, index = SEALER.seal("x", context=PLACE), SEALER.blind_index("domain", "b.example")
    both = MasterKeys({"k2": b"\x02" * 32, "k1": b"\x01" * 32})
    moved = [rewrap(key, workspace_id=WORKSPACE, master=both) for key in KEYS]
    assert {key.kek_id for key in moved} == {"k2"}
    assert [rewrap(key, workspace_id=WORKSPACE, master=both) for key in moved] == moved

    without_old = sealer_of(moved, master=MasterKeys({"k2": b"\x02" * 32}))
    assert without_old.open(token, context=PLACE) == "x"
    assert without_old.blind_index("domain", "b.example") == index


def test_a_missing_master_key_says_which_one_and_what_to_do() -> None:
    with pytest.raises(FixConfiguration, match=r"'k1'.*SALESOS_MASTER_KEYS"):
        sealer_of(KEYS, master=MasterKeys({"k2": b"\x02" * 32}))


def test_another_master_key_of_the_same_id_is_noticed() -> None:
    with pytest.raises(Tampered):
        sealer_of(KEYS, master=MasterKeys({"k1": b"\x09" * 32}))


def test_wrapped_keys_cannot_change_workspace_or_purpose() -> None:
    with pytest.raises(Tampered):
        sealer_of(KEYS, workspace_id=OTHER_WORKSPACE)
    seal, index = KEYS
    swapped = [
        WrappedKey(seal.id, KeyPurpose.INDEX, seal.kek_id, seal.wrapped),
        WrappedKey(index.id, KeyPurpose.SEAL, index.kek_id, index.wrapped),
    ]
    with pytest.raises(Tampered):
        sealer_of(swapped)


@pytest.mark.parametrize("kept", [[], KEYS[:1], KEYS[1:], [*KEYS, *keys_of()]])
def test_lost_or_doubled_keys_are_told_apart_from_bad_ones(kept: list[WrappedKey]) -> None:
    with pytest.raises(FixConfiguration, match="data_key"):
        sealer_of(kept)


@given(one=st.text(max_size=40), other=st.text(max_size=40))
def test_blind_indexes_are_equal_exactly_for_equal_values(one: str, other: str) -> None:
    first, second = SEALER.blind_index("email", one), SEALER.blind_index("email", other)
    assert (first == second) == (one == other)
    assert len(first) == 64
    assert SEALER.blind_index("domain", one) != first


def test_seeded_keys_replay_for_the_demo() -> None:
    one, two = (
        sealer_of(
            [
                new_key(KeyPurpose.SEAL, workspace_id=WORKSPACE, master=MASTER, entropy=lambda n: b"\x03" * n),
                new_key(KeyPurpose.INDEX, workspace_id=WORKSPACE, master=MASTER, entropy=lambda n: b"\x04" * n),
            ]
        )
        for _ in range(2)
    )
    assert one.blind_index("email", "a") == two.blind_index("email", "a")


def test_nothing_prints_a_key() -> None:
    secret = b64encode(b"\x01" * 32).decode()
    for thing in (MASTER, SEALER, KEYS[0]):
        assert secret not in repr(thing)
        assert "\\x01" not in repr(thing)
