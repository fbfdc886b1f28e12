"""What a vendor's webhook may tell, in our own types."""

from tools.ports.inbox_watch import MailArrived
from tools.ports.mail import DeliveryEvent
from tools.ports.telephony import CallReport, TextArrived, TextReport

Told = DeliveryEvent | MailArrived | TextReport | TextArrived | CallReport
