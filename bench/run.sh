#!/usr/bin/env bash
# The whole house, measured from outside over HTTP. Bounded in time; loopback only.
#
#   bench/run.sh             both parts, about three minutes
#   bench/run.sh null        what everything but the model costs (null engine)
#   bench/run.sh postgres    the same with the ledger in PostgreSQL, beside pgbench on the same
#                            cluster and disk (left out where there is no PostgreSQL)
#   bench/run.sh peer        beside llama-server: same model, machine and load, in one run
#   bench/run.sh --tiny      each part for moments, to see that it works; the peer's place is taken
#                            by a second Mains where there is no llama-server
#
# MAINS_BIN     the server (default build/release/mains)
# MAINS_LOAD    the load generator (default build/release/mains_load)
# LLAMA_SERVER  the peer (default build/_llama/install/bin/llama-server; built by
#               tools/build-llama --tools; where it is missing, the peer's part is left out)
# BENCH_MODEL   GGUF for the peer's part (default: a generated one of SmolLM2-135M's shape)
# BENCH_THREADS engine threads of both servers (default: the number of processors). On a machine
#               that others use, too, 1 is fairer to both: threads that wait for one another lose
#               most of their time to a neighbour.
# BENCH_SECONDS measured seconds of each line (default 4; 8 with a model)
# BENCH_JSON    file to which each line is written as JSON, too
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
mains="${MAINS_BIN:-$root/build/release/mains}"
load="${MAINS_LOAD:-$root/build/release/mains_load}"
peer="${LLAMA_SERVER:-$root/build/_llama/install/bin/llama-server}"
tiny=0
parts=()
for word in "$@"; do
  case "$word" in
    --tiny) tiny=1 ;;
    null | peer | postgres) parts+=("$word") ;;
    *) echo "bench: unknown word '$word' (null, postgres, peer, --tiny)" >&2; exit 2 ;;
  esac
