"""Secrets: named in the configuration, read from the environment or a file, never shown."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import GetCoreSchemaHandler, model_validator
from pydantic_core import CoreSchema, core_schema

from newswatch_core.config import Model

_revealed: set[str] = set()


class MissingSecretError(Exception):
    """The environment variable or file that a secret names is not there."""


class _Written:
    """Stands for text where a secret's place belongs. Messages show text that is wrong; this may be the secret."""


def _hide(value: object) -> object:
    return _Written() if isinstance(value, str) else value


class SecretRef(Model):
    """Where a secret stands: `{env: NAME}` or `{file: PATH}`."""

    env: str | None = None
    file: str | None = None

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(_hide, handler(source))

    @model_validator(mode="before")
    @classmethod
    def _no_secret(cls, value: object) -> object:
        if isinstance(value, _Written):
            raise ValueError("secrets do not stand in this file: write {env: NAME} or {file: PATH}")
        name = value.get("env") if isinstance(value, dict) else None
        if isinstance(name, str) and name.startswith("$"):
            raise ValueError("write the name of the environment variable without the $")
        if isinstance(name, str) and not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
            raise ValueError("env is the name of an environment variable (letters, digits and _), not the secret")
        return value

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
            except FileNotFoundError:
                raise MissingSecretError(f"the secret file {self.file}: no such file") from None
            except OSError as error:
                raise MissingSecretError(f"the secret file {self.file} cannot be read: {error.strerror}") from None
            except UnicodeDecodeError:
                raise MissingSecretError(f"the secret file {self.file} is not UTF-8 text") from None
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
