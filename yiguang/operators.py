"""What tells who is behind a page, with the rules and weights that the lexicons have for it."""

from typing import TYPE_CHECKING

from yiguang.errors import CommandFailed
from yiguang.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from domain.identity_policy import IdentityPolicy
    from storage.operators.operator_profiles import OperatorProfiles


def operator_profiles(settings: Settings, engine: "Engine") -> "OperatorProfiles":
    """Raises CommandFailed naming the file that cannot be used."""
    from storage.operators.operator_profiles import OperatorProfiles
    from yiguang.lexicon_books import load_practitioner_book, load_risk_weights

    try:
        weights = load_risk_weights(settings.lexicons)
    except (OSError, ValueError, KeyError, TypeError) as fault:
        raise CommandFailed(f"lexicons/registry/risk.toml 无法载入：{fault}") from fault
    try:
        forms = load_practitioner_book(settings.lexicons)
    except (OSError, ValueError, KeyError) as fault:
        raise CommandFailed(f"lexicons/registry/practitioners.toml 无法载入：{fault}") from fault
    return OperatorProfiles(engine, identity_policy(settings), weights, forms)


def identity_policy(settings: Settings) -> "IdentityPolicy":
    """Raises CommandFailed as `operator_profiles` does."""
    from yiguang.lexicon_books import load_identity_policy

    try:
        return load_identity_policy(settings.lexicons)
    except (OSError, ValueError, KeyError, TypeError) as fault:
        raise CommandFailed(f"lexicons/registry/identity.toml 无法载入：{fault}") from fault
