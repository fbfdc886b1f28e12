"""Values of vendors that say one thing in several types: "true" for true, "250" for 250, "" for nothing."""

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict


class Loose(BaseModel):
    """A part of an answer of which we use a part: fields that we do not name are left alone."""

    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True)


def _flag(value: Any) -> Any:
    if isinstance(value, str):
        return {"true": True, "yes": True, "false": False, "no": False}.get(value.strip().lower())
    return value if isinstance(value, bool) else None


def _whole(value: Any) -> Any:
    if isinstance(value, str):
        digits = value.strip().replace(",", "")
        return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 16 else None
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 1e15 else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _moment(value: Any) -> Any:
    """Of seconds or milliseconds since 1970; a date before 1973 in milliseconds is no date of a detection."""
    number = _whole(value)
    if number is None or not 0 < number < 10**14:
        return None
    return datetime.fromtimestamp(number / (1_000 if number >= 10**11 else 1), UTC)


Flag = Annotated[bool | None, BeforeValidator(_flag)]  # None: it does not say
Whole = Annotated[int | None, BeforeValidator(_whole)]  # None: it does not say, or says a range or a fraction
Moment = Annotated[datetime | None, BeforeValidator(_moment)]  # None: it does not say
