"""One among many that are known: a company resolved against 50,000, 50,000 people searched for doubles, and what the
pages of an import cost.

    python -m bench.known

Each line is a process of its own. Seconds are of the processor, so that other work beside does not count; the names are
those of the labelled lists and of registrants, and the rest made of their words in new pairs.
"""

import argparse
import random
import resource
import subprocess
import sys
import time
from statistics import quantiles

from bench import identity_sets as sets
from bench.report import Line, print_lines
from tools.identity import people
from tools.identity.companies import CompanyResolver
from tools.identity.corpus import Corpus, Mention, Reads

KNOWN = 50_000
_ASKED = 1_000
_PAGE = 1_000
_SEED = 20261121
_CITIES = ("Berlin, Germany", "Austin, TX, USA", "Oslo, Norway", "Lyon, France", "Leeds, United Kingdom", "")
_GIVEN = ("Ada", "Grace", "Joan", "Hedy", "Alan", "Edsger", "Donald", "Barbara", "Frances", "Radia", "Dennis", "Anita")


def mentions(count: int = KNOWN) -> list[Mention]:
    chance = random.Random(_SEED)
    found = list(sets.companies().mentions)
    names, ciks, _ = sets.registrants()
    found += [Mention("sec", str(cik), name) for name, cik in zip(names, ciks, strict=True)]
    words = sorted({word for m in found for word in m.name.split() if len(word) > 2})
    texts = [m.description for m in found if m.description]
    while len(found) < count:
        name = f"{chance.choice(words)} {chance.choice(words)}"
        made = Mention("made", str(len(found)), name, chance.choice(_CITIES), chance.choice(texts))
        found.append(made)
    return found[:count]


def _resolve() -> str:
    known = mentions()
    start = time.process_time()
    resolver = CompanyResolver(known)
    built = time.process_time() - start
    chance = random.Random(_SEED)
    took = []
    for one in chance.sample(known, _ASKED):
        asked = Mention("asked", "1", f"{one.name} Inc", one.location, one.description)
        start = time.process_time()
        resolver.resolve(asked)
        took.append((time.process_time() - start) * 1000)
    cuts = quantiles(took, n=100)
    return f"p50 {cuts[49]:.2f} ms, p95 {cuts[94]:.2f} ms, p99 {cuts[98]:.2f} ms | read in {built:.1f} s"


def _people() -> str:
    chance = random.Random(_SEED)
    family = sorted(
        {word for m in sets.companies().mentions for word in m.name.split() if word.isalpha() and len(word) > 3}
    )
    found = []
    while len(found) < KNOWN:
        company = str(chance.randrange(KNOWN // 5))
        given, last = chance.choice(_GIVEN), chance.choice(family)
        mail = f"{given}.{last}@c{company}.example".lower()
        found.append(people.Person(f"{given} {last}", mail, "", company, "Head of Sales"))
        if chance.random() < 0.1:  # the same person from a second list
            told = chance.choice([(f"{given[0]}. {last}", mail), (f"{given} {last}", ""), (f"{last}, {given}", "")])
            found.append(people.Person(*told, "", company, "Sales lead"))
    start = time.process_time()
    pairs = people.duplicates(found)
    return f"{len(pairs):,} pairs | {time.process_time() - start:.1f} s"


def _pages() -> str:
    """An import of ten pages behind 10,000 namesakes: a corpus read anew and searched whole for each page, against one
    whose names are read once and that is searched for the page's companies."""
    known = mentions()
    within, spent, found = frozenset({"made"}), [0.0, 0.0], [0, 0]
    reads = Reads()
    Corpus(known[: 10 * _PAGE], reads)  # read at the first page, in both
    for end in range(11 * _PAGE, 21 * _PAGE, _PAGE):
        page = range(end - _PAGE, end)
        start = time.process_time()
        wanted = set(page)
        every = [pair for pair in Corpus(known[:end]).candidates(within) if wanted & set(pair)]
        spent[0] += time.process_time() - start
        start = time.process_time()
        only = Corpus(known[:end], reads).candidates(within, of=page)
        spent[1] += time.process_time() - start
        assert only == every
        found = [found[0] + len(every), found[1] + len(only)]
    return f"{found[1]:,} pairs | {spent[0]:.1f} s, then {spent[1]:.1f} s: {spent[0] / spent[1]:.1f} ×"


_PARTS = {"resolve": _resolve, "people": _people, "pages": _pages}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.known", description=__doc__)
    parser.add_argument("part", nargs="?", choices=sorted(_PARTS))
    part = parser.parse_args().part
    if part:
        said = _PARTS[part]()
        print(f"{said} | {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MiB")
        return
    lines = []
    for name in _PARTS:
        asked = [sys.executable, "-m", "bench.known", name]
        lines.append(Line(name, subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()))
    print_lines("One among many that are known", lines)


if __name__ == "__main__":
    main()
