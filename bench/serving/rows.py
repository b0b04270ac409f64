"""The loads of the table. Each is a function of the bench that returns its lines."""
import os

import roof
from programs import Failed, Mains, Peer
from table import Line, at_least


class Bench:
    """What all loads share: programs, sizes, and the model."""

    def __init__(self, programs):
        self.programs = programs
        self.tiny = programs.tiny
        self.peer = programs.peers("llama-server") is not None
        self.shape = "tiny" if self.tiny else "smollm2-135m"
        self.limits = programs.limits()

    def model(self):
        return self.programs.model(self.shape, vocabulary="gpt-2")

    def words(self, count):
        """The tiny model reads letters, and has little room."""
        return max(1, count // 12) if self.tiny else count

    def tokens(self, count):
        return max(2, count // 16) if self.tiny else count

    def context(self, count):
        """Of the tiny model all that it was trained for, 2,048; the next multiple of 256 else."""
        return 2048 if self.tiny else (count + 255) // 256 * 256

    def times(self, seconds, warmup=2, drain=15):
        if self.tiny:
            seconds, warmup, drain = 0.3, 0.1, 3
        return ["--seconds", str(seconds), "--warmup", str(warmup), "--drain", str(drain)]

    def group(self, name, clients, words, tokens, key, *options):
        parts = [f"{name}:{clients}:{self.words(words)}:{self.tokens(tokens)}:{key}", *options]
        return ["--group", ",".join(parts).replace(":,", ",").rstrip(":")]

    def mains(self, context, **options):
        return Mains(self.programs, self.model(), self.context(context), **options)

    def peers(self, context, slots, unified=False):
        return Peer(self.programs, self.model(), context if not self.tiny else 2048 * slots, slots,
                    unified)


def healthy(load, *groups):
    """Numbers of a load in which nothing failed."""
    for group in groups or (name for name in load if name != "*"):
        if load[group]["errors"]:
            raise Failed(f"{load[group]['errors']} requests of '{group}' failed: "
                         f"{load[group]['error']}")
    return load


def quotient(value, by):
    return None if value is None or not by else value / by


def crowd(bench):
    name = "16 clients, 100 in / 64 out"
    # Clients that began together go on in rounds of about a second, and a window cuts one in two.
    what = lambda server: [*bench.group("all", 16, 100, 64, server.key("all")), *bench.times(24)]
    with bench.mains(8192) as server:
        ours = healthy(server.load(*what(server)))["all"]
    peer = None
    if bench.peer:
        with bench.peers(8192, 16) as server:
            peer = server.load(*what(server))["all"]
    # The engine gets prompts as long as the server's, template included.
    prompt = round(ours["tokens_in_per_s"] / max(ours["requests_per_s"], 1e-9))
    seconds = 1 if bench.tiny else 24
    alone = bench.programs.alone(
        bench.model(), "--closed", f"16:{max(prompt, 8)}:{bench.tokens(64)}:{seconds}")
    lines = []
    for key, unit in (("tokens_out_per_s", "out t/s"), ("tokens_in_per_s", "in t/s")):
        theirs = peer and peer[key]
        lines.append(Line(name, "throughput", ours[key], theirs, unit, ">= 2 x",
                          at_least(ours[key], 2, theirs)))
    lines.append(Line(name, "of our engine alone", 100 * ours["tokens_out_per_s"] /
                      max(alone["closed_out"], 1e-9), None, "%", ">= 95 %",
                      ours["tokens_out_per_s"] >= 0.95 * alone["closed_out"]))
    lines.append(Line(name, "TTFT p50", ours["ttft_p50_ms"], peer and peer["ttft_p50_ms"], "ms",
                      more=False))
    return lines


def shared(bench):
    name = "16 clients, 800 shared, 30 new / 32 out"
    what = lambda server: [
        *bench.group("all", 16, 30, 32, server.key("all"), f"shared={bench.words(800)}"),
        *bench.times(15, warmup=5, drain=20)]
    with bench.mains(16384) as server:
        ours = healthy(server.load(*what(server)))["all"]
    best = None
    if bench.peer:
        for unified in (True, False):
            with bench.peers(16384, 16, unified) as server:
                peer = server.load(*what(server))["all"]
            if best is None or peer["tokens_out_per_s"] > best["tokens_out_per_s"]:
                best = peer

    def computed(load):
        """Of each prompt. Requests that began and ended out of step even out over the window."""
        fresh = load["tokens_in_per_s"] - load["tokens_cached_per_s"]
        return quotient(100 * fresh, load["tokens_in_per_s"])

    # 30 of 830 words are new, and the template and what does not fill a block of KV.
    met = computed(ours) is not None and computed(ours) <= 12
    return [
        Line(name, "throughput, peer's better KV mode", ours["tokens_out_per_s"],
             best and best["tokens_out_per_s"], "out t/s", ">= 5 x",
             at_least(ours["tokens_out_per_s"], 5, best and best["tokens_out_per_s"])),
        Line(name, "part of the prompts computed", computed(ours), best and computed(best), "%",
             "shared once (<= 12 %)", met, compared=False),
        Line(name, "TTFT p50", ours["ttft_p50_ms"], best and best["ttft_p50_ms"], "ms", more=False),
    ]


def light_and_heavy(bench):
    name = "2 light beside a tenant with 30 heavy"
    light = lambda key: bench.group("light", 2, 50, 50, key)
    heavy = lambda key: bench.group("heavy", 4 if bench.tiny else 30, 200, 100, key)

    def measure(server, check):
        keys = server.key("light"), server.key("heavy")
        times = bench.times(20, warmup=3, drain=20)
        return [check(server.load(*what, *times)) for what in (
            light(keys[0]), heavy(keys[1]), light(keys[0]) + heavy(keys[1]))]

    def numbers(runs):
        alone, heavy_alone, both = runs
        slower = quotient(both["light"]["ttft_p50_ms"], alone["light"]["ttft_p50_ms"])
        kept = quotient(100 * both["heavy"]["served"], heavy_alone["heavy"]["served"])
        return slower, kept, both

    with bench.mains(16384) as server:
        slower, kept, both = numbers(measure(server, healthy))
    peer = [None, None, None]
    if bench.peer:
        with bench.peers(8192, 16) as server:
            peer = numbers(measure(server, lambda load: load))
    itl = lambda runs: runs and runs["light"]["itl_p99_ms"]
    return [
        Line(name, "light: TTFT p50, times that alone", slower, peer[0], "x", "<= 2 x alone",
             slower is not None and slower <= 2, compared=False),
        Line(name, "light: TTFT p50", both["light"]["ttft_p50_ms"],
             peer[2] and peer[2]["light"]["ttft_p50_ms"], "ms", more=False),
        Line(name, "light: ITL p99", itl(both), itl(peer[2]), "ms", more=False),
        Line(name, "heavy: keeps of its service alone", kept, peer[1], "%", ">= 50 % (its share)",
             kept is not None and kept >= 50),
    ]


def long_prompt(bench):
    name = "one stream while a 6,500-token prompt enters"

    def what(server):
        seconds = 1 if bench.tiny else 90
        return [*bench.group("stream", 1, 50, 6000, server.key("stream")),
                *bench.group("prompt", 1, 6400, 1, server.key("prompt"), "times=1", "after=0.5"),
                "--seconds", str(seconds), "--warmup", "0.5", "--drain", "0", "--until-done"]

    with bench.mains(16384) as server:
        ours = healthy(server.load(*what(server)))
    peer = None
    if bench.peer:
        with bench.peers(32768, 2) as server:
            peer = server.load(*what(server))
    ttft = lambda load: load and load["prompt"]["ttft_p50_ms"]
    # A prompt that was cut counts with the time it had, which is the least it would have been.
    label = "prompt: TTFT" + (" (at least)" if any(
        load and load["prompt"]["unanswered"] for load in (ours, peer)) else "")
    worst = ours["stream"]["itl_max_ms"]
    smooth = worst is not None and worst <= 60
    return [
        Line(name, "stream: worst gap between tokens", worst, peer and peer["stream"]["itl_max_ms"],
             "ms", "<= 60 ms", smooth, more=False),
        Line(name, label, ttft(ours), ttft(peer), "ms", "no worse",
             at_least(ttft(peer), 1, ttft(ours)), more=False),
    ]


def kv_runs_out(bench):
    name = "four generations that exceed KV memory"
    # Each fits alone, 300 + 700 of 2,048; the four together need twice that.
    out = 700 * (20 if bench.tiny else 1)

    def what(server):
        return [*bench.group("all", 4, 300, out, server.key("all"), "times=1"), "--warmup", "0",
                "--seconds", "20" if bench.tiny else "240", "--drain", "0", "--until-done"]

    def failed(load):
        """Refused, broken off, or cut short; None when the time was too short to say."""
        if load["all"]["unanswered"]:
            return None
        all_of_it = load["all"]["tokens_out_per_s"] * load["all"]["window_s"] / bench.tokens(out)
        return 4 - min(load["all"]["good"], int(all_of_it + 0.01))

    with bench.mains(2048, kv_tokens=2048) as server:
        ours = server.load(*what(server))
    peer = None
    if bench.peer:
        with Peer(bench.programs, bench.model(), 2048, 4, unified=True) as server:
            peer = server.load(*what(server))
    return [Line(name, "failed", failed(ours), peer and failed(peer), "", "none",
                 failed(ours) == 0, compared=False)]


def one_stream(bench):
    name = "one stream"
    of = roof.SHAPES[bench.shape]
    prompt, tokens = (32, 4) if bench.tiny else (512, 128)
    ours = bench.programs.alone(bench.model(), "--prefill", str(prompt), "--decode",
                                f"{prompt}:{tokens}:1")
    peer = bench.programs.batched(bench.model(), prompt, tokens, [1])
    theirs = peer[1] if peer else (None, None)
    int8 = roof.prefill(of, bench.limits)
    memory = roof.decode(of, os.path.getsize(bench.model()), bench.limits, 1)
    part = lambda value, most: None if value is None else 100 * value / most
    prefill, decode = ours[f"prefill_{prompt}"], ours["decode_1"]
    return [
        Line(name, f"prefill {prompt}", prefill, theirs[0], "t/s"),
        Line(name, f"prefill {prompt}, of the int8 limit", part(prefill, int8),
             part(theirs[0], int8), "%", ">= 60 %", prefill >= 0.6 * int8),
        Line(name, "decode", decode, theirs[1], "t/s"),
        Line(name, "decode, of the memory limit", part(decode, memory), part(theirs[1], memory),
             "%", ">= 60 %", decode >= 0.6 * memory),
    ]


def many_streams(bench):
    name = "decode, 128 behind"
    lanes = [1, 2, 4] if bench.tiny else [1, 2, 4, 8, 16, 32, 64]
    prompt, tokens = (16, 4) if bench.tiny else (128, 64)
    ours = bench.programs.alone(bench.model(), "--decode",
                                f"{prompt}:{tokens}:{','.join(map(str, lanes))}")
    peer = bench.programs.batched(bench.model(), prompt, tokens, lanes)
    lines, before = [], 0
    for count in lanes:
        rate = ours[f"decode_{count}"]
        theirs = peer and peer[count][1]
        aim, met = "rises", rate > before
        if count == 32:
            twice = at_least(rate, 2, theirs)
            aim, met = "rises, >= 2 x", met and twice if twice is not None else None
        lines.append(Line(name, f"{count} streams", rate, theirs, "t/s", aim, met))
        before = rate
    return lines


def larger(bench):
    """No worse than the peer anywhere; half again as fast where it is below half the limit."""
    shape = "tiny" if bench.tiny else "llama-3.2-1b"
    of = roof.SHAPES[shape]
    prompt, behind, tokens, lanes = (32, 8, 4, [1, 2]) if bench.tiny else (256, 64, 32, [1, 4, 16])
    lines = []
    for kind in ("q8_0", "q4_0"):
        model = bench.programs.model(shape, kind, vocabulary="llama-bpe")
        counts = ",".join(map(str, lanes))
        ours = bench.programs.alone(model, "--prefill", str(prompt), "--decode",
                                    f"{behind}:{tokens}:{counts}")
        one = bench.programs.batched(model, prompt, 1, [1])
        peer = bench.programs.batched(model, behind, tokens, lanes)
        name = f"{shape}, {kind}"

        def add(what, rate, theirs, most):
            times = None if theirs is None else 1.5 if theirs < most / 2 else 1
            aim = "no worse" if times is None else f">= {times} x"
            lines.append(Line(name, what, rate, theirs, "t/s", aim,
                              at_least(rate, times, theirs) if times else None))

        add(f"prefill {prompt}", ours[f"prefill_{prompt}"], one and one[1][0],
            roof.prefill(of, bench.limits))
        for count in lanes:
            most = roof.decode(of, os.path.getsize(model), bench.limits, count)
            add(f"decode, {count} streams", ours[f"decode_{count}"], peer and peer[count][1], most)
        if not bench.tiny:
            os.remove(model)
    return lines


def idle_and_active(bench):
    name = "300 idle + 64 active streams"
    idle = 20 if bench.tiny else 300

    def what(server):
        # The idle ones have asked once, and keep their connection.
        return [*bench.group("idle", idle, 30, 8, server.key("idle"), "times=1"),
                *bench.group("active", 8 if bench.tiny else 64, 100, 64, server.key("active")),
                *bench.times(20, warmup=15, drain=30)]

    with bench.mains(16384) as server:
        ours = server.load(*what(server))
    peer = None
    if bench.peer:
        with bench.peers(16384, 64) as server:
            peer = server.load(*what(server))
    errors = lambda load: load and load["idle"]["errors"] + load["active"]["errors"]
    # Weights and KV cache as configured, and what requests, connections and books may take beside.
    bound = (os.path.getsize(bench.model()) +
             16384 * roof.SHAPES[bench.shape].kv_token_bytes) / 2**20 + 256
    most = ours["*"]["server_mib_max"]
    return [
        Line(name, "errors", errors(ours), errors(peer), "", "none", errors(ours) == 0,
             compared=False),
        Line(name, "memory at its most", most, peer and peer["*"]["server_mib_max"], "MiB",
             f"<= {bound:.0f} MiB (weights, KV, 256)", most <= bound, more=False),
        Line(name, "throughput", ours["active"]["tokens_out_per_s"],
             peer and peer["active"]["tokens_out_per_s"], "out t/s"),
    ]


# Replayed slower and smaller than they were, for two cores: (files, tenants, speed, shrink).
TRACES = {
    "trace: 27 clients of a chat arena": (["vtc_arena_real_trace.csv"], 27, 0.5, 2),
    "trace: code beside chat": (["AzureLLMInferenceTrace_code.csv",
                                 "AzureLLMInferenceTrace_conv.csv"], 2, 0.3, 8),
}


def traces(bench):
    """Open loops. No aims; good is a first token within a second and 100 ms a token."""
    folder = os.path.join(bench.programs.root, "../shared/traces")
    lines = []
    for name, (files, tenants, speed, shrink) in TRACES.items():
        paths = [os.path.join(folder, file) for file in files]
        if not all(map(os.path.exists, paths)):
            print(f"-- {name}: left out, the traces are not at ../shared/traces")
            continue

        def what(server, paths=paths, tenants=tenants, speed=speed, shrink=shrink):
            path = os.path.join(bench.programs.home, "keys")
            with open(path, "w") as keys:
                print(*(server.key(f"tenant-{i}") for i in range(min(tenants, 4 if bench.tiny else
                                                                     tenants))),
                      sep="\n", file=keys)
            replay = [part for one in paths for part in ("--trace", one)]
            if bench.tiny:
                speed, shrink = 20, 200
            return [*replay, "--keys", path, "--speed", str(speed), "--shrink", str(shrink),
                    "--good", "1000:100", *bench.times(30, warmup=5, drain=15)]

        with bench.mains(16384) as server:
            ours = healthy(server.load(*what(server)))
        peer = None
        if bench.peer:
            with bench.peers(16384, 8) as server:
                peer = server.load(*what(server))
        groups = lambda load: [value for key, value in load.items() if key != "*"]
        part = lambda load: load and 100 * sum(one["good"] for one in groups(load)) / max(
            1, sum(one["meant"] for one in groups(load)))
        out = lambda load: load and sum(one["tokens_out_per_s"] for one in groups(load))
        worst = lambda load: load and max(one["ttft_p99_ms"] or 0 for one in groups(load))
        lines += [
            Line(name, "requests kept at TTFT 1 s, TPOT 100 ms", part(ours), part(peer), "%"),
            Line(name, "throughput", out(ours), out(peer), "out t/s"),
            Line(name, "TTFT p99 of the worst served", worst(ours), worst(peer), "ms", more=False),
        ]
    return lines


ROWS = {
    "crowd": crowd,
    "shared": shared,
    "light": light_and_heavy,
    "prompt": long_prompt,
    "kv": kv_runs_out,
    "one": one_stream,
    "many": many_streams,
    "larger": larger,
    "idle": idle_and_active,
    "traces": traces,
}
