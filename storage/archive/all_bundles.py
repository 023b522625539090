"""Every bundle there is: of leads, and of later looks at referred pages."""

from sqlalchemy import CompoundSelect, select, union_all

from storage.tables import bundles, look_bundles

_COLUMNS = ("path", "night_id", "sha256", "bytes", "created_at")


def all_bundles() -> CompoundSelect[tuple[str, ...]]:
    """Path, night, SHA-256, size and time of making of each, in no order."""
    of_leads = select(*(bundles.c[name] for name in _COLUMNS))
    return union_all(of_leads, select(*(look_bundles.c[name] for name in _COLUMNS)))
