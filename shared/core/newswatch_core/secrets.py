"""Secrets: named in the configuration, read from the environment or a file, never shown."""

import os
from collections.abc import Mapping
from pathlib import Path

from pydantic import model_validator

from newswatch_core.config import Model

_revealed: set[str] = set()


class MissingSecretError(Exception):
    """The environment variable or file that a secret names is not there."""


class SecretRef(Model):
    """Where a secret stands: `{env: NAME}` or `{file: PATH}`."""

    env: str | None = None
    file: str | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> "SecretRef":
        if (self.env is None) == (self.file is None):
            raise ValueError("name the secret's place: {env: VARIABLE} or {file: PATH}")
        return self

    def reveal(self, environ: Mapping[str, str] = os.environ) -> str:
        """The secret itself. From now on logs blot it out. Raises MissingSecretError."""
        if self.env is not None:
            value = environ.get(self.env, "")
            if not value:
                raise MissingSecretError(f"the environment variable {self.env} is not set")
        else:
            try:
                value = Path(str(self.file)).read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                raise MissingSecretError(f"the secret file {self.file} cannot be read: {error}") from None
            if not value:
                raise MissingSecretError(f"the secret file {self.file} is empty")
        hide(value)
        return value


def hide(secret: str) -> None:
    """From now on logs blot out `secret`."""
    _revealed.add(secret)


def blot_out(text: str) -> str:
    """`text` without any secret that was revealed in this process."""
    for secret in _revealed:
        if len(secret) >= 6 and secret in text:
            text = text.replace(secret, "***")
    return text
