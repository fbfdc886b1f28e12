"""What arrived and what it says: kinds, bounces, absences, quotes and intents."""

import textwrap
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.mail.bounce_severity import BounceClass, classify
from tools.mail.compose import OutboundMail, compose, message_id
from tools.mail.inbound import InboundKind, InboundReading, read_mail
from tools.mail.intents import Intent, read_intents
from tools.mail.quotes import new_text
from tools.ports import Unknown
from tools.providers.inbox.folder import FolderInbox

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)  # a Monday


def read(text: str) -> InboundReading:
    return read_mail(textwrap.dedent(text).lstrip("\n").encode(), NOW)


def reply(body: str, headers: str = "") -> InboundReading:
    head = "From: Bob <Bob@Prospect.example>\nTo: ada@sender.example\nSubject: Re: Your looms\n"
    return read_mail(f"{head}{headers}\n{body}\n".encode(), NOW)


def intents(text: str) -> set[Intent]:
    return {hit.intent for hit in read_intents(text)}


DSN = """
    Return-Path: <>
    From: MAILER-DAEMON@mx.prospect.example
    To: ada@sender.example
    Subject: Undelivered Mail Returned to Sender
    Auto-Submitted: auto-replied
    Message-ID: <dsn@mx.prospect.example>
    MIME-Version: 1.0
    Content-Type: multipart/report; report-type=delivery-status; boundary="b"

    --b
    Content-Type: text/plain

    Sorry.
    --b
    Content-Type: message/delivery-status

    Reporting-MTA: dns; mx.prospect.example

    Final-Recipient: rfc822; Bob@prospect.example
    Action: {action}
    Status: {status}
    Diagnostic-Code: smtp; {words}

    --b
    Content-Type: {returned}

    Message-ID:
     <ours@sender.example>
    Subject: Your looms

    --b--
"""


