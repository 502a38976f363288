#!/bin/sh
# A git hook. Copy to .git/hooks/pre-commit and make it executable. `git commit --no-verify` goes past it.
# It looks at the files as they lie in the working tree, staged or not.
set -eu
git diff --cached --name-only --diff-filter=ACMR -z |
  xargs -0 -r vultune scan "${VULTUNE_RUN:-runs/first}" --diff HEAD --
