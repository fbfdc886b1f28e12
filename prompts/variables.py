"""What each template may say, typed. Values arrive marked with their source ids (prompts.marks) or plain."""

from pydantic import BaseModel, ConfigDict, Field


class Variables(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class MailVariables(Variables):
    """What every mail knows: who writes to whom, about what."""

    first_name: str  # empty where it is not known
    company: str
    product: str
    value_line: str  # goes on after the product's name: "catches invoice errors before they are sent"
    proof: str = ""  # a whole sentence with its full stop, or empty
    sender_name: str
    sender_title: str
    sender_company: str
    minutes: int = Field(default=20, ge=5, le=180)


class HookVariables(MailVariables):
    """A mail that starts from something known about the company."""

    hook: str = ""  # a noun phrase without a full stop
    quoted: bool = False  # the hook is somebody's own words and stands in quotation marks
    title: str = ""  # the recipient's


class ThreadVariables(HookVariables):
    """A mail in a running conversation."""

    thread_subject: str  # without "Re:"


class MeetingVariables(ThreadVariables):
    slots: list[str] = Field(min_length=1, max_length=3)  # "Tuesday 24 November 2026, 10:00 (Europe/Berlin)"
    booking_link: str = ""


class RewriteVariables(Variables):
    """The system prompt for rewriting sentences."""

    language: str = "English"
    max_words: int = Field(ge=5, le=60)


class ReadingVariables(Variables):
    """The system prompt for reading a reply into a record."""

    intents: list[str]  # "interested: wants to go on or to meet"
