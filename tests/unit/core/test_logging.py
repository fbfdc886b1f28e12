"""Nothing planted survives: not in a field, a message, an exception, a library's record, or an uncaught error."""

import hashlib
import io
import json
import logging
import subprocess
import sys
import threading
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import FixConfiguration
from core.logging import configure_logging, get_logger, log_context
from core.redaction import REDACTED, is_sensitive, redact_fields, redact_text

REPOSITORY = Path(__file__).resolve().parents[3]
ID = UUID("0192c1a0-7a1b-7c2d-8e3f-0123456789ab")


@pytest.fixture
def out() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before = root.handlers[:], root.level, sys.excepthook, threading.excepthook
    stream = io.StringIO()
    configure_logging(as_json=True, stream=stream, level="debug")
    yield stream
    root.handlers[:], root.level = before[0], before[1]
    sys.excepthook, threading.excepthook = before[2], before[3]
    logging.captureWarnings(False)


def lines(out: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


def random_bytes(seed: int) -> bytes:
    return hashlib.sha256(str(seed).encode()).digest()


_word = st.text("abcdefghijklmnopqrstuvwxyzüéł0123456789", min_size=2, max_size=12)
_seed = st.integers(0, 10**12)
canaries = st.one_of(
    st.tuples(_word, _word, _word).map(lambda w: f"{w[0]}.{w[1]}+crm@{w[2]}.example"),
    st.tuples(_word, _word).map(lambda w: f'"{w[0]} {w[1]}"@{w[1]}.example'),
    st.tuples(_word, _word).map(lambda w: f"{w[0]}%40{w[1]}.example"),
    _seed.map(lambda n: b64encode(random_bytes(n)).decode()),
    _seed.map(lambda n: urlsafe_b64encode(random_bytes(n)).rstrip(b"=").decode()),
    _seed.map(lambda n: random_bytes(n).hex()),
    _seed.map(lambda n: f"sk-{random_bytes(n).hex()[:20]}"),
    _seed.map(lambda n: f"xoxb-{n:012d}-abc"),
    _seed.map(lambda n: f"+49 30 {n % 10**8:08d}"),
    st.tuples(st.integers(200, 999), st.integers(200, 999), st.integers(0, 9999)).map(
        lambda n: f"({n[0]}) {n[1]}-{n[2]:04d}"
    ),
)
surroundings = st.sampled_from(
    ["{}", "Could not write to <{}>.", "to={}", "a/{}/b?x=1", '{{"to": "{}"}}', "it failed:\n{}\nagain"]
)


@given(canary=canaries, around=surroundings)
def test_no_planted_address_number_or_key_survives_in_a_text(canary: str, around: str) -> None:
    text = redact_text(around.format(canary))
    assert canary not in text
    if len(canary.replace("=", "")) > 24:  # no half of a key either
        assert canary[:16] not in text
        assert canary[-17:-1] not in text


@given(canary=canaries, around=surroundings)
def test_no_planted_canary_survives_in_output(canary: str, around: str) -> None:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    try:
        for as_json in (True, False):
            configure_logging(as_json=as_json, stream=stream, level="DEBUG")
            log, text = get_logger("test"), around.format(canary)
            log.info(text, note=text, nested={"deep": [text, {text: text}]}, email=canary)
            logging.getLogger("uvicorn.error").warning("answer to %s", text, extra={"detail": text})
            try:
                raise ValueError(text)
            except ValueError as error:
                log.exception("failed", error=error)
                logging.getLogger("pgqueuer").exception("failed")
    finally:
        root.handlers[:], root.level = handlers, level
    assert canary not in stream.getvalue()
    assert "ValueError" in stream.getvalue()


@pytest.mark.parametrize(
    "key",
    [
        *(
            "password",
            "smtpPassword",
            "api_key",
            "X-Api-Key",
            "master_keys",
            "Authorization",
            "Set-Cookie",
            "access_token",
        ),
        *(
            "email",
            "contact_email",
            "emails",
            "phone",
            "full_name",
            "name",
            "firstName",
            "subject",
            "body",
            "body_html",
        ),
        *("mime", "recipient", "from_address", "client_secret", "database_dsn", "ip_address"),
    ],
)
def test_fields_that_name_secrets_or_people_are_redacted_whatever_they_hold(key: str) -> None:
    assert redact_fields({key: "Zoë"}) == {key: REDACTED}
    assert redact_fields({"row": {key: ["Zoë"]}}) == {"row": {key: REDACTED}}


@pytest.mark.parametrize(
    "key",
    [
        *("event", "workspace", "run", "job", "lead_id", "subject_id", "subject_kind", "email_count", "body_hash"),
        *("tokens_in", "key", "dedupe_key", "queue_name", "node_name", "logger", "level", "timestamp", "seconds"),
    ],
)
def test_fields_that_operators_need_stay(key: str) -> None:
    assert not is_sensitive(key)
    assert redact_fields({key: "plain"}) == {key: "plain"}


@pytest.mark.parametrize(
    "text",
    [
        f"mail:{ID}",
        f"thread lead:{ID} resumed at 2026-01-05T09:00:00.123456+00:00",
        'File "/usr/lib/python3/dist-packages/sqlalchemy/engine/default_connection_handling.py", line 1230, in run',
        "langgraph.errors.LangGraphDeprecationWarning: see graphs/supervisor_configuration_and_resume.py",
        "scored 50000 leads in 0.95 s, 52631 a second",
        "GET /api/v1/leads?cursor=20&limit=100 HTTP/1.1 200",
    ],
)
def test_what_operators_need_to_read_stays(text: str) -> None:
    assert redact_text(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "INSERT INTO contact …\n[parameters: ('Zoë Qanary', 3)]\n(Background on this error)",
        "DETAIL:  Key (workspace_id, full_name)=(1, Zoë Qanary) already exists.",
        "DETAIL:  Failing row contains (1, Zoë Qanary, null).",
        "Input should be a valid integer [type=int_parsing, input_value='Zoë Qanary', input_type=str]",
        "postgresql://app:Qan@ry@db.internal/salesos refused",
        "Authorization: Bearer Qanary1",
        "login failed, password='Qanary' given",
    ],
)
def test_what_libraries_quote_of_a_row_or_a_login_is_cut_out(text: str) -> None:
    assert "anary" not in redact_text(text)
    assert "an@ry" not in redact_text(text)


