"""What may be done with a cell on its way into a field: a closed list of typed transforms."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Text(Strict):
    kind: Literal["text"] = "text"


class Number(Strict):
    """ "1,234", "1.5k", "1 234,5"; `decimal` says which sign parts the decimals where a file uses the other one."""

    kind: Literal["number"] = "number"
    decimal: Literal[".", ","] = "."
    scale: float = Field(default=1.0, gt=0)


class Money(Strict):
    """ "$180B", "€ 1,2 Mio.", "716,924,000,000" into minor units. `currency` counts where the cell names none."""

    kind: Literal["money"] = "money"
    currency: str = Field(default="", pattern=r"^([A-Z]{3})?$")
    decimal: Literal[".", ","] = "."
    scale: float = Field(default=1.0, gt=0)


class Employees(Strict):
    """ "51-200" is its middle, 125; "10,000+" its lower bound; "1.234" is one thousand and more."""

    kind: Literal["employees"] = "employees"


class Country(Strict):
    """Any name or code of a country into ISO 3166-1 alpha-2. `of_us_state`: the cell is a state of the USA."""

    kind: Literal["country"] = "country"
    of_us_state: bool = False


class Items(Strict):
    """A list as it is, or a text cut at `separator`."""

    kind: Literal["list"] = "list"
    separator: str = Field(default=",", min_length=1, max_length=4)


class Location(Strict):
    """One part of "City, State, Country"; of several places the first."""

    kind: Literal["location"] = "location"
    part: Literal["city", "region", "country"]


class Website(Strict):
    """A URL under a domain of the company's own; profiles and job boards count as empty."""

    kind: Literal["website"] = "website"


class Domain(Strict):
    """The registrable domain of a URL, host or e-mail address."""

    kind: Literal["domain"] = "domain"


class Year(Strict):
    kind: Literal["year"] = "year"


class Date(Strict):
    """ISO dates, "31.12.2026", "Dec 31, 2026", seconds since 1970; `day_first` decides "04/05/2026"."""

    kind: Literal["date"] = "date"
    day_first: bool = False


class Join(Strict):
    """The filled cells of all columns, in their order: a first and a last name."""

    kind: Literal["join"] = "join"
    separator: str = " "


Transform = Annotated[
    Text | Number | Money | Employees | Country | Items | Location | Website | Domain | Year | Date | Join,
    Field(discriminator="kind"),
]
