"""Who takes mail, asked of a real DNS server on loopback."""

import socket
import threading
from datetime import timedelta

import dns.flags
import dns.message
import dns.rcode
import dns.resolver
import dns.rrset
import pytest

from tools.ports import Unknown
from tools.providers.mail_domains.dns import DnsMailDomains, OfflineMailDomains
from tools.site_reader import dns_technologies


class DnsServer:
    """Answers A, AAAA and MX from `zone`: (name, kind) → records; a name in `broken` gets that rcode, None silence."""

    def __init__(self):
        self.zone, self.broken, self.asked, self.ttl = {}, {}, [], 600
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                data, client = self._socket.recvfrom(4_096)
            except OSError:
                return
            query = dns.message.from_wire(data)
            if not query.question:
                return  # the farewell
            name = query.question[0].name.to_text().rstrip(".").lower()
            kind = dns.rdatatype.to_text(query.question[0].rdtype)
            self.asked.append((name, kind))
            reply = dns.message.make_response(query)
            reply.flags |= dns.flags.RA
            if name in self.broken:
                if self.broken[name] is None:
                    continue
                reply.set_rcode(self.broken[name])
            elif kind == "A" and (name, "CNAME") in self.zone:
                at = name
                while target := self.zone.get((at, "CNAME")):
                    reply.answer.append(dns.rrset.from_text(f"{at}.", self.ttl, "IN", "CNAME", f"{target}."))
                    at = target
                reply.answer.append(dns.rrset.from_text(f"{at}.", self.ttl, "IN", "A", "192.0.2.1"))
            elif (name, kind) in self.zone:
                reply.answer.append(dns.rrset.from_text(f"{name}.", self.ttl, "IN", kind, *self.zone[name, kind]))
            elif not any(known == name for known, _ in self.zone):
                reply.set_rcode(dns.rcode.NXDOMAIN)
            self._socket.sendto(reply.to_wire(), client)

    def close(self):
        self._socket.sendto(dns.message.Message().to_wire(), ("127.0.0.1", self.port))
        self._socket.close()


@pytest.fixture
def server():
    started = DnsServer()
    yield started
    started.close()


@pytest.fixture
def domains(server, virtual_clock):
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = ["127.0.0.1"], server.port
    return DnsMailDomains(resolver, clock=virtual_clock, timeout=0.9)


def test_hosts_come_most_preferred_first_in_lower_case(server, domains):
    server.zone["acme.com", "MX"] = ["20 b.acme.com.", "10 MX.Acme.com.", "20 a.acme.com."]
    assert list(domains.mx("ACME.com.")) == ["mx.acme.com", "a.acme.com", "b.acme.com"]


def test_a_null_mx_takes_no_mail_even_with_an_address(server, domains):
    server.zone["acme.com", "MX"] = ["0 ."]
    server.zone["acme.com", "A"] = ["192.0.2.1"]
    assert list(domains.mx("acme.com")) == []


@pytest.mark.parametrize(("kind", "address"), [("A", "192.0.2.1"), ("AAAA", "2001:db8::1")])
def test_an_address_alone_is_the_implicit_mail_host(server, domains, kind, address):
    server.zone["acme.com", kind] = [address]
    assert list(domains.mx("acme.com")) == ["acme.com"]


def test_no_such_name_no_record_and_no_name_take_no_mail(server, domains):
    server.zone["acme.com", "TXT"] = ["x"]
    for domain in ("absent.example", "acme.com", "", ".", "a..b", "x" * 70 + ".com"):
        assert list(domains.mx(domain)) == [], domain


def test_an_international_name_is_asked_in_a_labels(server, domains):
    server.zone["xn--mnchen-3ya.de", "MX"] = ["10 mx.example."]
    assert list(domains.mx("München.de")) == ["mx.example"]


