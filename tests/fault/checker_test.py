#!/usr/bin/env python3
"""The checker finds each kind of damage that it is there for."""
import base64
import unittest

import checker
from checker import sha256


def entry(agency, first, count, number):
    name = agency.encode()
    header = b"lianxi/entry/v1\0" + b"\x01" + bytes(32) + bytes([len(name)]) + name + b"\0" + bytes(8)
    header += (1).to_bytes(4, "big") + first.to_bytes(8, "big") + count.to_bytes(2, "big") + bytes(32)
    part = (1).to_bytes(4, "big") + number.to_bytes(8, "big") + bytes(8) + bytes(8) + b"\0" + bytes(2)
    return len(header).to_bytes(2, "big") + header + bytes(64) + part


def root_of(leaves):
    if len(leaves) == 1:
        return leaves[0]
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return sha256(b"\x01" + root_of(leaves[:half]) + root_of(leaves[half:]))


def path_of(leaves, index):
    if len(leaves) == 1:
        return []
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    if index < half:
        return path_of(leaves[:half], index) + [root_of(leaves[half:])]
    return path_of(leaves[half:], index - half) + [root_of(leaves[:half])]


def receipts(entries):
    """The tlog-proof text of each entry, at the size of all."""
    leaves = [sha256(b"\x00" + data) for data in entries]
    encoded = base64.b64encode
    texts = []
    for index, data in enumerate(entries):
        path = "".join(encoded(step).decode() + "\n" for step in path_of(leaves, index))
        note = f"lianxi/0000000000000000/g1\n{len(entries)}\n{encoded(root_of(leaves)).decode()}\n\n- x\n"
        texts.append(f"c2sp.org/tlog-proof@v1\nextra {encoded(data).decode()}\nindex {index}\n{path}\n{note}")
    return texts


LOG = [{"id": "A.1.1", "position": "0.0"}, {"id": "A.1.2", "position": "0.1"}, {"id": "B.1.1", "position": "1.0"}, {"id": "A.1.3", "position": "2.0"}]
POSITIONS = {row["id"]: row["position"] for row in LOG}


class CheckerTest(unittest.TestCase):
    def setUp(self):
        texts = receipts([entry("A", 1, 2, 0), entry("B", 1, 1, 1), entry("A", 3, 1, 2)])
        self.receipts = {"A.1.1": texts[0], "A.1.2": texts[0], "B.1.1": texts[1], "A.1.3": texts[2]}

    def assert_finds(self, word, faults):
        self.assertTrue(any(word in fault for fault in faults), faults)

    def test_nothing_wrong_is_found_where_nothing_is_wrong(self):
        self.assertEqual(checker.check_receipts(POSITIONS, self.receipts), [])
        self.assertEqual(checker.check_log(LOG, POSITIONS), [])
        self.assertEqual(checker.check_inbox("C", LOG, list(POSITIONS), POSITIONS), [])
        self.assertEqual(checker.check_acks([("k1", "A.1.1", None), ("k1", "A.1.1", "0.0"), ("k2", "A.1.2", "0.1")]), [])

    def test_a_missing_receipt_is_a_loss(self):
        del self.receipts["A.1.3"]
        self.assert_finds("lost", checker.check_receipts(POSITIONS, self.receipts))

    def test_a_changed_bit_breaks_the_proof(self):
        damaged = receipts([entry("A", 1, 2, 0), entry("B", 1, 1, 1), entry("A", 3, 1, 2)])[2]
        lines = damaged.split("\n")
        data = bytearray(base64.b64decode(lines[1][6:]))
        data[100] ^= 1
        lines[1] = "extra " + base64.b64encode(bytes(data)).decode()
        self.receipts["A.1.3"] = "\n".join(lines)
        self.assertEqual(len(checker.check_receipts(POSITIONS, self.receipts)), 1)

    def test_a_receipt_of_another_entry_is_found(self):
        self.receipts["A.1.3"] = self.receipts["B.1.1"]
        self.assert_finds("proves another place", checker.check_receipts(POSITIONS, self.receipts))

    def test_two_histories_are_found(self):
        self.receipts["A.1.3"] = receipts([entry("A", 1, 2, 0), entry("B", 2, 1, 1), entry("A", 3, 1, 2)])[2]
        self.assert_finds("two roots", checker.check_receipts(POSITIONS, self.receipts))

    def test_a_lost_message_of_the_log_is_found(self):
        self.assert_finds("lost: A.1.3", checker.check_log(LOG[:-1], POSITIONS))

    def test_a_doubled_message_of_the_log_is_found(self):
        self.assert_finds("doubled", checker.check_log(LOG + [{"id": "A.1.3", "position": "3.0"}], POSITIONS))

    def test_a_gap_in_the_numbers_is_found(self):
        self.assert_finds("gap", checker.check_log([LOG[0], LOG[3]], {}))

    def test_a_moved_message_is_found(self):
        self.assert_finds("moved", checker.check_log(LOG, {**POSITIONS, "A.1.3": "7.0"}))

    def test_a_message_missing_in_an_inbox_is_found(self):
        self.assert_finds("lost: B.1.1", checker.check_inbox("C", [LOG[0], LOG[1], LOG[3]], list(POSITIONS), POSITIONS))

    def test_an_inbox_out_of_order_is_found(self):
        self.assert_finds("reordered", checker.check_inbox("C", [LOG[1], LOG[0]], [], {}))

    def test_a_doubled_inbox_row_is_found(self):
        self.assert_finds("doubled", checker.check_inbox("C", LOG + [{"id": "B.1.1", "position": "3.0"}], [], {}))

    def test_one_key_that_became_two_messages_is_found(self):
        self.assert_finds("doubled", checker.check_acks([("k1", "A.1.1", None), ("k1", "A.1.2", None)]))

    def test_one_message_for_two_keys_is_found(self):
        self.assert_finds("doubled", checker.check_acks([("k1", "A.1.1", None), ("k2", "A.1.1", None)]))

    def test_paths_of_every_size_and_index_lead_to_the_root(self):
        for size in range(1, 20):
            leaves = [sha256(bytes([n])) for n in range(size)]
            for index in range(size):
                self.assertEqual(checker.root_from_path(leaves[index], index, size, path_of(leaves, index)), root_of(leaves))


if __name__ == "__main__":
    unittest.main()
