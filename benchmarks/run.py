#!/usr/bin/env python3
"""Runs the benchmarks and writes docs/benchmarks.md and build/results/bench.json. Standard library only.

    benchmarks/run.py --bin build/release/bin            the figures worth quoting: a quiet machine, about ten minutes
    benchmarks/run.py --bin build/release/bin --quick    each for a moment, so that none rots; writes no page

Every figure of the hub stands beside what the bare machine did in the same run: disks drift, ratios do not.
"""
import argparse
import json
import os
import pathlib
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import page

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "deploy" / "demo"))
from processes import Failed, Http, Process, free_port, wait_until  # noqa: E402

SENDERS = 16
# (senders, entries under way of each, messages in an entry)
RATES = [(1, 1, 1), (4, 1, 1), (16, 1, 1), (4, 4, 64), (16, 4, 64)]
RATE_OPEN = 2000
RESTARTS = 5
LOAD_SECONDS_MAX = 900


def first_line(path, key, default="unknown"):
    try:
        for line in pathlib.Path(path).read_text().splitlines():
            if line.startswith(key):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return default


def output_of(*command):
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def machine(folder, bin_dir):
    disk = output_of("findmnt", "-n", "-o", "FSTYPE,SOURCE", "-T", str(folder))
    return {
        "cpu": first_line("/proc/cpuinfo", "model name"),
        "cores": os.cpu_count(),
        "memory": first_line("/proc/meminfo", "MemTotal"),
        "kernel": platform.release(),
        "disk": " ".join(disk.split()),
        "commit": output_of("git", "-C", str(ROOT), "describe", "--always", "--dirty"),
        "build": build_type(bin_dir),
        "rocksdb": output_of("pkg-config", "--modversion", "rocksdb"),
        "libzmq": output_of("pkg-config", "--modversion", "libzmq"),
        "openssl": output_of("pkg-config", "--modversion", "openssl"),
        "libsodium": output_of("pkg-config", "--modversion", "libsodium"),
        "load_before": os.getloadavg()[0],
        "at": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
    }


def build_type(bin_dir):
    cache = bin_dir.parent / "CMakeCache.txt"
    kind = "unknown"
    for line in cache.read_text().splitlines() if cache.exists() else []:
        if line.startswith("CMAKE_BUILD_TYPE:"):
            kind = line.split("=", 1)[1]
    flags = f"CMAKE_CXX_FLAGS_{kind.upper()}:"
    for line in cache.read_text().splitlines() if cache.exists() else []:
        if line.startswith(flags):
            return f"{kind} {line.split('=', 1)[1]}"
    return kind


def folder_bytes(folder):
    """What the files of a folder hold on disk. Files come and go while they are counted."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_blocks * 512
        except OSError:
            continue
    return total


class Hub(Process):
    def __init__(self, bin_dir, folder):
        self.data, self.keys, self.bin = folder / "hub", folder / "keys", bin_dir
        self.endpoints = [word for name in ("submit", "deliver", "chunks") for word in (f"--{name}", f"tcp://127.0.0.1:{free_port()}")]
        port = free_port()
        self.http = Http(f"http://127.0.0.1:{port}")
        super().__init__("hub", [bin_dir / "lianxi-hub", "run", "--data", self.data, *self.endpoints, "--http", f"127.0.0.1:{port}"], folder)

    def make(self):
        operators = self.folder / "operators"
        self.call("lianxi-load", "keys", "--out", self.keys, "--senders", SENDERS)
        self.call("lianxi-hub", "init", "--data", self.data, "--county", "430922", "--operators-out", operators, *self.endpoints)
        cards = [word for card in sorted(self.keys.glob("*.card")) for word in ("--card", card)]
        signers = [word for key in sorted(operators.glob("*.key")) for word in ("--operator", key)]
        self.call("lianxi-hub", "enrol", "--data", self.data, *cards, *signers)

    def call(self, program, *words):
        done = subprocess.run([str(self.bin / program), *map(str, words)], stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if done.returncode != 0:
            raise Failed(f"{program} {words[0]}: status {done.returncode}\n{done.stdout[-1000:]}{done.stderr[-1000:]}")

    def start(self):
        self.spawn()
        wait_until("the hub is ready", lambda: self.check_alive() and self.http.is_ready("/readyz"))

    def rss_mib(self):
        line = first_line(f"/proc/{self.child.pid}/status", "VmRSS", "0 kB")
        return int(line.split()[0]) / 1024

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.child.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def written_bytes(self):
        return int(first_line(f"/proc/{self.child.pid}/io", "write_bytes", "0"))

    def bare(self, *words):
        done = subprocess.run([str(self.bin / "lianxi-bare"), "--data", str(self.folder / "bare"), *words], capture_output=True, text=True)
        try:
            return json.loads(done.stdout)
        except ValueError:
            return {"error": f"status {done.returncode}: {done.stderr[-500:]}"}

    def load_command(self, verb, *words):
        return [str(word) for word in (self.bin / "lianxi-load", verb, "--card", self.data / "HUB.pub", "--keys", self.keys, *words)]

    def load(self, verb, *words):
        """The result of lianxi-load. What failed is in it as `error`; it is reported, not hidden."""
        try:
            done = subprocess.run(self.load_command(verb, *words), capture_output=True, text=True, timeout=LOAD_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            return {"error": f"no result within {LOAD_SECONDS_MAX} s"}
        try:
            result = json.loads(done.stdout)
        except ValueError:
            return {"error": f"status {done.returncode}: {done.stderr[-500:]}"}
        if done.returncode != 0 and "error" not in result:
            result["error"] = f"{result.get('unanswered', 0)} unanswered, {result.get('undelivered', 0)} undelivered"
        return result

    def measured_load(self, *words):
        """lianxi-load run, with what it cost the hub (CPU, bytes written, bytes kept in the store) and the disk's own sync just before."""
        sync = self.bare("--seconds", "0.5", "--sync-only").get("overwrite_4k", {})
        cpu, written, kept = self.cpu_seconds(), self.written_bytes(), folder_bytes(self.data / "store")
        result = self.load("run", *words)
        if not self.is_alive():
            raise Failed(f"the hub has ended\n{self.last_words()}")
        result["sync_p50_us"] = sync.get("p50_us")
        sent = max(1, result.get("messages_sent", 0))
        result["hub_cpu_us_per_message"] = (self.cpu_seconds() - cpu) * 1e6 / sent
        result["hub_written_bytes_per_message"] = (self.written_bytes() - written) / sent
        result["store_bytes_per_message"] = (folder_bytes(self.data / "store") - kept) / sent
        return result


