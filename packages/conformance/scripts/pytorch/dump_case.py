"""Computes one case with PyTorch and writes whole tensors, for ../compare-pytorch.ts.

    python3 dump_case.py --variant paper --size 227 --batch 2 --classes 1000 --out DIR

writes DIR/case.json, with the fields of a fixture (../make-pytorch-fixtures.py), and
DIR/tensors.bin, little-endian float32 after float64 arithmetic. In `outputs` and `gradients` each
tensor is { name, shape, offset }, the offset in bytes.
"""

import argparse
import json
import os
import sys

import torch
import torchvision

from measure import build, measure
from networks import NETWORKS


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--variant", required=True, choices=NETWORKS)
    parser.add_argument("--size", required=True, type=int, help="height and width of the pictures")
    parser.add_argument("--batch", required=True, type=int, help="number of pictures")
    parser.add_argument("--classes", required=True, type=int)
    parser.add_argument("--out", required=True, metavar="DIR", help="an existing folder")
    arguments = parser.parse_args()
    try:
        model, x, labels, tensors, margin = build(
            arguments.variant, arguments.classes, arguments.size, arguments.batch
        )
    except RuntimeError as error:
        sys.exit(f"{arguments.variant}, {arguments.batch} × {arguments.size} px: {error}")
    loss, outputs, gradients = measure(model, x, labels)

    with open(os.path.join(arguments.out, "tensors.bin"), "wb") as file:

        def write(name, tensor):
            offset = file.tell()
            file.write(tensor.float().contiguous().numpy().astype("<f4", copy=False).tobytes())
            return {"name": name, "shape": list(tensor.shape), "offset": offset}

        record = {
            "variant": arguments.variant,
            "classes": arguments.classes,
            "inputSize": arguments.size,
            "batch": arguments.batch,
            "pytorch": f"torch {torch.__version__}, torchvision {torchvision.__version__}",
            "margin": margin if margin < float("inf") else None,
            "loss": loss,
            "tensors": tensors,
            "outputs": [write(name, tensor) for name, tensor in outputs.items()],
            "gradients": [write(name, tensor) for name, tensor in gradients.items()],
        }
    with open(os.path.join(arguments.out, "case.json"), "w") as file:
        json.dump(record, file)


if __name__ == "__main__":
    main()
