"""Keys and tokens of a mailbox's services: from the environment, from stdin or by asking; never from an argument, which
other people on the machine can read.
"""

import os
import sys
from typing import Final

from cli.opening import read_secret
from core.errors import Rejected
from tools.mail.service import SECRET, services_of

_PREFIX: Final = "SALESOS_MAILBOX_"


def secrets_of(transport: str, inbox: str, *, from_stdin: bool, ask: bool) -> dict[str, str]:
    """What was given for these services; `ask`: what they need and is still missing is asked for. Raises Rejected."""
    services = services_of(transport, inbox)
    names = [name for service in services for name in service.names if name in SECRET]
    found = {name: os.environ[variable] for name in names if (variable := f"{_PREFIX}{name.upper()}") in os.environ}
    if from_stdin:
        found |= _lines(names)
    needed = [(service.label, name) for service in services for name in service.needed if name in SECRET]
    for label, name in needed if ask else ():
        if name not in found:
            found[name] = read_secret(f"{label}: {name.replace('_', ' ')}", from_stdin=False)
    return found


def _lines(names: list[str]) -> dict[str, str]:
    found = {}
    for line in sys.stdin.read().splitlines():
        if not line.strip():
            continue
        name, equals, value = line.strip().partition("=")
        if not equals or name.lower() not in names:
            raise Rejected(
                "A line of stdin is none of what this mailbox takes.",
                hint=f"NAME=VALUE, with a name of: {', '.join(names) or 'none, for it has no service'}.",
            )
        found[name.lower()] = value
    return found
