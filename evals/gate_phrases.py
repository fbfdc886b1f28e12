"""Sentences as reps write them about a fact, and falsehoods as they slip in: the words of evals.suites.gate.

`{company}` and `{fact}` are filled. HELD_OUT was written after the gate's rules were made with DEV. Seen for the first
time, it let 2.9 % of the false drafts pass and blocked 27 % of the true ones; the rules were then widened once.
"""

from collections.abc import Mapping
from typing import NamedTuple


class Phrases(NamedTuple):
    true: Mapping[str, tuple[str, ...]]  # by the fact's field
    invented: tuple[str, ...]  # what a stranger must not say of somebody, because nothing on file says so
    pretended: tuple[str, ...]  # a contact that never was
    denied: tuple[str, ...]  # {role} and {technology} are so; the sentence says they are not, or are no more
    stretched: tuple[str, ...]  # {employees} is so; the sentence makes more of it
    promised: tuple[str, ...]  # what a customer of the offer got, promised to the reader
    when: tuple[str, ...]  # when it was, which no fact says


_TRUE_DEV: Mapping[str, tuple[str, ...]] = {
    "hiring": (
        "I saw that you are hiring an {fact}.",
        "Noticed the opening for an {fact} on your careers page.",
        "You are looking for an {fact}, which is why I am writing.",
        "{company} is hiring an {fact}, I read.",
        "The vacancy for an {fact} caught my eye.",
        "Your team is recruiting an {fact}.",
    ),
    "employees": (
        "I saw that you are {fact} people.",
        "You are a team of {fact} employees, I read.",
        "{company} has {fact} employees, I read.",
        "You have {fact} people by now.",
        "{company} counts {fact} employees.",
        "There are {fact} of you on staff.",
    ),
    "funding": (
        "I read that you raised a {fact}.",
        "{company} closed a {fact}, well done.",
        "Your {fact} was in the news.",
        "You raised a {fact}, I read in the news.",
        "Saw the {fact} announcement.",
        "The {fact} at {company} was in my feed.",
    ),
    "founded_year": (
        "{company} has been around since {fact}.",
        "You founded the company in {fact}.",
        "You have been around since {fact}, I read.",
        "{company} was founded in {fact}.",
        "You started in {fact}.",
        "{company} was established in {fact}.",
    ),
    "technology": (
        "I saw that you work with {fact}.",
        "You use {fact}, I noticed.",
        "Your site runs on {fact}.",
        "{company} uses {fact}, if I read your pages rightly.",
        "I believe that {company} is on {fact}.",
        "I noticed {fact} on your pages.",
    ),
    "news": (
        "I read this about you: “{fact}”.",
        "“{fact}” is what I read about {company}.",
        "Saw the news: {fact}.",
        "I came across “{fact}” and thought of you.",
        "This caught my eye: “{fact}”.",
        "Your news was hard to miss: {fact}.",
    ),
    "description": (
        "You describe yourselves as “{fact}”.",
        "“{fact}” is how your site puts it.",
        "I looked you up and found “{fact}”.",
        "Your page says “{fact}”.",
        "“{fact}”: that is a clear sentence.",
        "{company} does {fact}, I read.",
    ),
    "leadership_change": (
        "I read that {fact}.",
        "“{fact}”, I read about {company}.",
        "Saw that {fact}.",
        "The news that {fact} made me write.",
        "I noticed the change at {company}: {fact}.",
        "You have a new colleague: {fact}.",
    ),
}

_INVENTED_DEV = (
    "You are losing deals because nobody follows up in time.",
    "Your reps spend half of their day on notes.",
    "I know that your pipeline has been slow.",
    "{company} struggles with long ramp times.",
    "Your churn is higher than it should be.",
    "You told us that coaching was a priority.",
    "Your competitors listen to every call already.",
    "{company} is the largest of its kind in the region.",
    "You were looking at tools like ours.",
    "Your board wants more from the same team.",
    "Your last vendor let you down.",
    "{company} plans to double its sales team.",
    "You have been unhappy with your dialer.",
    "Your customers complain about slow answers.",
    "You opened my last mail.",
    "{company} is expanding into new markets.",
)