class TestBounces:
    @pytest.mark.parametrize(
        ("status", "words", "severity"),
        [
            ("5.1.1", "550 5.1.1 User unknown", BounceClass.HARD),
            ("5.1.2", "550 Host not found", BounceClass.HARD),
            ("5.1.6", "551 has moved", BounceClass.HARD),
            ("5.1.10", "556 Domain has null MX", BounceClass.HARD),
            ("5.0.0", "550 5.1.1 no such user", BounceClass.HARD),
            ("", "550 No such user here", BounceClass.SOFT),
            ("", "in reply to RCPT TO command: 550 No such user here", BounceClass.HARD),
            ("", "550 <bob@prospect.example>: User unknown", BounceClass.HARD),
            ("", "in reply to end of DATA command: 550 No such user here", BounceClass.SOFT),
            ("5.4.1", "550 5.4.1 Recipient address rejected: Access denied", BounceClass.HARD),
            ("5.2.2", "552 Mailbox full", BounceClass.SOFT),
            ("4.2.2", "452 Over quota", BounceClass.SOFT),
            ("5.1.1", "550 User's mailbox is full", BounceClass.SOFT),
            ("4.4.7", "delivery time expired", BounceClass.SOFT),
            ("5.4.7", "delivery time expired", BounceClass.SOFT),
            ("5.3.4", "Message too big", BounceClass.SOFT),
            ("", "", BounceClass.SOFT),
            ("5.0.0", "550 Something happened", BounceClass.SOFT),
            ("5.7.1", "550 5.7.1 Message rejected as spam", BounceClass.BLOCKED),
            ("5.0.0", "554 5.7.1 [192.0.2.1] blocked using zen.spamhaus.org", BounceClass.BLOCKED),
            ("5.1.8", "553 Domain of sender address does not exist", BounceClass.BLOCKED),
            ("5.1.1", "550 refused by policy", BounceClass.BLOCKED),
            ("", "550 relaying denied", BounceClass.BLOCKED),
        ],
    )
    def test_only_a_mailbox_that_does_not_exist_is_hard(self, status: str, words: str, severity: BounceClass) -> None:
        assert classify(status, words) is severity

    @pytest.mark.parametrize("returned", ["text/rfc822-headers", "message/rfc822"])
    def test_a_failure_names_recipient_status_and_our_mail(self, returned: str) -> None:
        reading = read(DSN.format(action="failed", status="5.1.1", words="550 User unknown", returned=returned))
        assert (reading.kind, reading.bounce) == (InboundKind.BOUNCE, BounceClass.HARD)
        (failed,) = reading.failed
        assert (failed.address, failed.status) == ("bob@prospect.example", "5.1.1")
        assert reading.thread_ids[0] == "<ours@sender.example>"
        assert reading.message_id == "<dsn@mx.prospect.example>"
        assert reading.intents == ()

    @pytest.mark.parametrize(
        ("action", "kind"),
        [
            ("delayed", InboundKind.DELAYED),
            ("delivered", InboundKind.DELIVERED),
            ("relayed", InboundKind.DELIVERED),
            ("expanded", InboundKind.DELIVERED),
        ],
    )
    def test_only_failed_is_a_bounce(self, action: str, kind: InboundKind) -> None:
        reading = read(DSN.format(action=action, status="4.4.1", words="x", returned="message/rfc822"))
        assert (reading.kind, reading.bounce) == (kind, None)

    def test_of_two_recipients_the_milder_failure_counts(self) -> None:
        text = DSN.format(action="failed", status="5.1.1", words="550 User unknown", returned="message/rfc822")
        second = "Final-Recipient: rfc822; c@d.example\n    Action: failed\n    Status: 5.2.2\n\n    --b\n"
        head, middle, tail = text.rpartition("    --b\n    Content-Type: message/rfc822")
        reading = read(f"{head}    {second}".rstrip(" ") + middle.removeprefix("    --b\n") + tail)
        assert {failed.severity for failed in reading.failed} == {BounceClass.HARD, BounceClass.SOFT}
        assert reading.bounce is BounceClass.SOFT

    def test_an_older_server_writes_prose_and_words_alone_suppress_nobody(self) -> None:
        reading = read(
            """
            From: Mail Delivery Subsystem <MAILER-DAEMON@mx.example>
            To: ada@sender.example
            Subject: failure notice

            I wasn't able to deliver your message to the following addresses.
            This is a permanent error.

            <bob@prospect.example>:
            550 No such user here

            --- Below this line is a copy of the message.

            Message-ID: <ours@sender.example>
            Subject: Your looms
            """
        )
        assert (reading.kind, reading.bounce) == (InboundKind.BOUNCE, BounceClass.SOFT)
        assert reading.failed[0].address == "bob@prospect.example"
        assert "<ours@sender.example>" in reading.about

    def test_a_person_who_speaks_of_bounces_is_a_person(self) -> None:
        reading = reply("Your last mail could not be delivered to my colleague, can you resend it?")
        assert reading.kind is InboundKind.REPLY


class TestComplaints:
    @pytest.mark.parametrize(
        ("kind", "expected"),
        [
            ("abuse", InboundKind.COMPLAINT),
            ("opt-out", InboundKind.COMPLAINT),
            ("auth-failure", InboundKind.REPORT),
            ("not-spam", InboundKind.REPORT),
        ],
    )
    def test_a_feedback_report(self, kind: str, expected: InboundKind) -> None:
        reading = read(
            f"""
            From: fbl@provider.example
            To: abuse@sender.example
            Subject: Complaint
            MIME-Version: 1.0
            Content-Type: multipart/report; report-type=feedback-report; boundary="b"

            --b
            Content-Type: text/plain

            An abuse report.
            --b
            Content-Type: message/feedback-report

            Feedback-Type: {kind}
            User-Agent: FBL/1.0
            Version: 1

            --b
            Content-Type: message/rfc822

            Message-ID: <ours@sender.example>
            Subject: Your looms

            Hello
            --b--
            """
        )
        assert reading.kind is expected
        assert (reading.feedback_type, reading.about) == (kind, ("<ours@sender.example>",))


