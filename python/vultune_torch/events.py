"""events.jsonl of a run, as Vultune writes it: a whole line at a time, one an event."""

import json
import os
import time
from pathlib import Path
from typing import Any


class Events:
    """Only the first rank writes; the others are silent."""

    def __init__(self, file: Path, is_writer: bool) -> None:
        self.file = file
        self.is_writer = is_writer
        if is_writer:
            file.parent.mkdir(parents=True, exist_ok=True)
            cut_torn_line(file)

    def append(self, kind: str, **fields: Any) -> None:
        if not self.is_writer:
            return
        line = json.dumps({"timestampMs": round(time.time() * 1000), "type": kind, **fields}, allow_nan=False)
        with self.file.open("a", encoding="utf-8") as log:
            log.write(line + "\n")

    def last_step(self) -> int:
        """The last step that is logged."""
        return max((event["step"] for event in self.logged() if event["type"] == "step"), default=0)

    def has_started(self) -> bool:
        """Whether the length of the training is logged: `resumed` may stand before it."""
        return any(event["type"] == "run_started" for event in self.logged())

    def logged(self) -> list[dict[str, Any]]:
        """Lines are those of this format."""
        if not self.file.exists():
            return []
        with self.file.open(encoding="utf-8") as log:
            return [json.loads(line) for line in log]


def cut_torn_line(file: Path) -> None:
    """What a kill left of a last line is lost, and a line that was appended to it would be lost with it."""
    if not file.exists():
        return
    content = file.read_bytes()
    end = content.rfind(b"\n") + 1
    if end < len(content):
        os.truncate(file, end)


def resident_bytes() -> int:
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except (OSError, ValueError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")
