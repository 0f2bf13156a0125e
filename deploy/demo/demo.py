#!/usr/bin/env python3
"""The main job, real: a hub and five agent processes (one of them hosting two agencies) over CURVE, one referral and one power
cut through the HTTP interfaces as a case system would, and then a check of everything that was promised.

    demo.py --bin build/release/bin [--once] [--out DIR] [--lang zh|en]

--once ends by itself with 0 after the checks and leaves the data in DIR/hub, DIR/430922-POLICE …; otherwise the county keeps
running until Ctrl-C.
"""
import argparse
import base64
import hashlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import story  # noqa: E402
from processes import Failed, Http, Process, free_port, wait_until  # noqa: E402

HUB_START = "2025-03-03T08:00:00+08:00"


class County:
    def __init__(self, bin_dir, out, lang):
        self.bin, self.out, self.lang = pathlib.Path(bin_dir).resolve(), pathlib.Path(out).resolve(), lang
        self.http, self.processes, self.messages, self.markers = {}, {}, {}, []
        self.passed, self.failed = 0, 0

    # --- words -----------------------------------------------------------------------------------------------------------
    def say(self, zh, en):
        print(zh if self.lang == "zh" else en, flush=True)

    def check(self, good, zh, en):
        self.say(("✓ " if good else "✗ ") + zh, ("✓ " if good else "✗ ") + en)
        if good:
            self.passed += 1
        else:
            self.failed += 1

    def name(self, agency):
        return story.NAMES[agency][0 if self.lang == "zh" else 1]

    # --- processes -------------------------------------------------------------------------------------------------------
    def run(self, program, *words):
        done = subprocess.run([str(self.bin / program), *map(str, words)], text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if done.returncode != 0:
            raise Failed(f"{program} {' '.join(map(str, words))}: {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
        return done.stdout

    def make(self):
        hub, operators = self.out / "hub", self.out / "operators"
        self.ports = {name: free_port() for name in ("submit", "deliver", "chunks", "http")}
        endpoints = [word for name in ("submit", "deliver", "chunks") for word in (f"--{name}", f"tcp://127.0.0.1:{self.ports[name]}")]
        self.run("lianxi-hub", "init", "--data", hub, "--county", "430922", "--operators-out", operators, "--demo", "--start", HUB_START, *endpoints)
        keys = [word for key in sorted(operators.glob("*.key")) for word in ("--operator", key)]
        cards = []
        for process, agencies in story.PROCESSES.items():
            for agency in agencies:
                folder = self.out / agency
                folder.mkdir(parents=True)
                zh, en = story.NAMES[agency]
                host = ["--host", agencies[0]] if agency != agencies[0] else []
                seats = [word for seat in story.SEATS.get(agency, []) for word in ("--seat", seat)]
                self.run("lianxi", "key", "new", "--agency", agency, "--name-zh", zh, "--name-en", en, *host, *seats, "--out", folder)
                cards += ["--card", folder / "agency.card"]
        self.run("lianxi-hub", "enrol", "--data", hub, *cards, *keys)
        # The cards that a stranger needs to check receipts, in one folder.
        public = self.out / "cards"
        public.mkdir()
        for agency in story.NAMES:
            shutil.copy(self.out / agency / "agency.card", public / f"{agency}.card")
        self.hub = Process("hub", [self.bin / "lianxi-hub", "run", "--data", hub, *endpoints, "--http", f"127.0.0.1:{self.ports['http']}",
                                   "--clock", "scenario", "--start", HUB_START], self.out)

    def start(self):
        self.hub.spawn()
        ready = Http(f"http://127.0.0.1:{self.ports['http']}")
        wait_until("the hub is ready", lambda: self.hub.check_alive() and ready.is_ready("/readyz"))
        for process, agencies in story.PROCESSES.items():
            config = self.out / f"agent-{process}.toml"
            text = f'[agent]\ndata_dir = "{self.out}"\nclock = "scenario"\n\n[hub]\ncard = "{self.out / "hub" / "HUB.pub"}"\n\n[http]\nlisten = "127.0.0.1:0"\n'
            for agency in agencies:
                text += f'\n[[agency]]\nkey = "{self.out / agency / "agency.key"}"\nhost = "{agencies[0] if agency != agencies[0] else ""}"\n'
            config.write_text(text)
            agent = self.processes[process] = Process(f"agent-{process}", [self.bin / "lianxi", "agent", "run", "--config", config], self.out)
            agent.spawn()
        for process, agencies in story.PROCESSES.items():
            agent = self.processes[process]
            for agency in agencies:
                where = self.out / agency / "http.json"
                wait_until(f"{agency} listens", lambda: agent.check_alive() and where.exists())
                found = json.loads(where.read_text())
                self.http[agency] = Http(found["url"], pathlib.Path(found["token_file"]).read_text().strip())
                wait_until(f"{agency} is ready", lambda: agent.check_alive() and self.http[agency].is_ready("/readyz"))
        self.say(f"✓ 中心与 {len(self.processes)} 个代理进程已连接，{len(story.NAMES)} 个单位（镇政府由自然资源局托管）",
                 f"✓ hub and {len(self.processes)} agent processes are connected, {len(story.NAMES)} agencies (the township is hosted by the land bureau)")

    def stop(self):
        for process in [*self.processes.values(), self.hub]:
            process.stop()

    def kill(self):
        for process in [*self.processes.values(), *([self.hub] if hasattr(self, "hub") else [])]:
            process.kill()

    # --- the story --------------------------------------------------------------------------------------------------------
    def marker(self, group, what, text=None):
        text = text or f"MARK-{group}-{hashlib.sha256(f'{len(self.markers)}{what}'.encode()).hexdigest()[:12]}"
        self.markers.append({"group": group, "what": what, "text": text})
        return text

    def upload(self, agency, attachment):
        """In two pieces, as over a bad line."""
        data, http = attachment.content, self.http[agency]
        half = len(data) // 2
        upload = None
        for begin, end in ((0, half), (half, len(data))):
            headers = {"Content-Range": f"bytes {begin}-{end - 1}/{len(data)}", "Content-Type": attachment.mime,
                       "X-File-Name": "".join(f"%{b:02X}" for b in attachment.name.encode())}
            if upload:
                headers["X-Upload"] = upload
            status, answer = http.raw("POST", "/api/v1/attachments", data[begin:end], headers)
            if status not in (201, 202):
                raise Failed(f"{agency}: attachment: {status} {answer}")
            upload = answer.get("upload", upload)
        return answer["id"]

    def play(self, step):
        self.run("lianxi-hub", "clock", "--data", self.out / "hub", "--now", step.at)
        document = {"type": step.kind, "to": step.to, "cc": step.cc, "ids": step.ids, "event_time": step.at, "body": step.document}
        if step.reply_to:
            document["in_reply_to"] = self.messages[step.reply_to]["id"]
        if step.attachments:
            document["attachments"] = [{"code": a.code, "group": a.group, "id": self.upload(step.sender, a)} for a in step.attachments]
        begin = time.monotonic()
        status, answer = self.http[step.sender].json("POST", "/api/v1/messages?wait=logged", document, {"Idempotency-Key": f"demo-{step.key}"})
        if status != 201:
            raise Failed(f"{step.key}: {status} {json.dumps(answer, ensure_ascii=False)}")
        took = (time.monotonic() - begin) * 1000
        self.messages[step.key] = {"id": answer["id"], "position": answer["position"], "step": step}
        self.say(f"{step.at[5:16].replace('T', ' ')}  {self.name(step.sender)} → {'、'.join(self.name(a.split('/')[0]) for a in step.to + step.cc)}",
                 f"{step.at[5:16].replace('T', ' ')}  {self.name(step.sender)} → {', '.join(self.name(a.split('/')[0]) for a in step.to + step.cc)}")
        self.say(f"             {step.zh}", f"             {step.en}")
        self.say(f"             {answer['id']} 入库 {answer['position']}，{took:.0f} 毫秒", f"             {answer['id']} logged at {answer['position']}, {took:.0f} ms")
        for name in step.to + step.cc:
            self.wait_received(name.split("/")[0], answer["id"])

    def wait_received(self, agency, message):
        def received():
            status, _ = self.http[agency].json("GET", f"/api/v1/messages/{message}")
            return status == 200
        wait_until(f"{agency} receives {message}", received)

    # --- checks -----------------------------------------------------------------------------------------------------------
    def check_receipts(self):
        good = 0
        for key, message in self.messages.items():
            status, receipt = self.http[message["step"].sender].request("GET", f"/api/v1/messages/{message['id']}/receipt")
            path = self.out / "receipts" / f"{key}.receipt"
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(receipt)
            if status == 200:
                self.run("lianxi", "verify", path, "--hub", self.out / "hub" / "HUB.pub", "--cards", self.out / "cards")
                good += 1
        self.check(good == len(self.messages), f"{good} 份回执全部离线核验通过", f"all {good} receipts verify offline")
        # And one changed bit is noticed.
        text = (self.out / "receipts" / "cut.receipt").read_text()
        lines = text.split("\n")
        at = next(i for i, line in enumerate(lines) if line.startswith("extra "))
        data = bytearray(base64.b64decode(lines[at][6:]))
        data[len(data) // 2] ^= 1
        lines[at] = "extra " + base64.b64encode(data).decode()
        bad = self.out / "receipts" / "changed.receipt"
        bad.write_text("\n".join(lines))
        done = subprocess.run([str(self.bin / "lianxi"), "verify", str(bad), "--hub", str(self.out / "hub" / "HUB.pub"), "--cards", str(self.out / "cards")],
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.check(done.returncode == 7, "改动一个比特的回执被拒绝（退出码 7）", "a receipt with one changed bit is refused (exit code 7)")

    def message_of(self, agency, key):
        status, message = self.http[agency].json("GET", f"/api/v1/messages/{self.messages[key]['id']}")
        if status != 200:
            raise Failed(f"{agency}: {key}: {status} {message}")
        return message

    def check_need_to_know(self):
        safety, power = self.message_of(story.SAFETY, "cut"), self.message_of(story.POWER, "cut")
        shown = json.dumps(power["body"], ensure_ascii=False)
        self.check("C3" in safety["shown"] and "龘虚构" in safety["body"]["operator_name"], "301 的经营者姓名（C3）已送达应急管理局", "301 carries the operator's name (C3) to work safety")
        self.check("C3" in power["withheld"] and "operator" not in shown and "mine_name" not in shown, "供电公司看不到姓名与案情，只见编号、计量点与函件",
                   "the power company sees meter, place and letter, and not one word about suspects")
        status, evidence = self.http[story.POWER].request("GET", f"/api/v1/messages/{self.messages['cut']['position']}/evidence")
        path = self.out / "receipts" / "power-copy.evidence.json"
        path.write_bytes(evidence)
        self.run("lianxi", "verify", path, "--hub", self.out / "hub" / "HUB.pub", "--cards", self.out / "cards")
        self.check(status == 200, "供电公司的删减副本仍可离线核验", "the power company's redacted copy still verifies offline")

    def check_attachments(self):
        def content(agency, key, n):
            status, data = self.http[agency].request("GET", f"/api/v1/messages/{self.messages[key]['position']}/attachments/{n}")
            return data if status == 200 else None
        letter = next(m["step"] for k, m in self.messages.items() if k == "cut").attachments[0]
        papers = next(m["step"] for k, m in self.messages.items() if k == "referral").attachments
        got = [content(story.POLICE, "referral", n) for n in range(3)]
        self.check(got == [p.content for p in papers], "公安局取到移送案卷的三份附件，逐字节一致", "the police have the referral's three papers, byte for byte")
        self.check(content(story.POWER, "cut", 0) == letter.content, "供电公司取到协助停止供电函", "the power company has its letter")

    def check_markers(self):
        """Every marker, searched raw in every file of a store: found only where the matrix allows."""
        clear = {"C0", "CP", "C1", "C2"}
        power_may = {"C0", "CP", "C2", "C3D"}
        stores = {"hub": self.out / "hub", "power": self.out / story.POWER}
        content = {name: [path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()] for name, root in stores.items()}
        leaks = []
        for marker in self.markers:
            needle = marker["text"].encode()
            attachment = marker["what"].startswith("attachment")
            for name, files in content.items():
                found = any(needle in data for data in files)
                # The hub stores clear sections in clear, everything else and all attachments sealed; the power company holds nothing
                # of what it may not see, whatever form.
                allowed = marker["group"] in clear and not attachment if name == "hub" else marker["group"] in power_may and "203" not in marker["what"]
                if found and not allowed:
                    leaks.append(f"{marker['text']} ({marker['what']}) in {name}")
        for leak in leaks:
            print("  ", leak)
        groups = "、".join(sorted({marker["group"] for marker in self.markers}))
        self.check(not leaks, f"植入各组（{groups}）的 {len(self.markers)} 个标记，在中心与供电公司的存储中逐字节搜索，未见越权", f"{len(self.markers)} markers of all groups ({groups}), searched raw in the hub's and the power company's stores: none where it must not be")
        seen = sum(any(marker["text"].encode() in data for data in content["hub"]) for marker in self.markers if marker["group"] in clear and not marker["what"].startswith("attachment"))
        self.check(seen > 0, f"反证：{seen} 个明文组标记确实能在中心存储中搜到（搜索有效）", f"the search works: {seen} markers of clear groups are found in the hub's store")

    def check_log(self):
        self.run("lianxi-hub", "verify", "--data", self.out / "hub")
        self.check(True, "整个日志重新核验通过（签名、批次、树根）", "the whole log verifies again: signatures, batches, root")
        note = json.loads(self.run("lianxi-hub", "status", "--data", self.out / "hub", "--json"))["checkpoint"]
        self.check(note.startswith("lianxi-demo/"), "检查点注明这是演示日志", "the checkpoint says that this is a demo log")
        done = subprocess.run([str(self.bin / "lianxi-hub"), "run", "--data", str(self.out / "hub"), "--submit", "tcp://127.0.0.1:0", "--deliver", "tcp://127.0.0.1:0",
                               "--chunks", "tcp://127.0.0.1:0", "--http", "127.0.0.1:0"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60)
        self.check(done.returncode != 0, "生产时钟的中心拒绝打开演示日志", "a production hub refuses a demo log")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", default="build/release/bin")
    parser.add_argument("--out")
    parser.add_argument("--once", action="store_true")
    parser.add_argument("--lang", choices=["zh", "en"], default="en" if os.environ.get("LANG", "").startswith("en") else "zh")
    options = parser.parse_args()
    out = pathlib.Path(options.out or pathlib.Path(__file__).resolve().parents[2] / "build" / "demo")
    if out.exists() and any(out.iterdir()):
        if not (out / "hub").exists() and not (out / "operators").exists():
            print(f"{out} is not empty", file=sys.stderr)
            return 2
        shutil.rmtree(out)
    out.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    county = County(options.bin, out, options.lang)
    county.say("演示数据，人物企业均为虚构。", "Demo data: all people and companies are fictional.")
    begin = time.monotonic()
    try:
        county.make()
        county.start()
        for step in story.steps(county.marker):
            county.play(step)
        county.check_receipts()
        county.check_need_to_know()
        county.check_attachments()
        if not options.once:
            urls = "\n".join(f"  {county.name(agency)}  {http.url()}" for agency, http in county.http.items())
            county.say(f"接口：\n{urls}\n令牌在各目录的 http.token；数据在 {out}。按 Ctrl-C 停止。", f"Interfaces:\n{urls}\nTokens: http.token in each folder; data in {out}. Ctrl-C stops.")
            try:
                signal.pause()
            except KeyboardInterrupt:
                pass
        county.stop()
        county.check_markers()
        county.check_log()
    except Failed as failure:
        print(f"✗ {failure}", file=sys.stderr)
        county.failed += 1
    finally:
        county.kill()
    county.say(f"数据：{out}　用时 {time.monotonic() - begin:.1f} 秒", f"Data: {out}   {time.monotonic() - begin:.1f} s")
    print(f"{county.passed} passed, {county.failed} failed")
    return 1 if county.failed else 0


if __name__ == "__main__":
    sys.exit(main())
