"""The worker process: reads tasks from its standard input, writes results to its standard output.

Run as `python -m newswatch_fetcher.worker [BYTES OF MEMORY]`. A message is its length in four bytes, then MessagePack.
The process ends when its input does, so none outlives the fetcher.
"""

import os
import signal
import sys
from typing import BinaryIO

import msgspec

from newswatch_fetcher.tasks import Failed, Result, Task, perform

MEMORY = 512 * 1024 * 1024
OUT_OF_MEMORY = 77
"""Exit status of a worker that met its memory limit."""


def main() -> None:
    inlet, outlet = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    # Whatever a library prints must not get between the messages.
    os.dup2(2, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _limit_memory(int(sys.argv[1]) if len(sys.argv) > 1 else MEMORY)
    decoder = msgspec.msgpack.Decoder(Task)
    _write(outlet, Failed("ready"))
    while data := _read(inlet):
        try:
            result: Result = perform(decoder.decode(data))
        except MemoryError:
            # What is left of the process is not to be trusted with the next task.
            os._exit(OUT_OF_MEMORY)
        _write(outlet, result)


def _limit_memory(memory: int) -> None:
    try:
        import resource  # noqa: PLC0415 - not on every system
    except ImportError:
        return
    # Linux counts all private memory as data; elsewhere the limit may do nothing, and the time limit remains.
    resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _read(inlet: BinaryIO) -> bytes:
    size = inlet.read(4)
    return inlet.read(int.from_bytes(size, "big")) if len(size) == 4 else b""


def _write(outlet: BinaryIO, result: Result) -> None:
    data = msgspec.msgpack.encode(result)
    outlet.write(len(data).to_bytes(4, "big") + data)
    outlet.flush()


if __name__ == "__main__":
    main()
