"""The databases of the storage tests, with confirmed leads in them."""

from tests.storage.conftest import database_url, engine, migrated_template, postgres_url

__all__ = ["database_url", "engine", "migrated_template", "postgres_url"]
