"""Poolings as PyTorch computes them, with paddings that round up, are counted or not: fixtures/pooling.json.

    python3 scripts/pooling.py
"""

import json
import pathlib

import torch

HEIGHT, WIDTH, CHANNELS = 7, 6, 2

# (kind, kernel, stride, padding, ceil_mode, count_include_pad)
CASES = [
    ("max", 3, 2, 1, False, True),
    ("max", 2, 2, 1, True, True),
    ("max", 3, 3, 0, True, True),
    ("average", 3, 2, 0, True, True),
    ("average", 3, 3, 0, True, True),
    ("average", 3, 2, 1, False, True),
    ("average", 3, 2, 1, False, False),
    ("average", 3, 2, 1, True, True),
    ("average", 4, 3, 2, True, True),
    ("average", 4, 3, 2, True, False),
    ("average", 3, 1, 1, False, False),
    ("average", 3, 1, 1, False, True),
]


def main():
    elements = torch.arange(HEIGHT * WIDTH * CHANNELS, dtype=torch.float64)
    picture = torch.sin(elements * 0.7).reshape(HEIGHT, WIDTH, CHANNELS)
    planes = picture.permute(2, 0, 1)[None]
    cases = []
    for kind, kernel, stride, padding, ceil, counts in CASES:
        if kind == "max":
            pooled = torch.nn.functional.max_pool2d(planes, kernel, stride, padding, ceil_mode=ceil)
        else:
            pooled = torch.nn.functional.avg_pool2d(planes, kernel, stride, padding, ceil, counts)
        output = pooled[0].permute(1, 2, 0)
        cases.append(
            {
                "kind": kind,
                "kernel": kernel,
                "stride": stride,
                "padding": padding,
                "countIncludePad": counts,
                "shape": list(output.shape),
                "output": [round(value, 9) for value in output.flatten().tolist()],
            }
        )
    fixtures = {
        "shape": [HEIGHT, WIDTH, CHANNELS],
        "picture": [round(value, 9) for value in picture.flatten().tolist()],
        "cases": cases,
    }
    path = pathlib.Path(__file__).parent.parent / "fixtures" / "pooling.json"
    path.write_text(json.dumps(fixtures) + "\n")


main()
