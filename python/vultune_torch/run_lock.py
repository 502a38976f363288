"""Whether a run is still these processes' to write to.

`vultune train` holds run.lock while they train for it. Killed, it leaves them behind, and whoever resumes the run
takes the lock: both would write one log and one checkpoint. So would two where a run that trains on a cluster is resumed here.
"""

from pathlib import Path

from .errors import RunError

MOST_BYTES = 10_000


class RunLock:
    def __init__(self, run: Path) -> None:
        self.file = run / "run.lock"
        self.holder = self.read()

    def read(self) -> bytes | None:
        """Who holds it; None where nobody does, or it cannot be read."""
        try:
            with self.file.open("rb") as file:
                return file.read(MOST_BYTES)
        except OSError:
            return None

    def require_own(self) -> None:
        """To be called before anything is written. Throws TORCH_RUN_TAKEN where somebody else took the lock since."""
        now = self.read()
        if now is None or now == self.holder:
            return
        raise RunError(
            "TORCH_RUN_TAKEN",
            f"another process trains into {self.file.parent} since",
            "Nothing was written over; this process ends, and that one goes on from the last checkpoint.",
        )
