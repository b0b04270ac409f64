#!/usr/bin/env bash
# The whole house, measured from outside over HTTP. Bounded in time; loopback only.
#
#   bench/run.sh             all parts, about four minutes
#   bench/run.sh null        what everything but the model costs (null engine); at last 10,000
#                            requests a second that come by chance, which is the rate we aim at
#   bench/run.sh proxy       the same load through nginx as a mere reverse proxy, whose upstream
#                            gives the null engine's answer at once: nobody is authenticated,
#                            nothing is counted (left out where there is no nginx)
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
    null | proxy | postgres | peer) parts+=("$word") ;;
    *) echo "bench: unknown word '$word' (null, proxy, postgres, peer, --tiny)" >&2; exit 2 ;;
  esac
done
if ((${#parts[@]} == 0)); then parts=(null proxy postgres peer); fi
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

# answers WHO PATH: waits for the server that was just started.
answers() {
  for _ in $(seq 600); do
    if curl -fs "http://127.0.0.1:$port$2" >/dev/null 2>&1; then return; fi
    kill -0 "$server" 2>/dev/null || refuse "$1 did not start"
    sleep 0.1
  done
  refuse "$1 was not ready within a minute"
}

start_peer() { # slots context
  port="$(free_port)"
  "$peer" -m "$model" --host 127.0.0.1 --port "$port" -np "$1" -c "$2" -t "$threads" \
    --no-webui >"$home/log" 2>&1 &
  server=$!
  answers llama-server /health
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
  one "null, by chance" --model "${model_name:-mains-default-8k}" --group "all:512:8:8,rate=$null_rate"
  check_books
  stop_server
}

# proxy_configuration PORT UPSTREAM_PORT ANSWER: the whole of it; nothing of /etc is read, nothing
# outside $home is written.
proxy_configuration() {
  cat <<END
daemon off;
pid $home/nginx.pid;
error_log stderr warn;
worker_processes $(nproc);
events { worker_connections 4096; }
http {
  access_log off;
  keepalive_requests 1000000000;
  client_body_temp_path $home/nginx-body;
  proxy_temp_path $home/nginx-proxy;
  fastcgi_temp_path $home/nginx-fastcgi;
  uwsgi_temp_path $home/nginx-uwsgi;
  scgi_temp_path $home/nginx-scgi;
  upstream model {
    server 127.0.0.1:$2;
    keepalive 512;
    keepalive_requests 1000000000;
  }
  server {
    listen 127.0.0.1:$1 reuseport;
    location / {
      proxy_pass http://model;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
    }
  }
  server {
    listen 127.0.0.1:$2 reuseport;
    default_type application/json;
    location / { return 200 '$3'; }
  }
}
END
}

# The answer that the null engine gives to one request of the table.
null_answer() {
  start_mains proxied --engine null
  local key
  key="$(key_of bench)"
  curl -fs "http://127.0.0.1:$port/v1/chat/completions" -H "authorization: bearer $key" \
    -H 'content-type: application/json' -d '{"model":"mains-default-8k","max_tokens":8,
      "ignore_eos":true,"messages":[{"role":"user","content":"time year people way day man life word"}]}' \
    >"$home/answer" || refuse "the null engine does not answer"
  stop_server
}

bench_proxy() {
  local nginx
  nginx="$(PATH="$PATH:/usr/sbin" command -v nginx || true)"
  if [[ -z "$nginx" ]]; then
    echo "-- a mere proxy: left out, there is no nginx (apt-get install nginx-light has it)"
    return
  fi
  echo "-- a mere proxy: nginx passes on to an upstream that answers at once, both on these cores;" \
    "$seconds s a line"
  null_answer
  port="$(free_port)"
  proxy_configuration "$port" "$(free_port)" "$(<"$home/answer")" >"$home/nginx.conf"
  "$nginx" -p "$home" -c "$home/nginx.conf" >"$home/log" 2>&1 &
  server=$!
  answers nginx /
  local head=(--head)
  for clients in "${null_clients[@]}"; do
    one "proxy" --model mains-default-8k --group "all:$clients:8:8:none" "${head[@]}"
    head=()
  done
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
null_rate=10000
disk_seconds=1
if ((tiny)); then
  null_clients=(1 16)
  null_rate=100
  heavy=4
  disk_seconds=0.2
fi
for part in "${parts[@]}"; do
  case "$part" in
    null | proxy | postgres) seconds="${BENCH_SECONDS:-4}" ;;
    peer) seconds="${BENCH_SECONDS:-8}" ;;
  esac
  if ((tiny)); then seconds=0.3 drain=2 warmup=0.1; fi
  if ((tiny)) && [[ "$part" == postgres ]]; then seconds=1; fi
  "bench_$part"
done
exit "$failed"