class TestAutomaticAnswers:
    @pytest.mark.parametrize(
        ("subject", "text", "back"),
        [
            ("Automatic reply: Your looms", "I am out of the office until 16 March 2026.", date(2026, 3, 16)),
            ("Automatic reply", "I'm on vacation and will be back on March 9th.", date(2026, 3, 9)),
            ("Out of office", "Back on Monday!", date(2026, 3, 9)),
            ("Automatic reply", "I am away from 2026-03-01 until 2026-03-20.", date(2026, 3, 20)),
            ("Automatische Antwort", "Ich bin bis zum 23.03.2026 im Urlaub.", date(2026, 3, 23)),
            ("Abwesenheitsnotiz", "Ich bin ab dem 5. Januar wieder erreichbar.", date(2027, 1, 5)),
            ("Réponse automatique", "Je suis absent jusqu'au 14 avril.", date(2026, 4, 14)),
            ("Respuesta automática", "Estoy de vacaciones hasta el 3 de mayo de 2026.", date(2026, 5, 3)),
            ("Out of office", "I am out of the office with limited access to email.", None),
            ("Out of office", "I was out of the office until 1 February 2026.", None),
        ],
    )
    def test_an_absence_and_its_end(self, subject: str, text: str, back: date | None) -> None:
        reading = read_mail(f"From: b@p.example\nSubject: {subject}\n\n{text}\n".encode(), NOW)
        assert (reading.kind, reading.return_on) == (InboundKind.OUT_OF_OFFICE, back)
        assert reading.intents == (), "nobody read it: it is neither interest nor refusal"

    @pytest.mark.parametrize(
        "header",
        ["Auto-Submitted: auto-replied", "X-Autoreply: yes", "X-Autorespond: x", "Precedence: auto_reply"],
    )
    def test_headers_come_first(self, header: str) -> None:
        assert reply("Thank you, ticket 17 was opened.", f"{header}\n").kind is InboundKind.AUTO_REPLY

    def test_a_person_may_say_auto_submitted_no(self) -> None:
        assert reply("Sounds good.", "Auto-Submitted: no\n").kind is InboundKind.REPLY

    def test_a_person_who_is_away_later_still_answered(self) -> None:
        reading = reply("Interested, but I will be on vacation next week. Can we talk after that?")
        assert reading.kind is InboundKind.REPLY

    def test_somebody_who_left_is_not_on_holiday(self) -> None:
        reading = reply("Bob is no longer with the company. Contact Eve until 4 May.", "Auto-Submitted: auto-replied\n")
        assert (reading.kind, reading.has_left, reading.return_on) == (InboundKind.AUTO_REPLY, True, None)

    def test_the_unsubscribe_button_of_a_mail_program_is_a_person(self) -> None:
        reading = read(
            """
            From: bob@prospect.example
            To: stop@sender.example
            Subject: unsubscribe
            Auto-Submitted: auto-replied
            X-Apple-Unsubscribe: true

            Apple Mail sent this email to unsubscribe from the message.
            """
        )
        assert (reading.kind, reading.intents[0].intent) == (InboundKind.REPLY, Intent.OPT_OUT)


OURS = compose(
    OutboundMail(
        message_id=message_id(UUID(int=1), UUID(int=2), 1, "sender.example"),
        date=NOW,
        sender_address="ada@sender.example",
        sender_name="Ada",
        recipient_address="bob@prospect.example",
        subject="Your looms",
        text="Hello Bob,\n\nwould you like to schedule a demo? If not, just say: not interested.",
        unsubscribe_url="https://sales.example/u/token",
        postal_address="Street 1",
    )
)


