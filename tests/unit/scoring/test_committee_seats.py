"""Seats of a committee: who holds which, what would fill the empty ones, and blockers after everybody else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.authority import score_authority
from scoring.committee import Candidate, choose_contacts, open_seats, review_seats
from scoring.icp_model import DEFAULT_ROLES, IcpDefinition
from scoring.types import BuyingRole, PersonTraits, points_of

R = BuyingRole


@pytest.mark.parametrize(
    ("title", "role"),
    [
        ("CEO", R.ECONOMIC_BUYER),
        ("Chief Financial Officer", R.ECONOMIC_BUYER),
        ("VP Sales", R.CHAMPION),
        ("Marketing Manager", R.CHAMPION),
        ("Account Executive", R.USER),
        ("Procurement Manager", R.BLOCKER),
        ("General Counsel", R.BLOCKER),
        ("Head of IT Security", R.BLOCKER),
        ("Head of Human Resources", None),
    ],
)
def test_titles_take_the_seats_of_the_usual_committee(title: str, role: BuyingRole | None) -> None:
    assert score_authority(PersonTraits(title=title), 150, IcpDefinition("I")).role is role


def test_an_empty_seat_says_what_would_fill_it_and_a_held_one_how_to_reach_it() -> None:
    held = [Candidate("a", 0.9, R.CHAMPION, "valid"), Candidate("b", 1.0, R.ECONOMIC_BUYER, "invalid")]
    review = review_seats(held, DEFAULT_ROLES)
    assert [reason.text for reason in review.reasons] == [
        "No economic buyer can be reached: 1 known. An address, a phone or a profile would do.",
        "Champion: 1 known, 1 can be reached.",
        "No user: nobody known fills it. It takes staff or above in sales or marketing.",
        "No blocker: nobody known fills it. It takes manager or above in purchasing or legal or information "
        "technology.",
    ]
    assert review.value == pytest.approx(1.0 / 3.1)
    assert {role.role for role in open_seats(held, DEFAULT_ROLES)} == {R.USER, R.BLOCKER}
    assert review_seats(held, ()).value is None


def test_a_blocker_is_chosen_after_everybody_else_who_can_be_reached() -> None:
    held = [Candidate("counsel", 1.0, R.BLOCKER, "valid"), Candidate("clerk", 0.05, None, "risky")]
    assert [c.contact_id for c in choose_contacts(held, DEFAULT_ROLES, 3).chosen] == ["clerk", "counsel"]
    assert [c.contact_id for c in choose_contacts(held, DEFAULT_ROLES, 1).chosen] == ["clerk"]


@given(
    st.lists(
        st.builds(
            Candidate,
            contact_id=st.uuids().map(str),
            authority=st.none() | st.floats(0, 1),
            role=st.none() | st.sampled_from(BuyingRole),
            email_status=st.sampled_from([None, "valid", "risky", "unknown", "invalid"]),
            has_other_channel=st.booleans(),
        ),
        max_size=10,
        unique_by=lambda c: c.contact_id,
    ),
    st.randoms(use_true_random=False),
)
def test_seats_and_choice_do_not_depend_on_the_order(held: list[Candidate], random: object) -> None:
    turned = list(held)
    random.shuffle(turned)  # type: ignore[attr-defined]
    assert choose_contacts(turned, DEFAULT_ROLES, 4) == choose_contacts(held, DEFAULT_ROLES, 4)
    review = review_seats(held, DEFAULT_ROLES)
    assert review_seats(turned, DEFAULT_ROLES) == review
    assert review.value is not None
    assert 0.0 <= review.value <= 1.0
    assert points_of(review.reasons) == pytest.approx(review.value)
    assert len(review.reasons) == len({role.role for role in DEFAULT_ROLES})
