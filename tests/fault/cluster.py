"""A hub and its agents as real processes in a folder of their own, on ports that the kernel chose.

    with Cluster(bin_dir, folder, ["430922-LAND", "430922-POLICE"]) as cluster:
        cluster.start()
        status, body = cluster.agents["430922-LAND"].post("/api/v1/messages?wait=logged", {...})
        cluster.hub.kill()
        cluster.hub.start()

Nothing here waits for a fixed time: it waits for an answer, up to a limit, and then fails with the process's own last words.
"""
import http.client
import json
import os
import pathlib
import signal
import socket
import subprocess
import time
import urllib.parse

START_SECONDS_MAX = 60
STOP_SECONDS_MAX = 30
REQUEST_SECONDS = 30


class Failed(Exception):
    """The cluster did not do what it must."""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(what, condition, seconds=START_SECONDS_MAX, interval=0.02):
    """The first true answer of `condition`; Failed after `seconds`."""
    end = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > end:
            raise Failed(f"{what}: not within {seconds} s")
        time.sleep(interval)


class Http:
    """One request a connection: a connection of a killed process is never used again."""

    def __init__(self, url, token=None):
        parts = urllib.parse.urlsplit(url)
        self.host, self.port, self.prefix, self.token = parts.hostname, parts.port, parts.path.rstrip("/"), token

    def request(self, method, path, body=None, headers=None, seconds=REQUEST_SECONDS):
        """(status, bytes). OSError or http.client.HTTPException when there is no answer: the outcome is unknown."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=seconds)
        try:
            sent = {"Content-Type": "application/json", **(headers or {})}
            if self.token:
                sent["Authorization"] = f"Bearer {self.token}"
            data = None if body is None else json.dumps(body, ensure_ascii=False).encode()
            connection.request(method, self.prefix + path, data, sent)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def json(self, method, path, body=None, headers=None, seconds=REQUEST_SECONDS):
        status, data = self.request(method, path, body, headers, seconds)
        return status, json.loads(data) if data else None

    def is_ready(self, path):
        try:
            return self.request("GET", path, seconds=5)[0] == 200
        except (OSError, http.client.HTTPException):
            return False


class Process:
    """A program that is started, killed and started again with the same command line."""

    def __init__(self, name, command, folder, environment=None):
        self.name, self.command, self.folder = name, [str(word) for word in command], pathlib.Path(folder)
        self.environment = {**os.environ, **(environment or {})}
        self.log = self.folder / f"{name}.log"
        self.child = None
        self.starts = 0

    def spawn(self):
        self.starts += 1
        with open(self.log, "ab") as log:
            log.write(f"--- start {self.starts}\n".encode())
            log.flush()
            self.child = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.environment)

    def is_alive(self):
        return self.child is not None and self.child.poll() is None

    def kill(self):
        """SIGKILL; returns when the process is gone."""
        if self.child is not None:
            self.child.kill()
            self.child.wait()

    def stop(self):
        """SIGTERM; Failed if it does not end or ends with a status other than 0."""
        if not self.is_alive():
            return
        self.child.send_signal(signal.SIGTERM)
        try:
            status = self.child.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Failed(f"{self.name} did not stop on SIGTERM\n{self.last_words()}") from None
        if status != 0:
            raise Failed(f"{self.name} ended with {status} on SIGTERM\n{self.last_words()}")

    def last_words(self):
        return self.log.read_text(errors="replace")[-2000:] if self.log.exists() else ""

    def check_alive(self):
        if not self.is_alive():
            raise Failed(f"{self.name} has ended with {self.child.poll() if self.child else None}\n{self.last_words()}")
        return True


class Hub(Process):
    def __init__(self, bin_dir, folder, scenario_clock=False, wrapper=()):
        self.data = folder / "hub"
        self.ports = {name: free_port() for name in ("submit", "deliver", "chunks", "http")}
        command = [*wrapper, bin_dir / "lianxi-hub", "run", "--data", self.data, *self.endpoints(),
                   "--http", f"127.0.0.1:{self.ports['http']}"]
        super().__init__("hub", command + (["--clock", "scenario"] if scenario_clock else []), folder)
        self.http = Http(f"http://127.0.0.1:{self.ports['http']}")

    def endpoints(self):
        return [word for name in ("submit", "deliver", "chunks") for word in (f"--{name}", f"tcp://127.0.0.1:{self.ports[name]}")]

    def start(self):
        self.spawn()
        wait_until("hub is ready", lambda: self.check_alive() and self.http.is_ready("/readyz"))


class Agent(Process):
    """The agent of one agency. Its address is read from http.json, which it writes when it listens."""

    def __init__(self, bin_dir, folder, agency, config, wrapper=()):
        super().__init__(agency, [*wrapper, bin_dir / "lianxi", "agent", "run", "--config", config], folder)
        self.agency = agency
        self.http_file = folder / "agents" / agency / "http.json"
        self.http = None

    def start(self, until_ready=True):
        self.http_file.unlink(missing_ok=True)
        self.spawn()
        wait_until(f"{self.name} listens", lambda: self.check_alive() and self.http_file.exists())
        found = json.loads(self.http_file.read_text())
        token = pathlib.Path(found["token_file"]).read_text().strip()
        self.http = Http(found["url"], token)
        if until_ready:
            self.wait_ready()

    def wait_ready(self):
        wait_until(f"{self.name} is ready", lambda: self.check_alive() and self.http.is_ready("/readyz"))

    def post(self, path, body, key=None, seconds=REQUEST_SECONDS):
        return self.http.json("POST", path, body, {"Idempotency-Key": key} if key else None, seconds)

    def get(self, path, seconds=REQUEST_SECONDS):
        return self.http.json("GET", path, seconds=seconds)

    def inbox(self):
        """All rows of the inbox, in its order."""
        rows, after = [], None
        while True:
            status, page = self.get("/api/v1/inbox?limit=1000" + (f"&after={after}" if after else ""))
            if status != 200:
                raise Failed(f"{self.name}: inbox answered {status}: {page}")
            if page["next"] == after or page["next"] is None:
                return rows
            rows += page["messages"]
            after = page["next"]


class Cluster:
    def __init__(self, bin_dir, folder, agencies, county="430922", scenario_clock=False):
        self.bin, self.folder, self.county = pathlib.Path(bin_dir).resolve(), pathlib.Path(folder).resolve(), county
        self.folder.mkdir(parents=True, exist_ok=True)
        self.names = list(agencies)
        self.scenario_clock = scenario_clock
        self.hub = Hub(self.bin, self.folder, scenario_clock)
        self.agents = {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in [*self.agents.values(), self.hub]:
            process.kill()

    def run(self, program, *words):
        done = subprocess.run([str(self.bin / program), *map(str, words)], text=True, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode != 0:
            raise Failed(f"{program} {' '.join(map(str, words))}: status {done.returncode}\n{done.stdout[-2000:]}")
        return done.stdout

    def make(self):
        """Keys, the hub's log with its genesis, every agency enrolled, a configuration for each agent."""
        operators = self.folder / "operators"
        self.run("lianxi-hub", "init", "--data", self.hub.data, "--county", self.county, "--operators-out", operators,
                 *(["--demo"] if self.scenario_clock else []), *self.hub.endpoints())
        operator = [word for key in sorted(operators.glob("*.key")) for word in ("--operator", key)]
        for agency in self.names:
            folder = self.folder / "agents" / agency
            folder.mkdir(parents=True)
            self.run("lianxi", "key", "new", "--agency", agency, "--name-zh", agency, "--name-en", agency, "--out", folder)
            self.run("lianxi-hub", "enrol", "--data", self.hub.data, "--card", folder / "agency.card", *operator)
            config = folder / "agent.toml"
            config.write_text(self.agent_config(folder))
            self.agents[agency] = Agent(self.bin, self.folder, agency, config)

    def agent_config(self, folder):
        return (f'[agent]\nclock = "{"scenario" if self.scenario_clock else "system"}"\n\n[hub]\ncard = "{self.hub.data / "HUB.pub"}"\n\n'
                f'[http]\nlisten = "127.0.0.1:0"\n\n[[agency]]\nkey = "{folder / "agency.key"}"\ndata = "{folder}"\n')

    def start(self):
        self.make()
        self.hub.start()
        for agent in self.agents.values():
            agent.start()

    def export_log(self):
        """The log as the hub's own export gives it, one JSON object a message, in log order. The hub must be stopped."""
        out = self.folder / "log.jsonl"
        self.run("lianxi-hub", "export", "--data", self.hub.data, "--out", out)
        return [json.loads(line) for line in out.read_text().splitlines()]
