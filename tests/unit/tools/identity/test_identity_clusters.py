"""Groups follow from the pairs, not from their order, and one wrong pair does not join two crowds."""

import random

from hypothesis import given
from hypothesis import strategies as st

from tools.identity.clusters import Link, cluster, one_to_one

COUNT = 12
LINKS = st.lists(
    st.tuples(st.integers(0, COUNT - 1), st.integers(0, COUNT - 1), st.integers(0, 100)).filter(lambda t: t[0] < t[1]),
    max_size=40,
    unique_by=lambda t: (t[0], t[1]),
).map(lambda found: [Link(a, b, p / 100) for a, b, p in found])
SOURCES = st.lists(st.sampled_from("abcd"), min_size=COUNT, max_size=COUNT)


@given(LINKS, SOURCES, st.integers(0, 10_000))
def test_the_order_of_the_pairs_does_not_matter(links: list[Link], sources: list[str], seed: int) -> None:
    shuffled = list(links)
    random.Random(seed).shuffle(shuffled)
    assert cluster(COUNT, links, threshold=0.5) == cluster(COUNT, shuffled, threshold=0.5)
    assert cluster(COUNT, links, threshold=0.5, sources=sources) == cluster(
        COUNT, shuffled, threshold=0.5, sources=sources
    )
    assert one_to_one(links, sources, threshold=0.5) == one_to_one(shuffled, sources, threshold=0.5)


@given(LINKS, SOURCES)
def test_no_source_stands_twice_in_a_group(links: list[Link], sources: list[str]) -> None:
    groups = cluster(COUNT, links, threshold=0.3, sources=sources, support=0.0)
    for group in set(groups):
        held = [sources[i] for i in range(COUNT) if groups[i] == group]
        assert len(held) == len(set(held))
        assert group == min(i for i in range(COUNT) if groups[i] == group)


@given(LINKS, SOURCES)
def test_a_record_has_one_partner_in_each_source(links: list[Link], sources: list[str]) -> None:
    kept = one_to_one(links, sources, threshold=0.2)
    ends = [(one.first, sources[one.second]) for one in kept] + [(one.second, sources[one.first]) for one in kept]
    assert len(ends) == len(set(ends))
    assert all(one.probability >= 0.2 for one in kept)


def test_one_pair_does_not_join_two_crowds() -> None:
    def crowd(start: int) -> list[Link]:
        return [Link(a, b, 0.99) for a in range(start, start + 4) for b in range(a + 1, start + 4)]

    bridge = Link(3, 4, 0.95)
    assert cluster(8, [*crowd(0), *crowd(4), bridge], threshold=0.9) == [0] * 4 + [4] * 4
    assert cluster(8, [*crowd(0), *crowd(4), bridge], threshold=0.9, support=0.0) == [0] * 8
    many = [Link(a, b, 0.95) for a in range(4) for b in range(4, 8)]
    assert cluster(8, [*crowd(0), *crowd(4), *many], threshold=0.9) == [0] * 8
