"""Pairs a second of LPIPS on AlexNet in PyTorch: a line of numbers for each line on stdin (scripts/speed.ts asks)."""

import sys
import time

import torch
from torchvision.models import alexnet

torch.set_num_threads(int(sys.argv[1]))
BATCH, SIZE = int(sys.argv[2]), int(sys.argv[3])
features = alexnet(weights=None).features.eval()
linear = [torch.rand(1, c, 1, 1) for c in (64, 192, 384, 256, 256)]
shift = torch.tensor([-0.030, -0.088, -0.188])[None, :, None, None]
scale = torch.tensor([0.458, 0.448, 0.450])[None, :, None, None]
a, b = torch.rand(2, BATCH, 3, SIZE, SIZE) * 2 - 1


def activations(x):
    x = (x - shift) / scale
    outputs = []
    for layer in features[:12]:
        x = layer(x)
        if isinstance(layer, torch.nn.ReLU):
            outputs.append(x.clone())  # the ReLU works in place, and a pool follows
    return outputs


def distance():
    total = 0
    for x, y, weights in zip(activations(a), activations(b), linear):
        x = x / (x.pow(2).sum(1, keepdim=True).sqrt() + 1e-10)
        y = y / (y.pow(2).sum(1, keepdim=True).sqrt() + 1e-10)
        total = total + ((x - y) ** 2 * weights).sum(1).mean([1, 2])
    return total


with torch.no_grad():
    for line in sys.stdin:
        end, pairs, start = time.perf_counter() + float(line), 0, time.perf_counter()
        while time.perf_counter() < end:
            distance()
            pairs += BATCH
        print(pairs / (time.perf_counter() - start), flush=True)
