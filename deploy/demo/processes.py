"""Programs as processes, and their HTTP interfaces: what the demo and the fault harnesses share. Standard library only.

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

    def raw(self, method, path, data, headers, seconds=REQUEST_SECONDS):
        """As json(), but the request's body is bytes."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=seconds)
        try:
            connection.request(method, self.prefix + path, data, {"Authorization": f"Bearer {self.token}", **headers})
            answer = connection.getresponse()
            text = answer.read()
            return answer.status, json.loads(text) if text else None
        finally:
            connection.close()

    def url(self):
        return f"http://{self.host}:{self.port}{self.prefix}"

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
