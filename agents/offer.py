"""What the workspace sells, as drafting needs it: read from the workspace's own settings and checked once."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agents.drafting.types import Offer
from core.errors import FixConfiguration
from store.models import Mailbox, Workspace

_Sentence = Annotated[str, Field(min_length=1, max_length=300)]
_Sentences = Annotated[tuple[_Sentence, ...], Field(max_length=50)]
# A host alone, as it stands in a link: what is compared with it is a link's host.
_Host = Annotated[str, Field(max_length=253, pattern=r"^(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)*[A-Za-z0-9-]+$")]
_Hosts = Annotated[tuple[_Host, ...], Field(max_length=50)]
_Names = Annotated[tuple[Annotated[str, Field(min_length=1, max_length=80)], ...], Field(max_length=100)]


class OfferSettings(BaseModel):
    """The document behind `Workspace.offer`, written by sales ops (examples/offer.yaml)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    product: str = Field(min_length=1, max_length=80)
    value_line: str = Field(min_length=1, max_length=200)  # goes on after the product's name
    proof_points: _Sentences = ()  # whole sentences that you can prove
    prices: _Sentences = ()  # whole sentences
    allowed_hosts: _Hosts = ()  # the only hosts that a draft may link to, besides our own pages
    related_technologies: _Names = ()  # worth mentioning where a company uses them
    sender_title: str = Field(default="Sales", min_length=1, max_length=80)  # under the sender's name
    meeting_minutes: int = Field(default=30, ge=10, le=120)


def check_offer(document: object) -> OfferSettings:
    """Raises FixConfiguration naming every field that is wrong."""
    try:
        return OfferSettings.model_validate(document)
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'offer'}: {e['msg']}" for e in error.errors())
        raise FixConfiguration(
            f"The workspace's offer cannot be used: {wrong}.",
            hint="Write it in the settings, or like examples/offer.yaml and give it to `salesos init --offer`.",
        ) from None


def offer_of(workspace: Workspace, mailbox: Mailbox, public_url: str) -> Offer:
    """The offer as the mailbox's owner makes it. Raises FixConfiguration."""
    found = check_offer(workspace.offer)
    host = urlsplit(public_url).hostname or ""
    return Offer(
        product=found.product,
        value_line=found.value_line,
        sender_name=mailbox.display_name,
        sender_title=found.sender_title,
        sender_company=workspace.name,
        proof_points=found.proof_points,
        prices=found.prices,
        allowed_hosts=(*found.allowed_hosts, host),
        related_technologies=found.related_technologies,
        meeting_minutes=found.meeting_minutes,
    )
