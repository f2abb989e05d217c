"""`python -m newswatch_core`: the same as `newswatch`."""

from newswatch_core.cli import main

main()
