"""Reads a workspace's own rules from an ICP's mapping; what is wrong is named with its path and what to write."""

from collections.abc import Mapping, Sequence

from scoring.intent import HALF_LIFE_DAYS
from scoring.reading import Reader, kind_of, nearest
from scoring.rule_model import OPS, RULE_FIELDS, WITHIN_DAYS, Condition, Effect, EffectKind, Op, ScoringRule, Sort
from scoring.types import tokens

MOST_RULES = 100  # more than anybody can explain, and still scored in no time
_RULE = ("when", "then", "reason")
_CONDITION = ("field", "op", "value", "currency", "within_days")
_NOTHING = Condition("employees", Op.KNOWN)


def read_rules(reader: Reader, raw: object) -> tuple[ScoringRule, ...]:
    """The rules of `rules:`; problems are the reader's."""
    found = reader.many(raw, "rules", lambda item, path: _rule(reader, item, path))
    if len(found) > MOST_RULES:
        reader.problem("rules", f"are {len(found)}; at most {MOST_RULES}: join those that do the same")
    return found


def _rule(reader: Reader, raw: object, path: str) -> ScoringRule:
    data = _fields(reader, raw, path, _RULE)
    for name in _RULE:
        if name not in data and isinstance(raw, Mapping):
            reader.problem(f"{path}.{name}", f"is missing; a rule is {{{', '.join(_RULE)}}}")
    when = data.get("when")
    if isinstance(when, Sequence) and not isinstance(when, str):
        if not when:
            reader.problem(f"{path}.when", "is empty; name at least one condition: {field, op, value}")
        conditions = tuple(_condition(reader, one, f"{path}.when[{n}]") for n, one in enumerate(when))
    else:
        conditions = (_condition(reader, when, f"{path}.when"),) if "when" in data else ()
    then = _effect(reader, data["then"], f"{path}.then") if "then" in data else Effect(EffectKind.ADD)
    return ScoringRule(conditions, then, reader.text(data["reason"], f"{path}.reason") if "reason" in data else "")


def _effect(reader: Reader, raw: object, path: str) -> Effect:
    data = _fields(reader, raw, path, tuple(EffectKind))
    if len(data) != 1:
        if isinstance(raw, Mapping):
            reader.problem(path, f"must name one effect, of: {', '.join(EffectKind)}; got {len(data)}")
        return Effect(EffectKind.ADD)
    ((name, value),) = data.items()
    if name == EffectKind.DISQUALIFY:
        if value is not True:
            reader.problem(f"{path}.disqualify", "must be true; leave the rule out to disqualify nobody")
        return Effect(EffectKind.DISQUALIFY)
    return Effect(EffectKind(name), reader.number(value, f"{path}.{name}", 0.0, 1.0))


def _condition(reader: Reader, raw: object, path: str) -> Condition:
    data = _fields(reader, raw, path, _CONDITION)
    if not isinstance(raw, Mapping):
        return _NOTHING
    field = data.get("field")
    if not isinstance(field, str) or field not in RULE_FIELDS:
        at, said = f"{path}.field", "is missing" if field is None else f"unknown {field!r}"
        reader.problem(at, f"{said}{nearest(str(field or ''), RULE_FIELDS)}")
        return _NOTHING
    sort = RULE_FIELDS[field]
    op = data.get("op")
    if not isinstance(op, str) or op not in OPS[sort]:
        said = "is missing" if op is None else f"unknown {op!r} for a {sort} ({field})"
        reader.problem(f"{path}.op", f"{said}{nearest(str(op or ''), OPS[sort])}")
        return _NOTHING
    for name, of in (("currency", "revenue_minor"), ("within_days", "signals")):
        if name in data and field != of:
            reader.problem(f"{path}.{name}", f"belongs to {of} only; leave it out")
    known_or_not = op in (Op.KNOWN, Op.UNKNOWN)
    if known_or_not:
        if "value" in data:
            reader.problem(f"{path}.value", f"must be left out: {op!r} compares with nothing")
        values: tuple[str | float, ...] = ()
    elif "value" not in data:
        reader.problem(f"{path}.value", f"is missing; what should {field} be compared with?")
        values = ()
    elif sort is Sort.NUMBER:
        values = (reader.number(data["value"], f"{path}.value", 0.0),)
    else:
        values = _texts(reader, data["value"], f"{path}.value", field)
    currency = ""
    if field == "revenue_minor" and not known_or_not:
        currency = reader.text(data.get("currency", "EUR"), f"{path}.currency").upper()
        if not (len(currency) == 3 and currency.isascii() and currency.isalpha()):
            reader.problem(f"{path}.currency", f"{currency!r} is not an ISO 4217 code such as EUR")
    within = float(WITHIN_DAYS)
    if field == "signals" and "within_days" in data:
        within = reader.number(data["within_days"], f"{path}.within_days", 1.0, 3_650.0)
    return Condition(field, Op(op), values, currency, within)


def _texts(reader: Reader, raw: object, path: str, field: str) -> tuple[str, ...]:
    """One text or a list of them."""
    if isinstance(raw, str):
        return (_text(reader, raw, path, field),)
    found = reader.many(raw, path, lambda item, at: _text(reader, item, at, field))
    if isinstance(raw, Sequence) and not raw:
        reader.problem(path, "is empty; name at least one value")
    return found


def _text(reader: Reader, raw: object, path: str, field: str) -> str:
    # YAML 1.1 reads a bare NO (Norway) as false.
    if raw is False and field == "country":
        reader.problem(path, 'is false; YAML reads a bare NO so: write Norway as "NO", in quotes')
        return ""
    text = reader.text(raw, path)
    if field == "signals":
        if text and text not in HALF_LIFE_DAYS:
            reader.problem(path, f"unknown signal kind {text!r}{nearest(text, HALF_LIFE_DAYS)}")
    elif text and not tokens(text):
        reader.problem(path, f"{text!r} holds no letter or digit to compare with")
    return text


def _fields(reader: Reader, raw: object, path: str, known: Sequence[str]) -> dict[str, object]:
    if not isinstance(raw, Mapping):
        reader.problem(path, f"must be a mapping of {', '.join(known)}; got {kind_of(raw)}")
        return {}
    found: dict[str, object] = {}
    for key, value in raw.items():
        if key in known:
            found[str(key)] = value
        else:
            reader.problem(f"{path}.{key}", f"unknown field{nearest(str(key), known)}")
    return found
