#!/usr/bin/env bash
# What `train --engine torch` does on one GPU, in under 8 minutes and without a network: parity with the CPU on a tiny model; StarCoder's
# 15.5B geometry in NF4 and bfloat16 and a 7B Llama, of random weights: tokens/s and memory, packed against padded rows.
# Each case is a process, so that one that runs out of memory leaves the others. PYTHON names the Python with torch and peft.
set -uo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}
tiny=${TINY:+--tiny}

# check SECONDS ARGUMENTS...: prints a JSON line, or one that says how the case ended.
check() {
  local limit=$1 code
  shift
  timeout "$limit" "$python" tools/gpu_check.py "$@" $tiny
  code=$?
  [ "$code" -eq 0 ] || printf '{"case": "%s", "failed": %d}\n' "$*" "$code"
}

"$python" -c 'import torch; print(torch.__version__, torch.cuda.get_device_name() if torch.cuda.is_available() else "no GPU")'
check 40 parity
check 70 llama --layout packed
check 55 llama --layout rows
check 90 starcoder --weights bf16 --layout packed
check 60 starcoder --weights bf16 --layout rows
check 100 starcoder --weights nf4 --layout packed
"$python" -c 'import flash_attn' 2>/dev/null && check 50 llama --layout packed --attention flash_attention_2
exit 0