def test_objects_are_never_printed_by_their_repr() -> None:
    @dataclass
    class Person:
        id: int
        full_name: str

    class Row:
        def __repr__(self) -> str:
            return "Row(Zoë Qanary)"

    class Hidden(str):
        """Still text, still searched."""

    clean = redact_fields(
        {"p": Person(1, "Zoë Qanary"), "row": Row(), "raw": b"Zoe Qanary", "s": Hidden("z@qanary.example")}
    )
    assert clean == {"p": {"id": 1, "full_name": REDACTED}, "row": "<Row>", "raw": "<10 bytes>", "s": "<email>"}


def test_a_huge_hostile_text_is_cut_and_takes_no_time() -> None:
    for unit in ("a", "a@", "+1 ", "://", '"', "password=", "A1b2"):
        assert len(redact_text(unit * 300_000)) < 200_000


def test_ids_of_the_context_are_on_every_line_within(out: io.StringIO) -> None:
    with log_context(workspace=ID, job=7):
        get_logger("ours").info("cohort scored", leads=500)
        logging.getLogger("theirs").warning("slow")
    get_logger("ours").info("after")
    inside, theirs, after = lines(out)
    assert (inside["workspace"], inside["job"], inside["leads"], inside["level"]) == (str(ID), "7", 500, "info")
    assert (theirs["workspace"], theirs["event"], theirs["logger"]) == (str(ID), "slow", "theirs")
    assert "workspace" not in after


def test_libraries_that_print_requests_and_rows_are_quiet(out: io.StringIO) -> None:
    for name in ("httpx2", "sqlalchemy.engine"):
        logging.getLogger(name).info("SELECT ('Zoë Qanary')")
    assert out.getvalue() == ""


def test_a_level_that_is_none_says_which_there_are() -> None:
    with pytest.raises(FixConfiguration, match="DEBUG, INFO"):
        configure_logging(level="loud")


@pytest.mark.parametrize("where", ["raise_here()", "threading.Thread(target=raise_here).start()"])
def test_an_uncaught_error_of_a_process_is_redacted_too(where: str) -> None:
    code = f"""
import threading
from core.logging import configure_logging
configure_logging()
def raise_here(): raise ValueError("cannot write to " + "zoe" + "@" + "qanary.example")
{where}
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=REPOSITORY, timeout=600)
    assert "ValueError: cannot write to <email>" in done.stderr
    assert "@qanary" not in done.stderr


def test_a_logger_used_before_the_set_up_is_redacted_too() -> None:
    code = 'from core.logging import get_logger\nget_logger("early").error("to zoe@qanary.example", name="Zoë")'
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=REPOSITORY, timeout=600)
    assert "<email>" in done.stderr
    assert "qanary" not in done.stderr
    assert "Zoë" not in done.stderr
