"""Compares every operation and transform with torchvision, live, on photos of your own.

    python3 scripts/compare-torchvision.py PHOTO… [--size 224] [--limit 20] [--node node]

Each photo is cut to a square of `--size` pixels. Prints, for each operation, the greatest difference
of any byte in levels of 0 to 255, and the share of bytes that differ at all. Needs torchvision, Pillow,
numpy and Node 24.
"""

import argparse
import json
import pathlib
import subprocess
import tempfile

import numpy as np
from PIL import Image, ImageOps
from torchvision_cases import all_cases

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
parser.add_argument("photos", nargs="+")
parser.add_argument("--size", type=int, default=224)
parser.add_argument("--limit", type=int, default=20)
parser.add_argument("--node", default="node")
options = parser.parse_args()


def label(case):
    if "operation" in case:
        name, how = case["operation"], case["arguments"][-1] if case["arguments"] else None
    else:
        name, how = case["transform"]["name"], (case["transform"]["settings"] or [None])[-1]
        steps = case["parameters"]
        if isinstance(steps, list) and steps and isinstance(steps[0], dict):
            name += " " + steps[0]["operation"]
        elif isinstance(steps, dict) and "operation" in steps:
            name += " " + steps["operation"]
    mode = how.get("interpolation") if isinstance(how, dict) else None
    return f"{name} ({mode})" if mode else name


with tempfile.TemporaryDirectory() as folder:
    folder = pathlib.Path(folder)
    cases, expected = [], []
    for number, path in enumerate(options.photos[: options.limit]):
        size = (options.size, options.size)
        photo = ImageOps.fit(Image.open(path).convert("RGB"), size, Image.BILINEAR)
        (folder / f"{number}.raw").write_bytes(photo.tobytes())
        for case in all_cases(*size):
            result = case.pop("run")(photo)
            expected.append((label(case), np.frombuffer(result.tobytes(), np.uint8)))
            cases.append(dict(case, file=f"{number}.raw", width=size[0], height=size[1]))
    (folder / "cases.json").write_text(json.dumps(dict(cases=cases)))
    script = pathlib.Path(__file__).parent / "apply-cases.ts"
    subprocess.run([options.node, str(script), str(folder)], check=True)
    worst = {}
    for number, (name, wanted) in enumerate(expected):
        found = np.fromfile(folder / f"{number}.out", np.uint8)
        assert len(found) == len(wanted), f"{name}: {len(found)} bytes, torchvision has {len(wanted)}"
        difference = np.abs(found.astype(int) - wanted)
        greatest, differing, count = worst.get(name, (0, 0, 0))
        worst[name] = (max(greatest, difference.max(initial=0)), differing + (difference > 0).sum(),
                       count + len(wanted))
    print(f"{len(cases)} cases, {min(options.limit, len(options.photos))} photos of {options.size} px")
    for name, (greatest, differing, count) in worst.items():
        print(f"{name:45} greatest {greatest:3d}   differing {100 * differing / count:.5f}%")
