"""What a reply wants, read by our rules: precision and recall of each class, beside a rule of one keyword list a class.

A case names every intent that is to be found, or, with `never`, one that must not be. A question stands beside
others often, so that finding more than was named is no fault by itself; it counts against that class's precision.
"""

from collections.abc import Mapping, Sequence

from evals.case import Case
from evals.graders import equals, none_of
from evals.reply_intents import Labelled, scores
from evals.suite import Result
from tools.mail.intents import Intent, read_intents
from tools.mail.reply_details import language_of

# What somebody writes in an afternoon: the yardstick, not a rule of ours.
_KEYWORDS: Mapping[Intent, tuple[str, ...]] = {
    Intent.OPT_OUT: ("unsubscribe", "remove me", "stop", "abmelden", "désinscri", "baja"),
    Intent.ERASURE: ("delete my data", "gdpr", "daten löschen", "rgpd", "dsgvo"),
    Intent.LEGAL_THREAT: ("lawyer", "legal", "anwalt", "avocat", "abogado"),
    Intent.HOSTILE: ("idiot", "fuck"),
    Intent.WRONG_PERSON: ("wrong person", "not the right person", "nicht zuständig"),
    Intent.ALREADY_CUSTOMER: ("customer", "kunde", "client"),
    Intent.NEGATIVE: ("not interested", "no thanks", "kein interesse", "non merci", "no, gracias"),
    Intent.NOT_NOW: ("later", "next quarter", "not now", "später", "plus tard", "más adelante"),
    Intent.REFERRAL: ("colleague", "kolleg", "collègue", "compañer"),
    Intent.WANTS_MEETING: ("call", "meeting", "termin", "rendez-vous", "reunión"),
    Intent.INTERESTED: ("interest", "sounds good", "spannend"),
    Intent.QUESTION: ("?",),
    Intent.OBJECTION: ("expensive", "teuer", "cher", "caro"),
}


def keyword_intents(text: str) -> list[str]:
    words = text.casefold()
    found = [intent.value for intent, marks in _KEYWORDS.items() if any(mark in words for mark in marks)]
    return found or [Intent.UNKNOWN.value]


class RepliesSuite:
    name = "replies"

    def run(self, case: Case) -> Result:
        text = str(case.input["text"])
        found = [hit.intent.value for hit in read_intents(text)]
        wanted = [str(name) for name in case.expected.get("intents", [])]
        never = [str(name) for name in case.expected.get("never", [])]
        grades = [none_of("not_found", set(wanted) - set(found)), none_of("wrongly_found", set(never) & set(found))]
        language = language_of(text)
        if "language" in case.expected and language:  # to say nothing of three words is right
            grades.append(equals("language", language, case.expected["language"]))
        output = {"intents": found, "keywords": keyword_intents(text), "language": language}
        return Result(case, output, grades)

    def figures(self, results: Sequence[Result]) -> Mapping[str, float]:
        figures: dict[str, float] = {}
        for intent in Intent:
            figures[f"{intent.value}.precision"], figures[f"{intent.value}.recall"] = _of(results, intent, "intents")
        by_words = [_of(results, intent, "keywords") for intent in Intent]
        figures["keyword_rule.precision"] = sum(one[0] for one in by_words) / len(by_words)
        figures["keyword_rule.recall"] = sum(one[1] for one in by_words) / len(by_words)
        return figures


def _of(results: Sequence[Result], intent: Intent, by: str) -> tuple[float, float]:
    """Precision and recall; 1 where there was nothing to be wrong about."""
    labelled = [labelled_of(result.case) for result in results]
    told = {score.intent: score for score in scores(labelled, [result.output[by] for result in results])}
    score = told.get(intent.value)
    if score is None:
        return 1.0, 1.0
    precision, recall = score.precision, score.recall
    return (1.0 if precision is None else precision, 1.0 if recall is None else recall)


def labelled_of(case: Case) -> Labelled:
    """A case as one reply; hand-written ones without a sender are a group each."""
    sender = str(case.input.get("sender", case.id))
    wanted = frozenset(str(name) for name in case.expected.get("intents", []))
    return Labelled(str(case.input["text"]), sender, case.split.value, wanted)


class ReplyThreadsSuite(RepliesSuite):
    """The same, split by sender, with every intent of every reply named and the near misses of each."""

    name = "reply_threads"
