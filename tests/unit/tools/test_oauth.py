"""Access tokens: asked for when their time has come, by one at a time, and never by a dead grant again."""

import threading
from datetime import timedelta
from urllib.parse import parse_qs

import httpx2
import pytest

from core.errors import FixConfiguration, RetryAt
from tests.support.vendors import SECRET, Answer, FakeVendor, Handler, answer
from tools.providers.oauth import AccessTokens, DeadGrant, OAuthClient, google, microsoft


def tokens(handler: Handler, **hooks: object) -> tuple[FakeVendor, AccessTokens]:
    vendor = FakeVendor(handler)
    client = OAuthClient("Vendor", "https://login.vendor.example/token", "client-1", SECRET)
    return vendor, AccessTokens(client, f"refresh-{SECRET}", vendor.wire(), **hooks)  # type: ignore[arg-type]


def grants(**more: object) -> Handler:
    given = [0]

    def handler(_: httpx2.Request) -> Answer:
        given[0] += 1
        return answer({"access_token": f"t{given[0]}", "token_type": "Bearer", "expires_in": 3600} | more)

    return handler


def refuses(code: str, status: int = 400) -> Handler:
    said = {"error": code, "error_description": "AADSTS70000: ada@sender.example, trace 7f"}
    return lambda _: answer(said, status)


def test_a_token_serves_until_a_minute_before_its_end() -> None:
    vendor, access = tokens(grants())
    assert [access.token() for _ in range(3)] == ["t1"] * 3
    form = parse_qs(vendor.requests[0].content.decode())
    assert form == {
        "grant_type": ["refresh_token"],
        "refresh_token": [f"refresh-{SECRET}"],
        "client_id": ["client-1"],
        "client_secret": [SECRET],
    }
    vendor.clock.advance(timedelta(seconds=3539))
    assert access.token() == "t1"
    vendor.clock.advance(timedelta(seconds=1))
    assert access.token() == "t2"


def test_a_short_lived_token_is_used_for_half_its_life() -> None:
    vendor, access = tokens(grants(expires_in=20))
    assert access.token() == "t1"
    vendor.clock.advance(timedelta(seconds=9))
    assert access.token() == "t1"
    vendor.clock.advance(timedelta(seconds=1))
    assert access.token() == "t2"


def test_a_token_without_an_end_serves_until_it_is_refused() -> None:
    vendor, access = tokens(grants(expires_in=None))
    assert access.token() == "t1"
    vendor.clock.advance(timedelta(days=9))
    assert access.token() == "t1"
    access.refused("t1")
    assert access.token() == "t2"
    access.refused("t1")  # told late, of the one before
    assert access.token() == "t2"


def test_many_at_once_make_one_refresh() -> None:
    door = threading.Event()
    handler = grants()

    def slow(request: httpx2.Request) -> Answer:
        door.wait(300)
        return handler(request)

    vendor, access = tokens(slow)
    got: list[str] = []
    threads = [threading.Thread(target=lambda: got.append(access.token())) for _ in range(16)]
    for thread in threads:
        thread.start()
    door.set()
    for thread in threads:
        thread.join(300)
    assert got == ["t1"] * 16
    assert len(vendor.requests) == 1


@pytest.mark.parametrize("status", [400, 401])
@pytest.mark.parametrize("code", ["invalid_grant", "interaction_required"])
def test_a_dead_grant_is_said_once_and_never_asked_again(code: str, status: int) -> None:
    said: list[str] = []
    vendor, access = tokens(refuses(code, status), on_dead=said.append)
    for _ in range(50):
        with pytest.raises(DeadGrant) as caught:
            access.token()
        vendor.clock.advance(timedelta(hours=7))
    assert len(vendor.requests) == 1
    assert said == [str(caught.value)]
    assert "ada@" not in said[0]
    assert SECRET not in said[0]


def test_an_application_that_is_refused_is_no_storm_either() -> None:
    said: list[str] = []
    vendor, access = tokens(refuses("invalid_client", 401), on_dead=said.append)
    for _ in range(5):
        with pytest.raises(FixConfiguration, match="invalid_client"):
            access.token()
    assert (len(vendor.requests), len(said)) == (1, 1)


@pytest.mark.parametrize(
    "given",
    [answer({}, 503), answer({"error": "temporarily_unavailable"}, 400), httpx2.ConnectError("gone"), answer({})],
    ids=["503", "said", "gone", "schema"],
)
def test_a_passing_fault_rests_and_is_then_outlived(given: Answer) -> None:
    down = [True]
    handler = grants()
    vendor, access = tokens(lambda request: given if down[0] else handler(request))
    with pytest.raises(RetryAt):
        access.token()
    asked = len(vendor.requests)
    assert asked <= 3
    for _ in range(20):
        with pytest.raises(RetryAt):
            access.token()
    assert len(vendor.requests) == asked
    down[0] = False
    vendor.clock.advance(timedelta(seconds=31))
    assert access.token() == "t1"


def test_a_refresh_token_that_is_replaced_is_kept_before_it_is_used() -> None:
    kept: list[str] = []
    vendor, access = tokens(grants(refresh_token="next"), on_rotated=kept.append)
    access.token()
    access.refused("t1")
    access.token()
    assert kept == ["next"]
    assert parse_qs(vendor.requests[1].content.decode())["refresh_token"] == ["next"]


def test_a_kind_of_token_that_is_not_known() -> None:
    with pytest.raises(FixConfiguration):
        tokens(grants(token_type="mac"))[1].token()


def test_the_two_services_and_no_secret_in_what_is_printed() -> None:
    assert google("id", SECRET).token_url == "https://oauth2.googleapis.com/token"
    assert microsoft("id", SECRET, "tenant-1").token_url.endswith("/tenant-1/oauth2/v2.0/token")
    assert SECRET not in repr(google("id", SECRET))
