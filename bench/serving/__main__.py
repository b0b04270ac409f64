"""The table of `make bench-serving`: Mains beside llama.cpp, on the same machine in the same run.

    python3 bench/serving                    all loads, about a quarter of an hour
    python3 bench/serving --rows crowd,kv    only these
    python3 bench/serving --tiny             each for moments with a tiny model, to see that it works

Generated models of real shapes, loads by mains_load over loopback. Without the peer's programs
(tools/build-llama --tools builds them) the table has our column alone.
"""
import argparse
import json
import os
import shutil
import subprocess
import sys
import time

from programs import Failed, Programs
from rows import ROWS, Bench
from table import as_json, text

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def arguments():
    parser = argparse.ArgumentParser(prog="bench/serving", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", default=",".join(ROWS), help="of " + ", ".join(ROWS))
    parser.add_argument("--tiny", action="store_true")
    parser.add_argument("--alone", action="store_true", help="without the peer")
    parser.add_argument("--engine", default="auto", help="what `mains serve --engine` takes")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="of every engine")
    parser.add_argument("--json", metavar="FILE", help="the table as JSON, too")
    parser.add_argument("--build", default=os.path.join(ROOT, "build/release"))
    parser.add_argument("--llama", default=os.path.join(ROOT, "build/_llama/install/bin"),
                        help="folder of llama-server and llama-batched-bench")
    given = parser.parse_args()
    given.rows = given.rows.split(",")
    unknown = set(given.rows) - set(ROWS)
    if unknown:
        parser.error(f"no such row: {', '.join(unknown)}")
    return given


def describe(bench, programs):
    with open("/proc/cpuinfo") as file:
        names = [line.split(":")[1].strip() for line in file if line.startswith("model name")]
    version = subprocess.run([programs.ours("mains"), "version"], capture_output=True, text=True)
    load = os.getloadavg()[0]
    peer = "llama.cpp beside it" if bench.peer else "no peer (tools/build-llama --tools builds it)"
    limits = bench.limits
    return [
        f"{names[0] if names else 'processor'}, {programs.threads} threads; "
        f"{version.stdout.splitlines()[0] if version.stdout else 'mains'}; {peer}",
        f"limits: int8 {limits['int8_ops_per_s'] / 1e12:.2f} TOPS ({limits['int8_by']}), "
        f"memory {limits['read_bytes_per_s'] / 1e9:.0f} GB/s",
        f"load average before the run: {load:.2f}" +
        ("" if load < 0.5 else "; THE MACHINE IS BUSY, these numbers tell little"),
    ]


def main():
    given = arguments()
    began = time.monotonic()
    nowhere = "/nonexistent"
    programs = None
    lines, failures = [], 0
    try:
        programs = Programs(ROOT, given.build, nowhere if given.alone else given.llama,
                            1 if given.tiny else given.threads, given.engine, given.tiny)
        bench = Bench(programs)
        head = describe(bench, programs)
        print(*head, sep="\n", flush=True)
        for name in given.rows:
            print(f"-- {name} (at {time.monotonic() - began:.0f} s)", flush=True)
            try:
                found = ROWS[name](bench)
            except (Failed, subprocess.TimeoutExpired, KeyError) as error:
                print(f"-- {name} FAILED: {error}", flush=True)
                failures += 1
                continue
            print(text(found), flush=True)
            lines += found
        print(f"\n{text(lines)}\n")
        if given.json:
            with open(given.json, "w") as file:
                json.dump({"head": head, "lines": as_json(lines)}, file, indent=1)
    except Failed as error:
        print(f"bench/serving: {error}", file=sys.stderr)
        failures += 1
    finally:
        if programs is not None:
            shutil.rmtree(programs.home, ignore_errors=True)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
