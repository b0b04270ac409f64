#!/usr/bin/env bash
# The long campaigns of `make soak`: simulated worlds of many seeds, a thousand kill -9 of a real
# server under load on each store, and its memory under load.
#
#   tests/soak/run.sh            all
#   tests/soak/run.sh sim        the simulation: MAINS_SIM_WORLDS worlds (2,000)
#   tests/soak/run.sh kills      MAINS_KILLS (1,000) kills; MAINS_TEST_LEDGER chooses one store
#   tests/soak/run.sh growth     memory while MAINS_LOAD_SECONDS (600) of load pass
#   tests/soak/run.sh hostile    a light tenant's waiting beside four hostile ones (60 s each)
#
# MAINS_SEED repeats a seed that failed; each failure prints its own.
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
cd "$root"
build="${MAINS_BUILD:-$root/build/release}"
export MAINS_BIN="${MAINS_BIN:-$build/mains}"
failed=0

sim() {
  echo "== sim: ${MAINS_SIM_WORLDS:=2000} worlds"
  export MAINS_SIM_WORLDS
  (cd sim && time "$build/sim/sim_test" --gtest_brief=1) || failed=1
}

kills() {
  export MAINS_KILLS="${MAINS_KILLS:-1000}"
  local ledgers=(sqlite)
  if grep -q postgres tests/e2e/harness.mjs; then ledgers+=(postgres); fi
  if [[ -n "${MAINS_TEST_LEDGER:-}" ]]; then ledgers=("$MAINS_TEST_LEDGER"); fi
  for ledger in "${ledgers[@]}"; do
    echo "== $MAINS_KILLS kills, books in $ledger"
    (cd tests/e2e && time MAINS_TEST_LEDGER="$ledger" node --test --test-reporter=spec \
      killed.test.mjs) || failed=1
  done
}

growth() {
  echo "== memory"
  (time MAINS_LOAD="$build/mains_load" node --test --test-reporter=spec \
    tests/soak/growth.test.mjs) || failed=1
}

hostile() {
  echo "== hostile tenants"
  (time node tests/soak/hostile.mjs 60) || failed=1
}

for campaign in "${@:-sim kills growth hostile}"; do
  for name in $campaign; do "$name"; done
done
exit $failed
