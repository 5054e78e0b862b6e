"""Chooses salts so that rounding cannot flip a gate.

A ReLU and a max pool switch gradients on and off. Where an input lies within rounding of the
switch, two correct implementations may switch differently, and their gradients then differ by far
more than rounding: among the million gates of AlexNet at 224 pixels that happens nearly always.
So every output channel whose ReLU inputs come too near zero, or whose pool windows hold two nearly
equal largest values, gets the next salt (see generate.py), that is other weights and another bias,
until every gate of the network is clear by `MARGIN` of the layer's largest value (less for batches
of more than four pictures, whose channels have more chances to fail). The gradients are then
functions that any float32 implementation must match closely.
"""

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from generate import generate_rows

MARGIN = 3e-5
MAX_ROUNDS = 200


def relu_margins(x):
    """[channels]: the least distance of a ReLU's inputs from 0."""
    return x.abs().transpose(0, 1).flatten(1).min(dim=1).values


def pool_margins(pool, x, rectified):
    """[channels]: the least gap between the two largest values of a max pool's windows.

    Windows of zeros that a ReLU made pass no gradient whichever they choose: they are clear."""
    batch, channels, height, width = x.shape
    kernel, stride, padding = pool.kernel_size, pool.stride, pool.padding
    # The pixels by which a last window that rounding up keeps hangs over the border.
    right, bottom = (
        -(length + 2 * padding - kernel) % stride if pool.ceil_mode else 0 for length in (width, height)
    )
    x = F.pad(x, (padding, padding + right, padding, padding + bottom), value=float("-inf"))
    windows = F.unfold(x.reshape(batch * channels, 1, *x.shape[2:]), kernel, stride=stride)
    top = windows.topk(2, dim=1).values
    gaps = top[:, 0] - top[:, 1]
    if rectified:
        gaps = gaps.masked_fill(top[:, 0] <= 0, float("inf"))
    return gaps.reshape(batch, channels, -1).transpose(0, 1).flatten(1).min(dim=1).values


def set_rows(module, name, rows, salts, bounds):
    """Writes the generated contents of some output channels into a layer's weight and bias."""
    for kind, parameter in module.named_parameters():
        full = f"{name}.{kind}"
        length = parameter[0].numel()
        values = generate_rows(full, rows, salts[rows], length, bounds[full])
        with torch.no_grad():
            parameter[torch.from_numpy(rows)] = torch.from_numpy(values).to(parameter.dtype).reshape(
                len(rows), *parameter.shape[1:]
            )


def clear_gates(layers, x, bounds, report=lambda text: None):
    """Fills every weight of the layers, in order, and returns the salts and the least margin.

    layers: (name, module, flatten before it?) of a chain; x: the input, float64; bounds: of every
    weight by name. Returns { layer name: int array of salts } and a float."""
    wanted = MARGIN * min(1, 4 / len(x))
    salts = {}
    least = float("inf")
    # A stage is a layer with weights and all that follow it up to the next one.
    starts = [i for i, (_, module, _) in enumerate(layers) if list(module.parameters())]
    if not starts or starts[0] != 0:
        raise ValueError("the first layer must have weights")
    for start, end in zip(starts, [*starts[1:], len(layers)]):
        name, module, _ = layers[start]
        count = module.weight.shape[0]
        salt = np.zeros(count, dtype=np.int64)
        bad = np.arange(count)
        for round in range(MAX_ROUNDS):
            set_rows(module, name, bad, salt, bounds)
            margins, y = run_stage(layers[start:end], x, count)
            bad = np.flatnonzero(margins < wanted)
            if len(bad) == 0:
                break
            salt[bad] += 1
        else:
            raise RuntimeError(f"{name}: {len(bad)} channels still have unclear gates")
        report(f"{name}: {round + 1} rounds, margin {margins.min():.1e}, rms {y.pow(2).mean().sqrt():.3g}")
        salts[name] = salt
        least = min(least, margins.min())
        x = y
    return salts, least


def run_stage(stage, x, channels):
    """Runs the layers of a stage; the relative margins of its channels, and its output."""
    margins = np.full(channels, np.inf)
    rectified = False
    with torch.no_grad():
        for _, module, flatten in stage:
            if flatten:
                x = torch.flatten(x, 1)
            if isinstance(module, nn.ReLU):
                gate = relu_margins(x)
                rectified = True
            elif isinstance(module, nn.MaxPool2d):
                gate = pool_margins(module, x, rectified)
            else:
                gate = None
            if gate is not None:
                margins = np.minimum(margins, (gate / x.abs().max()).numpy())
            x = module(x)
    return margins, x
