"""The receivers. A new one is one file here and its configuration in `AnyReceiver`."""

from typing import Annotated

from pydantic import Field

from newswatch_alerter.receivers.console import ConsoleConfig
from newswatch_alerter.receivers.email import EmailConfig
from newswatch_alerter.receivers.slack import SlackConfig

AnyReceiver = Annotated[ConsoleConfig | SlackConfig | EmailConfig, Field(discriminator="type")]
