"""The tables, in groups. `storage.migrations` builds them; a test compares the two."""

from storage.tables.desk import (
    audit_entries,
    desk_accounts,
    desk_conflict_parties,
    desk_conflicts,
    desk_decisions,
    desk_draws,
    desk_failed_log_ins,
    desk_finding_verdicts,
    desk_item_families,
    desk_item_parties,
    desk_items,
    desk_nights,
    desk_sessions,
    desk_views,
)
from storage.tables.evidence import bundles, chain_entries, keep_records, seals, time_stamps
from storage.tables.metadata import RowId, metadata
from storage.tables.nights import night_pauses, night_targets, nights, targets
from storage.tables.pages import cluster_keys, findings, page_bodies, page_pictures, pages, pictures, text_clusters
from storage.tables.registry import registry_headings, registry_institutions, registry_keys
from storage.tables.visits import frontier, page_memory, site_rests, skipped_counts, skipped_links, visits, warc_files

__all__ = [
    "RowId",
    "audit_entries",
    "bundles",
    "chain_entries",
    "cluster_keys",
    "desk_accounts",
    "desk_conflict_parties",
    "desk_conflicts",
    "desk_decisions",
    "desk_draws",
    "desk_failed_log_ins",
    "desk_finding_verdicts",
    "desk_item_families",
    "desk_item_parties",
    "desk_items",
    "desk_nights",
    "desk_sessions",
    "desk_views",
    "findings",
    "frontier",
    "keep_records",
    "metadata",
    "night_pauses",
    "night_targets",
    "nights",
    "page_bodies",
    "page_memory",
    "page_pictures",
    "pages",
    "pictures",
    "registry_headings",
    "registry_institutions",
    "registry_keys",
    "seals",
    "site_rests",
    "skipped_counts",
    "skipped_links",
    "targets",
    "text_clusters",
    "time_stamps",
    "visits",
    "warc_files",
]
