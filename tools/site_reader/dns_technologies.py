"""What a company's DNS says it uses: who takes its mail, who may send it, what it proved to whom, where its names lead.

Names and tokens are matched by whole labels at the end (hosts) or from the start (tokens). Every finding quotes its
record, without the token itself.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from tools.ports import DomainRecords, Unknown
from tools.site_reader.technology import Evidence

# Asked for CNAMEs beside the bare name: where companies let others' products answer under their own name.
SUBDOMAINS = ("www", "help", "support", "status", "careers", "jobs", "shop", "docs", "go", "info")
MAX_TXT = 100  # records looked at

_HOST = re.compile(r"[a-z0-9_.-]{1,253}")
_SENT_BY = 0.8  # confidence: may send in the name, which is set up for use
_PROVED = 0.6  # was set up once; tokens are seldom taken out again
_TAKES, _LEADS = 0.95, 0.9


class _Rule(NamedTuple):
    name: str
    category: str
    marks: tuple[str, ...]


def _rules(text: str) -> tuple[_Rule, ...]:
    rows = (line.split("|") for line in text.strip().splitlines())
    return tuple(_Rule(name.strip(), category.strip(), tuple(marks.split())) for name, category, marks in rows)


_MX = _rules("""
Google Workspace | office | google.com googlemail.com
Microsoft 365 | office | protection.outlook.com mail.eo.outlook.com mx.microsoft
Zoho Mail | office | zoho.com zoho.eu zoho.in zohomail.com
Proofpoint | mail security | pphosted.com ppe-hosted.com proofpoint.com
Mimecast | mail security | mimecast.com mimecast.co.za
Barracuda | mail security | barracudanetworks.com cudamail.com
Cisco Secure Email | mail security | iphmx.com
Trend Micro | mail security | tmes.trendmicro.com tmems-inbound.trendmicro.com
Hornetsecurity | mail security | hornetsecurity.com antispameurope.com
Sophos | mail security | sophos.com reflexion.net
MessageLabs | mail security | messagelabs.com
Cloudflare Email Routing | mail | mx.cloudflare.net
Amazon WorkMail | office | amazonaws.com
Proton | office | protonmail.ch
Fastmail | office | messagingengine.com
iCloud Mail | office | icloud.com
Yandex 360 | office | yandex.net yandex.ru
Rackspace | office | emailsrvr.com
IONOS | hosting | ionos.com ionos.de ionos.co.uk kundenserver.de 1and1.com
OVHcloud | hosting | ovh.net mail.ovh.net
GoDaddy | hosting | secureserver.net
Namecheap | hosting | privateemail.com registrar-servers.com
STRATO | hosting | rzone.de
Infomaniak | hosting | infomaniak.ch
Gandi | hosting | gandi.net
ImprovMX | mail | improvmx.com
Mailgun | mail sending | mailgun.org
SendGrid | mail sending | sendgrid.net
Zendesk | helpdesk | zendesk.com
""")

_SPF = _rules("""
Google Workspace | office | _spf.google.com
Microsoft 365 | office | spf.protection.outlook.com
Zoho Mail | office | zoho.com zoho.eu zohomail.com
SendGrid | mail sending | sendgrid.net
Mailgun | mail sending | mailgun.org
Amazon SES | mail sending | amazonses.com
Postmark | mail sending | mtasv.net
SparkPost | mail sending | sparkpostmail.com _netblocks.sparkpostmail.com
Mandrill | mail sending | mandrillapp.com
Mailjet | marketing_automation | mailjet.com
Resend | mail sending | resend.com
SMTP2GO | mail sending | smtp2go.com
Mailchimp | marketing_automation | mcsv.net
HubSpot | crm | hubspotemail.net hubspot.com
Salesforce | crm | _spf.salesforce.com
Salesforce Marketing Cloud | marketing_automation | exacttarget.com
Pardot | marketing_automation | aspmx.pardot.com et._spf.pardot.com
Marketo | marketing_automation | mktomail.com
Oracle Eloqua | marketing_automation | eloqua.com
ActiveCampaign | marketing_automation | emsd1.com activecampaign.com
Klaviyo | marketing_automation | klaviyomail.com
Brevo | marketing_automation | sendinblue.com brevo.com
Campaign Monitor | marketing_automation | createsend.com
Constant Contact | marketing_automation | constantcontact.com ccsend.com
CleverReach | marketing_automation | cleverreach.com
Customer.io | marketing_automation | customeriomail.com
Zendesk | helpdesk | mail.zendesk.com
Freshworks | helpdesk | freshdesk.com freshemail.io email.freshdesk.com
Help Scout | helpdesk | helpscoutemail.com
Intercom | chat | intercom-mail.com intercom.io
Front | helpdesk | frontapp.com
Atlassian | collaboration | _spf.atlassian.net
Shopify | ecommerce | shops.shopify.com
Stripe | payments | stripe.com
Zuora | payments | zuora.com
Chargebee | payments | chargebee.com
Greenhouse | ats | mg-spf.greenhouse.io greenhouse.io
Lever | ats | hire.lever.co lever.co
Workday | ats | myworkday.com workday.com
BambooHR | ats | bamboohr.com
DocuSign | contracts | docusign.net docusign.com
NetSuite | erp | netsuite.com
SAP | erp | sap-system.de successfactors.com
ServiceNow | it service | service-now.com servicenowservices.com
Qualtrics | research | qualtrics.com
SurveyMonkey | research | surveymonkey.com research.net
KnowBe4 | security | knowbe4.com
Proofpoint | mail security | pphosted.com ppe-hosted.com
Mimecast | mail security | mimecast.com _netblocks.mimecast.com
Barracuda | mail security | barracudanetworks.com ess.barracudanetworks.com
Hornetsecurity | mail security | hornetsecurity.com antispameurope.com
Valimail | mail security | vali.email
Outreach | sales | outreach.io
Salesloft | sales | salesloft.com
Zoominfo Engage | sales | tellwise.com
Google Cloud | hosting | _cloud-netblocks.googleusercontent.com
""")

_TXT = _rules("""
Google Search Console | analytics | google-site-verification=
Microsoft 365 | office | ms=ms v=verifydomain
Atlassian | collaboration | atlassian-domain-verification= atlassian-sending-domain-verification=
Stripe | payments | stripe-verification=
DocuSign | contracts | docusign=
Adobe Sign | contracts | adobe-sign-verification=
Adobe Creative Cloud | design | adobe-idp-site-verification=
Meta Business | ads | facebook-domain-verification=
Apple Business | devices | apple-domain-verification=
Zoom | video | zoom_verify_ zoom-domain-verification=
Webex | video | webexdomainverification. ciscocidomainverification= cisco-ci-domain-verification=
Slack | collaboration | slack-domain-verification=
Notion | collaboration | notion-domain-verification= notion_verify_
Asana | collaboration | asana-domain-verification=
monday.com | collaboration | monday-com-verification=
Miro | collaboration | miro-verification=
Figma | design | figma-domain-verification=
Canva | design | canva-site-verification=
Dropbox | files | dropbox-domain-verification=
Box | files | box-verification= box-domain-verification=
Airtable | data | airtable-verification=
Smartsheet | collaboration | smartsheet-site-validation=
Loom | video | loom-verification= loom-site-verification=
HubSpot | crm | hubspot-developer-verification= hubspot-domain-verification=
Salesforce | crm | salesforce-domain-verification=
Pardot | marketing_automation | pardot
Marketo | marketing_automation | marketo-domain-verification=
Klaviyo | marketing_automation | klaviyo-site-verification=
Brevo | marketing_automation | brevo-code: sendinblue-code: sendinblue-site-verification=
Mailjet | marketing_automation | mailjet-domain-validation=
Zoho | crm | zoho-verification=
Intercom | chat | intercom-domain-validation=
Drift | chat | drift-domain-verification= drift-verification=
Calendly | sales | calendly-site-verification= calendly-domain-verification=
Outreach | sales | outreach-domain-verification=
Apollo | sales | apollo-domain-verification=
Pendo | analytics | pendo-domain-verification=
Segment | data | segment-site-verification= segment-domain-verification=
Statuspage | helpdesk | status-page-domain-verification=
Workplace from Meta | collaboration | workplace-domain-verification=
OneTrust | consent | onetrust-domain-verification=
Cookiebot | consent | cookiebot-verification=
KnowBe4 | security | knowbe4-site-verification=
1Password | security | 1password-site-verification=
LastPass | security | lastpass-verification-code=
Okta | sso | okta-verification= okta-domain-verification=
OneLogin | sso | onelogin-verification=
Keybase | security | keybase-site-verification=
Citrix | it service | citrix-verification-code= citrix.mobile.ads.otp=
TeamViewer | it service | teamviewer-sso-verification=
GitHub | development | github-verification=
GitLab | development | gitlab-pages-verification-code=
Postman | development | postman-domain-verification=
Docker | development | docker-verification=
MongoDB Atlas | data | mongodb-site-verification=
Databricks | data | databricks-domain-verification=
Snowflake | data | snowflake-domain-verification=
Heroku | hosting | heroku-domain-verification=
Fastly | cdn | fastly-domain-delegation-
Globalsign | security | globalsign-domain-verification= _globalsign-domain-verification=
Rippling | ats | rippling-domain-verification=
Ashby | ats | ashby-domain-verification=
Wrike | collaboration | wrike-verification=
Yandex | analytics | yandex-verification:
Shopify | ecommerce | shopify-verification-code=
Pinterest | ads | pinterest-site-verification=
TikTok | ads | tiktok-domain-verification=
OpenAI | ai | openai-domain-verification=
Anthropic | ai | anthropic-domain-verification-
Perplexity | ai | perplexity-ai-domain-verification=
Cursor | ai | cursor-domain-verification-
""")

_CNAME = _rules("""
Webflow | cms | webflow.com webflow.io
Squarespace | cms | squarespace.com
Wix | cms | wixdns.net wix.com
Shopify | ecommerce | myshopify.com shopify.com
BigCommerce | ecommerce | mybigcommerce.com bigcommerce.com
HubSpot CMS | cms | hubspot.net hs-sites.com hubspotpagebuilder.com sites.hubspot.net
Framer | cms | framer.app framer.website
Ghost | cms | ghost.io
WP Engine | hosting | wpengine.com wpenginepowered.com
Kinsta | hosting | kinsta.cloud kinstavalidation.app
Pantheon | hosting | pantheonsite.io
Netlify | hosting | netlify.app netlify.com netlifyglobalcdn.com
Vercel | hosting | vercel-dns.com vercel.app now.sh
GitHub Pages | hosting | github.io
Heroku | hosting | herokudns.com herokuapp.com
Render | hosting | onrender.com
Fly.io | hosting | fly.dev
Amazon CloudFront | cdn | cloudfront.net
Amazon Web Services | hosting | amazonaws.com awsglobalaccelerator.com elasticbeanstalk.com
Microsoft Azure | hosting | azurewebsites.net azurefd.net azureedge.net trafficmanager.net cloudapp.net azure.com
Google Cloud | hosting | googlehosted.com run.app appspot.com
Cloudflare | cdn | cdn.cloudflare.net pages.dev
Fastly | cdn | fastly.net fastlylb.net
Akamai | cdn | akamaiedge.net edgekey.net edgesuite.net akamai.net
Imperva | cdn | incapdns.net impervadns.net
Sucuri | cdn | sucuri.net
Unbounce | cms | unbouncepages.com
Instapage | cms | instapage.com pageserve.co
Pardot | marketing_automation | pardot.com
Marketo | marketing_automation | mktoweb.com mktossl.com
Oracle Eloqua | marketing_automation | en25.com eloqua.com
ActiveCampaign | marketing_automation | activehosted.com
Zendesk | helpdesk | zendesk.com
Freshworks | helpdesk | freshdesk.com freshservice.com
Intercom | chat | custom.intercom.help intercom.help
Help Scout | helpdesk | helpscoutdocs.com
Salesforce | crm | force.com salesforce.com salesforce-communities.com siteforce.com
Statuspage | helpdesk | stspg-customer.com statuspage.io
Instatus | helpdesk | instatus.com
Better Stack | monitoring | betteruptime.com
Atlassian | collaboration | atlassian.net
ReadMe | documentation | readme.io readmessl.com
GitBook | cms | gitbook.io gitbook.com
Mintlify | cms | mintlify-dns.com mintlify.app
Read the Docs | documentation | readthedocs.io
Greenhouse | ats | greenhouse.io
Lever | ats | lever.co
Teamtailor | ats | teamtailor.com
Recruitee | ats | recruitee.com
Personio | ats | personio.de personio.com
Workable | ats | workable.com
SmartRecruiters | ats | smartrecruiters.com
Phenom | ats | phenompeople.com
iCIMS | ats | icims.com
Jobvite | ats | jobvite.com
Moodle | learning | moodlecloud.com
""")

DNS_CATEGORIES: Mapping[str, str] = MappingProxyType(
    {rule.name: rule.category for rules in (_CNAME, _TXT, _SPF, _MX) for rule in rules}
)


def _by_suffix(rules: Iterable[_Rule]) -> Mapping[str, str]:
    return {mark: rule.name for rule in rules for mark in rule.marks}


_MX_BY, _SPF_BY, _CNAME_BY = _by_suffix(_MX), _by_suffix(_SPF), _by_suffix(_CNAME)


def dns_technologies(records: DomainRecords, domain: str) -> Iterator[Evidence]:
    """What the records of `domain` show, each technology once, the surest record first.

    Records that cannot be asked say nothing; where the first subdomain cannot be asked, the others are not.
    """
    seen: set[str] = set()
    for one in _all(records, domain):
        if one.name not in seen:
            seen.add(one.name)
            yield one


def _all(records: DomainRecords, domain: str) -> Iterator[Evidence]:
    hosts = records.mx(domain)
    for host in () if isinstance(hosts, Unknown) else hosts:
        if name := _named(host, _MX_BY, domain):
            yield Evidence(name, f"MX {host}", "mx", _TAKES)
    for label in SUBDOMAINS:
        chain = records.cname(f"{label}.{domain}")
        if isinstance(chain, Unknown):
            break
        for target in chain:
            if name := _named(target, _CNAME_BY, domain):
                yield Evidence(name, f"{label}.{domain} CNAME {target}", "cname", _LEADS)
    texts = records.txt(domain)
    if not isinstance(texts, Unknown):
        yield from _said_in_txt(texts[:MAX_TXT], domain)


def _said_in_txt(texts: Sequence[str], domain: str) -> Iterator[Evidence]:
    for text in texts:
        lowered = text.strip().lower()
        if lowered.startswith("v=spf1"):
            for word in lowered.split():
                target = word.lstrip("+?~-").partition(":")[2] if "include:" in word else ""
                target = target or (word.partition("=")[2] if word.startswith("redirect=") else "")
                if target and (name := _named(target, _SPF_BY, domain)):
                    yield Evidence(name, f"SPF include:{target}", "spf", _SENT_BY)
    for text in texts:
        lowered = text.strip().lower()
        for rule in _TXT:
            for mark in rule.marks:
                if lowered.startswith(mark):
                    yield Evidence(rule.name, f"TXT {mark}…", "txt", _PROVED)


def _named(host: str, by: Mapping[str, str], domain: str) -> str:
    """The technology whose mark is the longest end of `host` in whole labels; none for the domain's own names."""
    host = host.strip().rstrip(".").lower()
    if not _HOST.fullmatch(host) or host == domain or host.endswith(f".{domain}"):
        return ""
    while host:
        if host in by:
            return by[host]
        host = host.partition(".")[2]
    return ""
