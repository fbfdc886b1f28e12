"""A private Dovecot on loopback, with its own mail, gone afterwards (Debian: apt-get install dovecot-imapd)."""

import getpass
import grp
import imaplib
import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

from tests.support.smtp_server import make_certificate
from tools.providers.inbox.imap_session import ImapSecurity, ImapSettings

DOVECOT = shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
PASSWORD = "correct-horse"

CONFIGURATION = """
base_dir = {home}/run
log_path = {home}/dovecot.log
protocols = imap
listen = 127.0.0.1
ssl = yes
ssl_cert = <{certificate}
ssl_key = <{certificate}
disable_plaintext_auth = no
auth_failure_delay = 0
default_internal_user = {internal}
default_internal_group = {group}
default_login_user = {internal}
first_valid_uid = 1
mail_location = maildir:{home}/mail/%u
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={owner} gid={owner_group} home={home}/mail/%u
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
namespace inbox {{
  inbox = yes
  mailbox "Gesendete Post" {{
    auto = create
    special_use = \\Sent
  }}
  mailbox "Werbung" {{
    auto = create
    special_use = \\Junk
  }}
}}
"""


@dataclass(frozen=True)
class Dovecot:
    port: int
    tls_port: int
    certificate: Path

    def settings(self, user: str) -> ImapSettings:
        return ImapSettings(
            "127.0.0.1", self.tls_port, user, PASSWORD, ImapSecurity.TLS, 10.0, ca_file=self.certificate
        )

    def connect(self, user: str) -> imaplib.IMAP4:
        connection = imaplib.IMAP4("127.0.0.1", self.port, 10)
        connection.login(user, PASSWORD)
        return connection

    def append(self, user: str, folder: str, *mails: bytes, at: float | None = None) -> None:
        """`at`: seconds of the epoch at which the server says that it took them; None: now."""
        connection = self.connect(user)
        for mail in mails:
            status, words = connection.append(
                folder, "", imaplib.Time2Internaldate(time.time() if at is None else at), mail
            )
            assert status == "OK", words
        connection.logout()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running() -> Iterator[Dovecot]:
    """Needs DOVECOT, the program's path, which is None where it is not installed."""
    assert DOVECOT is not None
    # As root Dovecot insists on an unprivileged owner of mail; pytest's own folders are closed to that user.
    owner = pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    home = Path(mkdtemp(prefix="salesos-dovecot-"))
    home.chmod(0o711)
    (home / "mail").mkdir()
    os.chown(home / "mail", owner.pw_uid, owner.pw_gid)
    server = Dovecot(free_port(), free_port(), make_certificate(home))
    internal = "nobody" if os.geteuid() == 0 else getpass.getuser()
    (home / "dovecot.conf").write_text(
        CONFIGURATION.format(
            home=home,
            certificate=server.certificate,
            internal=internal,
            group=grp.getgrgid(pwd.getpwnam(internal).pw_gid).gr_name,
            owner=owner.pw_uid,
            owner_group=owner.pw_gid,
            password=PASSWORD,
            port=server.port,
            tls_port=server.tls_port,
        )
    )
    with subprocess.Popen([DOVECOT, "-F", "-c", str(home / "dovecot.conf")], stderr=subprocess.PIPE) as process:
        try:
            for _ in range(100):
                if process.poll() is not None:
                    assert process.stderr is not None
                    raise RuntimeError(f"Dovecot did not start: {process.stderr.read().decode()[-500:]}")
                try:
                    server.connect("probe").logout()
                    break
                except OSError:
                    time.sleep(0.1)
            else:
                raise RuntimeError(f"Dovecot does not answer: {(home / 'dovecot.log').read_text()[-500:]}")
            yield server
        finally:
            process.terminate()
            process.wait(10)
            shutil.rmtree(home, ignore_errors=True)
