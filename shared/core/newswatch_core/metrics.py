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
RETAGGED = Counter("newswatch_retagged_articles", "Articles that the alerter tagged itself: its entities are others.")
RULES = Gauge("newswatch_rules", "Rules in force.")
ENTITIES_HASH = Gauge(
    "newswatch_entities_hash", "The set of entities in force, as a number: where two differ, the sets do.", ["stage"]
)
CONFIG_GOOD = Gauge("newswatch_config_reload_success", "1 while all of the desk's files is in force.", ["stage"])
CONFIG_GOOD_AT = Gauge(
    "newswatch_config_reload_success_timestamp_seconds", "When the desk's files were last taken whole.", ["stage"]
)
CONFIG_REFUSED = Gauge("newswatch_config_refused", "Mistakes in the desk's files that are not in force.", ["stage"])
CONFIG_RELOADS = Counter("newswatch_config_reloads", "Changes of the desk's files, by outcome.", ["stage", "outcome"])
DEAD_LETTERS = Counter("newswatch_dead_letters", "Events that a service could not process.", ["service"])