class TestQuotes:
    @pytest.mark.parametrize(
        "introduction",
        [
            "On Mon, 2 Mar 2026 at 10:00, Ada <ada@sender.example> wrote:",
            "On Mon, Mar 2, 2026 at 10:00 AM Ada Byron\n<ada@sender.example> wrote:",
            "Am Mo., 2. März 2026 um 10:00 Uhr schrieb Ada <ada@sender.example>:",
            "Le lun. 2 mars 2026 à 10:00, Ada <ada@sender.example> a écrit :",
            "El lun, 2 mar 2026 a las 10:00, Ada (<ada@sender.example>) escribió:",
            "-----Original Message-----\nFrom: Ada",
            "-----Ursprüngliche Nachricht-----\nVon: Ada",
            "From: Ada <ada@sender.example>\nSent: Monday, March 2, 2026 10:00\nTo: Bob\nSubject: Your looms",
            "Von: Ada <ada@sender.example>\nGesendet: Montag, 2. März 2026 10:00\nAn: Bob\nBetreff: Your looms",
            "________________________________\nDe : Ada\nEnvoyé : lundi 2 mars 2026\nÀ : Bob\nObjet : Your looms",
        ],
    )
    @pytest.mark.parametrize("mark", ["", "> "])
    def test_our_own_words_are_never_read_as_theirs(self, introduction: str, mark: str) -> None:
        quoted = "\n".join(mark + line for line in ["Hello Bob,", "", "schedule a demo?", "Unsubscribe: https://x/u/1"])
        reading = reply(f"Thank you, Ada.\n\n{introduction}\n\n{quoted}")
        assert reading.text == "Thank you, Ada."
        assert [hit.intent for hit in reading.intents] == [Intent.UNKNOWN]

    def test_a_reply_below_the_quote(self) -> None:
        text = "On Mon, 2 Mar 2026, Ada wrote:\n> Shall we talk?\n> Ada\n\nYes, let's talk on Tuesday.\n\n-- \nBob"
        assert new_text(text) == "Yes, let's talk on Tuesday."

    def test_an_answer_without_words_has_no_words(self) -> None:
        reading = reply("\nOn Mon, 2 Mar 2026 at 10:00, Ada <ada@sender.example> wrote:\n> not interested?\n")
        assert (reading.text, reading.intents[0].intent) == ("", Intent.UNKNOWN)

    @pytest.mark.parametrize("signature", ["-- \nBob, CTO", "Sent from my iPhone", "Gesendet von meinem iPhone"])
    def test_signatures_go(self, signature: str) -> None:
        assert new_text(f"Sounds good.\n\n{signature}") == "Sounds good."

    def test_html_without_its_quote(self) -> None:
        reading = read_mail(
            b"From: b@p.example\nSubject: Re: x\nContent-Type: text/html; charset=utf-8\n\n"
            b"<html><style>p{}</style><p>Yes,<br>gladly &uuml;ber Zoom.</p>"
            b"<div class=gmail_quote>On Monday Ada wrote:<blockquote>Unsubscribe</blockquote></div></html>",
            NOW,
        )
        assert reading.text == "Yes,\ngladly über Zoom."

    def test_our_footer_quoted_back_without_marks_is_no_opt_out(self) -> None:
        assert Intent.OPT_OUT not in intents(
            "Fine.\n\nAda, Engines\nStreet 1\nUnsubscribe: https://sales.example/u/token"
        )


