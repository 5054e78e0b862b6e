"""Chooses salts so that rounding cannot flip a gate.

A ReLU and a max pool switch gradients on and off. Where an input lies within rounding of the
switch, two correct implementations may switch differently, and their gradients then differ by far
more than rounding: among the million gates of AlexNet at 224 pixels that happens nearly always.

So every output channel whose ReLU inputs come too near zero, or whose pool windows hold two nearly
equal largest values, gets the next salt (see generate.py), that is other weights and another bias,
until every gate of the network is clear by a share of the layer's largest value (`clear_gates`). In
the course of training the weights are given, so there it is the pictures that get other salts
(`clear_pictures`). The gradients are then functions that any float32 implementation must match.
"""

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from generate import generate_rows

# For batches of up to four pictures; in larger ones a channel has more chances to fail.
CHANNEL_MARGIN = 3e-5
# A picture has all of the network's gates to pass at once.
PICTURE_MARGIN = 5e-6
MAX_ROUNDS = 200
CANDIDATES = 32


def clear_gates(layers, x, bounds, report=lambda text: None):
    """Fills every weight of the layers, in order, and returns the salts and the least margin.

    layers: (name, module, flatten before it?) of a chain; x: the input, float64; bounds: of every
    weight by name. Returns { layer name: int array of salts } and a float."""
    wanted = CHANNEL_MARGIN * min(1, 4 / len(x))
    salts, least = {}, float("inf")
    # A stage is a layer with weights and all that follow it up to the next one.
    starts = [i for i, (_, module, _) in enumerate(layers) if list(module.parameters())]
    for start, end in zip(starts, [*starts[1:], len(layers)]):
        name, module, _ = layers[start]
        salt = np.zeros(len(module.weight), dtype=np.int64)
        bad = np.arange(len(salt))
        for round in range(MAX_ROUNDS):
            set_rows(module, name, bad, salt, bounds)
            y, margins = run(layers[start:end], x)
            channels = lowest(margins, 0, len(salt))
            bad = np.flatnonzero(channels < wanted)
            if len(bad) == 0:
                break
            salt[bad] += 1
        else:
            raise RuntimeError(
                f"{name}: after {MAX_ROUNDS} rounds {len(bad)} channels have unclear gates; "
                "take fewer or smaller pictures"
            )
        report(f"{name}: {round + 1} rounds, margin {channels.min():.1e}, rms {y.pow(2).mean().sqrt():.3g}")
        salts[name] = salt
        least = min(least, channels.min())
        x = y
    return salts, least


def clear_pictures(layers, rows, shape, bound):
    """Pictures, rows of the tensor 'input', with clear gates under the layers' present weights.

    shape: of one picture. Returns the pictures, float64, their salts, and the least margin."""
    pictures, salts, least = [], [], float("inf")
    for row in rows:
        for first in range(0, CANDIDATES * MAX_ROUNDS, CANDIDATES):
            salt = np.arange(first, first + CANDIDATES)
            values = generate_rows("input", np.full(CANDIDATES, row), salt, int(np.prod(shape)), bound)
            x = torch.from_numpy(values).double().reshape(CANDIDATES, *shape)
            margins = lowest(run(layers, x)[1], 1, CANDIDATES)
            clear = np.flatnonzero(margins > PICTURE_MARGIN)
            if len(clear):
                break
        else:
            raise RuntimeError(f"no picture {row} with clear gates; take smaller pictures")
        pictures.append(x[clear[0]])
        salts.append(int(salt[clear[0]]))
        least = min(least, margins[clear[0]])
    return torch.stack(pictures), salts, least


def run(layers, x):
    """The layers' output, and the margins [batch, channels] of each gate among them, relative to
    the largest value that the gate sees."""
    margins = []
    rectified = False
    with torch.no_grad():
        for _, module, flatten in layers:
            if flatten:
                x = torch.flatten(x, 1)
            if isinstance(module, nn.ReLU):
                margins.append(relu_margins(x) / x.abs().max())
            elif isinstance(module, nn.MaxPool2d):
                margins.append(pool_margins(module, x, rectified) / x.abs().max())
            rectified = isinstance(module, nn.ReLU) or (rectified and not list(module.parameters()))
            x = module(x)
    return x, margins


def lowest(margins, axis, count):
    """[count]: the least of each channel (axis 0 is reduced) or picture (axis 1 is reduced)."""
    least = np.full(count, np.inf)
    for margin in margins:
        least = np.minimum(least, margin.amin(dim=axis).numpy())
    return least


def relu_margins(x):
    """[batch, channels]: the least distance of a ReLU's inputs from 0."""
    return x.abs().flatten(2).amin(dim=2) if x.dim() > 2 else x.abs()


def pool_margins(pool, x, rectified):
    """[batch, channels]: the least gap between the two largest values of a max pool's windows.

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
    return gaps.reshape(batch, channels, -1).amin(dim=2)


def set_rows(module, name, rows, salts, bounds):
    """Writes the generated contents of some output channels into a layer's weight and bias."""
    index = torch.from_numpy(rows)
    for kind, parameter in module.named_parameters():
        full = f"{name}.{kind}"
        length = parameter[0].numel()
        values = torch.from_numpy(generate_rows(full, rows, salts[rows], length, bounds[full]))
        with torch.no_grad():
            parameter[index] = values.to(parameter.dtype).reshape(len(rows), *parameter.shape[1:])
