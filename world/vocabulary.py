"""The words the market is made of. Invented names; domains end in .example (RFC 2606), so no mail can ever leave."""

from dataclasses import dataclass

FIRST_NAMES = (
    "Amara", "Anders", "Beatriz", "Chidi", "Clara", "Daniel", "Elena", "Emre", "Fatima", "Felix", "Grace", "Hanna",
    "Hiro", "Ingrid", "Ivan", "Jonas", "Julia", "Kofi", "Laila", "Leo", "Lucia", "Marek", "Maya", "Miguel", "Nadia",
    "Noah", "Olga", "Omar", "Priya", "Quentin", "Rania", "Ravi", "Rosa", "Samuel", "Sofia", "Tariq", "Tessa", "Viktor",
    "Wen", "Yara", "Yusuf", "Zoe",
)  # fmt: skip
LAST_NAMES = (
    "Abara", "Almeida", "Bauer", "Berg", "Castillo", "Chen", "Dalgaard", "Dubois", "Eklund", "Farrell", "Fischer",
    "Fontaine", "Garcia", "Haddad", "Ibarra", "Jansen", "Kapoor", "Keller", "Kowalski", "Larsen", "Lindqvist",
    "Marchetti", "Mensah", "Moreau", "Nakamura", "Novak", "Okafor", "Ortega", "Patel", "Quist", "Rahman", "Ribeiro",
    "Rossi", "Santos", "Schneider", "Silva", "Tanaka", "Urban", "Varga", "Weber", "Yilmaz", "Zhang",
)  # fmt: skip
NAME_STEMS = (
    "Alder", "Amber", "Arbor", "Atlas", "Aurora", "Basalt", "Beacon", "Birch", "Bright", "Cedar", "Cobalt", "Copper",
    "Coral", "Crest", "Delta", "Drift", "Ember", "Fjord", "Flint", "Forge", "Garnet", "Glacier", "Granite", "Harbor",
    "Hazel", "Helio", "Indigo", "Juniper", "Kestrel", "Lantern", "Larch", "Lumen", "Maple", "Meridian", "Mistral",
    "Nimbus", "North", "Oak", "Onyx", "Orbit", "Osprey", "Pebble", "Pine", "Quarry", "Quartz", "Raven", "Reef", "River",
    "Sable", "Sierra", "Slate", "Solstice", "Spruce", "Summit", "Tide", "Timber", "Tundra", "Vale", "Vega", "Willow",
)  # fmt: skip
NAME_ENDINGS = ("Analytics", "Systems", "Labs", "Works", "Logistics", "Health", "Cloud", "Robotics", "Pay", "Studio")


@dataclass(frozen=True, slots=True)
class Trade:
    """An industry of the market: how its companies speak of themselves, and how well the offer suits them."""

    industry: str
    suits: float  # −1 … 1: the hidden weight of this industry in the need for the offer
    lines: tuple[str, ...]
    technologies: tuple[str, ...]


TRADES = (
    Trade("Software", 0.9, ("Billing software for growing teams", "Developer tools for data pipelines"),
          ("HubSpot", "Segment", "Stripe")),
    Trade("Financial Services", 0.6, ("Payments for marketplaces", "Credit checks for small lenders"),
          ("Salesforce", "Stripe", "Marketo")),
    Trade("Logistics", 0.5, ("Freight planning for carriers", "Warehouse scheduling for shippers"),
          ("HubSpot", "WordPress", "Intercom")),
    Trade("Healthcare", 0.1, ("Scheduling for private clinics", "Remote monitoring for cardiac patients"),
          ("WordPress", "Zendesk", "Google Analytics")),
    Trade("Manufacturing", -0.3, ("Precision parts for machine builders", "Packaging lines for food makers"),
          ("WordPress", "Google Analytics", "Drupal")),
    Trade("Retail", -0.5, ("Outdoor clothing shops", "Specialty coffee by subscription"),
          ("Shopify", "Klaviyo", "Google Analytics")),
    Trade("Education", -0.6, ("Language courses for adults", "Tutoring for secondary schools"),
          ("WordPress", "Moodle", "Google Analytics")),
)  # fmt: skip

# (country, time zone, city, weight)
PLACES = (
    (("US", "America/New_York", "Boston"), 0.26),
    (("US", "America/Los_Angeles", "Oakland"), 0.2),
    (("US", "America/Chicago", "Austin"), 0.14),
    (("GB", "Europe/London", "Leeds"), 0.16),
    (("IE", "Europe/Dublin", "Cork"), 0.06),
    (("NL", "Europe/Amsterdam", "Utrecht"), 0.06),
    (("FR", "Europe/Paris", "Lyon"), 0.05),
    (("DE", "Europe/Berlin", "Bremen"), 0.04),
    (("CA", "America/Toronto", "Ottawa"), 0.03),
)

# (title, how much this person decides about the offer 0–1, weight)
TITLES = (
    ("Chief Executive Officer", 0.75, 1.0),
    ("Founder", 0.8, 0.6),
    ("Chief Revenue Officer", 1.0, 0.7),
    ("VP of Sales", 0.95, 1.0),
    ("Head of Revenue Operations", 0.85, 0.9),
    ("Director of Sales", 0.75, 0.8),
    ("Sales Operations Manager", 0.55, 0.9),
    ("VP of Marketing", 0.4, 0.6),
    ("Marketing Manager", 0.2, 0.7),
    ("Chief Financial Officer", 0.5, 0.6),
    ("Account Executive", 0.12, 0.8),
    ("Software Engineer", 0.03, 0.8),
    ("HR Manager", 0.03, 0.4),
)
