"""What each template may say, typed. Values arrive marked with their source ids (prompts.marks) or plain."""

from pydantic import BaseModel, ConfigDict, Field


class Variables(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class MailVariables(Variables):
    """What every mail knows: who writes to whom, about what."""

    first_name: str = Field(description="The recipient's; empty where it is not known.")
    company: str = Field(description="The recipient's company.")
    product: str = Field(description="What you sell, from the offer.")
    value_line: str = Field(
        description="Goes on after the product's name: “catches invoice errors before they are sent”. From the offer."
    )
    proof: str = Field(default="", description="A proof point of the offer: a whole sentence, or empty.")
    sender_name: str = Field(description="Who writes: the mailbox's display name.")
    sender_title: str = Field(description="What stands under the sender's name, from the offer.")
    sender_company: str = Field(description="The workspace's name.")
    minutes: int = Field(default=20, ge=5, le=180, description="How long a first call takes, from the offer.")


class HookVariables(MailVariables):
    """A mail that starts from something known about the company."""

    hook: str = Field(default="", description="What is known about the company, as a phrase without a full stop.")
    quoted: bool = Field(default=False, description="The hook is somebody's own words and stands in quotation marks.")
    title: str = Field(default="", description="The recipient's job title.")


class ThreadVariables(HookVariables):
    """A mail in a running conversation."""

    thread_subject: str = Field(description="The subject of the mail that is answered, without “Re:”.")


class MeetingVariables(ThreadVariables):
    slots: list[str] = Field(
        min_length=1, max_length=3, description="Held times: “Tuesday 24 November 2026, 10:00 (Europe/Berlin)”."
    )
    booking_link: str = Field(default="", description="Where another time can be picked.")
    booking_words: str = Field(default="", description="What stands before it, in the language that they write.")


class WhichVariables(MeetingVariables):
    question: str = Field(default="", description="Which of two readings of their words they meant.")


class RecapVariables(ThreadVariables):
    steps: list[str] = Field(
        min_length=1, max_length=6, description="What was agreed: “On our side: send the offer by Friday”."
    )


class RewriteVariables(Variables):
    """The system prompt for rewriting sentences."""

    language: str = Field(default="English", description="In which the model answers.")
    max_words: int = Field(ge=5, le=60, description="The longest sentence that the gate lets through.")


class DiscoveryVariables(Variables):
    """The system prompt for finding what a meeting's transcript holds."""

    kinds: list[str] = Field(description="What may be found: “need: the prospect says what they need”.")


class ReadingVariables(Variables):
    """The system prompt for reading a reply into a record."""

    intents: list[str] = Field(description="What a reply can mean: “interested: wants to go on or to meet”.")
