"""Addresses by a domain's habits: the right one where the habit is plain, a valid one always, the same in any order."""

import pytest
from email_validator import validate_email
from hypothesis import given
from hypothesis import strategies as st

from scoring.address_patterns import SHAPES, UNKNOWN_HABITS, guess_locals, learn_habits
from scoring.mail_names import name_forms

# Invented people at invented firms: (full name, local part), and whom the habit must give right.
HABITS = [
    ([("Ann Lee", "ann.lee"), ("Bob Ray", "bob.ray")], "Cleo Fox", "cleo.fox"),
    ([("Ann Lee", "alee"), ("Bob Ray", "bray")], "Cleo Fox", "cfox"),
    ([("Ann Lee", "ann"), ("Bob Ray", "bob"), ("Dan Poe", "dan")], "Cleo Fox", "cleo"),
    ([("Ann Lee", "lee.ann"), ("Bob Ray", "ray.bob")], "Cleo Fox", "fox.cleo"),
    ([("Ann Lee", "leea"), ("Bob Ray", "rayb")], "Cleo Fox", "foxc"),
    ([("Ann Lee", "a.lee"), ("Bob Ray", "b.ray")], "Cleo Fox", "c.fox"),
    ([("Ann Lee", "ann_lee"), ("Bob Ray", "bob_ray")], "Cleo Fox", "cleo_fox"),
    ([("Ann Lee", "annl"), ("Bob Ray", "bobr")], "Cleo Fox", "cleof"),
    # Umlauts: as two letters here, dropped there.
    ([("Jörg Bäcker", "joerg.baecker"), ("Ann Lee", "ann.lee")], "Jürgen Müller", "juergen.mueller"),
    ([("Jörg Bäcker", "jorg.backer"), ("Ann Lee", "ann.lee")], "Jürgen Müller", "jurgen.muller"),
    ([("Ann Lee", "ann.lee")], "Max Weiß", "max.weiss"),
    ([("Ann Lee", "ann.lee")], "Íñigo Núñez", "inigo.nunez"),
    ([("Ann Lee", "ann.lee")], "Łukasz Żak", "lukasz.zak"),
    # Two family names: both, the first or the last of them, with or without a hyphen.
    ([("Luis Vega Soto", "luis.vega"), ("Pia Rey Gil", "pia.rey")], "Ana García Márquez", "ana.garcia"),
    ([("Luis Vega Soto", "luis.vegasoto"), ("Pia Rey Gil", "pia.reygil")], "Ana García Márquez", "ana.garciamarquez"),
    ([("Eva Alt-Neu", "eva.alt-neu"), ("Tom Ost-West", "tom.ost-west")], "Ina Groß-Klein", "ina.gross-klein"),
    ([("Piet van der Meer", "pvandermeer")], "Jan de Vries", "jdevries"),
    ([("Jean-Luc Roy", "jeanluc.roy"), ("Anne-Lise Bon", "annelise.bon")], "Marie-Eve Roux", "marieeve.roux"),
    # A middle initial where they are used, and no invention of one where there is none.
    ([("Ann B Lee", "ann.b.lee"), ("Bob C Ray", "bob.c.ray"), ("Di Poe", "di.poe")], "Cleo D Fox", "cleo.d.fox"),
    ([("Ann B Lee", "ann.b.lee"), ("Bob C Ray", "bob.c.ray")], "Cleo Fox", "cleo.fox"),
    # Cut to eight letters, as old systems did.
    ([("Ann Rutherford", "arutherf"), ("Bob Montgomery", "bmontgom")], "Cleo Featherstone", "cfeather"),
    # Other scripts, by their usual spelling.
    ([("Ann Lee", "ann.lee")], "Иван Петров", "ivan.petrov"),
]


@pytest.mark.parametrize(("known", "name", "expected"), HABITS, ids=[f"{n}-{e}" for n, (_, _, e) in enumerate(HABITS)])
def test_a_plain_habit_gives_the_right_address_first(known: list[tuple[str, str]], name: str, expected: str) -> None:
    guesses = guess_locals(name, learn_habits(known))
    assert guesses[0].local == expected


@pytest.mark.parametrize("name", ["", "Cher", "王小明", "Sales Team 24", "a@b.example", "x" * 200 + " y"])
def test_where_the_name_does_not_tell_nothing_is_guessed(name: str) -> None:
    assert guess_locals(name) == ()
    assert name_forms(name) is None


@pytest.mark.parametrize(
    "name", ["Dr. Ann Lee", "Ann Lee, PhD", "Lee, Ann", "ANN LEE", "Ann (Annie) Lee", "Ann  Lee jr."]
)
def test_titles_asides_and_turned_names(name: str) -> None:
    assert guess_locals(name)[0].local == "ann.lee"


names = st.lists(
    st.text(st.characters(categories=["L", "Mn", "Pd"], include_characters="'’. "), min_size=1, max_size=20),
    min_size=1,
    max_size=5,
).map(" ".join)
locals_ = st.from_regex(r"[a-z]{1,12}([._-][a-z]{1,12})?", fullmatch=True)
examples = st.lists(st.tuples(names, locals_), max_size=8)


@given(names, examples)
def test_every_guess_is_a_valid_address_and_chances_make_sense(name: str, known: list[tuple[str, str]]) -> None:
    guesses = guess_locals(name, learn_habits(known), most=50)
    for guess in guesses:
        found = validate_email(f"{guess.local}@acme.example", check_deliverability=False, test_environment=True)
        assert found.normalized == f"{guess.local}@acme.example"
        assert guess.shape in SHAPES
    assert [g.chance for g in guesses] == sorted((g.chance for g in guesses), reverse=True)
    assert sum(g.chance for g in guesses) <= 1.0 + 1e-9
    assert len({g.local for g in guesses}) == len(guesses)


@given(names, examples, st.randoms(use_true_random=False))
def test_the_order_of_what_is_known_does_not_matter(name: str, known: list[tuple[str, str]], random: object) -> None:
    turned = list(known)
    random.shuffle(turned)  # type: ignore[attr-defined]
    assert guess_locals(name, learn_habits(turned)) == guess_locals(name, learn_habits(known))


def test_what_is_seen_outweighs_what_is_usual_and_strange_addresses_lower_every_chance() -> None:
    usual = guess_locals("Cleo Fox", UNKNOWN_HABITS)[0]
    plain = learn_habits([(f"{a} {b}", f"{a}.{b}".lower()) for a in ("Ann", "Bob") for b in ("Lee", "Ray", "Poe")])
    one = learn_habits([("Ann Lee", "ann.lee")])
    strange = learn_habits([("Ann Lee", "ann.lee"), ("Bob Ray", "x4711"), ("Di Poe", "zz9")])
    assert (plain.known, plain.unexplained) == (6, 0)
    assert strange.unexplained == 2
    chances = [guess_locals("Cleo Fox", habits)[0].chance for habits in (plain, one, strange)]
    assert chances == sorted(chances, reverse=True)
    assert chances[1] > usual.chance
    with pytest.raises(ValueError, match="0 or more"):
        guess_locals("Cleo Fox", most=-1)
