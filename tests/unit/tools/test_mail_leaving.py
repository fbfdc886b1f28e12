"""Who says no is heard in every language that we read, and who only sounds like it is not taken off."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.mail.intents import Intent, read_intents


def found(text: str, subject: str = "") -> set[Intent]:
    return {hit.intent for hit in read_intents(text, subject)}


OPT_OUTS = {
    "en": (
        "Kindly leave me off whatever you send next.",
        "Strike us from your mailing list.",
        "I no longer wish to hear from your company.",
        "I'd prefer not to be contacted about this.",
        "Would you please quit writing to me?",
        "No further emails, thank you.",
        "Marking this as spam.",
        "My address was to be taken off your list weeks ago.",
        "Why don't you remove me from the list as I asked?",
        "Your unsubscribe link doesn't work, and I want to unsubscribe.",
        "Do not unsubscribe my colleague, unsubscribe me.",
        "never write here again",
        "STOPALL",
        "Please don't follow up any more.",
    ),
    "de": (
        "Bitte tragen Sie uns aus Ihrem Verteiler aus.",
        "Ich will von Ihnen keine Werbung mehr erhalten.",
        "Schreiben Sie mir nie wieder.",
        "Wir möchten nicht mehr kontaktiert werden.",
        "Ich bitte Sie, von weiteren Zusendungen abzusehen oder mich abzumelden.",
    ),
    "fr": (
        "Merci de m'enlever de votre fichier, je ne souhaite plus recevoir vos messages.",
        "Cessez de nous écrire.",
        "Arrêtez svp",
        "Merci de plus jamais nous relancer.",
        "Ne m'envoyez plus rien.",
        "Veuillez supprimer mon adresse de votre liste.",
    ),
    "es": (
        "Denme de baja.",
        "No quiero recibir más correos de ustedes.",
        "Quítenos de su base de datos.",
        "No me vuelva a escribir.",
    ),
    "it": (
        "Rimuovetemi dal vostro elenco.",
        "Non desidero ricevere altre comunicazioni.",
        "Smettete di scrivermi.",
        "Non contattatemi più.",
    ),
    "nl": (
        "Schrijf mij uit voor deze mails.",
        "Ik wil geen berichten meer ontvangen.",
        "Verwijder mijn adres uit jullie bestand.",
        "Mail mij niet meer.",
    ),
    "pt": (
        "Removam-me da vossa lista.",
        "Não desejo receber mais e-mails.",
        "Pare de me mandar mensagens.",
        "PARAR",
        "Não me contactem mais.",
    ),
    "others": (
        "Ta bort mig från er lista.",
        "Fjern meg fra listen.",
        "Proszę mnie usunąć z listy, nie chcę otrzymywać wiadomości.",
        "Odhlaste mě, prosím.",
        "Poistakaa minut listalta.",
    ),
}
OBJECTIONS = (
    "I object to the use of my details for marketing.",
    "Ich widerspreche der Verarbeitung meiner Daten.",
    "Je m’oppose à l'utilisation de mes données.",
    "Nos oponemos al tratamiento de nuestros datos.",
    "Mi oppongo al trattamento dei dati a fini commerciali.",
    "Hierbij maak ik bezwaar tegen het gebruik van mijn gegevens.",
    "Oponho-me à utilização dos meus dados.",
    "I withdraw my consent.",
    "Revoco il mio consenso.",
    "Ik trek mijn toestemming in.",
    "Retiro o meu consentimento.",
)
ERASURES = (
    "Erase everything you hold about me.",
    "I request deletion of my personal data.",
    "Bitte löschen Sie sämtliche Daten über mich.",
    "Veuillez effacer toutes les informations me concernant.",
    "Supriman toda la información que tengan sobre mí.",
    "Vi chiedo di cancellare tutti i miei dati personali.",
    "Ik verzoek u al mijn gegevens te wissen.",
    "Peço a eliminação de todas as informações sobre mim.",
)
NOT_LEAVING = (
    "Please do not unsubscribe me.",
    "Don't take us off the list, we read every issue.",
    "I didn't mean to opt out yesterday.",
    "Do stop by our booth in hall four.",
    "We'll stop over in Berlin on the way.",
    "I can't stop recommending you.",
    "Our subscribers opt out too often; can you help?",
    "What is a normal unsubscribe rate?",
    "Can your platform delete inactive users?",
    "We never received the attachment.",
    "I did not receive your email, please send it again.",
    "Take my number and call me on Monday.",
    "Don't call me before ten.",
    "Please remove the second invoice from the order.",
    "The campaign emails of our agency end in June.",
    "Could you send me any more details on pricing?",
    "Nehmen Sie mich bitte nicht vom Verteiler.",
    "Wie können sich Empfänger bei Ihnen abmelden?",
    "Comment les destinataires peuvent-ils se désabonner ?",
    "No me quiten de la lista, por favor.",
    "Non toglietemi dalla lista.",
    "Verwijder mij niet van de lijst.",
    "Não me retirem da lista.",
    "Unsubscribe: https://sender.example/u/1",
)


@pytest.mark.parametrize(("language", "text"), [(name, text) for name, texts in OPT_OUTS.items() for text in texts])
def test_an_opt_out_is_heard_in_every_language_that_we_read(language: str, text: str) -> None:
    assert Intent.OPT_OUT in found(text), language


@pytest.mark.parametrize("text", OBJECTIONS)
def test_an_objection_is_an_opt_out(text: str) -> None:
    assert Intent.OPT_OUT in found(text)


@pytest.mark.parametrize("text", ERASURES)
def test_an_erasure_is_heard(text: str) -> None:
    assert Intent.ERASURE in found(text)


@pytest.mark.parametrize("text", NOT_LEAVING)
def test_who_only_sounds_like_leaving_stays(text: str) -> None:
    assert not found(text) & {Intent.OPT_OUT, Intent.ERASURE, Intent.LEGAL_THREAT}


@pytest.mark.parametrize(
    "text",
    [
        "Don't unsubscribe me. On second thought, do unsubscribe me.",
        "No need to take me off the invoice list, but take me off the marketing list.",
        "Our customers never unsubscribe, but please remove me from your list.",
        "Can your system please remove me from the list?",
        "Votre outil peut-il me désinscrire de la liste ?",
    ],
)
def test_what_is_denied_hides_nothing_that_is_asked_beside_it(text: str) -> None:
    assert Intent.OPT_OUT in found(text)


@given(st.text(alphabet="stop unsubscribe remove me from your list don't \n.,", max_size=400))
def test_any_mixture_of_these_words_is_read_without_an_error(text: str) -> None:
    hits = read_intents(text)
    assert [hit.intent for hit in hits] == [intent for intent in Intent if intent in {hit.intent for hit in hits}]
