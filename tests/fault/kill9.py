#!/usr/bin/env python3
"""kill -9 of the hub or an agent while submissions are under way; then an independent checker.

    kill9.py --bin DIR [--rounds N] [--seed N] [--keep DIR]

Three agencies write to each other without a pause. A round picks a victim in turn, waits until a submission of interest has
no receipt, kills at a random moment, starts the victim again. A round counts only if a submission that was under way at the
kill got its receipt after the restart: an idle kill proves nothing. At the end every submission is repeated under its own
key until it is logged, all programs stop, and checker.py reads receipts, log and inboxes.
"""
import argparse
import datetime
import http.client
import pathlib
import random
import shutil
import sys
import tempfile
import threading
import time

import checker
from cluster import Cluster, Failed, wait_until

AGENCIES = ["430922-LAND", "430922-POLICE", "430922-PROC"]
WRITERS_PER_AGENCY = 3
ATTEMPTS_PER_ROUND_MAX = 4
KILL_DELAY_SECONDS_MAX = 0.03
DRAIN_SECONDS_MAX = 120
CHINA = datetime.timezone(datetime.timedelta(hours=8))


class Book:
    """What was asked and answered, by whom and when. Guarded by its lock."""

    def __init__(self):
        self.lock = threading.Condition()
        self.acks = []          # (key, id, position or None): every answer ever
        self.asked = {}         # key -> (agency, document)
        self.open = {}          # key -> agency: asked, no receipt yet
        self.logged_at = {}     # key -> moment of the first receipt
        self.refusals = []

    def ask(self, key, agency, document):
        with self.lock:
            self.asked[key] = (agency, document)
            self.open[key] = agency
            self.lock.notify_all()

    def answer(self, key, status, body):
        """True if the submission is logged."""
        with self.lock:
            if status not in (201, 202):
                if status < 500 and status != 429:
                    self.refusals.append(f"{key}: {status} {body}")
                return False
            self.acks.append((key, body["id"], body.get("position")))
            if status == 202:
                return False
            self.logged_at.setdefault(key, time.monotonic())
            self.open.pop(key, None)
            self.lock.notify_all()
            return True

    def wait_open(self, of_interest, seconds=30):
        """The open keys of interest, at least one."""
        with self.lock:
            if not self.lock.wait_for(lambda: self.refusals or any(map(of_interest, self.open.values())), seconds):
                raise Failed("no submission under way: the writers have stopped")
            if self.refusals:
                raise Failed("refused: " + self.refusals[0])

    def open_of(self, of_interest):
        return [key for key, agency in self.open.items() if of_interest(agency)]


def document(rng, sender, number):
    others = [agency for agency in AGENCIES if agency != sender]
    return {
        "type": "Acknowledgement", "to": rng.sample(others, rng.randint(1, len(others))),
        "in_reply_to": f"{others[0]}.1.1", "event_time": datetime.datetime.now(CHINA).isoformat(timespec="milliseconds"),
        "body": {"status": "accepted", "note": f"第{number}号" + "，已核对" * rng.randint(0, 60)},
    }


def submit(agent, book, key, body, stop):
    """Sends the same under the same key until it is logged: the only way to settle an unknown outcome."""
    while True:
        try:
            status, answer = agent.post("/api/v1/messages?wait=logged&timeout=5", body, key)
            if book.answer(key, status, answer):
                return
        except (OSError, ValueError, http.client.HTTPException):
            if stop.is_set():
                return
            time.sleep(0.01)  # The agent is down: its address is known again when it listens.


def write(agent, book, seed, name, stop):
    rng = random.Random(seed)
    number = 0
    while not stop.is_set():
        number += 1
        key = f"{name}-{number}"
        body = document(rng, agent.agency, number)
        book.ask(key, agent.agency, body)
        submit(agent, book, key, body, stop)


