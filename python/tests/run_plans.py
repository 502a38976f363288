"""Runs many plans in one process, since importing PyTorch takes longest: a JSON list of command lines in, exit codes out."""

import json
import sys
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from vultune_torch.command import run


def attempt(arguments: list[str]) -> int:
    """70 where the runner itself failed; the others are still run."""
    try:
        return run(arguments)
    except Exception:
        traceback.print_exc()
        return 70


def main() -> None:
    commands = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    print(json.dumps([attempt(arguments) for arguments in commands]))


if __name__ == "__main__":
    main()
