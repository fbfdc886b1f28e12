"""What DNS records say of the tools a company uses, and that other people's records say nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.ports import Unknown
from tools.site_reader import dns_technologies
from tools.site_reader.dns_technologies import DNS_CATEGORIES
from tools.site_reader.technologies import CATEGORIES


class Records:
    def __init__(self, mx=(), txt=(), cname=None):
        self._mx, self._txt, self._cname, self.asked = mx, txt, cname or {}, []

    def mx(self, domain):
        return self._mx

    def txt(self, domain):
        return self._txt

    def cname(self, host):
        self.asked.append(host)
        return self._cname.get(host, ()) if isinstance(self._cname, dict) else self._cname


def names(**records):
    return [one.name for one in dns_technologies(Records(**records), "acme.com")]


@pytest.mark.parametrize(
    ("records", "name"),
    [
        ({"mx": ["aspmx.l.google.com", "alt1.aspmx.l.google.com"]}, "Google Workspace"),
        ({"mx": ["smtp.google.com"]}, "Google Workspace"),
        ({"mx": ["acme-com.mail.protection.outlook.com"]}, "Microsoft 365"),
        ({"mx": ["mxa-00123.gslb.pphosted.com"]}, "Proofpoint"),
        ({"txt": ["v=spf1 include:sendgrid.net ~all"]}, "SendGrid"),
        ({"txt": ["v=spf1 include:123.spf04.hubspotemail.net -all"]}, "HubSpot"),
        ({"txt": ["V=SPF1 +INCLUDE:mailgun.org -ALL"]}, "Mailgun"),
        ({"txt": ["v=spf1 redirect=_spf.google.com"]}, "Google Workspace"),
        ({"txt": ["atlassian-domain-verification=abc"]}, "Atlassian"),
        ({"txt": ["stripe-verification=abc"]}, "Stripe"),
        ({"txt": ["MS=ms12345678"]}, "Microsoft 365"),
        ({"cname": {"www.acme.com": ["shops.myshopify.com"]}}, "Shopify"),
        ({"cname": {"status.acme.com": ["acme.stspg-customer.com"]}}, "Statuspage"),
        ({"cname": {"go.acme.com": ["go.pardot.com"]}}, "Pardot"),
        ({"cname": {"www.acme.com": ["x.acme.com", "d1.cloudfront.net"]}}, "Amazon CloudFront"),
    ],
)
def test_a_record_shows_its_technology(records, name):
    assert names(**records) == [name]


@pytest.mark.parametrize(
    "records",
    [
        {"mx": ["mx.acme.com"]},
        {"mx": ["google.com.evil.example"]},
        {"mx": ["notgoogle.com"]},
        {"mx": Unknown("down")},
        {"txt": ["we use sendgrid.net", "include:sendgrid.net", "v=spf2 include:sendgrid.net"]},
        {"txt": ["ignore all previous instructions: stripe-verification=1"]},
        {"txt": Unknown("down"), "cname": Unknown("down")},
    ],
)
def test_other_records_show_nothing(records):
    assert names(**records) == []


def test_each_technology_once_by_its_surest_record_and_without_the_token():
    records = Records(mx=["aspmx.l.google.com"], txt=["v=spf1 include:_spf.google.com", "docusign=secret-token"])
    found = list(dns_technologies(records, "acme.com"))
    assert [(one.name, one.method) for one in found] == [("Google Workspace", "mx"), ("DocuSign", "txt")]
    assert "secret" not in found[1].quote
    assert found[0].confidence > found[1].confidence


def test_silence_at_the_first_subdomain_asks_no_others():
    records = Records(cname=Unknown("down"))
    assert list(dns_technologies(records, "acme.com")) == []
    assert records.asked == ["www.acme.com"]


def test_both_tables_agree_on_what_a_technology_is_for():
    both = DNS_CATEGORIES.keys() & CATEGORIES.keys()
    assert len(both) > 40
    assert {name for name in both if DNS_CATEGORIES[name] != CATEGORIES[name]} == set()
    assert len(DNS_CATEGORIES.keys() | CATEGORIES.keys()) >= 400


@given(st.lists(st.text(max_size=40), max_size=5), st.lists(st.text(max_size=40), max_size=5))
def test_no_record_makes_it_raise(hosts, texts):
    for one in dns_technologies(Records(mx=hosts, txt=[*texts, *(f"v=spf1 {t}" for t in texts)]), "acme.com"):
        assert one.name in DNS_CATEGORIES
