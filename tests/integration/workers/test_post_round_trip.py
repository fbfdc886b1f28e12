"""Mails out over a real SMTP server, their replies and bounces back over a real IMAP server, every one counted.

The full size: python -m bench.post --mails 10000
"""

from pathlib import Path

import pytest

from bench.post import is_exact, round_trip
from tests.support.dovecot import DOVECOT, running


@pytest.mark.skipif(DOVECOT is None, reason="Dovecot is not installed (Debian: apt-get install dovecot-imapd)")
@pytest.mark.timeout(1800)
def test_every_mail_leaves_once_and_every_answer_comes_back_once(tmp_path: Path) -> None:
    with running() as dovecot:
        found = round_trip(tmp_path, dovecot, 100)
    assert is_exact(found, 100), found
