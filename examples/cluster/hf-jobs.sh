#!/usr/bin/env bash
# One GPU of Hugging Face Jobs. run_plan.py says its packages itself (PEP 723); the dataset repository DATASET holds plan/, the
# bucket or repository that is mounted at /run keeps the run folder.
set -euo pipefail
hf jobs uv run --flavor "${FLAVOR:-a100-large}" --timeout "${TIMEOUT:-4h}" --secrets HF_TOKEN \
  --volume "hf://datasets/${DATASET:?ORG/NAME}:/data" --volume "hf://buckets/${BUCKET:?ORG/NAME}:/run" \
  "${PLAN:-plan}/run_plan.py" /data/plan /run/vultune "$@"
