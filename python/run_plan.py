# /// script
# requires-python = ">=3.11"
# dependencies = [
#   "torch==2.15.0",
#   "transformers==5.23.0",
#   "peft==0.21.2",
#   "safetensors==0.8.0",
#   "accelerate==1.15.0",
#   "numpy==2.4.6",
# ]
# ///
"""Trains what a plan folder says: `python run_plan.py PLAN RUN`, alone or under torchrun, accelerate, srun, Ray.

The plan folder, which `vultune plan` writes, holds a copy of this file and of the package beside it, so that the folder
is all that a cluster needs. A local job script (HF Jobs, `uv run`) may also be given this one file: it takes the package
out of the plan folder.
"""

import sys
from pathlib import Path


def main() -> int:
    folder = Path(__file__).resolve().parent
    if not (folder / "vultune_torch").is_dir() and len(sys.argv) > 1:
        folder = Path(sys.argv[1]).resolve()
    sys.path.insert(0, str(folder))
    from vultune_torch.command import run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
