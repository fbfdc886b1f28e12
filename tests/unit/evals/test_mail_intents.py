"""Counting what replies want: groups that share nothing, readers side by side, a model asked only in doubt."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from agents.reply_reader import ReplyRecord
from cli.main import app
from core.errors import ModelMayRetry
from evals.case import load_cases
from evals.mail_intents import SVARA, Unpaid, measure, polarity, readers, svara, threads
from evals.reply_intents import Labelled, macro, scores
from tools.mail.intents import Intent
from tools.ports import ModelReply


def labelled(*intents: str) -> Labelled:
    return Labelled("", "s", "test", frozenset(intents))


def test_precision_and_recall_are_of_each_class() -> None:
    replies = [labelled("opt_out"), labelled("opt_out", "question"), labelled("question")]
    told = {s.intent: s for s in scores(replies, [["opt_out"], ["question", "hostile"], ["opt_out"]])}
    assert (told["opt_out"].precision, told["opt_out"].recall) == (0.5, 0.5)
    assert (told["question"].precision, told["question"].recall) == (1.0, 0.5)
    assert (told["hostile"].precision, told["hostile"].recall) == (0.0, None)
    assert "erasure" not in told
    assert macro(list(told.values())) == (0.75, 0.5)


def test_an_opt_out_beside_an_erasure_is_right_and_beside_interest_is_not() -> None:
    (erased,) = (s for s in scores([labelled("erasure")], [["opt_out"]]) if s.intent == "opt_out")
    assert (erased.precision, erased.recall) == (1.0, None)
    (liked,) = (s for s in scores([labelled("interested")], [["opt_out"]]) if s.intent == "opt_out")
    assert liked.precision == 0.0


def test_no_sender_is_in_both_halves_and_every_claimed_right_is_in_both() -> None:
    replies = threads()
    halves: dict[str, set[str]] = {}
    for reply in replies:
        halves.setdefault(reply.group, set()).add(reply.half)
    assert all(len(found) == 1 for found in halves.values())
    for half in ("dev", "test"):
        named = {intent for reply in replies if reply.half == half for intent in reply.intents}
        assert {intent.value for intent in Intent} <= named | {Intent.UNKNOWN.value}
    assert {case.expected["language"] for case in load_cases("reply_threads").cases} == {
        "en", "de", "fr", "es", "it", "nl", "pt"
    }  # fmt: skip


def test_the_rules_miss_no_opt_out_and_no_erasure_of_the_hand_written_ones() -> None:
    lines = [x for x in measure(None, None) if x.reader == "rules" and x.name in ("opt_out", "erasure")]
    assert len(lines) == 4
    assert [x.recall for x in lines] == [1.0] * 4
    by_words = [x for x in measure(None, None) if x.reader == "keywords" and x.name == "opt_out"]
    assert all(x.recall is not None and x.recall < 0.5 for x in by_words)


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    rows = [
        ("Plz send the pricing", "NEUTRAL"),
        ("please send pricing", "neutral"),
        ("Please send me the pricing!", "neutral"),
        ("Lets schedule a demo tomorrow", "positive"),
        ("Not interested at all", "negative"),
    ]
    path = tmp_path / SVARA
    path.parent.mkdir()
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("text", "label"), *rows])
    return tmp_path


def test_texts_alike_are_one_group_and_labels_are_read_in_any_case(corpus: Path) -> None:
    found = svara(corpus)
    assert len({one.group for one in found}) == 3
    assert len({one.half for one in found if "pricing" in one.text}) == 1
    assert {one.polarity for one in found} == {"positive", "neutral", "negative"}
    assert svara(corpus / "elsewhere") == []


def test_a_polarity_is_negative_first() -> None:
    assert polarity(["interested", "opt_out"]) == "negative"
    assert polarity(["question", "wants_meeting"]) == "positive"
    assert polarity(["question"]) == "neutral"


class Model:
    def __init__(self, record: ReplyRecord | None) -> None:
        self.record = record
        self.asked: list[str] = []

    def structured(self, *, purpose: str, system: str, user: str, schema: Any, max_tokens: int = 800) -> ModelReply:
        self.asked.append(json.loads(user)["reply"])
        if self.record is None:
            raise ModelMayRetry("Not JSON.")
        return ModelReply(self.record, "tiny-1", "primary", 10, 10, 0)


def test_the_model_is_asked_where_no_rule_spoke_and_alone_everywhere() -> None:
    model = Model(ReplyRecord(intents=(Intent.QUESTION,), certain=True))
    asked = readers(model)
    assert asked["rules, then model"]("Please unsubscribe me.") == ["opt_out"]
    assert model.asked == []
    assert asked["rules, then model"]("Hm.") == ["question"]
    assert asked["model alone"]("Please unsubscribe me.") == ["question"]
    assert model.asked == ["Hm.", "Please unsubscribe me."]


@pytest.mark.parametrize(
    "record",
    [
        None,
        ReplyRecord(intents=(Intent.OPT_OUT,), certain=False),
        ReplyRecord(intents=(Intent.OPT_OUT, Intent.UNKNOWN), certain=True),
    ],
)
def test_a_model_that_fails_or_doubts_reads_nothing(record: ReplyRecord | None) -> None:
    assert readers(Model(record))["model alone"]("Hm.") == ["unknown"]


def test_an_evaluation_counts_what_it_asked() -> None:
    unpaid = Unpaid()
    token = unpaid.reserve(provider="llm:primary", purpose="reply.read", max_micros=5)
    unpaid.settle(token, cost_micros=0, latency_ms=3, outcome="ok")
    assert unpaid.asked == ["ok"]


def test_the_command_prints_every_class_and_refuses_a_model_that_is_not_set(
    corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SALESOS_LLM_BASE_URL", "")
    found = CliRunner().invoke(app, ["eval", "intents", str(corpus), "--json"])
    assert found.exit_code == 0, found.output
    lines = json.loads(found.stdout)["classes"]
    assert {line["corpus"] for line in lines} == {"threads", "svara"}
    assert {line["reader"] for line in lines} == {"keywords", "rules"}
    assert "SALESOS_LLM_BASE_URL" in CliRunner().invoke(app, ["eval", "intents", "--with-model"]).output
    assert CliRunner().invoke(app, ["eval", "intents", str(corpus / "none")]).exit_code == 1