class Rounds:
    def __init__(self, cluster, book, rng):
        self.cluster, self.book, self.rng = cluster, book, rng
        self.points = set()
        self.slowest = 0.0

    def victim(self, number):
        """(process, whose submissions are under way through it). Every second kill is the hub's."""
        if number % 2 == 0:
            return self.cluster.hub, lambda _: True
        agent = self.cluster.agents[AGENCIES[number // 2 % len(AGENCIES)]]
        return agent, lambda agency: agency == agent.agency

    def kill(self, number):
        """True if a submission was under way at the kill."""
        victim, of_interest = self.victim(number)
        self.book.wait_open(of_interest)
        time.sleep(self.rng.uniform(0, KILL_DELAY_SECONDS_MAX))
        with self.book.lock:
            under_way = self.book.open_of(of_interest)
            done = len(self.book.logged_at)
            victim.kill()
        if victim is self.cluster.hub:
            for agent in self.cluster.agents.values():  # What was answered before the kill has come through after this.
                agent.get("/healthz")
        restarted = time.monotonic()
        victim.start()
        self.slowest = max(self.slowest, time.monotonic() - restarted)
        self.settle(under_way)
        hit = any(self.book.logged_at[key] > restarted for key in under_way)
        if hit:
            self.points.add((victim.name, done, len(under_way)))
        return hit

    def settle(self, keys):
        def settled():
            with self.book.lock:
                return all(key in self.book.logged_at for key in keys)
        wait_until(f"receipts of {len(keys)} submissions after the restart", settled, DRAIN_SECONDS_MAX)


def run_rounds(cluster, rounds, seed):
    book, stop, rng = Book(), threading.Event(), random.Random(seed)
    writers = [threading.Thread(target=write, args=(cluster.agents[agency], book, f"{seed}-{agency}-{n}", f"{agency}-{n}", stop), daemon=True)
               for agency in AGENCIES for n in range(WRITERS_PER_AGENCY)]
    for writer in writers:
        writer.start()
    course = Rounds(cluster, book, rng)
    hits = attempts = 0
    try:
        while hits < rounds:
            if attempts >= rounds * ATTEMPTS_PER_ROUND_MAX:
                raise Failed(f"only {hits} of {attempts} kills hit a submission under way")
            hits += course.kill(hits)
            attempts += 1
    finally:
        stop.set()
    for writer in writers:
        writer.join(DRAIN_SECONDS_MAX)
    print(f"{hits} kills with submissions under way ({attempts} in all), {len(course.points)} distinct moments, "
          f"{len(book.asked)} submissions, slowest restart {course.slowest:.2f} s", flush=True)
    return book


def settle_all(cluster, book):
    """Repeats every submission under its own key: the answers must agree with all that came before."""
    never = threading.Event()
    for key, (agency, body) in list(book.asked.items()):
        submit(cluster.agents[agency], book, key, body, never)


def due_by_agency(book, ids):
    due = {agency: [] for agency in AGENCIES}
    for key, (_, body) in book.asked.items():
        for agency in body["to"]:
            due[agency].append(ids[key])
    return due


def check(cluster, book):
    ids = {key: message for key, message, _ in book.acks}
    positions = {message: position for _, message, position in book.acks if position}
    due = due_by_agency(book, ids)
    senders = {ids[key]: agency for key, (agency, _) in book.asked.items()}
    inboxes, receipts = {}, {}
    for agency, agent in cluster.agents.items():
        def arrived(agent=agent, agency=agency):
            inboxes[agency] = agent.inbox()
            return set(due[agency]) <= {row["id"] for row in inboxes[agency]}
        try:
            wait_until(f"{agency} has its messages", arrived, DRAIN_SECONDS_MAX, interval=0.2)
        except Failed as late:
            print(late)  # The checker says which.
    for message in positions:
        status, data = cluster.agents[senders[message]].http.request("GET", f"/api/v1/messages/{message}/receipt")
        receipts[message] = data.decode() if status == 200 else None
    for process in [*cluster.agents.values(), cluster.hub]:
        process.stop()
    faults = checker.check_acks(book.acks) + checker.check_receipts(positions, receipts)
    faults += checker.check_log(cluster.export_log(), positions)
    for agency in AGENCIES:
        faults += checker.check_inbox(agency, inboxes[agency], due[agency], positions)
    if set(ids) != set(book.asked):
        faults.append(f"{len(set(book.asked) - set(ids))} submissions have no id")
    return faults


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", required=True, type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--keep", type=pathlib.Path, help="run in this folder and leave it")
    arguments = parser.parse_args()
    folder = arguments.keep or pathlib.Path(tempfile.mkdtemp(prefix="lianxi-kill9-"))
    print(f"seed {arguments.seed}, {folder}", flush=True)
    faults = ["the harness did not finish"]
    try:
        with Cluster(arguments.bin, folder, AGENCIES) as cluster:
            cluster.start()
            book = run_rounds(cluster, arguments.rounds, arguments.seed)
            settle_all(cluster, book)
            faults = check(cluster, book)
    except Failed as error:
        faults = [str(error)]
    for fault in faults[:50]:
        print(f"FAULT: {fault}")
    print(f"{len(faults)} faults" if faults else "nothing lost, doubled or reordered; every receipt proves its place")
    if not faults and not arguments.keep:
        shutil.rmtree(folder)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
