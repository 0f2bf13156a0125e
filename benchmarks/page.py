"""docs/benchmarks.md out of what was measured. Nothing here measures; what is missing is printed as missing."""

PEERS = "PostgreSQL 15, Redis 7 Streams, RabbitMQ 3.10 quorum"


def number(value, digits=0):
    if value is None:
        return "–"
    return f"{value:,.{digits}f}"


def name_of(rate):
    return f"{rate.get('senders', '?')} × {rate.get('window', '?')} × {rate.get('batch', '?')}"


def failures(result):
    """Everything that went wrong, in words."""
    found = [f"stopped: {result['failure'].splitlines()[0]}"] if "failure" in result else []
    parts = [(f"rate {name_of(rate)}", rate) for rate in result.get("rates", [])]
    parts.append(("latency", result.get("latency", {})))
    restart = result.get("restart", {})
    parts.append(("fill", restart.get("fill", {})))
    parts += [(f"restart {i + 1}", run) for i, run in enumerate(restart.get("runs", []))]
    parts.append(("catch-up", result.get("catch_up", {})))
    parts.append(("bare", result.get("bare", {})))
    return found + [f"{name}: {part['error']}" for name, part in parts if "error" in part]


def verdict(met):
    return {True: "met", False: "**missed**", None: "not measured"}[met]


def within(value, budget):
    return None if value is None else value <= budget


def machine_lines(machine):
    return [
        f"Machine: {machine['cpu']}, {machine['cores']} cores, {machine['memory']}, Linux {machine['kernel']}, {machine['disk']}; hub, senders and "
        f"receiver share the cores over loopback. Load average before the run {machine['load_before']:.1f}, after it "
        f"{machine.get('load_after', 0):.1f}.",
        f"Built as {machine['build']} at {machine['commit']}; RocksDB {machine['rocksdb']}, libzmq {machine['libzmq']}, OpenSSL "
        f"{machine['openssl']}, libsodium {machine['libsodium']}. Measured {machine['at']}.",
    ]


def bare_lines(bare):
    if "overwrite_4k" not in bare:
        return ["Not measured."]
    rows = [("overwrite + fdatasync, 4 KiB, O_DIRECT" + ("" if bare["overwrite_4k"]["direct"] else " refused: buffered"),
             f"p50 {number(bare['overwrite_4k']['p50_us'])} µs, p99 {number(bare['overwrite_4k']['p99_us'])} µs"),
            ("the same, 64 KiB / 1 MiB", f"p50 {number(bare['overwrite_64k']['p50_us'])} / {number(bare['overwrite_1024k']['p50_us'])} µs"),
            ("CURVE over loopback, 1 KiB, round trip", f"p50 {number(bare['curve_round_trip']['p50_us'])} µs, p99 {number(bare['curve_round_trip']['p99_us'])} µs"),
            ("CURVE one way, 1 KiB / 64 KiB frames", f"{number(bare['curve_1k_frames']['records_per_s'])} / {number(bare['curve_64k_frames']['records_per_s'])} KiB/s"),
            ("Ed25519 sign / verify", f"{number(bare['crypto']['sign_us'], 1)} / {number(bare['crypto']['verify_us'], 1)} µs"),
            ("SHA-256 of 1 KiB", f"{number(bare['crypto']['sha256_1k_us'], 2)} µs")]
    return ["| limit | figure |", "| --- | --- |"] + [f"| {left} | {right} |" for left, right in rows]


def rate_limit(rate, bare):
    """What the machine alone allows: a lone sender by sync and round trip, lone entries by signature checks, batches by CURVE."""
    if "overwrite_4k" not in bare:
        return None
    if rate.get("batch") == 1 and rate.get("senders") == 1:
        return 1e6 / ((rate.get("sync_p50_us") or bare["overwrite_4k"]["p50_us"]) + bare["curve_round_trip"]["p50_us"])
    if rate.get("batch") == 1:
        return 1e6 / bare["crypto"]["verify_us"]
    return bare["curve_64k_frames"]["records_per_s"] * 1024 / max(1, rate.get("message_bytes", 1024))