class TestIntents:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("Please remove me from your list.", Intent.OPT_OUT),
            ("Unsubscribe", Intent.OPT_OUT),
            ("STOP", Intent.OPT_OUT),
            ("Stop emailing me!", Intent.OPT_OUT),
            ("Bitte nehmen Sie mich aus Ihrem Verteiler.", Intent.OPT_OUT),
            ("Schreiben Sie mir bitte nicht mehr.", Intent.OPT_OUT),
            ("Merci de me désinscrire.", Intent.OPT_OUT),
            ("Ne me contactez plus.", Intent.OPT_OUT),
            ("Por favor, denme de baja.", Intent.OPT_OUT),
            ("No me escriba más.", Intent.OPT_OUT),
            ("We're not interested, thanks.", Intent.NEGATIVE),
            ("Kein Interesse.", Intent.NEGATIVE),
            ("Non merci, pas intéressé.", Intent.NEGATIVE),
            ("No nos interesa.", Intent.NEGATIVE),
            ("Not a priority this quarter, check back in six months.", Intent.NOT_NOW),
            ("Momentan leider kein Budget.", Intent.NOT_NOW),
            ("Pas pour l'instant, recontactez-moi en mai.", Intent.NOT_NOW),
            ("Ahora mismo no, quizá más adelante.", Intent.NOT_NOW),
            ("You have the wrong person.", Intent.WRONG_PERSON),
            ("Ich bin dafür nicht zuständig.", Intent.WRONG_PERSON),
            ("Please contact my colleague Eve instead.", Intent.REFERRAL),
            ("Wenden Sie sich bitte an Frau Meier.", Intent.REFERRAL),
            ("Happy to talk, does Tuesday at 3pm work? Send me an invite.", Intent.WANTS_MEETING),
            ("Können wir nächste Woche einen Termin vereinbaren?", Intent.WANTS_MEETING),
            ("Fixons un rendez-vous la semaine prochaine.", Intent.WANTS_MEETING),
            ("¿Podemos agendar una reunión?", Intent.WANTS_MEETING),
            ("Sounds interesting, tell me more.", Intent.INTERESTED),
            ("Das klingt spannend.", Intent.INTERESTED),
            ("Je suis intéressée, envoyez-moi plus d'informations.", Intent.INTERESTED),
            ("Me interesa, me gustaría saber más.", Intent.INTERESTED),
            ("How much does it cost?", Intent.QUESTION),
            ("Was kostet das?", Intent.QUESTION),
            ("That is too expensive for us.", Intent.OBJECTION),
            ("Das ist uns zu teuer.", Intent.OBJECTION),
        ],
    )
    def test_what_a_reply_wants(self, text: str, expected: Intent) -> None:
        hits = read_intents(text)
        assert hits[0].intent is expected, hits
        assert hits[0].quote in text

    def test_several_at_once_in_the_order_of_what_must_happen(self) -> None:
        hits = read_intents("Sounds great! How much is it? And please remove my colleague Eve from your list.")
        assert {Intent.INTERESTED, Intent.QUESTION} <= {hit.intent for hit in hits}
        assert [hit.intent for hit in hits] == sorted((hit.intent for hit in hits), key=list(Intent).index)

    @pytest.mark.parametrize(
        "text", ["I'm not interested.", "We are not looking to schedule a call.", "Don't need this.", "no intrest"]
    )
    def test_a_refusal_is_not_interest(self, text: str) -> None:
        assert not intents(text) & {Intent.INTERESTED, Intent.WANTS_MEETING}

    @pytest.mark.parametrize(
        "text",
        [
            "We never stop improving our process.",
            "Can you remove the setup fee from the proposal?",
            "Our delivery list is long, but this looks promising.",
            "I subscribed to your newsletter, sounds good.",
            "Don't send me the long version, the summary is enough.",
            "Could you stop by on Tuesday?",
            "I will delete the old contract and send you the new one.",
        ],
    )
    def test_no_opt_out_where_nobody_opted_out(self, text: str) -> None:
        assert Intent.OPT_OUT not in intents(text)

    def test_a_sentence_that_a_mail_program_broke_is_one(self) -> None:
        text = "Thank you for your mail. I would like you to remove me from your\nmailing list at your convenience."
        assert Intent.OPT_OUT in intents(text)

    @pytest.mark.parametrize("subject", ["Re: Stop losing deals", "AW: Unsubscribe rates in retail"])
    def test_a_subject_of_ours_is_no_opt_out(self, subject: str) -> None:
        assert read_intents("Fine.", subject)[0].intent is Intent.UNKNOWN
        assert read_intents("", "Re: STOP")[0].intent is Intent.OPT_OUT

    def test_no_rule_speaks(self) -> None:
        assert intents("Lorem ipsum.") == {Intent.UNKNOWN}


