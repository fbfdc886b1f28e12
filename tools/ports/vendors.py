"""How vendors of data are presented to the person who adds an account."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Option:
    """What a vendor wants beside the key."""

    name: str
    help: str
    needed: bool = True


@dataclass(frozen=True, slots=True)
class VendorSpec:
    """How a vendor is presented to the person who adds it."""

    name: str
    label: str
    docs: str  # where the vendor explains its keys
    key_help: str = ""  # what the key is called there; empty: the vendor needs none
    options: tuple[Option, ...] = ()
    gives: tuple[str, ...] = ()  # "companies", "people" …: filled in by the catalog
    credit: str = ""  # what is charged, in the vendor's words: "a credit a search"; empty: nothing is
