#!/usr/bin/env bash
# A job on a Ray cluster that sees the folders at the same paths. Since Ray 2.59 a local cluster asks for a token:
# `ray get-auth-token --generate` makes it, RAY_AUTH_MODE=token uses it.
set -euo pipefail
PLAN=$(realpath "${PLAN:-plan}")
RUN=$(realpath -m "${RUN:-run}")
ray job submit --address "${RAY_API_SERVER_ADDRESS:-http://127.0.0.1:8265}" --entrypoint-num-gpus "${GPUS:-0}" -- \
  python -m torch.distributed.run --standalone --nproc-per-node "${PROCESSES:-1}" \
  "$PLAN/run_plan.py" "$PLAN" "$RUN" "$@"
