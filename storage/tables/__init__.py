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
from storage.tables.evidence import (
    bundles,
    chain_entries,
    evidence_checks,
    keep_records,
    night_care,
    seals,
    time_stamps,
)
from storage.tables.identity import identity_links, identity_pages
from storage.tables.metadata import RowId, metadata
from storage.tables.nights import night_pauses, night_targets, nights, targets
from storage.tables.pages import cluster_keys, findings, page_bodies, page_pictures, pages, pictures, text_clusters
from storage.tables.referral import lead_statements, referral_packages, referral_steps, referred_leads
from storage.tables.registry import registry_complete_lists, registry_headings, registry_institutions, registry_keys
from storage.tables.rescores import rescore_batches, rescore_pages, rescores
from storage.tables.takedown import takedown_looks
from storage.tables.timetable import timetable_closures, timetable_runs, workers
from storage.tables.tips import tip_answers, tip_records, tip_reporters
from storage.tables.tokens import api_tokens
from storage.tables.visits import (
    frontier,
    page_memory,
    site_rests,
    site_trials,
    skipped_counts,
    skipped_links,
    visits,
    warc_files,
)

__all__ = [
    "api_tokens",
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
    "evidence_checks",
    "findings",
    "frontier",
    "keep_records",
    "identity_links",
    "identity_pages",
    "metadata",
    "night_care",
    "night_pauses",
    "night_targets",
    "nights",
    "page_bodies",
    "page_memory",
    "page_pictures",
    "pages",
    "pictures",
    "lead_statements",
    "referral_packages",
    "referral_steps",
    "referred_leads",
    "registry_complete_lists",
    "registry_headings",
    "registry_institutions",
    "registry_keys",
    "rescore_batches",
    "rescore_pages",
    "rescores",
    "seals",
    "site_rests",
    "site_trials",
    "skipped_counts",
    "skipped_links",
    "takedown_looks",
    "targets",
    "text_clusters",
    "time_stamps",
    "timetable_closures",
    "timetable_runs",
    "tip_answers",
    "tip_records",
    "tip_reporters",
    "visits",
    "warc_files",
    "workers",
]
