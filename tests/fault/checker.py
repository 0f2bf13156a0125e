"""What must hold after anything: from receipts, the exported log and the inboxes alone. No product code is used.

Nothing acknowledged is lost, doubled or reordered; every receipt proves its place.
"""
import base64
import hashlib


def sha256(data):
    return hashlib.sha256(data).digest()


def parse_id(text):
    agency, epoch, number = text.rsplit(".", 2)
    return agency, int(epoch), int(number)


def parse_position(text):
    entry, index = text.split(".")
    return int(entry), int(index)


def root_from_path(leaf, index, size, path):
    """RFC 9162, 2.1.3.2; None if the path has the wrong length."""
    if index >= size:
        return None
    node, last, root = index, size - 1, leaf
    for step in path:
        if last == 0:
            return None
        if node % 2 == 1 or node == last:
            root = sha256(b"\x01" + step + root)
            while node % 2 == 0 and node != 0:
                node, last = node >> 1, last >> 1
        else:
            root = sha256(b"\x01" + root + step)
        node, last = node >> 1, last >> 1
    return root if last == 0 else None


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        part = self.data[self.at:self.at + count]
        if len(part) != count:
            raise ValueError("receipt ends early")
        self.at += count
        return part

    def number(self, width):
        return int.from_bytes(self.take(width), "big")


def read_receipt(text):
    """A tlog-proof file as {agency, epoch, first, count, entry, time, refused, root, size}; ValueError if it does not prove itself."""
    head, _, note = text.partition("\n\n")
    lines = head.split("\n")
    if lines[0] != "c2sp.org/tlog-proof@v1" or not lines[1].startswith("extra ") or not lines[2].startswith("index "):
        raise ValueError("not a tlog-proof")
    extra, index = base64.b64decode(lines[1][6:], validate=True), int(lines[2][6:])
    path = [base64.b64decode(line, validate=True) for line in lines[3:]]
    origin, size, root = note.split("\n")[:3]
    found = read_entry(extra)
    if found["entry"] != index:
        raise ValueError(f"index {index} is not the entry {found['entry']}")
    root = base64.b64decode(root, validate=True)
    if root_from_path(sha256(b"\x00" + extra), index, int(size), path) != root:
        raise ValueError("the path does not lead to the root")
    return {**found, "origin": origin, "size": int(size), "root": root}


def read_entry(extra):
    reader = Reader(extra)
    header_end = reader.number(2) + 2
    if reader.take(16) != b"lianxi/entry/v1\0":
        raise ValueError("not an entry header")
    reader.take(1 + 32)
    agency = reader.take(reader.number(1)).decode("ascii")
    reader.take(reader.number(1))
    reader.take(8)
    found = {"agency": agency, "epoch": reader.number(4), "first": reader.number(8), "count": reader.number(2)}
    reader.take(32)
    if reader.at != header_end:
        raise ValueError("entry header has another length")
    reader.take(64)
    found["generation"], found["entry"], found["time"] = reader.number(4), reader.number(8), reader.number(8)
    reader.number(8)
    if reader.number(1):
        reader.take(20)
    found["refused"] = [(reader.number(2), reader.number(2)) for _ in range(reader.number(2))]
    if reader.at != len(extra):
        raise ValueError("hub part has another length")
    return found


def check_acks(acks):
    """acks: [(key, id, position or None)], every answer that any call ever got. One key, one id, one position."""
    faults, ids, positions, owner = [], {}, {}, {}
    for key, message, position in acks:
        if ids.setdefault(key, message) != message:
            faults.append(f"doubled: key {key} became {ids[key]} and {message}")
        if owner.setdefault(message, key) != key:
            faults.append(f"doubled: {message} answers the keys {owner[message]} and {key}")
        if position is not None and positions.setdefault(message, position) != position:
            faults.append(f"moved: {message} was acknowledged at {positions[message]} and at {position}")
    return faults


def check_receipts(positions, receipts):
    """positions: {id: position} of everything acknowledged as logged; receipts: {id: tlog-proof text or None}."""
    faults, roots = [], {}
    for message, position in sorted(positions.items()):
        if receipts.get(message) is None:
            faults.append(f"lost: no receipt for {message}")
            continue
        try:
            proof = read_receipt(receipts[message])
        except ValueError as error:
            faults.append(f"receipt of {message}: {error}")
            continue
        agency, epoch, number = parse_id(message)
        entry, index = parse_position(position)
        if (proof["agency"], proof["epoch"], proof["first"] + index, proof["entry"]) != (agency, epoch, number, entry) or index >= proof["count"]:
            faults.append(f"receipt of {message} at {position} proves another place")
        if roots.setdefault((proof["origin"], proof["size"]), proof["root"]) != proof["root"]:
            faults.append(f"two roots for size {proof['size']}")
    return faults


def check_log(log, positions):
    """log: [{"id", "position"}] in log order."""
    faults, seen, last, numbers = [], {}, (-1, -1), {}
    for row in log:
        position, message = parse_position(row["position"]), row["id"]
        if position <= last:
            faults.append(f"reordered: {row['position']} stands behind {last[0]}.{last[1]} in the log")
        last = position
        if message in seen:
            faults.append(f"doubled: {message} stands in the log at {seen[message]} and {row['position']}")
        seen[message] = row["position"]
        agency, epoch, number = parse_id(message)
        if number != numbers.get((agency, epoch), 0) + 1:
            faults.append(f"gap: {message} follows number {numbers.get((agency, epoch), 0)}")
        numbers[agency, epoch] = number
    for message, position in sorted(positions.items()):
        if message not in seen:
            faults.append(f"lost: {message} was acknowledged and is not in the log")
        elif seen[message] != position:
            faults.append(f"moved: {message} was acknowledged at {position} and stands at {seen[message]}")
    return faults


def check_inbox(agency, inbox, due, positions):
    """inbox: rows {"id", "position"} in the inbox's order; due: ids that must be there; positions: {id: position} as acknowledged."""
    faults, seen, last, numbers = [], set(), (-1, -1), {}
    for row in inbox:
        position, message = parse_position(row["position"]), row["id"]
        if position <= last:
            faults.append(f"{agency}: reordered: {row['position']} behind {last[0]}.{last[1]}")
        last = position
        if message in seen:
            faults.append(f"{agency}: doubled: {message}")
        seen.add(message)
        if positions.get(message, row["position"]) != row["position"]:
            faults.append(f"{agency}: {message} came as {row['position']}, acknowledged at {positions[message]}")
        sender, epoch, number = parse_id(message)
        if number <= numbers.get((sender, epoch), 0):
            faults.append(f"{agency}: reordered: {message} behind number {numbers[sender, epoch]}")
        numbers[sender, epoch] = number
    faults += [f"{agency}: lost: {message}" for message in sorted(set(due) - seen)]
    return faults
