"""The databases of the storage tests, and a desk over them."""

from tests.storage.conftest import database_url, engine, migrated_template, postgres_url

__all__ = ["database_url", "engine", "migrated_template", "postgres_url"]
