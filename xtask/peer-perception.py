"""Milliseconds a changed picture that Thorn's `perception` takes to change, hash and judge the pictures of a folder:
peer-perception.py FOLDER.

Install by name: pip install "perception[benchmarking]" pdqhash. Ends with status 3 where a package is missing. Changed pictures
lie in a temporary folder, as `perception` wants it, and are deleted."""

import os
import pathlib
import sys
import tempfile
import time

try:
    import cv2
    import numpy
    import pdqhash  # noqa: F401
    from perception import benchmarking, hashers
except (ImportError, AttributeError) as error:
    print(f"SKIPPED: {error}; pip install 'perception[benchmarking]' pdqhash")
    sys.exit(3)


def recompress(quality):
    def change(image):
        _, encoded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
        return cv2.imdecode(encoded, cv2.IMREAD_COLOR)

    return change


def turn(image):
    height, width = image.shape[:2]
    return cv2.warpAffine(image, cv2.getRotationMatrix2D((width / 2, height / 2), 2, 1), (width, height))


def crop(image):
    height, width = image.shape[:2]
    return image[height // 20 : height - height // 20, width // 20 : width - width // 20].copy()


def noise(image):
    random = numpy.random.default_rng(1).normal(0, 10, image.shape)
    return numpy.clip(image + random, 0, 255).astype(numpy.uint8)


# Of the kinds that are measured here too; time counts for each changed picture.
changes = {
    "noop": lambda image: image,
    "quality-30": recompress(30),
    "half": lambda image: cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA),
    "crop": crop,
    "turn": turn,
    "blur": lambda image: cv2.GaussianBlur(image, (0, 0), 2),
    "noise": noise,
    "brighter": lambda image: cv2.convertScaleAbs(image, beta=30),
    "mirror": lambda image: image[:, ::-1].copy(),
}
shared = {
    "pdq": hashers.PDQHash(),
    "phash": hashers.PHash(),
    "dhash": hashers.DHash(),
    "ahash": hashers.AverageHash(),
    "whash": hashers.WaveletHash(),
}
files = [(str(path), "all") for path in sorted(pathlib.Path(sys.argv[1]).glob("*.jpg"))]
with tempfile.TemporaryDirectory() as folder:
    sys.stderr = open(os.devnull, "w")  # bars of progress
    start = time.perf_counter()
    transforms = benchmarking.BenchmarkImageDataset.from_tuples(files).transform(changes, storage_dir=folder)
    changed = time.perf_counter()
    hashes = transforms.compute_hashes(hashers=shared, max_workers=os.cpu_count())
    hashed = time.perf_counter()
    hashes.compute_threshold_recall(precision_threshold=99.9)
    end = time.perf_counter()
count = len(files) * (len(changes) - 1)
print(f"seconds\t{end - start:.2f}")
print(f"of which changing and writing\t{changed - start:.2f}")
print(f"of which hashing\t{hashed - changed:.2f}")
print(f"changed pictures\t{count}")
print(f"milliseconds a changed picture\t{(end - start) * 1e3 / count:.3f}")
