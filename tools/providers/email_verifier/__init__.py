"""Whether an address may be written to, before anybody does."""

from tools.providers.email_verifier.checks import ChecksVerifier
from tools.providers.email_verifier.syntax import normalise_address

__all__ = ["ChecksVerifier", "normalise_address"]
