"""A POST with a person's access token: one that is refused had sent nothing, and is made again with a new one."""

from collections.abc import Callable

from core.errors import FixConfiguration, RetryAt
from tools.ports import SendOutcome, SendResult
from tools.providers.mail_transport.http_once import Answer
from tools.providers.oauth import AccessTokens

_REST_SECONDS = 60


def send_signed(tokens: AccessTokens, once: Callable[[str], Answer | SendResult]) -> Answer | SendResult:
    """`once` makes the call with a token. DEFERRED where no token is to be had now, MISCONFIGURED where the account
    must be connected again."""
    try:
        token = tokens.token()
        answer = once(token)
        if not isinstance(answer, Answer) or answer.status != 401:
            return answer
        tokens.refused(token)
        return once(tokens.token())
    except RetryAt as fault:
        return SendResult(SendOutcome.DEFERRED, str(fault), fault.code, _REST_SECONDS)
    except FixConfiguration as fault:
        return SendResult(SendOutcome.MISCONFIGURED, str(fault), fault.code)
