"""The programs that a measurement needs, and what they say."""
import json
import os
import socket
import subprocess
import tempfile
import time
import urllib.request


class Failed(Exception):
    """A line for people."""


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Programs:
    """Where everything is, how many threads compute, and a folder that goes away."""

    def __init__(self, root, build, llama, threads, engine, tiny):
        self.root, self.build, self.llama = root, build, llama
        self.threads, self.engine, self.tiny = threads, engine, tiny
        self.home = tempfile.mkdtemp(prefix="mains-serving.")
        for name in ("mains", "mains_load", "mains_limits", "make_random_model",
                     "front/app/engine_alone_bench"):
            if not os.access(os.path.join(build, name), os.X_OK):
                raise Failed(f"{os.path.join(build, name)} is not built (make bench-serving builds it)")

    def ours(self, name):
        return os.path.join(self.build, name)

    def peers(self, name):
        """The peer's program, or None where it was not built."""
        path = os.path.join(self.llama, name)
        return path if os.access(path, os.X_OK) else None

    def run(self, command, limit_s):
        done = subprocess.run(command, capture_output=True, text=True, timeout=limit_s)
        if done.returncode != 0:
            raise Failed(f"{os.path.basename(command[0])}: {(done.stderr or done.stdout)[-500:]}")
        return done.stdout

    def model(self, shape, kind="q8_0", vocabulary=None):
        """A generated model: weights by chance, which do not change speed."""
        path = os.path.join(self.home, f"{shape}-{kind}.gguf")
        if not os.path.exists(path):
            command = [self.ours("make_random_model"), shape, path, "--type", kind]
            words = os.path.join(self.root, "build/_llama/src/models", f"ggml-vocab-{vocabulary}.gguf")
            if vocabulary and os.path.exists(words):
                command += ["--vocabulary", words]
            self.run(command, 300)
        return path

    def limits(self):
        command = [self.ours("mains_limits"), "--threads", str(self.threads)]
        return json.loads(self.run(command + (["--tiny"] if self.tiny else []), 60))

    def alone(self, model, *what):
        """Our engine without HTTP and books: a dictionary of rates."""
        command = [self.ours("front/app/engine_alone_bench"), "--json", "--model", model,
                   "--threads", str(self.threads), "--engine", self.engine, *what]
        return json.loads(self.run(command, 600))

    def batched(self, model, prompt, tokens, lanes):
        """llama-batched-bench: {lanes: (prefill t/s, decode t/s)}; None without the peer."""
        program = self.peers("llama-batched-bench")
        if program is None:
            return None
        room = max(lanes) * (prompt + tokens) + 256
        out = self.run([program, "-m", model, "-c", str(room), "-b", "512", "-ub", "512",
                        "-npp", str(prompt), "-ntg", str(tokens), "-npl",
                        ",".join(map(str, lanes)), "-t", str(self.threads),
                        "--output-format", "jsonl"], 600)
        lines = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
        return {line["pl"]: (line["speed_pp"], line["speed_tg"]) for line in lines}


class Server:
    """A server under load, ours or the peer's. Use with `with`."""

    def __init__(self, programs, port, command, ready, limit_s=120):
        self.programs, self.port = programs, port
        self.log = os.path.join(programs.home, "log")
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        until = time.monotonic() + limit_s
        while not self.answers(ready):
            if self.process.poll() is not None or time.monotonic() > until:
                self.stop()
                with open(self.log) as log:
                    raise Failed(f"{command[0]} did not start: {log.read()[-500:]}")
            time.sleep(0.05)

    def answers(self, path):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=2) as answer:
                return answer.status == 200
        except OSError:
            return False

    patience_s = 40  # a drain of ours takes half of that at most

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(self.patience_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def key(self, tenant):  # pylint: disable=unused-argument
        return ""

    def load(self, *what, model="bench", limit_s=400):
        """mains_load: {group: numbers}; "*" has what concerns all groups. Of what was never seen
        (no first token, say) the time is None."""
        path = os.path.join(self.programs.home, "load.json")
        if os.path.exists(path):
            os.remove(path)
        done = subprocess.run(
            [self.programs.ours("mains_load"), "--port", str(self.port), "--model", model,
             "--stream", "--server-pid", str(self.process.pid), "--json", path, *what],
            capture_output=True, text=True, timeout=limit_s)
        if not os.path.exists(path):
            raise Failed(f"mains_load: {done.stderr[-500:]}")
        with open(path) as file:
            lines = [json.loads(line) for line in file]
        return {line["group"]: {name: None if name.endswith("_ms") and value == 0 else value
                                for name, value in line.items()} for line in lines}


class Mains(Server):
    def __init__(self, programs, model, context, kv_tokens=0, lanes=64):
        self.data = tempfile.mkdtemp(prefix="data.", dir=programs.home)
        config = os.path.join(self.data, "bench.toml")
        with open(config, "w") as file:
            file.write(f"[engine]\nthreads = {programs.threads}\nkv_tokens = {kv_tokens}\n"
                       f"lanes_max = {lanes}\n")
        port = free_port()
        super().__init__(programs, port, [
            programs.ours("mains"), "serve", "--data", self.data, "--listen", f"127.0.0.1:{port}",
            "--config", config, "--engine", programs.engine,
            "--model", f"bench={model}:{context}"], "/readyz")

    def key(self, tenant):
        """An API key of a new tenant, with credit that no bench exhausts."""
        mains = self.programs.ours("mains")
        self.programs.run([mains, "tenant", "create", tenant, "--credit", "100000", "--data",
                           self.data], 30)
        made = json.loads(self.programs.run([mains, "key", "create", "--tenant", tenant, "--json",
                                             "--data", self.data], 30))
        return made["key"]


class Peer(Server):
    """llama-server with so many slots; unified: one KV cache for all, else a part for each."""

    patience_s = 3  # it may wait for a stream whose reader has left

    def __init__(self, programs, model, context, slots, unified=False):
        port = free_port()
        super().__init__(programs, port, [
            programs.peers("llama-server"), "-m", model, "--host", "127.0.0.1",
            "--port", str(port), "-np", str(slots), "-c", str(context),
            "-t", str(programs.threads), "--no-webui",
            "--kv-unified" if unified else "--no-kv-unified"], "/health")
