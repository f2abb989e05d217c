"""Which entity is meant, and which rule is true. Pure: no network, no database, no service."""
