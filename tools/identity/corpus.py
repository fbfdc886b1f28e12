"""The mentions of companies that are compared with each other, read once, and what is common among them.

Equal names mean much where the name is rare and little where many firms bear it, and two accelerators share few firms
while two lists of employers share many. Both are counted here, from the mentions themselves and without labels.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations

from tools.identity.name_index import NameIndex
from tools.identity.normal_forms import CompanyName, company_name
from tools.identity.places import Places, places
from tools.names import plain


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_LINK = re.compile(r"(?:https?://|www\.)\S+|\]\([^)]*\)")  # an address in a description would give the domain away
_WORD = re.compile(r"[^\W\d_]{3,}")
_STOP = _words(
    """
    and are for from has have its our that the their them they this through was which who will with you your all any
    can more most not one out over than use uses using used help helps helping make makes making provide provides
    based build building builds company companies platform startup world worldwide people new leading first into
    about best better like via per were been being also how what when where while
    """
)
_STEM = 6  # letters: enough to join "payment" and "payments", short enough to be cheap
_MAX_TEXT = 1_500  # characters of a description that are read
_MANY = 50  # mentions of one name: beyond it the name is no name ("Stealth")
# Of two companies of one source, how often they have the same name: 55 of 4,199² / 2 in the largest list at hand.
_NAMESAKES = 6e-6
_BACKGROUND = 1_000  # mentions: what two of a handful share is not common for that
_FEW = 3.0  # shared names that two sources are thought to have of either sort before any is counted
_MOST_READS = 50_000  # kept, some 100 MB
_ENOUGH = 500  # records of a source before its own namesakes are counted instead


@dataclass(frozen=True, slots=True)
class Mention:
    """What one source says of one company. `source` and `key` name the record."""

    source: str
    key: str
    name: str
    location: str = ""  # "San Francisco, CA, USA; Remote"
    description: str = ""
    industry: str = ""
    founded_year: int | None = None
    domain: str | None = None  # registrable; None where it has none that identifies (tools.domains)
    aliases: tuple[str, ...] = ()  # domains that lead to it: redirects that were followed


@dataclass(frozen=True, slots=True)
class Read:
    mention: Mention
    name: CompanyName
    places: Places
    words: frozenset[str]  # stems of what describes it
    spoken: frozenset[str]  # the words as they stand


def read(mention: Mention) -> Read:
    text = plain(_LINK.sub(" ", f"{mention.description[:_MAX_TEXT]} {mention.industry[:200]}"))
    spoken = frozenset(_WORD.findall(text))
    words = frozenset(word[:_STEM] for word in spoken if word not in _STOP)
    return Read(mention, company_name(mention.name), places(mention.location), words, spoken)


Reads = dict[Mention, Read]  # what was read before, for a caller that makes one corpus after the other


def _read_once(mention: Mention, before: Reads | None) -> Read:
    if before is None:
        return read(mention)
    if (found := before.get(mention)) is None:
        if len(before) >= _MOST_READS:
            before.clear()
        found = before[mention] = read(mention)
    return found


class Corpus:
    def __init__(self, mentions: Iterable[Mention], before: Reads | None = None) -> None:
        """`before`: mentions that stand in it are not read again, and those that are read are added to it."""
        self.reads = [_read_once(mention, before) for mention in mentions]
        self.index = NameIndex(r.name for r in self.reads)
        self._words: Counter[str] = Counter(word for r in self.reads for word in r.words)
        self._spoken: Counter[str] = Counter()
        self._cities: Counter[str] = Counter(city for r in self.reads for city in r.places.cities)
        self._sources: Counter[str] = Counter(r.mention.source for r in self.reads)
        self._by_core: dict[str, list[int]] = defaultdict(list)
        self._by_key: dict[str, list[int]] = defaultdict(list)
        for position, r in enumerate(self.reads):
            self._by_core["".join(r.name.core)].append(position)
            self._by_key[r.name.key].append(position)
            # Its own name in its own description says nothing of how common the word is; one word of several does.
            self._spoken.update(r.spoken.difference(r.name.tokens))
            if len(r.name.core) > 1:
                self._spoken.update(r.name.tokens)
        self._overlaps = self._count_overlaps()

    def candidates(
        self, within: frozenset[str] = frozenset(), *, of: Iterable[int] | None = None
    ) -> list[tuple[int, int]]:
        """Pairs of positions that share something rare in their names, in order: of different sources, or of one of
        the sources in `within`. `of`: only pairs with at least one of these positions."""
        pairs = set()
        for position in range(len(self.reads)) if of is None else of:
            r = self.reads[position]
            source = r.mention.source
            for other in self.index.namesakes(r.name):
                if other != position and (source in within or self.reads[other].mention.source != source):
                    pairs.add((min(position, other), max(position, other)))
        return sorted(pairs)

    def near(self, asked: Read) -> list[int]:
        return sorted(self.index.namesakes(asked.name))

    def likeness(self, first: Read, second: Read) -> float:
        """Cosine 0–1 of what describes them, by the rarity of words, their names left out."""
        own = {token[:_STEM] for token in (*first.name.tokens, *second.name.tokens)}
        a, b = first.words - own, second.words - own
        norm = math.sqrt(self._norm(a) * self._norm(b))
        return self._norm(a & b) / norm if norm else 0.0

    def spoken(self, token: str) -> int:
        """In how many other mentions the word is used."""
        return self._spoken[token]

    def city_weight(self, cities: Iterable[str]) -> float:
        """How rare the rarest of these cities is, in nats; 0 for none."""
        count = max(len(self.reads), _BACKGROUND)
        return max((math.log(count / max(1, self._cities[city])) for city in cities), default=0.0)

    def namesakes(self, first: Read, second: Read) -> int:
        """How often one source has this name again."""
        of = {*self._by_core.get("".join(first.name.core), ()), *self._by_core.get("".join(second.name.core), ())}
        sources = Counter(self.reads[position].mention.source for position in of)
        if first.mention.source == second.mention.source:
            sources[first.mention.source] -= 1  # the two themselves
        return max(sources.values(), default=1) - 1

    def overlap(self, first: str, second: str) -> float:
        """ln of how many shared names of two sources are one company to how many are chance. Unknown: 0."""
        return self._overlaps.get((min(first, second), max(first, second)), 0.0)

    def _norm(self, words: Iterable[str]) -> float:
        total = 1 + max(len(self.reads), _BACKGROUND)
        return sum(math.log(total / (1 + self._words[word])) ** 2 for word in words)

    def _count_overlaps(self) -> Mapping[tuple[str, str], float]:
        """Chance is how often a source without doubles shares a name with itself."""
        shared: Counter[tuple[str, str]] = Counter()
        for positions in self._by_key.values():
            if len(positions) <= _MANY:
                for a, b in combinations([self.reads[position].mention.source for position in positions], 2):
                    shared[min(a, b), max(a, b)] += 1
        within = [(shared[s, s] + 1) / (n * n / 2) for s, n in self._sources.items() if n >= _ENOUGH]
        chance = max(within, default=_NAMESAKES)
        overlaps = {}
        for a, b in combinations(sorted(self._sources), 2):
            expected = chance * self._sources[a] * self._sources[b]
            overlaps[a, b] = math.log((max(shared[a, b] - expected, 0) + _FEW) / (expected + _FEW))
        return overlaps
