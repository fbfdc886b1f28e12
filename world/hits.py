"""Who asks for the links of a mail, with the hidden truth of each: people at their desks and phones, and machines.

Each kind of machine behaves as its makers and those who suffer it describe: what it asks for, how fast, from where and
as whom. Nothing here is taken from the rules that are measured with it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from world.chance import Chance

GATEWAY, SANDBOX, PREFETCHER, IMAGE_PROXY, IMITATOR = "gateway", "sandbox", "prefetcher", "image_proxy", "imitator"
HEAD_CHECKER, ON_PREMISES, RESIDENTIAL = "head_checker", "on_premises", "residential"
# RESIDENTIAL is not among them: from a hit alone nobody can tell it from a person. It is measured apart.
MACHINES = (GATEWAY, SANDBOX, PREFETCHER, IMAGE_PROXY, IMITATOR, HEAD_CHECKER, ON_PREMISES)


@dataclass(frozen=True, slots=True)
class WorldHit:
    mail: int
    company: int
    at: datetime
    link: int  # -1: the trap, or the image
    trap: bool
    image: bool
    method: str
    address: str
    agent: str
    headers: dict[str, str]
    human: bool  # the truth
    kind: str  # "person", or a kind of machine


@dataclass(frozen=True, slots=True)
class WorldMail:
    number: int
    company: int
    links: int
    delivered_at: datetime
    hits: list[WorldHit] = field(default_factory=list)


_DESKTOPS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{v}.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{v}.0.0.0 Safari/537.36"
    " Edg/{v}.0.0.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{v}.0.0.0"
    " Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/{s}"
    " Safari/605.1.15",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:{f}.0) Gecko/20100101 Firefox/{f}.0",
)
_PHONES = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/{s}"
    " Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{v}.0.0.0 Mobile"
    " Safari/537.36",
    "Mozilla/5.0 (Linux; Android 13; SM-S911B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/24.0"
    " Chrome/{v}.0.0.0 Mobile Safari/537.36",
)
# A few per hundred read in something that no list of browsers knows.
_ODD = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148"
    " Snapchat/12.8",
    "Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko",
)
_LANGUAGES = ("en-US,en;q=0.9", "de-DE,de;q=0.9,en;q=0.7", "fr-FR,fr;q=0.8", "en-GB,en;q=0.9", "nl,en;q=0.8")
_PAGE = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"


class Correspondence:
    """Mails to many companies, each with what its readers and its machines do. The same seed gives the same log."""

    def __init__(self, seed: int, begins: datetime, machines: Sequence[str]) -> None:
        self._chance = Chance(seed)
        self._begins = begins
        self._machines = tuple(machines)

    def mails(self, count: int, companies: int = 60) -> Iterator[WorldMail]:
        for number in range(count):
            rng = self._chance.rng("mail", number)
            company = rng.randrange(companies)
            minutes = rng.uniform(0, 60 * 24 * 20)
            mail = WorldMail(number, company, rng.choice((1, 2, 2, 3, 4)), self._begins + timedelta(minutes=minutes))
            guards = self._guards(company)
            for kind in guards:
                getattr(self, f"_{kind}")(self._chance.rng(kind, number), mail)
            if rng.random() < 0.45:
                self._person(self._chance.rng("person", number), mail, behind=ON_PREMISES in guards)
            mail.hits.sort(key=lambda hit: (hit.at, hit.link))
            yield mail

    def _guards(self, company: int) -> list[str]:
        """What a company's mail runs through: most have one machine, some none, some two."""
        rng = self._chance.rng("guards", company)
        count = rng.choices((0, 1, 2), (0.3, 0.5, 0.2))[0]
        return rng.sample(self._machines, min(count, len(self._machines)))

    # ---- people

    def _person(self, rng: Random, mail: WorldMail, *, behind: bool) -> None:
        """Hours later mostly, sometimes within a minute; one link or two, in any order; now and then one twice."""
        phone = rng.random() < 0.35
        agent = rng.choice(_PHONES if phone else _DESKTOPS) if rng.random() > 0.02 else rng.choice(_ODD)
        agent = agent.format(v=rng.randint(118, 131), s=rng.choice(("17.5", "16.6", "15.6")), f=rng.randint(115, 132))
        address = self._office(mail.company) if behind and not phone else self._home(rng)
        wait = rng.lognormvariate(8.2, 1.9)  # half within an hour, a tail of days, a few in seconds
        at = mail.delivered_at + timedelta(seconds=max(4.0, wait))
        if rng.random() < 0.6:
            self._hit(mail, at - timedelta(seconds=2), address, agent, {"accept": "image/avif,image/webp,*/*;q=0.8"},
                      human=True, kind="person", image=True)  # fmt: skip
        headers = _browser(rng, agent, gesture=True)
        for nth, link in enumerate(rng.sample(range(mail.links), min(mail.links, rng.choices((1, 2), (0.8, 0.2))[0]))):
            at += timedelta(seconds=rng.lognormvariate(3.4, 0.8) if nth else 0)
            self._hit(mail, at, address, agent, headers, human=True, kind="person", link=link)
            if rng.random() < 0.06:
                again = at + timedelta(seconds=rng.uniform(0.3, 40))
                self._hit(mail, again, address, agent, headers, human=True, kind="person", link=link)

    # ---- machines

    def _gateway(self, rng: Random, mail: WorldMail) -> None:
        """Opens every address in the source within seconds of taking the mail, several workers at once."""
        agent = rng.choice((_DESKTOPS[0].format(v=rng.randint(79, 110), s="", f=""), "", "Mozilla/5.0"))
        start = mail.delivered_at + timedelta(seconds=rng.uniform(0.2, 25))
        for link in _shuffled(rng, [*range(mail.links), -1]):
            address = rng.choice(("67.231.152.", "148.163.140.", "40.94.28.", "209.222.82.")) + str(rng.randint(2, 250))
            at = start + timedelta(seconds=rng.uniform(0, 3))
            self._hit(mail, at, address, agent, {"accept": "*/*"}, kind=GATEWAY, link=link)

    def _sandbox(self, rng: Random, mail: WorldMail) -> None:
        """A browser in a data centre, minutes to hours later: follows what stands in the source, one by one."""
        agent = _DESKTOPS[0].format(v=rng.randint(96, 124), s="", f="")
        headers = _browser(rng, agent, gesture=False)
        address = rng.choice(("52.19.44.", "34.91.17.", "20.73.8.", "185.220.77.", "193.34.12.")) + str(
            rng.randint(2, 250)
        )
        at = mail.delivered_at + timedelta(seconds=rng.lognormvariate(6.5, 1.2))
        for link in [*range(mail.links), -1]:
            if link == -1 and rng.random() < 0.2:
                continue
            self._hit(mail, at, address, agent, headers, kind=SANDBOX, link=link)
            at += timedelta(seconds=rng.uniform(1, 25))

    def _prefetcher(self, rng: Random, mail: WorldMail) -> None:
        """A mail program or proxy that loads pages ahead of the reader; honest about it more often than not."""
        agent = _DESKTOPS[1].format(v=rng.randint(110, 128), s="", f="")
        headers = _browser(rng, agent, gesture=False)
        honest = rng.random() < 0.8
        if honest:
            headers["sec-purpose"] = "prefetch;anonymous-client-ip"
        headers["sec-fetch-mode"], headers["sec-fetch-dest"] = "no-cors", "empty"
        at = mail.delivered_at + timedelta(seconds=rng.lognormvariate(8.0, 1.5))
        for link in range(mail.links):
            address = f"193.56.{rng.randint(1, 3)}.{rng.randint(2, 250)}"
            self._hit(
                mail, at + timedelta(seconds=rng.uniform(0, 2)), address, agent, headers, kind=PREFETCHER, link=link
            )

    def _image_proxy(self, rng: Random, mail: WorldMail) -> None:
        """Loads images for everybody, opened or not, through relays (as Apple's privacy protection and Google do)."""
        agent = rng.choice(("Mozilla/5.0", "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com "
                            "GoogleImageProxy)"))  # fmt: skip
        address = rng.choice(("17.58.101.", "66.249.84.", "172.226.40.")) + str(rng.randint(2, 250))
        at = mail.delivered_at + timedelta(seconds=rng.lognormvariate(5, 2))
        self._hit(mail, at, address, agent, {"accept": "image/*"}, kind=IMAGE_PROXY, image=True)

    def _imitator(self, rng: Random, mail: WorldMail) -> None:
        """Wants to pass as a person: a real browser, every header, pauses, some links only. It reads the source, so
        the link that nobody sees is one like the others to it, unless it looks at what is drawn."""
        agent = rng.choice(_DESKTOPS).format(v=rng.randint(118, 131), s="17.5", f=rng.randint(120, 132))
        headers = _browser(rng, agent, gesture=True)
        network = rng.choice(("45.83.12.", "45.83.13.", "91.199.40.", "3.122.9.", "146.70.33."))
        address = network + str(rng.randint(2, 250))
        at = mail.delivered_at + timedelta(seconds=rng.uniform(15, 5_400))
        choices = [*range(mail.links)] if rng.random() < 0.3 else [*range(mail.links), -1]
        for link in rng.sample(choices, rng.randint(1, len(choices))):
            self._hit(mail, at, address, agent, headers, kind=IMITATOR, link=link)
            at += timedelta(seconds=rng.uniform(2, 45))

    def _residential(self, rng: Random, mail: WorldMail) -> None:
        """A whole browser behind the line of somebody's home, that looks at what is drawn and takes one link."""
        agent = rng.choice(_DESKTOPS).format(v=rng.randint(120, 131), s="17.5", f=rng.randint(120, 132))
        at = mail.delivered_at + timedelta(seconds=rng.uniform(40, 20_000))
        headers = _browser(rng, agent, gesture=True)
        self._hit(mail, at, self._home(rng), agent, headers, kind=RESIDENTIAL, link=rng.randrange(mail.links))

    def _head_checker(self, rng: Random, mail: WorldMail) -> None:
        """Asks whether pages are there."""
        agent = _DESKTOPS[0].format(v=rng.randint(90, 120), s="", f="")
        at = mail.delivered_at + timedelta(seconds=rng.uniform(5, 900))
        for link in range(mail.links):
            address = f"80.12.40.{rng.randint(2, 250)}"
            self._hit(mail, at, address, agent, {"accept": "*/*"}, kind=HEAD_CHECKER, link=link, method="HEAD")
            at += timedelta(seconds=rng.uniform(0.1, 9))

    def _on_premises(self, rng: Random, mail: WorldMail) -> None:
        """A box in the company's own rack: it looks at a mail at once, from the address that the people have too."""
        agent = _DESKTOPS[0].format(v=rng.randint(100, 120), s="", f="")
        at = mail.delivered_at + timedelta(seconds=rng.uniform(1, 90))
        for link in [*range(mail.links), -1]:
            self._hit(mail, at, self._office(mail.company), agent, _browser(rng, agent, gesture=False),
                      kind=ON_PREMISES, link=link)  # fmt: skip
            at += timedelta(seconds=rng.uniform(0.1, 4))

    # ---- where they are

    def _office(self, company: int) -> str:
        rng = self._chance.rng("office", company)
        return f"195.{rng.randint(10, 90)}.{rng.randint(0, 255)}.{rng.randint(2, 250)}"

    def _home(self, rng: Random) -> str:
        if rng.random() < 0.015:  # behind a VPN, which leaves the net in a data centre
            return f"146.70.{rng.randint(0, 255)}.{rng.randint(2, 250)}"
        if rng.random() < 0.1:
            return f"2a02:8109:{rng.randint(1, 0xFFFF):x}::{rng.randint(1, 0xFFFF):x}"
        first = rng.choice((79, 84, 92, 109, 176, 217))
        return f"{first}.{rng.randint(1, 250)}.{rng.randint(0, 255)}.{rng.randint(2, 250)}"

    def _hit(
        self,
        mail: WorldMail,
        at: datetime,
        address: str,
        agent: str,
        headers: dict[str, str],
        *,
        kind: str,
        link: int = -1,
        human: bool = False,
        image: bool = False,
        method: str = "GET",
    ) -> None:
        trap = link == -1 and not image
        mail.hits.append(
            WorldHit(mail.number, mail.company, at, link, trap, image, method, address, agent, headers, human, kind)
        )


def _browser(rng: Random, agent: str, *, gesture: bool) -> dict[str, str]:
    """What a browser sends when it goes to a page, over https."""
    headers = {"accept": _PAGE, "accept-language": rng.choice(_LANGUAGES), "accept-encoding": "gzip, deflate, br"}
    if "Version/15" in agent or "Trident" in agent or "Snapchat" in agent:
        return headers
    headers |= {"sec-fetch-mode": "navigate", "sec-fetch-dest": "document", "sec-fetch-site": "none"}
    if gesture:
        headers["sec-fetch-user"] = "?1"
        headers["sec-fetch-site"] = rng.choice(("none", "cross-site"))
    return headers


def _shuffled(rng: Random, links: list[int]) -> list[int]:
    rng.shuffle(links)
    return links
