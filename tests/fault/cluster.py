"""A hub and its agents as real processes in a folder of their own, on ports that the kernel chose.

    with Cluster(bin_dir, folder, ["430922-LAND", "430922-POLICE"]) as cluster:
        cluster.start()
        status, body = cluster.agents["430922-LAND"].post("/api/v1/messages?wait=logged", {...})
        cluster.hub.kill()
        cluster.hub.start()

Nothing here waits for a fixed time: it waits for an answer, up to a limit, and then fails with the process's own last words.
"""
import json
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "deploy" / "demo"))
from processes import REQUEST_SECONDS, Failed, Http, Process, free_port, wait_until  # noqa: E402


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