done
if ((${#parts[@]} == 0)); then parts=(null postgres peer); fi
for program in "$mains" "$load"; do
  [[ -x "$program" ]] || { echo "bench: $program is not built (make bench builds it)" >&2; exit 1; }
done

# The data folder lies on the disk of the build, not in memory: what a commit costs is measured.
home="$(mktemp -d "${TMPDIR:-/tmp}/mains-bench.XXXXXX")"
server=0
stop_server() {
  if ((server)); then
    kill "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
    server=0
  fi
}
cluster=0
stop_cluster() {
  if ((cluster)); then
    kill -QUIT "$cluster" 2>/dev/null || true
    wait "$cluster" 2>/dev/null || true
    cluster=0
  fi
}
finish() {
  stop_server
  stop_cluster
  rm -rf "$home"
}
trap finish EXIT
trap 'exit 130' INT TERM

free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

refuse() {
  echo "bench: $*" >&2
  tail -20 "$home/log" >&2 || true
  exit 1
}

# start_mains NAME ARGUMENT...: sets server, port; $home/NAME is its data folder.
start_mains() {
  local name="$1"
  shift
  data="$home/$name"
  mkdir -p "$data"
  port="$(free_port)"
  "$mains" serve --data "$data" --listen "127.0.0.1:$port" "$@" >"$home/log" 2>&1 &
  server=$!
  for _ in $(seq 600); do
    if grep -q "http://127.0.0.1:$port" "$home/log"; then return; fi
    kill -0 "$server" 2>/dev/null || refuse "the server did not start"
    sleep 0.1
  done
  refuse "the server was not ready within a minute"
}

# key_of TENANT: a key with credit that no bench exhausts.
key_of() {
  "$mains" tenant create "$1" --credit 100000 --data "$data" >/dev/null 2>&1 ||
    refuse "no tenant '$1'"
  "$mains" key create --tenant "$1" --json --data "$data" 2>/dev/null |
    grep -oE 'mk-[A-Za-z0-9_-]{32,}' | head -1
}

start_peer() { # slots context
  port="$(free_port)"
  "$peer" -m "$model" --host 127.0.0.1 --port "$port" -np "$1" -c "$2" -t "$threads" \
    --no-webui >"$home/log" 2>&1 &
  server=$!
  for _ in $(seq 600); do
    if curl -fs "http://127.0.0.1:$port/health" >/dev/null 2>&1; then return; fi
    kill -0 "$server" 2>/dev/null || refuse "llama-server did not start"
    sleep 0.1
  done
  refuse "llama-server was not ready within a minute"
}

# one LABEL ARGUMENT...: one line of the table.
one() {
  local label="$1"
  shift
  "$load" --port "$port" --server-pid "$server" --label "$label" --seconds "$seconds" \
    --json "${BENCH_JSON:-/dev/null}" "$@" || failed=1
}

check_books() {
  "$mains" ledger check --data "$data" || refuse "the books are not right"
}

# Where PostgreSQL's programs are; nothing, where it has none here.
postgres_programs() {
  local folder
  for folder in "${MAINS_POSTGRES_BIN:-}" $(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -rV); do
    if [[ -x "$folder/initdb" && -x "$folder/pgbench" ]]; then echo "$folder"; return; fi
  done
}

# start_cluster: a server in $home/pg that syncs every commit; sets cluster and ledger.
start_cluster() {
  local as=()
  mkdir -p "$home/pg"
  chmod 755 "$home"
  if [[ "$(id -u)" == 0 ]]; then
    local user=postgres
    id "$user" >/dev/null 2>&1 || user=nobody
    chown "$user" "$home/pg"
    as=(setpriv --reuid "$user" --regid "$(id -g "$user")" --clear-groups)
  fi
  (cd "$home/pg" && "${as[@]}" "$programs/initdb" -D "$home/pg/data" -U mains -A trust -E UTF8 \
    --no-locale >"$home/log" 2>&1) || refuse "no database cluster could be made"
  (cd "$home/pg" && exec "${as[@]}" "$programs/postgres" -D "$home/pg/data" -k "$home/pg" \
    -c listen_addresses= -c max_connections=600 -c shared_buffers=256MB >"$home/log" 2>&1) &
  cluster=$!
  for _ in $(seq 300); do
    if "$programs/pg_isready" -q -h "$home/pg"; then
      ledger="postgres://mains@/postgres?host=$home/pg"
      return
    fi
    sleep 0.1
  done
  refuse "the database server was not ready within half a minute"
}

bench_postgres() {
  programs="$(postgres_programs)"
  if [[ -z "$programs" ]]; then
    echo "-- PostgreSQL: left out, there is none here"
    return
  fi
  start_cluster
  local pg=(-h "$home/pg" -U mains) clients
  "$programs/createdb" "${pg[@]}" bench
  "$programs/pgbench" "${pg[@]}" -i -q -s 10 bench >/dev/null 2>&1 || refuse "pgbench -i failed"
  for clients in "${null_clients[@]}"; do
    printf 'pgbench -N, %s clients: ' "$clients"
    "$programs/pgbench" "${pg[@]}" -N -c "$clients" -j 2 -T "${seconds%.*}" bench 2>/dev/null |
      grep '^tps' || true
  done
  export MAINS_LEDGER="$ledger"
  bench_null
  unset MAINS_LEDGER
  stop_cluster
}

bench_null() {
  echo "-- null engine: authentication, hold, durable settlement, receipt; ledger in" \
    "$(if [[ -n "${MAINS_LEDGER:-}" ]]; then echo PostgreSQL; else echo SQLite; fi); $seconds s a line"
  "$load" --disk "$home" --seconds "$disk_seconds"
  start_mains "null${MAINS_LEDGER:+-pg}" --engine null
  model_name="$(curl -fs "http://127.0.0.1:$port/v1/prices" | grep -o 'mains-default-[a-z0-9]*' | head -1)"
  LOAD_KEY="$(key_of bench)"
  export LOAD_KEY
  local head=(--head)
  for clients in "${null_clients[@]}"; do
    one "null" --model "${model_name:-mains-default-8k}" --group "all:$clients:8:8" "${head[@]}"
    head=()
    one "null, streaming" --model "${model_name:-mains-default-8k}" --group "all:$clients:8:8" --stream
  done
  check_books
  stop_server
}

# The same loads to whoever listens on $port under this name.
model_loads() { # label model light-key heavy-key
  one "$1" --model "$2" --stream --group "all:$clients:$words_in:$tokens_out:$3" --head --drain "$drain" --warmup "$warmup"
  one "$1" --model "$2" --stream --group "light:2:50:50:$3" --drain "$drain" --warmup "$warmup"
  one "$1, crowd" --model "$2" --stream --drain "$drain" --warmup "$warmup" \
    --group "light:2:50:50:$3" --group "heavy:$heavy:200:100:$4"
}

bench_peer() {
  if [[ ! -x "$peer" ]] && ((!tiny)); then
    echo "-- beside llama-server: left out, there is none (tools/build-llama --tools builds it)"
    return
  fi
  model="${BENCH_MODEL:-}"
  if [[ -z "$model" ]] && ((!tiny)); then
    model="$home/135m.gguf"
    "$(dirname "$mains")/make_random_model" smollm2-135m "$model" "${vocabulary[@]}" ||
      refuse "no model could be generated; name one in BENCH_MODEL"
  fi
  echo "-- beside llama-server: $clients clients; 2 light ones alone; 2 light beside $heavy heavy"
  printf '[engine]\nthreads = %d\n' "$threads" >"$home/bench.toml"
  local engine=(--engine llama --config "$home/bench.toml" --model "bench=$model:8192")
  local name=bench
  if ((tiny)); then
    engine=(--engine null)
    name=mains-default-8k
  fi
  local light heavy_key
  start_mains ours "${engine[@]}"
  light="$(key_of light)"
  heavy_key="$(key_of heavy)"
  model_loads mains "$name" "$light" "$heavy_key"
  check_books
  stop_server
  if ((tiny)); then
    start_mains peer "${engine[@]}"
    light="$(key_of light)"
    model_loads peer "$name" "$light" "$light"
  else
    start_peer 16 "$peer_context"
    model_loads llama-server bench "" ""
  fi
  stop_server
}

failed=0
threads="${BENCH_THREADS:-$(nproc)}"
vocabulary=()
if [[ -f "$root/build/_llama/src/models/ggml-vocab-gpt-2.gguf" ]]; then
  vocabulary=(--vocabulary "$root/build/_llama/src/models/ggml-vocab-gpt-2.gguf")
fi
clients=16 words_in=100 tokens_out=64 heavy=30 drain=15 warmup=2 peer_context=8192
null_clients=(1 16 64 512)
disk_seconds=1
if ((tiny)); then
  null_clients=(1 16)
  heavy=4
  disk_seconds=0.2
fi
for part in "${parts[@]}"; do
  case "$part" in
    null | postgres) seconds="${BENCH_SECONDS:-4}" ;;
    peer) seconds="${BENCH_SECONDS:-8}" ;;
  esac
  if ((tiny)); then seconds=0.3 drain=2 warmup=0.1; fi
  if ((tiny)) && [[ "$part" == postgres ]]; then seconds=1; fi
  "bench_$part"
done
exit "$failed"