def test_silence_and_failure_are_unknown_with_the_reason(server, domains):
    server.broken = {"silent.com": None, "broken.com": dns.rcode.SERVFAIL}
    silent, broken = domains.mx("silent.com"), domains.mx("broken.com")
    assert isinstance(silent, Unknown)
    assert "silent.com" in silent.reason
    assert isinstance(broken, Unknown)
    assert "broken.com" in broken.reason


def test_an_answer_is_kept_for_its_ttl_and_a_failure_for_a_minute(server, domains, virtual_clock):
    server.zone["acme.com", "MX"] = ["10 mx.acme.com."]
    server.broken["late.com"] = dns.rcode.SERVFAIL
    domains.mx("acme.com")
    domains.mx("late.com")
    server.broken, server.zone["late.com", "MX"], server.zone["acme.com", "MX"] = {}, ["1 m."], ["1 new."]
    virtual_clock.advance(timedelta(seconds=59))
    assert isinstance(domains.mx("late.com"), Unknown)
    virtual_clock.advance(timedelta(seconds=2))
    assert list(domains.mx("late.com")) == ["m"]
    assert list(domains.mx("acme.com")) == ["mx.acme.com"]
    virtual_clock.advance(timedelta(seconds=600))
    assert list(domains.mx("acme.com")) == ["new"]


def test_texts_come_in_one_piece(server, domains):
    server.zone["acme.com", "TXT"] = ['"v=spf1 include:sendgrid" ".net -all"', '"MS=ms123"']
    assert list(domains.txt("acme.com")) == ["MS=ms123", "v=spf1 include:sendgrid.net -all"]
    assert list(domains.txt("absent.example")) == []
    server.broken["broken.com"] = dns.rcode.SERVFAIL
    assert isinstance(domains.txt("broken.com"), Unknown)


def test_a_name_leads_through_all_its_aliases(server, domains):
    server.zone["www.acme.com", "CNAME"] = "shop.acme.com"
    server.zone["shop.acme.com", "CNAME"] = "Shops.MyShopify.com"
    server.zone["acme.com", "A"] = ["192.0.2.1"]
    assert list(domains.cname("www.acme.com")) == ["shop.acme.com", "shops.myshopify.com"]
    assert list(domains.cname("acme.com")) == list(domains.cname("absent.acme.com")) == []


def test_kinds_are_kept_apart(server, domains):
    server.zone["acme.com", "MX"] = ["10 mx.acme.com."]
    server.zone["acme.com", "TXT"] = ['"x"']
    assert (list(domains.mx("acme.com")), list(domains.txt("acme.com"))) == (["mx.acme.com"], ["x"])
    asked = len(server.asked)
    assert list(domains.txt("ACME.com.")) == ["x"]
    assert len(server.asked) == asked


def test_what_dns_shows_of_a_company(server, domains):
    server.zone["acme.com", "MX"] = ["10 acme-com.mail.protection.outlook.com."]
    server.zone["acme.com", "TXT"] = ['"v=spf1 include:spf.protection.outlook.com include:_spf.salesforce.com ~all"']
    server.zone["www.acme.com", "CNAME"] = "proxy-ssl.webflow.com"
    server.zone["help.acme.com", "CNAME"] = "acme.zendesk.com"
    found = {one.name: (one.method, one.quote) for one in dns_technologies(domains, "acme.com")}
    assert found == {
        "Microsoft 365": ("mx", "MX acme-com.mail.protection.outlook.com"),
        "Webflow": ("cname", "www.acme.com CNAME proxy-ssl.webflow.com"),
        "Zendesk": ("cname", "help.acme.com CNAME acme.zendesk.com"),
        "Salesforce": ("spf", "SPF include:_spf.salesforce.com"),
    }


def test_offline_says_so():
    off = Unknown("DNS look-ups are off (SALESOS_WEB_FETCH)")
    offline = OfflineMailDomains()
    assert offline.mx("acme.com") == offline.txt("acme.com") == offline.cname("acme.com") == off
    assert list(dns_technologies(offline, "acme.com")) == []