def rate_lines(result):
    lines = ["| senders × entries under way × messages an entry | messages/s | of the limit | receipt p50 / p99 / max ms | delivery p50 / p99 ms | "
             "hub CPU µs a message | bare sync p50 µs just before | busy |", "| --- | --- | --- | --- | --- | --- | --- | --- |"]
    for rate in result.get("rates", []):
        if "messages_per_s" not in rate:
            lines.append(f"| {name_of(rate)} | failed | | | | | | |")
            continue
        limit = rate_limit(rate, result.get("bare", {}))
        share = "–" if not limit else f"{rate['messages_per_s'] / limit:.0%} of {number(limit)}"
        receipt, delivery = rate["receipt_ms"], rate.get("delivery_ms", {})
        lines.append(f"| {name_of(rate)} | {number(rate['messages_per_s'])} | {share} | {number(receipt['p50'], 2)} / {number(receipt['p99'], 2)} / "
                     f"{number(receipt['max'], 1)} | {number(delivery.get('p50'), 2)} / {number(delivery.get('p99'), 2)} | "
                     f"{number(rate['hub_cpu_us_per_message'], 1)} | {number(rate.get('sync_p50_us'))} | {rate['busy']} |")
    return lines


def latency_lines(result):
    latency = result.get("latency", {})
    if "receipt_ms" not in latency:
        return ["Not measured."]
    lines = ["| 2,000 messages/s, 16 senders | p50 ms | p99 ms | p99.9 ms | max ms | messages |", "| --- | --- | --- | --- | --- | --- |"]
    for key, name in (("receipt_ms", "due → receipt"), ("delivery_ms", "due → delivered")):
        times = latency.get(key, {})
        lines.append(f"| {name} | {number(times.get('p50'), 2)} | {number(times.get('p99'), 2)} | {number(times.get('p999'), 2)} | "
                     f"{number(times.get('max'), 1)} | {number(times.get('count'))} |")
    bare = result.get("bare", {})
    if "overwrite_4k" in bare:
        floor = ((latency.get("sync_p50_us") or bare["overwrite_4k"]["p50_us"]) + bare["curve_round_trip"]["p50_us"] + bare["crypto"]["verify_us"]) / 1000
        lines += ["", f"The bare floor (one sync, one CURVE round trip, one signature check) was {floor:.2f} ms: the median receipt took "
                      f"{latency['receipt_ms']['p50'] / floor:.1f} times that."]
    return lines


def question_lines(result):
    restart = result.get("restart", {})
    single = next((rate for rate in result.get("rates", []) if name_of(rate) == "1 × 1 × 1" and "messages_per_s" in rate), None)
    batched = [rate["messages_per_s"] for rate in result.get("rates", []) if rate.get("batch", 1) > 1 and "messages_per_s" in rate]
    limit = rate_limit(single, result.get("bare", {})) if single else None
    share = single["messages_per_s"] / limit if single and limit else None
    p99 = result.get("latency", {}).get("receipt_ms", {}).get("p99")
    best = max(batched) if batched else None
    kept = restart.get("fill", {}).get("store_bytes_per_message")
    size = restart.get("fill", {}).get("message_bytes")
    rows = [
        ("Does one sender at a time get what the disk gives?", "half of 1 / (sync + round trip)",
         "less: something but the disk is on the path of a lone message", None if share is None else f"{share:.0%}", None if share is None else share >= 0.5),
        ("Do batches outrun the durable brokers?", "73,000/s, the best that acked after its sync",
         "less: per-message work in the hub must go first", None if best is None else number(best) + "/s", None if best is None else best >= 73_000),
        ("Is a receipt quick at a county's worst hour?", "p99 10 ms at 2,000/s", "more: group commit waits for something else than the disk",
         None if p99 is None else number(p99, 2) + " ms", within(p99, 10)),
        ("Is the hub back at once, whatever the log holds?", "first receipt 500 ms after kill -9",
         "more, or growing with the log: start reads what it need not", None if restart.get("median_ms") is None else
         f"median {number(restart['median_ms'])} ms, max {number(restart['max_ms'])} ms", within(restart.get("max_ms"), 500)),
        ("Does an idle hub fit a small machine?", "64 MiB", "more: something is held before it is needed",
         None if "idle_rss_mib" not in result else number(result["idle_rss_mib"], 1) + " MiB", within(result.get("idle_rss_mib"), 64)),
        ("What does a message cost on disk?", "1.25 of its bytes, kept", "more: index rows per message have come back",
         None if not kept else f"{number(kept)} bytes for {number(size)}", None if not kept else kept <= 1.25 * size),
    ]
    lines = ["| question | budget | what would change our mind | measured | |", "| --- | --- | --- | --- | --- |"]
    return lines + [f"| {question} | {budget} | {mind} | {measured or '–'} | {verdict(met)} |" for question, budget, mind, measured, met in rows]