def say(text):
    print(text, file=sys.stderr, flush=True)


def measure_rates(hub, span):
    rates = []
    for senders, window, batch in RATES:
        say(f"  {senders} senders, {window} entries under way, {batch} messages an entry")
        rates.append(hub.measured_load("--senders", senders, "--window", window, "--batch", batch, *span))
    return rates


def restart(hub):
    """Milliseconds from the start of the hub's process to the first receipt, after kill -9."""
    hub.kill()
    begin = time.monotonic_ns()
    hub.spawn()
    result = hub.load("first")
    if "receipt_at_ns" in result:
        result["ms"] = (result["receipt_at_ns"] - begin) / 1e6
    hub.check_alive()
    return result


def measure_restart(hub, messages, restarts):
    each = messages // 4
    say(f"  {4 * each} messages")
    fill = hub.measured_load("--senders", 4, "--window", 2, "--batch", 1024, "--messages", each, "--seconds", LOAD_SECONDS_MAX - 60,
                             "--warm-up", 0, "--no-receiver")
    rss = hub.rss_mib()
    runs = [restart(hub) for _ in range(restarts)]
    times = [run["ms"] for run in runs if "ms" in run]
    return {"fill": fill, "rss_mib_before": rss, "rss_mib_after": hub.rss_mib(), "runs": runs,
            "median_ms": statistics.median(times) if times else None, "max_ms": max(times) if times else None,
            "journal_bytes": folder_bytes(hub.data / "journal"), "store_bytes": folder_bytes(hub.data / "store")}


def measure(bin_dir, folder, quick):
    span = ("--seconds", 0.5, "--warm-up", 0.2) if quick else ("--seconds", 30, "--warm-up", 2)
    hub = Hub(bin_dir, folder)
    result = {"machine": machine(folder, bin_dir), "quick": quick}
    try:
        say("bare limits")
        result["bare"] = hub.bare("--seconds", "0.5" if quick else "5")
        say("a new hub")
        hub.make()
        hub.start()
        result["idle_rss_mib"] = hub.rss_mib()
        say("durable rates")
        result["rates"] = measure_rates(hub, span)
        say(f"latencies at {RATE_OPEN}/s")
        result["latency"] = hub.measured_load("--senders", SENDERS, "--window", 8, "--batch", 64, "--rate", RATE_OPEN, *span)
        say("restart")
        result["restart"] = measure_restart(hub, 8_000 if quick else 1_000_000, 1 if quick else RESTARTS)
        say("catch-up")
        result["catch_up"] = hub.load("catch-up")
        hub.stop()
    except Failed as failure:
        result["failure"] = str(failure)
    finally:
        hub.kill()
    result["machine"]["load_after"] = os.getloadavg()[0]
    return result


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--bin", type=pathlib.Path, default=ROOT / "build/release/bin", help="where the programs are")
    arguments.add_argument("--quick", action="store_true", help="each for a moment; docs/benchmarks.md stays as it is")
    arguments.add_argument("--data", type=pathlib.Path, help="folder on the disk to measure (default: build/)")
    options = arguments.parse_args()
    bin_dir = options.bin.resolve()
    for program in ("lianxi-hub", "lianxi-load", "lianxi-bare"):
        if not (bin_dir / program).exists():
            sys.exit(f"there is no {program} in {bin_dir}")
    parent = (options.data or ROOT / "build").resolve()
    parent.mkdir(parents=True, exist_ok=True)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="bench-", dir=parent))
    try:
        result = measure(bin_dir, folder, options.quick)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    results = ROOT / "build/results"
    results.mkdir(parents=True, exist_ok=True)
    (results / ("bench-quick.json" if options.quick else "bench.json")).write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n")
    text = page.write(result)
    if not options.quick:
        (ROOT / "docs/benchmarks.md").write_text(text)
    print(text)
    failures = page.failures(result)
    for failure in failures:
        print(f"failed: {failure}", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
