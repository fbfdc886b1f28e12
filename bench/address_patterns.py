"""How often an address is guessed exactly: each known one is hidden in turn, and guessed from the rest of its domain.

    python -m bench.address_patterns PATH      # lines of "Name <address> <other address> …", as in a .mailmap

The commonest single shape everywhere ("first.last") and the commonest of each domain stand beside it.
"""

import re
import sys
from collections import Counter, defaultdict
from pathlib import Path

from scoring.address_patterns import SHAPES, UNKNOWN_HABITS, guess_locals, learn_habits
from tools.domains import FREE_MAIL

_ADDRESS = re.compile(r"<([^<>@\s]+)@([^<>@\s]+)>")


def read(path: Path) -> dict[str, list[tuple[str, str]]]:
    """domain → (name, local part), without free-mail providers; each pair once."""
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for line in path.read_text(encoding="utf-8").splitlines():
        name = line.partition("<")[0].strip()
        for local, domain in _ADDRESS.findall(line):
            pair = (name, local.lower())
            if name and domain.lower() not in FREE_MAIL and pair not in found[domain.lower()]:
                found[domain.lower()].append(pair)
    return found


def main(path: Path) -> None:
    domains = read(path)
    total = sum(map(len, domains.values()))
    hits: Counter[str] = Counter()
    expected = 0.0
    for people in domains.values():
        for hidden in people:
            name, local = hidden
            guesses = guess_locals(name, learn_habits(pair for pair in people if pair != hidden))
            alone = guess_locals(name, UNKNOWN_HABITS)
            hits["the first guess"] += bool(guesses) and guesses[0].local == local
            hits["among three guesses"] += any(guess.local == local for guess in guesses[:3])
            hits["the usual shapes alone, nothing learned"] += bool(alone) and alone[0].local == local
            expected += guesses[0].chance if guesses else 0.0
            if len(people) > 1:
                hits["_several"] += 1
                hits["the first guess, where the domain has another address"] += (
                    bool(guesses) and guesses[0].local == local
                )
    print(f"{total} addresses at {len(domains)} domains, {len(SHAPES)} shapes")
    for what, count in sorted(hits.items()):
        if not what.startswith("_"):
            of = hits["_several"] if "where" in what else total
            print(f"  {count / of:6.1%}  {what} ({count} of {of})")
    print(f"  {expected / total:6.1%}  what the first guesses were said to be worth (calibration)")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