_PRETENDED_DEV = (
    "As we discussed, here is the outline.",
    "Great talking to you at the fair.",
    "Following our call, I wanted to send this.",
    "As promised, the figures are below.",
    "You requested a look at it.",
)

DEV = Phrases(
    true=_TRUE_DEV,
    invented=_INVENTED_DEV,
    pretended=_PRETENDED_DEV,
    denied=(
        "You are no longer hiring an {role}.",
        "You do not use {technology}.",
        "I saw that you stopped hiring an {role}.",
        "You have moved away from {technology}.",
        "You never used {technology}.",
        "You have filled the post of {role}.",
    ),
    stretched=(
        "You have grown to more than {more} people.",
        "You doubled to {employees} people.",
        "With {employees} people you are the largest in {city}.",
        "You hired {employees} people.",
        "You have hundreds of sellers.",
        "You lost {employees} people.",
    ),
    promised=(
        "You will cut your ramp time by 38%.",
        "Your sellers will be ready in 8 weeks.",
        "You would save 38% of the time.",
        "Your team gets there in 8 weeks too.",
    ),
    when=("last week", "yesterday", "two months ago", "last quarter", "a few days ago"),
)

HELD_OUT = Phrases(
    true={
        "hiring": (
            "It looks like you are after an {fact}.",
            "You have an open role: {fact}.",
            "An {fact} is on your list of vacancies.",
            "I noticed that {company} wants to bring in an {fact}.",
        ),
        "employees": (
            "You are {fact} people, as far as I can tell.",
            "I gather that you have a headcount of {fact}.",
            "{fact} people work at {company}, I read.",
        ),
        "funding": (
            "I saw the {fact} that you announced.",
            "You announced a {fact}.",
            "Nice to read about your {fact}.",
            "You secured a {fact}.",
        ),
        "founded_year": (
            "You set up shop in {fact}.",
            "You have been at it since {fact}.",
            "{company} goes back to {fact}.",
            "Your company was started in {fact}.",
        ),
        "technology": (
            "You seem to be a {fact} shop.",
            "I can see {fact} on your site.",
            "You rely on {fact}.",
            "{company} is a {fact} user.",
        ),
        "news": (
            "You made the news: “{fact}”.",
            "A headline about you reads “{fact}”.",
            "I stumbled upon “{fact}”.",
            "{fact}: I read it on your blog.",
        ),
        "description": (
            "In your own words: “{fact}”.",
            "You call it “{fact}”.",
            "Your home page opens with “{fact}”.",
            "“{fact}” is what you do, I read.",
        ),
        "leadership_change": (
            "I heard that {fact}.",
            "It was announced that {fact}.",
            "On your blog it says “{fact}”.",
            "Word is that {fact}.",
        ),
    },
    invented=(
        "You are burning money on the wrong leads.",
        "{company} missed its target in the autumn.",
        "Your managers have no time for coaching.",
        "I can tell that you care about quality.",
        "You must be drowning in recordings.",
        "Everybody at {company} hates the dialer.",
        "Your contract with the present vendor is about to end.",
        "{company} is known for its aggressive growth.",
        "You visited our pricing page.",
        "Your colleague gave me your name.",
    ),
    pretended=(
        "Thanks for your time on the phone.",
        "You asked me to write again in spring.",
        "We met at the trade fair.",
        "Per your request, I attach the outline.",
    ),
    denied=(
        "You have given up on {technology}.",
        "You cancelled the search for an {role}.",
        "{company} hasn't got {technology} any more.",
        "You are about to replace {technology}.",
        "You can't find an {role}.",
        "You were unable to fill the post of {role}.",
        "Instead of an {role} you took somebody else.",
        "You are unhappy with {technology}.",
    ),
    stretched=(
        "You grew by {employees} people.",
        "All of your {employees} people sell.",
        "Only {employees} people are left at {company}.",
        "You are about to reach {more} people.",
        "You let {employees} people go.",
        "You pay {employees} people too much.",
    ),
    promised=(
        "Expect your ramp time to fall by 38%.",
        "You get 38% back within 8 weeks.",
        "For {company} that means 38% less time.",
    ),
    when=("this week", "three weeks ago", "last month", "this morning"),
)