class TestShapes:
    def test_ids_of_a_thread(self) -> None:
        reading = reply("Yes", "In-Reply-To: <2@a.example>\nReferences: <1@a.example>\n <2@a.example>\n")
        assert reading.thread_ids == ("<2@a.example>", "<1@a.example>")
        assert (reading.sender, reading.sender_name) == ("bob@prospect.example", "Bob")

    @pytest.mark.parametrize("charset", ["utf-8", "iso-8859-1", "windows-1252", "x-unknown", "iso-2022-kr", ""])
    def test_any_charset_claimed_or_not(self, charset: str) -> None:
        head = f"From: b@p.example\nSubject: x\nContent-Type: text/plain; charset={charset}\n\n".encode()
        assert "Gr" in read_mail(head + "Größe".encode("latin-1"), NOW).text
        assert "Gr" in read_mail(head + "Größe".encode(), NOW).text

    def test_our_own_mail_can_be_read_back(self) -> None:
        reading = read_mail(OURS, NOW)
        assert reading.kind is InboundKind.REPLY
        assert reading.sent_at == NOW
        assert reading.text.startswith("Hello Bob,")
        assert "Unsubscribe" not in reading.text

    @pytest.mark.parametrize("raw", [b"", b"\r\n\r\n", b"\x00\x01\x02", b"no header at all", b"\xff" * 1000])
    def test_rubbish_is_a_reading_with_a_reason(self, raw: bytes) -> None:
        reading = read_mail(raw, NOW)
        assert reading.kind is InboundKind.UNREADABLE
        assert reading.reason

    def test_a_mail_nested_without_end_is_a_reading(self) -> None:
        raw = b"From: a@b.example\n"
        for level in range(3000):
            raw += b'Content-Type: multipart/mixed; boundary="%d"\n\n--%d\n' % (level, level)
        assert read_mail(raw, NOW).kind in InboundKind

    @pytest.mark.timeout(200)
    @pytest.mark.parametrize(
        "unit",
        ["<", ">", "On ", "a@b <", "wrote: ", "-", "not ", "stop ", "until ", "1.1.", "5.1.1 ", "user ", "\n", "x"],
    )
    def test_no_rule_runs_away(self, unit: str) -> None:
        reply(unit * (200_000 // len(unit)))
        read_mail(b"From: MAILER-DAEMON@x.example\nSubject: failure notice\n\n" + unit.encode() * 30_000, NOW)

    @given(st.binary(max_size=600))
    def test_no_bytes_raise(self, raw: bytes) -> None:
        read_mail(raw, NOW)

    @given(st.data())
    def test_no_damage_to_a_mail_raises(self, data: st.DataObject) -> None:
        whole = data.draw(st.sampled_from([OURS, textwrap.dedent(DSN).lstrip().encode()]))
        at = data.draw(st.integers(0, len(whole)))
        length = data.draw(st.integers(0, 40))
        read_mail(whole[:at] + data.draw(st.binary(max_size=40)) + whole[at + length :], NOW)


class TestFolderInbox:
    def test_files_in_the_order_of_their_names(self, tmp_path: Path) -> None:
        for name in ("2.eml", "1.eml", "3.eml", ".4.eml", "5.txt"):
            (tmp_path / name).write_bytes(name.encode())
        inbox = FolderInbox(tmp_path)
        first = inbox.fetch(None, 2)
        assert not isinstance(first, Unknown)
        assert [(mail.uid, mail.raw) for mail in first] == [("1.eml", b"1.eml"), ("2.eml", b"2.eml")]
        rest = inbox.fetch("2.eml", 2)
        assert not isinstance(rest, Unknown)
        assert [mail.uid for mail in rest] == ["3.eml"]
        assert inbox.fetch("3.eml", 2) == []

    def test_no_folder_is_empty_and_no_access_is_unknown(self, tmp_path: Path) -> None:
        assert FolderInbox(tmp_path / "none").fetch(None, 1) == []
        (tmp_path / "file").write_text("x")
        assert isinstance(FolderInbox(tmp_path / "file").fetch(None, 1), Unknown)
