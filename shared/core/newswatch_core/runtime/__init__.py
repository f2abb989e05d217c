"""What drives the services: here all in one process, on one SQLite file."""
