"""How a tensor is kept in a fixture: its shape, some numbers over all of it, and samples.

Whole tensors would be hundreds of megabytes; a sum, a norm, the largest element and values at
hashed positions tell the same two tensors apart as surely.
"""

import json
import math

import torch

from generate import sample_positions

SAMPLES = 96


def number(value):
    """A number of a fixture, of nine digits, more than a float32 holds; None where not finite."""
    return float(f"{float(value):.9g}") if math.isfinite(value) else None


def summary(name, tensor):
    """{ name, shape, sum, absoluteSum, norm, largest: [position, value], samples: [value] }.

    Positions count PyTorch's layout from 0, the last dimension fastest; the samples are those at
    sample_positions(name, elements, number of samples)."""
    flat = tensor.detach().double().flatten()
    at = int(flat.abs().argmax())
    positions = sample_positions(name, flat.numel(), min(SAMPLES, flat.numel()))
    return {
        "name": name,
        "shape": list(tensor.shape),
        "sum": number(flat.sum()),
        "absoluteSum": number(flat.abs().sum()),
        "norm": number(flat.norm()),
        "largest": [at, number(flat[at])],
        "samples": [number(value) for value in flat[torch.from_numpy(positions)]],
    }


def write_json(path, record):
    """Writes a record as JSON with the elements of its fields on lines of their own."""
    with open(path, "w") as file:
        file.write(compact(record) + "\n")


def compact(value, depth=0):
    """JSON in which only the outer two levels are broken into lines."""
    if depth < 2 and value and isinstance(value, (dict, list)):
        indent = " " * (depth + 1)
        if isinstance(value, dict):
            items = [f"{json.dumps(key)}: {compact(item, depth + 1)}" for key, item in value.items()]
            open_, close = "{", "}"
        else:
            items = [compact(item, depth + 1) for item in value]
            open_, close = "[", "]"
        return f"{open_}\n{indent}" + f",\n{indent}".join(items) + f"\n{' ' * depth}{close}"
    return json.dumps(value)
