"""How a person lets us into a calendar at Google or Microsoft, and the least rights that this takes.

No right to read mail, contacts or files comes with it, and none to change a calendar's settings or who shares it.
"""

from typing import Final

from tools.providers.oauth_grant import GOOGLE_SIGN_IN, MICROSOFT_SIGN_IN, SignIn

_GOOGLE: Final = (
    "https://www.googleapis.com/auth/calendar.events",  # what is taken, our own events, and being told of changes
    "https://www.googleapis.com/auth/calendar.calendarlist.readonly",  # which calendars there are
    "https://www.googleapis.com/auth/calendar.freebusy",  # of calendars of which nothing else may be read
)
_MICROSOFT: Final = (
    "offline_access",  # the refresh token
    "https://graph.microsoft.com/Calendars.ReadWrite",
    "https://graph.microsoft.com/User.Read",  # whose account it is
)

GOOGLE_CALENDAR: Final = SignIn(
    GOOGLE_SIGN_IN.label, GOOGLE_SIGN_IN.authorize_url, lambda _sends: _GOOGLE, GOOGLE_SIGN_IN.extra
)
MICROSOFT_CALENDAR: Final = SignIn(
    MICROSOFT_SIGN_IN.label, MICROSOFT_SIGN_IN.authorize_url, lambda _sends: _MICROSOFT, MICROSOFT_SIGN_IN.extra
)
