#!/usr/bin/env bash
# Real clients against the real server.
#
#   tests/e2e/run.sh             all
#   tests/e2e/run.sh openai      only the files whose names begin so
#
# MAINS_BIN     the binary, else build/release/mains
# MAINS_SHARED  a folder whose models/ may hold a GGUF where models/default/ has none
# The last line is "N passed, N failed, N skipped".
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")" || exit 1
export MAINS_BIN="${MAINS_BIN:-$(cd ../.. && pwd)/build/release/mains}"
if [[ ! -x "$MAINS_BIN" ]]; then
  echo "tests/e2e: no server at $MAINS_BIN; build it or set MAINS_BIN"
  exit 1
fi
if ! cmp -s package-lock.json node_modules/.installed-lock.json; then
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error || exit 1
  cp package-lock.json node_modules/.installed-lock.json
fi
shopt -s nullglob
files=("${1:-}"*.test.mjs)
if ((${#files[@]} == 0)); then
  echo "tests/e2e: no file here begins with '$1'; ls tests/e2e/*.test.mjs shows what there is"
  exit 1
fi
report="$(mktemp)"
trap 'rm -f "$report"' EXIT
# Older node 20 and node 18 know no limit for a file; the limit for all is kept anyway.
limit=()
if node --test-timeout=1 --version >/dev/null 2>&1; then limit=(--test-timeout=300000); fi
# One file after the other: the servers under test are busy enough.
timeout -k 10 1500 node --test --test-concurrency=1 "${limit[@]}" --test-reporter=spec \
  --test-reporter-destination=stdout --test-reporter=tap --test-reporter-destination="$report" \
  "${files[@]}"
status=$?
count() { local n; n="$(sed -n "s/^# $1 //p" "$report" | tail -1)"; echo "${n:-0}"; }
failed=$(($(count fail) + $(count cancelled)))
if ((status != 0 && failed == 0)); then failed=1; fi
echo "$(count pass) passed, $failed failed, $(count skipped) skipped"
exit $status
