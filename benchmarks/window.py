"""What the deduplicator's window costs: memory and CPU an article, while it fills and once it is full.

    python -m benchmarks.window [--articles N] [--window N]

The window is a third of the articles unless given; so the last two thirds show what a full one costs.
"""

import argparse
import gc
import time
from datetime import timedelta

import psutil

from benchmarks.news import Newsroom
from newswatch_deduplicator.fingerprint import fingerprint
from newswatch_deduplicator.memory import Limits, Memory
from tests.support.articles import NOON

PORTION = 5_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--articles", type=int, default=60_000)
    parser.add_argument("--window", type=int, default=0, help="articles that are remembered")
    given = parser.parse_args()
    window = given.window or given.articles // 3
    # As in a window of 200,000 that holds a week: the stories of its last three days are open.
    newsroom = Newsroom(1, NOON, timedelta(days=7) / window)
    memory, process = Memory(Limits(articles=window)), psutil.Process()
    before = process.memory_info().rss
    print(f"{'articles':>9}{'in window':>11}{'bytes each':>12}{'print ms':>10}{'decision ms':>13}{'slowest ms':>12}")
    for taken in range(PORTION, given.articles + 1, PORTION):
        articles = [told.article for told in newsroom.take(PORTION)]
        start = time.process_time()
        marks = [fingerprint(article) for article in articles]
        printed = time.process_time()
        del articles
        slowest = 0.0
        for mark in marks:
            one = time.process_time()
            memory.take(mark)
            slowest = max(slowest, time.process_time() - one)
        done = time.process_time()
        del marks
        gc.collect()
        each = (process.memory_info().rss - before) / len(memory)
        prints, decisions = 1000 * (printed - start) / PORTION, 1000 * (done - printed) / PORTION
        times = f"{prints:10.2f}{decisions:13.2f}{1000 * slowest:12.0f}"
        print(f"{taken:9,}{len(memory):11,}{each:12,.0f}{times}", flush=True)


if __name__ == "__main__":
    main()
