"""Polls feeds, reads the articles they announce, and brings them in as FetchedArticle events."""
