#!/bin/sh
# Makes mains-default.gguf again from nothing, and measures it. All seeds are fixed.
#   models/default/make.sh [WORK_DIR]     100 minutes on one core with AVX512_BF16, less on two
# Needs python3-torch and python3-numpy (Debian), and the fetched and built llama.cpp of this
# project (tools/fetch-llama, tools/build-llama): gguf-py from its source, libllama to evaluate.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
work=${1:-$root/build/default-model}
python=${PYTHON:-/usr/bin/python3}
llama=${LLAMA_INSTALL:-$root/build/_llama/install}
gguf_py=${GGUF_PY:-$root/build/_llama/src/gguf-py}
steps=${STEPS:-5000}
shards=${SHARDS:-36}
export OMP_WAIT_POLICY=passive
mkdir -p "$work"

"$python" "$here/tokenizer.py" "$work/tokenizer.json"
"$python" "$here/data.py" "$work/tokenizer.json" "$work/data" held 1500
"$python" "$here/data.py" "$work/tokenizer.json" "$work/data" 0 "$shards"
"$python" "$here/train.py" "$work/data" "$work/run" --steps "$steps"
"$python" "$here/convert.py" "$work/run/last.pt" "$work/tokenizer.json" \
    "$work/mains-default.gguf" --gguf-py "$gguf_py"

g++ -std=c++17 -O1 -I "$llama/include" "$here/greedy.cpp" -o "$work/greedy" -L "$llama/lib" \
    -lllama -lggml -lggml-cpu -lggml-base -lgomp -lpthread -ldl
"$python" "$here/evaluate.py" "$work/mains-default.gguf" --greedy "$work/greedy" \
    --tokenizer "$work/tokenizer.json" --each 100 --reach 10 --out "$work/rates.json"
