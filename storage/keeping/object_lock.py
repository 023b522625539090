"""S3 object lock, through s3fs: objects that cannot be deleted before their day, and deletion of every version after it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

#: Governance: an account with a right of its own may lift it. Compliance would bind us against a court's order to delete.
MODE = "GOVERNANCE"


@dataclass(frozen=True, slots=True)
class S3Locks:
    """`storage.keeping.object_store.Locks` of a bucket with object lock; paths are `bucket/key`."""

    files: Any  # s3fs.S3FileSystem, which has no types

    def put(self, path: str, data: bytes, until: datetime) -> None:
        self.files.pipe_file(path, data, ObjectLockMode=MODE, ObjectLockRetainUntilDate=until)

    def remove(self, path: str) -> None:
        """A plain deletion in a versioned bucket hides an object and keeps it. Raises OSError while a lock stands."""
        bucket, _, key = path.partition("/")
        found = self.files.call_s3("list_object_versions", Bucket=bucket, Prefix=key)
        for version in (*found.get("Versions", ()), *found.get("DeleteMarkers", ())):
            if version["Key"] == key:
                self.files.call_s3("delete_object", Bucket=bucket, Key=key, VersionId=version["VersionId"])


def s3_locks(files: Any, root: str) -> S3Locks | None:
    """None when the bucket has no object lock. Raises OSError when it cannot be asked."""
    bucket = root.partition("/")[0]
    files.ls(bucket)  # a bucket that is not there is another thing than one without a lock
    try:
        answer = files.call_s3("get_object_lock_configuration", Bucket=bucket)
    except OSError:
        return None
    enabled = answer.get("ObjectLockConfiguration", {}).get("ObjectLockEnabled") == "Enabled"
    return S3Locks(files) if enabled else None
