"""Standard output, for people who watch a terminal."""

import asyncio
import os
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Literal, TextIO

from newswatch_alerter.messages import Piece, Wording, word
from newswatch_alerter.receivers.base import NotSent, Outcome, ReceiverConfig, Sending, Sent

_RULE = "-" * 78
_COLOURS = {"LOW": "36", "MEDIUM": "34", "HIGH": "33;1", "CRITICAL": "31;1"}


class ConsoleReceiver:
    """Writes each message as one block. Marks words by colour on a terminal, by «» elsewhere."""

    deadline = 30.0

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream
        # A thread of its own: where nobody reads the output, writing never ends.
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="console")

    async def send(self, sending: Sending) -> Outcome:
        stream = self._stream or sys.stdout
        wording = word(sending.message, now=sending.now, delivery=sending.delivery, repeat=sending.repeat)
        try:
            colours = stream.isatty() and "NO_COLOR" not in os.environ
            block = "\n".join(lines(wording, colours=colours)) + "\n"
            encoding = stream.encoding or "utf-8"
            printable = block.encode(encoding, "replace").decode(encoding)
            await asyncio.get_running_loop().run_in_executor(self._writer, _write, stream, printable)
        except (OSError, ValueError) as error:
            return NotSent(f"standard output cannot be written: {type(error).__name__}")
        return Sent()


def _write(stream: TextIO, block: str) -> None:
    stream.write(block)
    stream.flush()


def lines(wording: Wording, *, colours: bool) -> Sequence[str]:
    """The block as it is printed."""
    flags = "".join(f"[{flag}] " for flag in wording.flags)
    head = f"{flags}{_paint(f'[{wording.severity}]', _COLOURS[wording.severity], colours)} {wording.title}"
    block = [_RULE, head, f"  {wording.source}"]
    if len(wording.rules) == 1:
        block.append(f"  {wording.rules_word}: {wording.rules[0]}")
    else:
        block.append(f"  {wording.rules_word}:")
        block += [f"   - {rule}" for rule in wording.rules]
    if wording.before:
        block.append(f"  {wording.before}")
    for what, counted in wording.counts:
        block += [f"  {what}:", *(f"   - {line}" for line in counted)]
    block += [f"  > {_marked(quoted, colours=colours)}" for quoted in wording.quotes]
    block += [f"    {gloss}" for gloss in wording.glosses]
    block += [f"  {wording.facts}; {wording.times}"]
    if wording.link:
        block.append(f"  {wording.link}")
    return [*block, f"  {_paint(wording.foot, '2', colours)}", ""]


def _marked(pieces: Sequence[Piece], *, colours: bool) -> str:
    marked = (_paint(piece.text, "1;4", colours) if colours else f"«{piece.text}»" for piece in pieces if piece.marked)
    return "".join(next(marked) if piece.marked else piece.text for piece in pieces).strip()


def _paint(text: str, code: str, colours: bool) -> str:  # noqa: FBT001  (what is painted is decided once, by the caller)
    return f"\x1b[{code}m{text}\x1b[0m" if colours else text


class ConsoleConfig(ReceiverConfig):
    """{id: console, type: console}"""

    type: Literal["console"]

    def build(self) -> ConsoleReceiver:
        return ConsoleReceiver()
