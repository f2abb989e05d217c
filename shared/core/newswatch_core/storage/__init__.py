"""One schema for SQLite and PostgreSQL, and the questions several services ask of it."""