def other_lines(result):
    restart, catch_up = result.get("restart", {}), result.get("catch_up", {})
    fill = restart.get("fill", {})
    lines = []
    if "messages_per_s" in fill:
        lines.append(f"- Filling: {number(fill['messages'])} messages with nobody reading, {number(fill['messages_per_s'])}/s; the hub wrote "
                     f"{number(fill['hub_written_bytes_per_message'])} bytes a message of {number(fill['message_bytes'])} (journal and store, compactions "
                     f"within the run), and kept {number(fill['store_bytes_per_message'])}. The journal is a ring of {number(restart['journal_bytes'] / 2**20)} MiB besides.")
        lines.append(f"- RSS with that log: {number(restart['rss_mib_before'], 1)} MiB after writing it, {number(restart['rss_mib_after'], 1)} MiB after the last restart.")
    runs = [run for run in restart.get("runs", []) if "ms" in run]
    if runs:
        lines.append("- Restarts after kill -9, process start to checked receipt: " + ", ".join(number(run["ms"]) for run in runs) +
                     " ms; connections tried: " + ", ".join(str(run["connections"]) for run in runs) + ".")
    if "messages_per_s" in catch_up:
        lines.append(f"- Catch-up: one reader takes {number(catch_up['messages'])} messages from the beginning of the log at "
                     f"{number(catch_up['messages_per_s'])}/s, every entry checked.")
    return lines or ["Not measured."]


def write(result):
    message_bytes = next((rate["message_bytes"] for rate in result.get("rates", []) if "message_bytes" in rate), 0)
    failed = failures(result)
    lines = ["# Benchmarks", "", "Written by `./dev bench`; do not edit. " + ("A run of moments: no figure here is worth quoting." if result["quick"] else
             "Figures of one run on one machine; the disk drifts from run to run, so compare ratios."), "", *machine_lines(result["machine"]), "",
             "## Questions", "", *question_lines(result), "", f"The peers' figure is from {PEERS} on a machine of this class, without encryption or signatures.",
             "", "## The bare machine, in the same run", "", *bare_lines(result.get("bare", {})), "", "## Durable rate", "",
             f"Messages of {number(message_bytes)} bytes (a 110 with a sealed section and two wraps, one addressee who reads along), CURVE, every entry "
             "signed, every receipt's leaf and path checked, the checkpoint's signature every 100 ms. `lianxi-load` has its own thread on the same cores.",
             "", *rate_lines(result), "", "## Latency", "",
             "Open loop: times run from when a message was due, not from when it could be sent.", "", *latency_lines(result), "",
             "## Restart, memory, disk, catch-up", "", *other_lines(result), "", "## What failed", "",
             *([f"- {failure}" for failure in failed] or ["Nothing."]), ""]
    return "\n".join(lines)
