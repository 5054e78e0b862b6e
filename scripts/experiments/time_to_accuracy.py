"""PyTorch's side of time-to-accuracy.ts: trains the described network, an epoch for each line on standard
input, and answers with a JSON line. `network.json` and what lies beside it come from
apps/cli/scripts/train-epochs.ts; checkpoints go to the folder named second, and the lines of the epochs
that are saved to a file beside it, CHECKPOINTS.jsonl.

Written as for speed on a processor: the pictures stay in memory as bytes with their borders, a batch is
cut and mirrored by a few calls for all its pictures, channels come last, which its convolutions do faster
here, and nothing waits for a number it does not need.

    python3 time_to_accuracy.py DESCRIPTION CHECKPOINTS THREADS EPOCHS
"""

import json
import os
import sys
import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

description_folder, checkpoints, threads, epochs = sys.argv[1:]
epochs = int(epochs)
torch.set_num_threads(int(threads))
with open(os.path.join(description_folder, "network.json")) as file:
    description = json.load(file)
recipe = description["recipe"]
SIZE = description["size"]
PADDING = round(SIZE / 8)


def read(name, shape=(-1,)):
    data = np.fromfile(os.path.join(description_folder, name), np.uint8)
    return torch.from_numpy(data.reshape(shape))


def read_safetensors(path):
    """Name to float32 tensor: uint64 length, JSON header, data."""
    data = np.fromfile(path, np.uint8)
    length = int(data[:8].view("<u8")[0])
    tensors = {}
    for name, entry in json.loads(bytes(data[8 : 8 + length])).items():
        if name != "__metadata__":
            start, end = (8 + length + offset for offset in entry["data_offsets"])
            values = np.frombuffer(bytes(data[start:end]), "<f4").reshape(entry["shape"])
            tensors[name] = torch.from_numpy(values.copy())
    return tensors


def module_of(record, weight):
    kind = record["kind"]
    if kind == "convolution":
        return nn.Conv2d(
            weight.shape[1] * record.get("groups", 1),
            weight.shape[0],
            record["size"],
            stride=record.get("stride", 1),
            padding=record.get("padding", 0),
            groups=record.get("groups", 1),
        )
    if kind == "activation":
        return {"relu": nn.ReLU(inplace=True), "tanh": nn.Tanh(), "sigmoid": nn.Sigmoid()}[record["activation"]]
    if kind == "max-pooling":
        return nn.MaxPool2d(record["size"], record["stride"], ceil_mode=record.get("ceilMode", False))
    if kind == "average-pooling":
        return nn.AvgPool2d(record["size"], record["stride"], ceil_mode=record.get("ceilMode", False))
    if kind == "dropout":
        rate = description["dropout"]
        return nn.Dropout(record["rate"] if rate is None else rate)
    if kind == "linear":
        return nn.Linear(weight.shape[1], weight.shape[0])
    raise ValueError(f"this comparison has no layer of the kind {kind}")


class Network(nn.Module):
    """Layers by PyTorch's usual names: features.0, classifier.1."""

    def __init__(self, weights):
        super().__init__()
        parts = {
            part: nn.Sequential(
                *(module_of(record, weights.get(f"{part}.{at}.weight")) for at, record in enumerate(description[part]))
            )
            for part in ("features", "classifier")
        }
        self.features, self.classifier = parts["features"], parts["classifier"]

    def forward(self, pictures):
        return self.classifier(self.features(pictures).flatten(1))


MEAN = torch.tensor(description["mean"]).view(1, 3, 1, 1) * 255
SCALE = 1 / (torch.tensor(description["std"]).view(1, 3, 1, 1) * 255)


def normalized(pictures):
    return pictures.float().sub_(MEAN).mul_(SCALE)


