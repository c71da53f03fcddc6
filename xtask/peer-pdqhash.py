"""Pictures per second of the Python package `pdqhash` on the pictures of a folder: peer-pdqhash.py FOLDER.

Install by name: pip install pdqhash pillow. Ends with status 3 where a package is missing."""

import collections
import pathlib
import sys
import time

try:
    import numpy
    import pdqhash
    from PIL import Image
except ImportError as error:
    print(f"SKIPPED: {error}; pip install pdqhash pillow")
    sys.exit(3)


def least(work, items):
    """Seconds of the fastest of five rounds."""
    times = []
    for _ in range(5):
        start = time.perf_counter()
        for item in items:
            work(item)
        times.append(time.perf_counter() - start)
    return min(times)


def decode(path):
    with Image.open(path) as picture:
        return numpy.asarray(picture.convert("RGB"))


groups = collections.defaultdict(list)
for path in sorted(pathlib.Path(sys.argv[1]).glob("*.jpg")):
    groups[path.stem.rsplit("-", 1)[0]].append(path)
for size, paths in groups.items():
    decoded = len(paths) / least(decode, paths)
    hashed = len(paths) / least(lambda path: pdqhash.compute(decode(path)), paths)
    print(f"pdqhash {size}: decode {decoded:.0f}, decode and hash {hashed:.0f} pictures per second, one core")
