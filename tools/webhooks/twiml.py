"""What Twilio is answered in a call, and the addresses of ours that name what a report is about."""

from typing import Final
from urllib.parse import urlencode
from xml.etree import ElementTree

KEY, LEG = "item", "leg"  # parameters of our own address, which Twilio gives back
REP, CONTACT, GO = "rep", "contact", "go"  # of a call: its legs, and the key that was pressed
RING_SECONDS: Final = 25  # most voicemail answers after thirty


def reports(address: str, key: str, leg: str = "") -> str:
    """The address of ours that tells which text or call a report is about."""
    return f"{address}?{urlencode({KEY: key, **({LEG: leg} if leg else {})})}"


def bridge(contact: str, sender: str, report_to: str) -> str:
    """TwiML that puts the rep through. `report_to`: how the contact's leg ended is told there."""
    answer = ElementTree.Element("Response")
    dial = ElementTree.SubElement(answer, "Dial", callerId=sender, timeout=str(RING_SECONDS), answerOnBridge="true")
    number = ElementTree.SubElement(dial, "Number", statusCallback=report_to, statusCallbackEvent="completed")
    number.text = contact
    return ElementTree.tostring(answer, encoding="unicode")


def refused(why: str) -> str:
    """TwiML that says why nobody is called."""
    answer = ElementTree.Element("Response")
    ElementTree.SubElement(answer, "Say").text = why
    return ElementTree.tostring(answer, encoding="unicode")
