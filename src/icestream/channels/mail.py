"""E-mail over SMTP."""

import contextlib
import smtplib
import ssl
from email.message import EmailMessage
from email.utils import formatdate
from pathlib import Path
from typing import Any

from icestream.channels.kinds import EmailChannel
from icestream.channels.message import Message, subject_of, text_of
from icestream.channels.receipt import PATIENCE, Receipt, Undelivered, reason_of, shortened

__all__ = ["mail_of", "send_mail", "trust"]


class _Plain(smtplib.SMTP):
    """Keeps what the server said to the message itself, which smtplib does not return."""

    heard = ""

    def data(self, msg: Any) -> tuple[int, bytes]:
        """Send the message itself."""
        code, said = super().data(msg)
        self.heard = f"{code} {_text(said)}"
        return code, said


class _Secure(_Plain, smtplib.SMTP_SSL):
    """The same over a connection that is TLS from its beginning."""


def send_mail(channel: EmailChannel, message: Message) -> Receipt:
    """Send a message as e-mail.

    Raises
    ------
    Undelivered
        If the server cannot be reached, or refuses the login, the sender or all who get it.
    """
    at = channel.place
    password = channel.password.read() if channel.password else ""
    try:
        server = _connect(channel)
        try:
            if channel.user is not None:
                server.login(channel.user, password)
            refused = server.send_message(mail_of(channel, message))
        finally:
            with contextlib.suppress(Exception):  # what it took is sent, however it says goodbye
                server.quit()
            server.close()
    except smtplib.SMTPAuthenticationError as error:
        why = f"the login as {channel.user} was refused: {_code(error)}"
        raise Undelivered(f"{at}: {why}") from None
    except smtplib.SMTPRecipientsRefused as error:
        raise Undelivered(f"{at}: {_refused(error.recipients)}") from None
    except smtplib.SMTPResponseException as error:
        raise Undelivered(f"{at}: {_code(error)}") from None
    except (OSError, ValueError, smtplib.SMTPException) as error:
        raise Undelivered(f"{at}: {reason_of(error)}") from None
    return Receipt(f"{at} took the message: {shortened(server.heard)}", _refused(refused))


def mail_of(channel: EmailChannel, message: Message) -> EmailMessage:
    """The mail: subject, text, and an id that is the same when it is sent again."""
    mail = EmailMessage()
    mail["Subject"] = subject_of(message)
    mail["From"] = channel.sender
    mail["To"] = ", ".join(channel.to)
    mail["Date"] = formatdate(message.time, localtime=True)
    mail["Message-ID"] = f"<{message.id}@{channel.sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"  # nobody's out-of-office answers it
    mail.set_content(text_of(message))
    return mail


def trust(certificates: Path | None) -> ssl.SSLContext:
    """What is trusted: the system's authorities, and those in a file."""
    context = ssl.create_default_context()
    if certificates is not None:
        try:
            context.load_verify_locations(certificates)
        except (OSError, ssl.SSLError) as error:
            raise Undelivered(f"{certificates}: {reason_of(error)}") from None
    return context


def _connect(channel: EmailChannel) -> _Plain:
    where = (channel.server, channel.own_port)
    if channel.security == "tls":
        return _Secure(*where, timeout=PATIENCE, context=trust(channel.certificates))
    server = _Plain(*where, timeout=PATIENCE)
    if channel.security == "starttls":
        try:
            server.starttls(context=trust(channel.certificates))
        except BaseException:
            server.close()
            raise
    return server


def _code(error: smtplib.SMTPResponseException) -> str:
    return shortened(f"{error.smtp_code} {_text(error.smtp_error)}")


def _refused(recipients: dict[str, tuple[int, bytes]]) -> str:
    if not recipients:
        return ""
    each = (f"{who} ({code} {_text(said)})" for who, (code, said) in recipients.items())
    return shortened(f"refused for {', '.join(each)}")


def _text(said: bytes | str) -> str:
    return said.decode(errors="replace") if isinstance(said, bytes) else said
