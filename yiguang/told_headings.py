"""What columns of a list mean, as people say it on the command line."""

from collections.abc import Sequence

from yiguang.errors import UsageError


def told_headings(pairs: Sequence[str], fields: Sequence[str]) -> dict[str, str]:
    """Fields by heading key, from `--map 列名=字段`. Raises UsageError for one that is none of `fields`."""
    from storage.operators.registry_file import heading_key

    told = {}
    for pair in pairs:
        heading, equals, field = pair.partition("=")
        if not equals or not heading_key(heading) or field not in fields:
            raise UsageError(f"--map 应为 列名=字段，字段为 {'、'.join(fields)} 之一：{pair}")
        told[heading_key(heading)] = field
    return told
