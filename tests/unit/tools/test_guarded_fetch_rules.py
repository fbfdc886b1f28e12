"""Which URLs and addresses the guarded client may ask, and what robots.txt allows."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.ports import Unknown
from tools.providers.web_fetch.addresses import Target, parse_target, refusal_of_address
from tools.providers.web_fetch.robots import allows, rules_for
from tools.providers.web_fetch.text import decode

PORTS = (80, 443)


@pytest.mark.parametrize(
    "url",
    [
        "", "acme.com", "//acme.com", "ftp://acme.com", "file:///etc/passwd", "gopher://acme.com", "data:text/html,x",
        "http://", "http:///x", "http://acme.com:22", "http://acme.com:0", "http://acme.com:99999", "http://acme.com:x",
        "http://user@acme.com", "http://user:pw@acme.com", "http://acme.com@127.0.0.1", "http://@127.0.0.1",
        "http://acme.com\\@127.0.0.1", "http:\\\\127.0.0.1", "http://acme.com\r\nHost: x", "http://acme.com/\x00",
        "http://acme .com", " http://acme.com", "http://acme.com/\u202e", "http://acme.com/a b",
        "http://2130706433", "http://0x7f000001", "http://0x7f.1", "http://127.1", "http://0177.0.0.1",
        "http://127.0.1", "http://127.0.0.01", "http://256.1.1.1", "http://1.2.3.4.5", "http://①②⑦.1",
        "http://[::1", "http://[fe80::1%25eth0]", "http://[::1]x", "http://[x]", "http://acme%2ecom", "http://acme.com%00.evil.com",
        "http://a_<b>.com", "http://" + "a." * 200 + "com", "http://acme.com/" + "x" * 3_000,
    ],
)  # fmt: skip
def test_urls_that_parsers_read_in_two_ways_are_refused(url):
    assert isinstance(parse_target(url, PORTS), Unknown)


@pytest.mark.parametrize(
    ("url", "host", "port", "path"),
    [
        ("http://acme.com", "acme.com", 80, "/"),
        ("HTTPS://WWW.Acme.COM./a?b=c#d", "www.acme.com", 443, "/a?b=c"),
        ("https://münchen.de/straße?q=ä", "xn--mnchen-3ya.de", 443, "/stra%C3%9Fe?q=%C3%A4"),
        ("http://acme.com:443/%41", "acme.com", 443, "/%41"),
        ("http://my_shop.acme.com/", "my_shop.acme.com", 80, "/"),
        ("http://8.8.8.8/", "8.8.8.8", 80, "/"),
        ("http://[2001:4860:4860::8888]/", "2001:4860:4860::8888", 80, "/"),
    ],
)
def test_plain_urls_are_read(url, host, port, path):
    target = parse_target(url, PORTS)
    assert isinstance(target, Target)
    assert (target.host, target.port, target.path) == (host, port, path)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.255.255.254", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254",
        "100.64.0.1", "100.100.100.200", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "192.88.99.1",
        "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255", "::", "::1", "::7f00:1", "::ffff:127.0.0.1",
        "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b:1::1", "2002:7f00:1::", "2002:a00:1::1",
        "2001:0:7f00:1::", "2001:0:5ef5:79fd:0:0:80ff:fffe", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1",
        "fec0::100:1", "ff02::1", "2001:db8::1", "100::1", "5f00::1", "fd00:ec2::254", "x", "",
    ],
)  # fmt: skip
def test_addresses_that_are_not_public_are_refused(address):
    assert refusal_of_address(address)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "93.184.215.14", "2606:4700::1111", "64:ff9b::808:808", "::ffff:8.8.8.8"]
)
def test_public_addresses_are_allowed(address):
    assert refusal_of_address(address) == ""


@given(st.ip_addresses())
def test_an_allowed_address_is_global_in_every_reading(address):
    if not refusal_of_address(str(address)):
        inner = getattr(address, "ipv4_mapped", None) or address
        assert inner.is_global
        assert not inner.is_multicast


@given(st.text(max_size=60))
def test_no_url_raises(text):
    for url in (text, f"http://{text}", f"http://acme.com{text}"):
        target = parse_target(url, PORTS)
        if isinstance(target, Target):
            assert target.url.isascii()
            assert parse_target(target.url, PORTS) == target  # read again, it is the same place


@pytest.mark.parametrize(
    ("robots", "path", "allowed"),
    [
        ("", "/", True),
        ("User-agent: *\nDisallow: /", "/a", False),
        ("User-agent: *\nDisallow:", "/a", True),
        ("User-agent: *\nDisallow: /\nUser-agent: SALESOS/2\nAllow: /", "/a", True),
        ("User-agent: other\nUser-agent: salesos\nDisallow: /a", "/a", False),
        ("User-agent: salesos\nDisallow: /a\n\nUser-agent: *\nDisallow: /b", "/b", True),
        ("User-agent: *\nDisallow: /a\nAllow: /a/b", "/a/b/c", True),
        ("User-agent: *\nAllow: /a\nDisallow: /a", "/a", True),
        ("User-agent: *\nDisallow: /*.pdf$", "/x/y.pdf", False),
        ("User-agent: *\nDisallow: /*.pdf$", "/x/y.pdf?z", True),
        ("User-agent: *\nDisallow: /a*b", "/axxb/c", False),
        ("User-agent: *\nDisallow: /a$", "/ab", True),
        ("User-agent: *\nDisallow: /a*$", "/ab", False),
        ("user-agent : *\n disallow : /a # not here", "/a", False),
        ("<html>not robots</html>", "/a", True),
        ("\ufeffUser-agent: *\r\nDisallow: /a", "/a", False),
    ],
)
def test_robots(robots, path, allowed):
    assert allows(rules_for(robots, "SalesOS"), path) is allowed


def test_a_hostile_robots_txt_takes_no_time():
    text = "User-agent: *\n" + f"Disallow: /{'*a' * 200}b$\n" * 1_000
    started = time.process_time()
    assert allows(rules_for(text, "SalesOS"), "/" + "a" * 2_000)
    assert time.process_time() - started < 5


@given(st.binary(max_size=100), st.text(max_size=40))
def test_no_bytes_and_no_content_type_raise(body, kind):
    assert isinstance(decode(body, f"text/html; charset={kind}"), str)


@pytest.mark.parametrize(
    ("robots", "path", "allowed"),
    [
        ("User-agent: *\nDisallow: /a%2Fb", "/a/b", True),  # an encoded reserved character is another path
        ("User-agent: *\nDisallow: /%61", "/a", False),  # an encoded plain one is the same
        ("User-agent: *\nDisallow: /ä", "/%c3%A4", False),
        ("User-agent: *\nDisallow: /a%2a", "/a*", False),
        ("User-agent: *\nDisallow: /a%2a", "/ab", True),
        ("User-agent: *\nDisallow: /a$b", "/a$b", False),
        ("User-agent: salesosbot\nDisallow: /", "/a", True),
        ("User-agent: sales\nDisallow: /", "/a", True),
        ("User-agent: SalesOS\nDisallow: /a\n\nUser-agent: SalesOS\nDisallow: /b", "/b", False),
        ("User-agent: *\nCrawl-delay: 5\nDisallow: /a", "/a", False),
    ],
)
def test_robots_paths_have_one_spelling(robots, path, allowed):
    assert allows(rules_for(robots, "SalesOS"), path) is allowed


@pytest.mark.parametrize(
    ("text", "delay"), [("3", 3), ("0.5", 0.5), ("nan", 0), ("inf", 0), ("-1", 0), ("soon", 0), ("1e400", 0)]
)
def test_crawl_delay(text, delay):
    assert rules_for(f"User-agent: *\nCrawl-delay: {text}", "SalesOS").delay == delay


def test_as_many_agents_as_rules_take_no_time():
    """What a file of 500 KiB can hold of both: a reader that gives each agent its own rules does not come back."""
    text = "".join(f"User-agent: a{i}\n" for i in range(15_000)) + "Disallow: /\n" * 15_000
    started = time.process_time()
    assert allows(rules_for(text, "SalesOS"), "/")
    assert time.process_time() - started < 2
