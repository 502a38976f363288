#!/usr/bin/env bash
# Several GPUs of one machine. For two machines, on each of them: NODES=2 NODE=0 (and 1) FIRST=host-of-node-0.
set -euo pipefail
PLAN=${PLAN:-plan}
RUN=${RUN:-run}
pip install -r "$PLAN/requirements.txt"
if [ "${NODES:-1}" -gt 1 ]; then
  meeting=(--nnodes "$NODES" --node-rank "$NODE" --master-addr "$FIRST" --master-port 29500)
else
  meeting=(--standalone)
fi
torchrun "${meeting[@]}" --nproc-per-node "${GPUS:-8}" "$PLAN/run_plan.py" "$PLAN" "$RUN" "$@"
