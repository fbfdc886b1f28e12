"""What people of the market write back. Plain words, so that reading them is real work."""

from world.truth import ReplyStyle

INTERESTED = (
    "Hi {rep},\n\nThis is timely, we were just discussing it. Happy to talk, what times do you have next week?\n\n{me}",
    "Thanks for reaching out. Yes, let's schedule a call to see how this would work for us.\n\nBest,\n{me}",
    "Interested. Can you send me a few times for a short call?\n\n{me}",
    "Sounds useful. I'd like to see a demo, when are you free?\n\nRegards\n{me}",
)
QUESTION = (
    "Hi {rep},\n\nHow does this work together with our CRM? And what does it cost for a team of our size?\n\n{me}",
    "Thanks. Before we talk: can you tell me how long it takes to get started?\n\n{me}",
)
NOT_NOW = (
    "Hi {rep}, not a priority this quarter. Please get back to me in three months.\n\n{me}",
    "Thanks, but the timing is not right for us. Maybe reach out again next year.\n\n{me}",
)
NEGATIVE = (
    "No thanks, we are not interested.\n\n{me}",
    "We already have a solution for this and are happy with it. No need to follow up.\n\n{me}",
)
OPT_OUT = (
    "Please remove me from your list and do not contact me again.",
    "Unsubscribe me, please.\n\n{me}",
)
AWAY = {
    "en": (
        "Automatic reply: {subject}",
        "Thank you for your message. I am out of the office until {back} and will answer when I return.",
    ),
    "de": (
        "Automatische Antwort: {subject}",
        "Vielen Dank für Ihre Nachricht. Ich bin bis {back} nicht im Büro und antworte nach meiner Rückkehr.",
    ),
    "fr": (
        "Réponse automatique : {subject}",
        "Merci pour votre message. Je suis absent du bureau jusqu'au {back} et vous répondrai à mon retour.",
    ),
}

# Which answer a person of each style gives, where they answer at all: (kind, weight).
KINDS: dict[ReplyStyle, tuple[tuple[str, float], ...]] = {
    ReplyStyle.DIRECT: (("interested", 0.8), ("question", 0.1), ("negative", 0.1)),
    ReplyStyle.CURIOUS: (("interested", 0.35), ("question", 0.5), ("negative", 0.15)),
    ReplyStyle.BUSY: (("interested", 0.25), ("not_now", 0.6), ("negative", 0.15)),
    ReplyStyle.COLD: (("interested", 0.08), ("negative", 0.82), ("opt_out", 0.1)),
    ReplyStyle.ALLERGIC: (("negative", 0.35), ("opt_out", 0.65)),
}
TEXTS = {
    "interested": INTERESTED,
    "question": QUESTION,
    "not_now": NOT_NOW,
    "negative": NEGATIVE,
    "opt_out": OPT_OUT,
}
