"""Pages of one import: each name is read once, and only pairs with somebody of the page are looked at."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.identity import corpus as module
from tools.identity.corpus import Corpus, Mention, Reads

WORDS = st.sampled_from(["Tern", "Robotics", "Acme", "Labs", "Nordic", "Freight", "GmbH"])
NAMES = st.lists(st.lists(WORDS, min_size=1, max_size=3).map(" ".join), min_size=2, max_size=20)


def mentions(names: list[str]) -> list[Mention]:
    return [Mention("ab"[n % 2], str(n), name) for n, name in enumerate(names)]


@given(NAMES, st.data())
def test_pairs_of_a_page_are_those_of_all_that_hold_one_of_it(names: list[str], data: st.DataObject) -> None:
    corpus = Corpus(mentions(names))
    page = data.draw(st.sets(st.integers(0, len(names) - 1)))
    within = frozenset({"a"})
    assert corpus.candidates(within, of=page) == [p for p in corpus.candidates(within) if page & set(p)]


def test_what_was_read_is_not_read_again_and_says_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    read, asked = module.read, list[str]()

    def counted(mention: Mention) -> module.Read:
        asked.append(mention.key)
        return read(mention)

    monkeypatch.setattr(module, "read", counted)
    of, reads = mentions(["Tern Robotics", "Tern Robots", "Acme", "Acme Labs"]), Reads()
    Corpus(of[:3], reads)
    again = Corpus(of, reads)
    assert asked == ["0", "1", "2", "3"]
    assert again.reads == Corpus(of).reads
