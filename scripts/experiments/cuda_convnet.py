"""cuda-convnet's layers-18pct in PyTorch: what its recipe comes to on given pictures, for
`npm run -s experiments -- cuda-convnet` to be held to beside the published 18 %. Needs PyTorch and NumPy.

    python3 cuda_convnet.py DATA OUT.jsonl [--seed 0] [--epochs 140] [--threads 2]

DATA is CIFAR-10's binary version (data_batch_1.bin …). Writes a JSON line an epoch: error in percent on the
training pictures as they were learned from, and on the test pictures.
"""

import argparse
import json
import pathlib
import time

import numpy
import torch
from torch import nn
from torch.nn import functional

parser = argparse.ArgumentParser()
parser.add_argument("data", type=pathlib.Path)
parser.add_argument("out", type=pathlib.Path)
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--epochs", type=int, default=140)
parser.add_argument("--threads", type=int, default=2)
options = parser.parse_args()
torch.set_num_threads(options.threads)
torch.manual_seed(options.seed)


def read(names):
    """Classes, and pictures as bytes [count, 3, 32, 32]."""
    lines = [numpy.fromfile(options.data / f"{name}.bin", numpy.uint8).reshape(-1, 3073) for name in names]
    lines = torch.from_numpy(numpy.concatenate(lines))
    return lines[:, 0].long(), lines[:, 1:].reshape(-1, 3, 32, 32)


def normalize(x):
    """rnorm of size 3 with scale 5e-5 (over 9, by layer.py) and pow 0.75, within each map."""
    return x / (1 + 5e-5 * functional.avg_pool2d(x * x, 3, 1, 1)) ** 0.75


class Network(nn.Module):
    """example-layers/layers-18pct.cfg"""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 32, 5, padding=2)
        self.conv2 = nn.Conv2d(32, 32, 5, padding=2)
        self.conv3 = nn.Conv2d(32, 64, 5, padding=2)
        self.fc10 = nn.Linear(1024, 10)
        for layer, deviation in ((self.conv1, 1e-4), (self.conv2, 0.01), (self.conv3, 0.01), (self.fc10, 0.01)):
            nn.init.normal_(layer.weight, 0, deviation)
            nn.init.zeros_(layer.bias)

    def forward(self, x):
        x = normalize(functional.max_pool2d(functional.relu(self.conv1(x)), 3, 2, ceil_mode=True))
        x = normalize(functional.avg_pool2d(functional.relu(self.conv2(x)), 3, 2, ceil_mode=True))
        x = functional.avg_pool2d(functional.relu(self.conv3(x)), 3, 2, ceil_mode=True)
        return self.fc10(x.flatten(1))


def treatment(name):
    """Factor of the rate and weight decay: layer-params-18pct.cfg."""
    if name.endswith("bias"):
        return 2, 0
    return 1, 1 if name.startswith("fc10") else 0.004


labels, pictures = read([f"data_batch_{number}" for number in range(1, 6)])
test_labels, test_pictures = read(["test_batch"])
mean = pictures.float().mean(0)
network = Network().to(memory_format=torch.channels_last)
weights = [(weight, *treatment(name), torch.zeros_like(weight)) for name, weight in network.named_parameters()]


def prepared(batch):
    return (batch.float() - mean).contiguous(memory_format=torch.channels_last)


def step(at, rate):
    """One step on the pictures of these numbers; how many were right."""
    logits = network(prepared(pictures[at]))
    network.zero_grad(set_to_none=True)
    functional.cross_entropy(logits, labels[at]).backward()
    with torch.no_grad():
        for weight, factor, decay, velocity in weights:
            velocity.mul_(0.9).sub_(weight.grad + decay * weight, alpha=rate * factor)
            weight.add_(velocity)
    return (logits.argmax(1) == labels[at]).sum().item()


@torch.no_grad()
def test_error():
    found = torch.cat([network(prepared(batch)).argmax(1) for batch in test_pictures.split(1000)])
    return 100 * (found != test_labels).float().mean().item()


for epoch in range(1, options.epochs + 1):
    rate = 0.001 * (1 if epoch <= 120 else 0.1 if epoch <= 130 else 0.01)
    begin = time.time()
    right = sum(step(at, rate) for at in torch.randperm(len(pictures)).split(128))
    line = {"epoch": epoch, "training": round(100 - 100 * right / len(pictures), 2), "test": round(test_error(), 2)}
    with options.out.open("a") as file:
        file.write(json.dumps({**line, "seconds": round(time.time() - begin, 1)}) + "\n")
