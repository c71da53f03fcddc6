"""Times of the Python package vpdq on a video: peer-vpdq.py FILE. Ends with 3 if the package is missing."""

import sys
import time

try:
    import vpdq
except ImportError:
    print("SKIPPED: the Python package vpdq is not installed (pip install vpdq), so it is not timed")
    sys.exit(3)

ROUNDS = 3

for name, seconds in (("a frame a second", 1.0), ("every frame", 0.0)):
    times = []
    for _ in range(ROUNDS):
        wall, cpu = time.perf_counter(), time.process_time()
        hashes = vpdq.computeHash(sys.argv[1], seconds_per_hash=seconds)
        times.append((time.perf_counter() - wall, time.process_time() - cpu))
    wall, cpu = (min(column) for column in zip(*times))
    print(f"vpdq (Python), {name}: {len(hashes)} hashes, {wall:.2f} s, {cpu:.2f} s of CPU, decoding included")
