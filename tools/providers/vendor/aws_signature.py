"""AWS Signature Version 4 in headers, for one request whose body is at hand.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html. botocore signs too, and brings 25 MB of service
models; the free-standing signers are an alpha or unkept. docs of AWS publish requests with their signatures, which
tests/contract/test_ses.py holds this against.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import parse_qsl, quote, urlsplit

_ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, slots=True)
class AwsKey:
    key_id: str
    secret: str = field(repr=False)
    session_token: str = field(default="", repr=False)  # of temporary credentials


def signed_headers(
    key: AwsKey,
    *,
    method: str,
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    region: str,
    service: str,
    now: datetime,
) -> dict[str, str]:
    """`headers` with host, x-amz-date and authorization. Every one of them is signed; `now` is aware."""
    parts = urlsplit(url)
    stamp = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    all_headers = {name.lower(): " ".join(value.split()) for name, value in headers.items()}
    all_headers |= {"host": parts.netloc, "x-amz-date": stamp}
    if key.session_token:
        all_headers["x-amz-security-token"] = key.session_token
    names = sorted(all_headers)
    query = sorted((_escaped(name), _escaped(value)) for name, value in parse_qsl(parts.query, keep_blank_values=True))
    canonical = "\n".join(
        [
            method,
            quote(parts.path or "/", safe="/-_.~"),
            "&".join(f"{name}={value}" for name, value in query),
            *(f"{name}:{all_headers[name]}" for name in names),
            "",
            ";".join(names),
            hashlib.sha256(body).hexdigest(),
        ]
    )
    scope = f"{stamp[:8]}/{region}/{service}/aws4_request"
    to_sign = "\n".join([_ALGORITHM, stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    secret = b"AWS4" + key.secret.encode()
    for part in (stamp[:8], region, service, "aws4_request"):
        secret = _hmac(secret, part)
    credential = f"Credential={key.key_id}/{scope}, SignedHeaders={';'.join(names)}"
    signature = _hmac(secret, to_sign).hex()
    return {**all_headers, "authorization": f"{_ALGORITHM} {credential}, Signature={signature}"}


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def _escaped(text: str) -> str:
    return quote(text, safe="-_.~")
