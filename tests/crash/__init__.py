"""The crash suite: newswatch on Kafka while its parts are killed, stopped and frozen, and what came of it.

    plan    what is published and what is struck, drawn from a seed            (pure)
    ground  broker, PostgreSQL, newsstand and receivers in one folder
    news    puts the planned articles on the newsstand and on the topic
    crew    the workers, each started again when it ends, and what their logs say
    suite   strikes one after the other, then waits until all is at rest
    verdict what was lost, repeated or unexpected, and how long each worker was away   (pure)
    report  the same as text and as JSON

`python -m tests.crash --help` says how to run it.
"""
