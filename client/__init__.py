"""A small client of the control API: `from client import Client`. It knows nothing of the server's own code.

    with Client("https://sales.example.com", key="sk_…") as sales:
        for lead in sales.pages(sales.list_leads, tier=1):
            print(lead["company"], lead["priority"])

Every operation of the API is a method of its own name (client.operations, made from the API's description). Answers are
plain dictionaries, as documented there. What goes wrong is an ApiError with the server's own words.
"""

from client.errors import ApiError, Unreachable
from client.http import Client, Event

__all__ = ["ApiError", "Client", "Event", "Unreachable"]
