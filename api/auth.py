"""The names of api.identity and api.keys that other rooms use."""

from api.identity.accounts import create_user, normal_email, set_password
from api.identity.passwords import hash_password, refusal
from api.identity.sessions import SignedIn, session_principal, sign_out
from api.identity.signing_in import sign_in
from api.keys import create_api_key, revoke_api_key

__all__ = [
    "SignedIn",
    "create_api_key",
    "create_user",
    "hash_password",
    "normal_email",
    "refusal",
    "revoke_api_key",
    "session_principal",
    "set_password",
    "sign_in",
    "sign_out",
]
