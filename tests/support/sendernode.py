"""A process that empties an outbox until it is killed.

python -m tests.support.sendernode DATABASE SLACK_URL [MAIL_PORT]
"""

import asyncio
import sys
from pathlib import Path

from newswatch_alerter.outbox import Outbox
from newswatch_alerter.receivers.base import Receiver, ReceiverConfig
from newswatch_alerter.receivers.email import EmailConfig
from newswatch_alerter.receivers.slack import SlackConfig, SlackReceiver
from newswatch_alerter.sender import Sender
from newswatch_core.events import utc_now
from newswatch_core.storage.database import open_file


def receivers(slack_url: str, mail_port: int) -> dict[str, tuple[ReceiverConfig, Receiver]]:
    """The receivers `slack` and `mail`, without pacing."""
    slack = SlackConfig.model_validate({"id": "slack", "type": "slack", "webhook": {"env": "X"}, "pace": "0s"})
    built: dict[str, tuple[ReceiverConfig, Receiver]] = {"slack": (slack, SlackReceiver(slack_url))}
    if mail_port:
        given = {"id": "mail", "type": "email", "host": "127.0.0.1", "port": mail_port, "security": "none"}
        mail = EmailConfig.model_validate(given | {"from": "n@desk.example", "to": ["a@desk.example"]})
        built["mail"] = (mail, mail.build())
    return built


async def main(database: str, slack_url: str, mail_port: str = "0") -> None:
    outbox = Outbox(open_file(Path(database)), utc_now, "node")
    await Sender(outbox, receivers(slack_url, int(mail_port)), utc_now).run()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
