"""Whether two sources speak of the same company: what speaks for it, how likely it is, and why.

The probability is a logistic function of few features, each of which is a sentence that a person can check. The
coefficients were fitted once (`python -m bench.identity fit`, docs/decisions/0017-identity.md) and are data here. The
domain is not among them: `judge` says afterwards, by rule, what two domains prove.
"""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from tools.identity.clusters import Link, cluster, one_to_one
from tools.identity.corpus import Corpus, Mention, Read, read
from tools.identity.name_index import NameIndex
from tools.identity.normal_forms import company_name
from tools.identity.places import closeness

# Fitted on the part of the lists of bench.identity_sets, ridge 5; in nats a unit of the feature.
COEFFICIENTS: Mapping[str, float] = {
    "same_core": -1.396,
    "similarity": 16.571,
    "length": 1.063,
    "common_word": -2.420,
    "same_words": 13.771,
    "apart": -0.749,
    "city": 5.677,
    "overlap": 0.871,
    "rivals": -1.358,
}
INTERCEPT = -16.891

# Between what dev asks for by recall (0.85 at 0.5) and by precision (0.90 at 0.6).
LIKELY = 0.55
GREY = 0.2  # below it fewer than one pair in ten was right on dev: not worth a person's look

# By rule, in nats or as bounds: what the lists above cannot teach, because their domains are the labels.
SAME_DOMAIN = 0.995  # a domain has one owner; what is left is a wrong entry
_OTHER_DOMAIN = -2.5  # same name, another owner's site: mostly another firm
OTHER_DOMAIN_AT_MOST = 0.85  # two sites: a person decides, whatever else agrees
_SAME_YEAR, _OTHER_YEAR = 0.7, -1.5  # chosen, not measured; a year off by one says nothing
_MAX_YEARS_OFF = 1
_WORTH_SAYING = 0.3  # nats: less changes no decision
_FIRST = 50.0  # the name is told before everything but the domain
_ALIKE = 0.6
_LONG = 14  # letters: a longer name is hardly ever another firm's by chance


@dataclass(frozen=True, slots=True)
class Judgement:
    probability: float
    reasons: tuple[str, ...]  # what spoke for and against, the strongest first


@dataclass(frozen=True, slots=True)
class Match:
    first: int  # positions in the corpus
    second: int
    judgement: Judgement


def features(corpus: Corpus, first: Read, second: Read) -> dict[str, float]:
    """Of one pair; symmetric. A thing that is not known is 0, its own flag says so where that matters."""
    a, b = first.name, second.name
    short = min(a, b, key=lambda name: (len(name.tokens), name.tokens))
    same_name = a.key == b.key
    same_core = "".join(a.core) == "".join(b.core)
    described = bool(first.words and second.words)
    near = closeness(first.places, second.places)
    rivals = corpus.namesakes(first, second)
    return {
        "same_core": float(same_core and not same_name),
        "similarity": 1.0 if same_core else corpus.index.similarity(a, b),
        "length": min(_LONG, len(a.key), len(b.key)) / 10,
        "common_word": math.log1p(min((corpus.spoken(token) for token in short.core), default=0)) / 10,
        "same_words": corpus.likeness(first, second) if described else 0.0,
        "apart": float(near == "apart"),
        "city": corpus.city_weight(first.places.cities & second.places.cities) / 10,
        "overlap": corpus.overlap(first.mention.source, second.mention.source),
        "rivals": math.log1p(rivals),
    }


_SAYS: Mapping[str, tuple[str, str]] = {  # feature → what it is called when it speaks for, and against
    "same_core": ("", ""),
    "similarity": ("", ""),
    "length": ("", ""),
    "common_word": ("", "the name is an everyday word"),
    "same_words": ("the descriptions share rare words", ""),
    "apart": ("", "they are in different places"),
    "city": ("they are in the same city", ""),
    "overlap": ("the two sources share many companies", "the two sources share few companies"),
    "rivals": ("", "other companies of one source have this name"),
}


