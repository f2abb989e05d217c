"""What every newswatch service needs: events, ports, storage, runtimes and the command line."""
