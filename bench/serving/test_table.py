"""What the table says of numbers. Usage: python3 bench/serving/test_table.py"""
import unittest

import roof
from table import Line, as_json, at_least, cells, text


class Table(unittest.TestCase):
    def test_a_ratio_is_how_many_times_as_good(self):
        self.assertEqual(Line("l", "speed", 300, 100).ratio(), 3)
        self.assertEqual(Line("l", "wait", 300, 100, more=False).ratio(), 1 / 3)

    def test_without_a_peer_there_is_no_ratio_and_no_verdict_that_needs_one(self):
        self.assertIsNone(Line("l", "speed", 300).ratio())
        self.assertIsNone(at_least(300, 2, None))
        self.assertIn("| -", text([Line("l", "speed", 300)]))

    def test_nothing_is_divided_by_nothing(self):
        self.assertIsNone(Line("l", "speed", 300, 0).ratio())
        self.assertIsNone(Line("l", "failed", 0, 4, compared=False).ratio())

    def test_a_missed_aim_is_seen(self):
        self.assertEqual(cells(Line("l", "w", 1, 1, "t/s", ">= 2 x", at_least(1, 2, 1)))[-1], "MISSED")
        self.assertEqual(cells(Line("l", "w", 2, 1, "t/s", ">= 2 x", at_least(2, 2, 1)))[-1], "met")
        self.assertEqual(cells(Line("l", "w", 2, 1))[-1], "")

    def test_json_has_the_ratio(self):
        self.assertEqual(as_json([Line("l", "w", 4, 2)])[0]["ratio"], 2)


class Roof(unittest.TestCase):
    # SmolLM2-135M on a machine of 0.85 TOPS and 81 GB/s; 134.5 million weights in Q8_0 are 143 MB.
    LIMITS = {"int8_ops_per_s": 0.85e12, "read_bytes_per_s": 81e9}
    OF = roof.SHAPES["smollm2-135m"]

    def test_weights_are_those_of_the_model(self):
        self.assertAlmostEqual((self.OF.inner + self.OF.head) / 1e6, 134.5, delta=0.2)
        large = roof.SHAPES["llama-3.2-1b"]
        self.assertAlmostEqual((large.inner + large.head) / 1e9, 1.236, delta=0.001)

    def test_a_token_of_kv(self):
        self.assertEqual(self.OF.kv_token_bytes, 30 * 2 * 3 * 64 * 2)

    def test_one_stream_waits_for_memory_and_many_for_multiplications(self):
        one = roof.decode(self.OF, 143e6, self.LIMITS, 1)
        self.assertAlmostEqual(one, 81e9 / 143e6, delta=1)
        self.assertAlmostEqual(roof.decode(self.OF, 143e6, self.LIMITS, 2), 2 * one, delta=1)
        most = 0.85e12 / (2 * 134.5e6)
        self.assertAlmostEqual(roof.decode(self.OF, 143e6, self.LIMITS, 64), most, delta=10)

    def test_a_prompt_needs_the_output_matrix_only_once(self):
        self.assertAlmostEqual(roof.prefill(self.OF, self.LIMITS), 0.85e12 / (2 * 106.2e6), delta=10)


if __name__ == "__main__":
    unittest.main()