def judge(corpus: Corpus, first: Read, second: Read) -> Judgement:
    """How likely two mentions are one company. Symmetric; deterministic."""
    found = features(corpus, first, second)
    said = []
    odds = INTERCEPT
    if found["similarity"] == 1:
        found_words = (
            "the names are equal" if not found["same_core"] else "the names are equal but for words like “Labs”"
        )
        said.append((_FIRST, found_words))
    elif found["similarity"] >= _ALIKE:
        said.append((_FIRST, "the names are alike"))
    for name, value in found.items():
        weight = COEFFICIENTS[name] * value
        odds += weight
        words = _SAYS[name][weight < 0]
        if words and abs(weight) >= _WORTH_SAYING:
            said.append((abs(weight), words))
    years = (first.mention.founded_year, second.mention.founded_year)
    if years[0] is not None and years[1] is not None:
        off = abs(years[0] - years[1])
        if off == 0 or off > _MAX_YEARS_OFF:
            odds += _SAME_YEAR if off == 0 else _OTHER_YEAR
            said.append((1.0, "founded in the same year" if off == 0 else "founded in different years"))
    relation = domains_say(first.mention, second.mention)
    if relation == "different":
        odds += _OTHER_DOMAIN
    probability = 1 / (1 + math.exp(-max(-60.0, min(60.0, odds))))
    if relation == "same":
        probability = max(probability, SAME_DOMAIN)
        said.append((99.0, "they have the same domain, or one leads to the other"))
    elif relation in ("different", "same_label"):
        probability = min(probability, OTHER_DOMAIN_AT_MOST)
        words = "their domains differ in the ending only" if relation == "same_label" else "their domains differ"
        said.append((_FIRST + 1, words))
    return Judgement(probability, tuple(words for _, words in sorted(said, key=lambda s: (-s[0], s[1]))))


def domains_say(first: Mention, second: Mention) -> str:
    """same (or an alias: a redirect that was followed), same_label (acme.com, acme.io), different, unknown."""
    ours = {first.domain, *first.aliases} - {None}
    theirs = {second.domain, *second.aliases} - {None}
    if not ours or not theirs:
        return "unknown"
    if ours & theirs:
        return "same"
    labels = {str(domain).partition(".")[0] for domain in ours} & {str(domain).partition(".")[0] for domain in theirs}
    return "same_label" if labels else "different"


def match(
    mentions: Sequence[Mention], *, threshold: float = LIKELY, within: frozenset[str] = frozenset()
) -> list[Match]:
    """Pairs of mentions that are one company, each with at most one partner in each other source; where A is B and B is
    C, A and C as well, whatever they say by themselves.

    `within`: sources that may hold a company twice (a list somebody keeps by hand); their own pairs are looked at too
    and may be many. The result does not depend on the order of the mentions.
    """
    ordered = sorted(mentions, key=lambda mention: (mention.source, mention.key))
    corpus = Corpus(ordered)
    place = {(mention.source, mention.key): position for position, mention in enumerate(mentions)}
    judged: dict[tuple[int, int], Judgement] = {}
    for a, b in corpus.candidates(within):
        judgement = judge(corpus, corpus.reads[a], corpus.reads[b])
        if judgement.probability >= threshold:
            judged[a, b] = judgement
    sources = [f"{m.source}|{m.key}" if m.source in within else m.source for m in ordered]
    kept = one_to_one([Link(a, b, j.probability) for (a, b), j in judged.items()], sources, threshold=threshold)
    # Each kept pair is a group's only link to a source, so one is support enough.
    groups = cluster(len(ordered), kept, threshold=threshold, sources=sources, support=0.0)
    members: dict[int, list[int]] = defaultdict(list)
    for position, group in enumerate(groups):
        members[group].append(position)
    back = [place[m.source, m.key] for m in ordered]
    found = []
    for together in members.values():
        for a, b in combinations(together, 2):
            judgement = judged.get((a, b)) or judge(corpus, corpus.reads[a], corpus.reads[b])
            found.append(Match(back[a], back[b], judgement))
    return found


class CompanyResolver:
    """Finds, for one mention, the companies it may mean, among many that are known, in a few milliseconds."""

    def __init__(self, mentions: Sequence[Mention]) -> None:
        self.corpus = Corpus(mentions)

    def resolve(self, mention: Mention, limit: int = 5) -> list[Match]:
        """The likeliest first; `first` is -1 (the asked one), `second` the position of a known one."""
        asked = read(mention)
        found = [
            Match(-1, position, judge(self.corpus, asked, self.corpus.reads[position]))
            for position in self.corpus.near(asked)
        ]
        return sorted(found, key=lambda m: (-m.judgement.probability, m.second))[:limit]


def best_names(names: Sequence[str], wanted: Sequence[str]) -> list[int | None]:
    """For each wanted name the position of the most similar one: a list of names looked up in a register."""
    index = NameIndex(company_name(name) for name in names)
    return [found[0].position if (found := index.best(company_name(name), 1)) else None for name in wanted]
