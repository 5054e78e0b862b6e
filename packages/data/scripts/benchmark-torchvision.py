"""Times operations and transforms beside torchvision's on PIL pictures, one thread each.

    python3 scripts/benchmark-torchvision.py PHOTO… [--size 224] [--rounds 5] [--seconds 0.1]

Photos are cut to squares of `--size` pixels; resizes start from the photos as they are. Ours and
torchvision's are timed in turn, `--rounds` times, by the processor time that their process takes, so
that other work on the machine disturbs them less (ours includes garbage collection and compiling); the table holds the median of each in pictures a
second, its spread (half the distance from least to greatest), and their ratio, losses marked in bold.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import tempfile
import time

import torch
from PIL import Image, ImageOps
from torchvision import transforms
from torchvision.transforms import functional
from torchvision_cases import MODES, all_cases, operation, transform

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
parser.add_argument("photos", nargs="+")
parser.add_argument("--size", type=int, default=224)
parser.add_argument("--rounds", type=int, default=5)
parser.add_argument("--seconds", type=float, default=0.1)
parser.add_argument("--limit", type=int, default=20)
parser.add_argument("--node", default="node")
options = parser.parse_args()
torch.set_num_threads(1)


def chosen(size):
    """(label, case, whether on the photos as they are)"""
    wanted = {
        ("adjustBrightness", 3), ("adjustContrast", 3), ("adjustSaturation", 3), ("adjustHue", 5),
        ("adjustSharpness", 4), ("posterize", 3), ("solarize", 2), ("invert", 0), ("autocontrast", 0),
        ("equalize", 0), ("toGrayscale", 0), ("flipHorizontally", 0), ("flipVertically", 0),
    }
    seen = {}
    for case in all_cases(size, size):
        name = case.get("operation")
        if name:
            at = seen[name] = seen.get(name, -1) + 1
            if (name, at) in wanted:
                yield name, case, False
    for sides in (3, 9, 23):
        yield f"gaussianBlur {sides}×{sides}", operation(
            "gaussianBlur", dict(kernelSize=sides, sigma=1.3),
            run=lambda x, k=sides: functional.gaussian_blur(x, [k, k], 1.3)), False
    for mode in ("nearest", "bilinear"):
        yield f"rotate {mode}", operation(
            "rotate", 20, dict(interpolation=mode),
            run=lambda x, m=mode: functional.rotate(x, 20, MODES[m])), False
        yield f"affine {mode}", operation(
            "affine", dict(angle=10, translate=(9, 4), scale=1.1, shear=(5, 0)), dict(interpolation=mode),
            run=lambda x, m=mode: functional.affine(x, 10, [9, 4], 1.1, [5, 0], MODES[m])), False
        start, end = [[0, 0], [223, 0], [223, 223], [0, 223]], [[20, 9], [200, 30], [215, 190], [4, 220]]
        yield f"perspective {mode}", operation(
            "perspective", start, end, dict(interpolation=mode),
            run=lambda x, m=mode, s=start, e=end: functional.perspective(x, s, e, MODES[m])), False
    yield "translate nearest", operation(
        "affine", dict(translate=(30, 0)), dict(interpolation="nearest"),
        run=lambda x: functional.affine(x, 0, [30, 0], 1, [0, 0])), False
    box = dict(left=7, top=-3, width=size, height=size)
    for mode in ("constant", "reflect"):
        yield f"randomCrop, {mode} padding", transform(
            "randomCrop", dict(size=size, padding=12, paddingMode=mode), parameters=box,
            run=lambda x, m=mode: functional.crop(functional.pad(x, 12, 0, m), 9, 19, size, size)), False
    jitter = [["hue", -0.03], ["contrast", 1.2], ["brightness", 0.8], ["saturation", 1.2]]

    def jittered(x):
        for name, factor in jitter:
            x = getattr(functional, "adjust_" + name)(x, factor)
        return x

    yield "colorJitter, all four", transform(
        "colorJitter", dict(brightness=0.4, contrast=0.4, saturation=0.4, hue=0.1), parameters=jitter,
        run=jittered), False
    box = dict(left=20, top=10, width=170, height=140)
    for mode in ("bilinear", "bicubic"):
        yield f"randomResizedCrop {mode}", transform(
            "randomResizedCrop", dict(size=size, interpolation=mode), parameters=box,
            run=lambda x, m=mode: functional.resized_crop(x, 10, 20, 140, 170, [size, size], MODES[m])), True
    normalize = transforms.Compose([transforms.ToTensor(), transforms.Normalize(
        (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))])
    yield "normalize (floats)", dict(normalize=True, run=normalize), False


def time_torchvision(run, pictures):
    for picture in pictures:
        run(picture)
    count, start = 0, time.process_time()
    while time.process_time() - start < options.seconds:
        for picture in pictures:
            run(picture)
        count += len(pictures)
    return (time.process_time() - start) / count * 1000


with tempfile.TemporaryDirectory() as folder:
    folder = pathlib.Path(folder)
    photos = [Image.open(path).convert("RGB") for path in options.photos[: options.limit]]
    squares = [ImageOps.fit(photo, (options.size, options.size), Image.BILINEAR) for photo in photos]
    groups = []
    rows = list(chosen(options.size))
    for name, pictures in (("squares", squares), ("photos", photos)):
        part = folder / name
        part.mkdir()
        mine = [row for row in rows if row[2] == (name == "photos")]
        for number, picture in enumerate(pictures):
            (part / f"{number}.raw").write_bytes(picture.tobytes())
        (part / "cases.json").write_text(json.dumps(dict(
            cases=[{k: v for k, v in case.items() if k != "run"} for _, case, _ in mine],
            pictures=[dict(file=f"{n}.raw", width=p.width, height=p.height) for n, p in enumerate(pictures)])))
        groups.append((part, mine, pictures))
    script = pathlib.Path(__file__).parent / "time-cases.ts"
    times = {}
    for _ in range(options.rounds):
        for part, mine, pictures in groups:
            output = subprocess.run([options.node, str(script), str(part), str(options.seconds)],
                                    check=True, capture_output=True, text=True).stdout
            for (label, case, _), ours in zip(mine, json.loads(output)):
                theirs = time_torchvision(case["run"], pictures)
                times.setdefault(label, ([], []))[0].append(ours)
                times[label][1].append(theirs)
    print(f"{len(photos)} photos, {options.rounds} rounds")
    print("| | @alexnet/data, pictures/s | torchvision, pictures/s | ratio |\n| --- | --- | --- | --- |")
    for label, (ours, theirs) in times.items():
        cells = []
        for values in (ours, theirs):
            rates = [1000 / v for v in values]
            cells.append(f"{statistics.median(rates):,.0f} ± {(max(rates) - min(rates)) / 2:,.0f}")
        ratio = statistics.median(theirs) / statistics.median(ours)
        shown = f"{ratio:.2f}" if ratio >= 0.995 else f"**{ratio:.2f}**"
        print(f"| {label} | {cells[0]} | {cells[1]} | {shown} |")
