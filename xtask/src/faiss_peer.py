"""Times of FAISS on one thread, on the codes and queries of a folder, as lines of a name, a tab and microseconds."""

import sys
import time

import faiss
import numpy

RADIUS = 31
folder, count = sys.argv[1], int(sys.argv[2])
faiss.omp_set_num_threads(1)
codes = numpy.fromfile(folder + "/codes", dtype=numpy.uint8).reshape(count, 32)
queries = numpy.fromfile(folder + "/queries", dtype=numpy.uint8).reshape(-1, 32)


def per_query(index, batch, seconds):
    """The best of up to ten passes of about that long, and a second in all."""
    best, first_start = float("inf"), time.perf_counter()
    for _ in range(10):
        start, done = time.perf_counter(), 0
        for first in range(0, len(queries) - batch + 1, batch):
            index.range_search(queries[first : first + batch], RADIUS + 1)
            done += batch
            if time.perf_counter() - start > seconds:
                break
        best = min(best, (time.perf_counter() - start) * 1e6 / done)
        if time.perf_counter() - first_start > 1:
            break
    return best


def neighbours(index):
    return int(index.range_search(queries[:64], RADIUS + 1)[0][-1])


flat = faiss.IndexBinaryFlat(256)
flat.add(codes)
for batch in (1, 8, 64):
    best = per_query(flat, batch, 0.1)
    print(f"IndexBinaryFlat, {batch} a batch\t{best:.3f}", flush=True)
print(f"IndexBinaryFlat, neighbours of the first 64 queries\t{neighbours(flat)}", flush=True)
del flat
# As the Hasher-Matcher-Actioner's default: 16 maps of 16 bits, one bit flipped; exact for radius 31.
multi = faiss.IndexBinaryMultiHash(256, 16, 16)
multi.nflip = 1
multi.add(codes)
best = per_query(multi, 64, 0.1)
print(f"IndexBinaryMultiHash, 64 a batch\t{best:.3f}", flush=True)
print(f"IndexBinaryMultiHash, neighbours of the first 64 queries\t{neighbours(multi)}", flush=True)
