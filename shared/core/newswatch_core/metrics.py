"""Every metric of newswatch: the closed list. Labels never hold URLs, titles or entities."""

from prometheus_client import Counter, Gauge, Histogram

ARTICLES = Counter("newswatch_articles", "Events that left a stage, by outcome.", ["stage", "outcome"])
STAGE_SECONDS = Histogram(
    "newswatch_stage_batch_seconds",
    "Time for one batch of a stage, transaction included.",
    ["stage"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5),
)
LAG = Gauge("newswatch_lag_events", "Events in the log that a stage has not read yet.", ["stage"])
POLLS = Counter("newswatch_polls", "Polls of feeds, by outcome.", ["outcome"])
FEEDS = Gauge("newswatch_feeds", "Configured feeds, by state.", ["state"])
FETCH_SECONDS = Histogram(
    "newswatch_fetch_seconds",
    "Time to fetch a feed, a page or robots.txt.",
    ["what"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
ALERTS = Counter("newswatch_alerts", "Alerts opened, by severity.", ["severity"])
NEAR_MISSES = Counter("newswatch_near_misses", "Rules that nearly fired, by how the one clause failed.", ["kind"])
DELIVERIES = Counter("newswatch_deliveries", "Deliveries, by receiver and outcome of a try.", ["receiver", "outcome"])
DEAD_LETTERS = Counter("newswatch_dead_letters", "Events that a service could not process.", ["service"])