class Training:
    def __init__(self):
        weights = read_safetensors(os.path.join(description_folder, "weights.safetensors"))
        self.model = Network(weights).to(memory_format=torch.channels_last)
        self.model.load_state_dict(weights)
        # Bytes lie as channels come last: permuted views are of that format already.
        self.test = read("test.bin", (-1, SIZE, SIZE, 3)).permute(0, 3, 1, 2)
        self.test_labels = read("test-labels.bin").long()
        self.compare()
        pictures = read("train.bin", (-1, SIZE, SIZE, 3))
        self.labels = read("train-labels.bin").long()
        border = np.pad(pictures.numpy(), ((0, 0), (PADDING, PADDING), (PADDING, PADDING), (0, 0)), "reflect")
        # Every crop there is, as views: [pictures, top, left, SIZE, SIZE, 3].
        self.crops = torch.from_numpy(border).unfold(1, SIZE, 1).unfold(2, SIZE, 1).permute(0, 1, 2, 4, 5, 3)
        optimizer = recipe["optimizer"]
        self.optimizer = torch.optim.SGD(
            self.model.parameters(),
            lr=recipe["learningRate"],
            momentum=optimizer["momentum"],
            nesterov=optimizer.get("nesterov", False),
            weight_decay=optimizer["weightDecay"],
        )
        self.batch = recipe["batchSize"]
        steps = -(-len(self.labels) // self.batch)
        if recipe["schedule"]["kind"] != "one-cycle":
            raise ValueError("this comparison knows the one-cycle schedule alone")
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(
            self.optimizer,
            max_lr=recipe["learningRate"],
            total_steps=epochs * steps,
            pct_start=recipe["schedule"].get("warmUp", 0.3),
            cycle_momentum=False,
        )
        self.smoothing = recipe.get("labelSmoothing", 0.0)
        self.epoch = 0
        torch.manual_seed(0)
        self.path = os.path.join(checkpoints, "checkpoint.pt")
        if os.path.exists(self.path):
            self.restore()

    def compare(self):
        """The same weights must give the same answers as ours before anything is trained."""
        expected = torch.tensor(description["logits"])
        self.model.eval()
        with torch.inference_mode():
            found = self.model(normalized(self.test[: len(expected)]))
        worst = (found - expected).abs().max().item()
        if worst > 1e-4 * max(1.0, expected.abs().max().item()):
            raise ValueError(f"the networks differ before training: logits by {worst}")

    def train(self):
        self.model.train()
        order = torch.randperm(len(self.labels))
        loss_sum = torch.zeros(())
        right = torch.zeros((), dtype=torch.long)
        for rows in order.split(self.batch):
            top, left = torch.randint(0, 2 * PADDING + 1, (2, len(rows)))
            pictures = normalized(self.crops[rows, top, left].permute(0, 3, 1, 2))
            mirrored = (torch.rand(len(rows)) < 0.5).nonzero().flatten()
            pictures[mirrored] = pictures[mirrored].flip(3)
            labels = self.labels[rows]
            logits = self.model(pictures)
            loss = F.cross_entropy(logits, labels, label_smoothing=self.smoothing)
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()
            self.optimizer.step()
            self.schedule.step()
            loss_sum += loss.detach() * len(rows)
            right += (logits.detach().argmax(1) == labels).sum()
        return loss_sum.item() / len(order), right.item() / len(order)

    def evaluate(self):
        self.model.eval()
        with torch.inference_mode():
            right = sum(
                (self.model(normalized(pictures)).argmax(1) == labels).sum().item()
                for pictures, labels in zip(self.test.split(500), self.test_labels.split(500))
            )
        return right / len(self.test_labels)

    def next_epoch(self):
        start = time.perf_counter()
        loss, training = self.train()
        seconds = time.perf_counter() - start
        self.epoch += 1
        test = self.evaluate()
        self.save()
        line = json.dumps(
            {"epoch": self.epoch, "seconds": seconds, "loss": loss, "training": training, "test": test}
        )
        with open(checkpoints + ".jsonl", "a") as file:
            file.write(line + "\n")
        return line

    def save(self):
        os.makedirs(checkpoints, exist_ok=True)
        state = {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "schedule": self.schedule.state_dict(),
            "random": torch.get_rng_state(),
            "epoch": self.epoch,
        }
        torch.save(state, self.path + ".partial")
        os.replace(self.path + ".partial", self.path)

    def restore(self):
        state = torch.load(self.path)
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.schedule.load_state_dict(state["schedule"])
        torch.set_rng_state(state["random"])
        self.epoch = state["epoch"]


training = Training()
print(json.dumps({"version": torch.__version__, "threads": torch.get_num_threads()}), flush=True)
for _ in sys.stdin:
    print(training.next_epoch(), flush=True)
