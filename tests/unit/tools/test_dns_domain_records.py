"""Records of any type, asked of a real DNS server on loopback."""

import socket
import threading
from collections.abc import Iterator

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.resolver
import dns.rrset
import pytest

from tools.ports import Unknown
from tools.ports.domain_records import RecordType
from tools.providers.mail_domains.records import DnsDomainRecords, OfflineDomainRecords

LONG = "v=DKIM1; p=" + "A" * 400
ZONE = {
    ("acme.example", "TXT"): [f'"{LONG[:200]}" "{LONG[200:]}"', r'"caf\195\169"'],
    ("acme.example", "MX"): ["10 mail.acme.example."],
    ("null.example", "MX"): ["0 ."],
    ("mail.acme.example", "A"): ["192.0.2.25"],
    ("mail.acme.example", "AAAA"): ["2001:db8::19"],
    ("25.2.0.192.in-addr.arpa", "PTR"): ["mail.acme.example."],
}


@pytest.fixture
def records() -> Iterator[DnsDomainRecords]:
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                data, client = server.recvfrom(4_096)
            except OSError:
                return
            query = dns.message.from_wire(data)
            if not query.question:
                return  # the farewell
            name = query.question[0].name.to_text().rstrip(".").lower()
            kind = dns.rdatatype.to_text(query.question[0].rdtype)
            reply = dns.message.make_response(query)
            reply.flags |= dns.flags.RA
            if name == "silent.example":
                continue
            if name == "broken.example":
                reply.set_rcode(dns.rcode.SERVFAIL)
            elif (name, kind) in ZONE:
                reply.answer.append(dns.rrset.from_text(f"{name}.", 600, "IN", kind, *ZONE[name, kind]))
            elif not any(known == name for known, _ in ZONE):
                reply.set_rcode(dns.rcode.NXDOMAIN)
            server.sendto(reply.to_wire(), client)

    port = server.getsockname()[1]
    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = ["127.0.0.1"], port
    yield DnsDomainRecords(resolver, timeout=0.5)
    server.sendto(dns.message.Message().to_wire(), ("127.0.0.1", port))
    thread.join(5)
    server.close()


@pytest.mark.parametrize(
    ("name", "kind", "found"),
    [
        ("acme.example", "TXT", (LONG, "caf\u00c3\u00a9")),
        ("ACME.example.", "MX", ("10 mail.acme.example",)),
        ("null.example", "MX", ("0 ",)),
        ("mail.acme.example", "A", ("192.0.2.25",)),
        ("mail.acme.example", "AAAA", ("2001:db8::19",)),
        ("25.2.0.192.in-addr.arpa", "PTR", ("mail.acme.example",)),
        ("acme.example", "AAAA", ()),
        ("nobody.example", "TXT", ()),
        ("a..b", "TXT", ()),
        ("a" * 64 + ".example", "TXT", ()),
    ],
)
def test_answers(records: DnsDomainRecords, name: str, kind: str, found: tuple[str, ...]) -> None:
    answer = records.look_up(name, RecordType(kind))
    assert not isinstance(answer, Unknown)
    assert set(answer) == set(found)


@pytest.mark.parametrize("name", ["silent.example", "broken.example"])
def test_what_does_not_answer_is_unknown(records: DnsDomainRecords, name: str) -> None:
    answer = records.look_up(name, RecordType.TXT)
    assert isinstance(answer, Unknown)
    assert name in answer.reason


def test_switched_off_it_says_so() -> None:
    assert "SALESOS_WEB_FETCH" in OfflineDomainRecords().look_up("acme.example", RecordType.A).reason
