"""PyTorch as an engine of the benchmark: requests as JSON lines on standard input, replies on file
descriptor 3 (src/messages.ts). Everything stays in memory between requests."""

import base64
import copy
import json
import os
import sys
import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

GRADIENT_SAMPLES = 1024
LEARNING_RATE = 1e-4


def read_safetensors(path):
    """Name to float32 tensor: uint64 length, JSON header, data."""
    data = np.memmap(path, np.uint8, "r")
    length = int(data[:8].view("<u8")[0])
    header = json.loads(bytes(data[8 : 8 + length]))
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        start, end = (8 + length + offset for offset in entry["data_offsets"])
        values = np.frombuffer(bytes(data[start:end]), "<f4").reshape(entry["shape"])
        tensors[name] = torch.from_numpy(values.copy())
    return tensors


def module_of(operation):
    kind = operation["kind"]
    if kind == "convolution":
        return nn.Conv2d(
            operation["inputShape"][2],
            operation["filters"],
            operation["size"],
            stride=operation["stride"],
            padding=operation["padding"],
            groups=operation["groups"],
        )
    if kind == "activation":
        # In place, as torchvision's own network has it.
        return {"relu": nn.ReLU(inplace=True), "tanh": nn.Tanh(), "sigmoid": nn.Sigmoid()}[operation["activation"]]
    if kind == "max-pooling":
        return nn.MaxPool2d(operation["size"], operation["stride"], ceil_mode=operation["ceilMode"])
    if kind == "average-pooling":
        return nn.AvgPool2d(operation["size"], operation["stride"], ceil_mode=operation["ceilMode"])
    if kind == "local-response-normalization":
        size = operation["size"]
        # PyTorch divides alpha by the size.
        return nn.LocalResponseNorm(size, operation["alpha"] * size, operation["beta"], operation["bias"])
    if kind == "flatten":
        return nn.Flatten()
    if kind == "dropout":
        return nn.Dropout(operation["rate"])
    if kind == "linear":
        return nn.Linear(operation["inputShape"][0], operation["units"])
    raise ValueError(f"unknown operation {kind}")


def build(network):
    model = nn.Sequential()
    for operation in network["operations"]:
        model.add_module(operation["name"].replace(".", "/"), module_of(operation))
    return model


def load(model, path):
    tensors = read_safetensors(path)
    state = {name.replace("/", "."): value for name, value in model.state_dict().items()}
    if state.keys() != tensors.keys():
        raise ValueError(f"weights {sorted(tensors)} do not fit the network's {sorted(state)}")
    with torch.no_grad():
        for name, value in state.items():
            value.copy_(tensors[name])


def kernel_tensor(shape, seed):
    """The numbers of src/kernel-cases.ts."""
    index = np.arange(int(np.prod(shape)), dtype=np.int64)
    values = ((index * 7919 + seed * 104729) % 1021) / 1024 - 0.5
    return torch.from_numpy(values.astype(np.float32).reshape(shape))


def sampled(values):
    flat = values.detach().contiguous().reshape(-1)
    stride = max(1, flat.numel() // GRADIENT_SAMPLES)
    return flat[: stride * min(GRADIENT_SAMPLES, flat.numel()) : stride].tolist()


class Engine:
    def start(self, settings):
        torch.set_num_threads(settings["threads"])
        torch.manual_seed(0)
        self.task = settings["task"]
        info = {"build": torch.__version__, "threads": torch.get_num_threads()}
        if self.task == "kernels":
            return info
        with open(os.path.join(settings["data"], "network.json")) as file:
            self.network = json.load(file)["network"]
        self.settings = settings
        if self.task != "memory":
            self.prepare()
        return info

    def prepare(self):
        settings = self.settings
        self.model = build(self.network)
        batch, size = settings["batch"], self.network["inputSize"]
        classes = self.network["classes"]
        if self.task == "memory":
            self.input = kernel_tensor([batch, size, size, 3], 1).permute(0, 3, 1, 2).contiguous()
            self.labels = torch.arange(batch) * 7 % classes
        else:
            load(self.model, os.path.join(settings["data"], "weights.safetensors"))
            pictures = np.fromfile(os.path.join(settings["data"], "pictures.bin"), "<f4").reshape(-1, size, size, 3)
            order = np.arange(batch) % len(pictures)
            self.input = torch.from_numpy(np.ascontiguousarray(pictures[order].transpose(0, 3, 1, 2)))
            self.labels = torch.from_numpy(order * 7 % classes)
        if self.task == "infer":
            self.model.eval()
            self.once = self.infer
        else:
            self.optimizer = torch.optim.SGD(
                self.model.parameters(), lr=LEARNING_RATE, momentum=0.9, weight_decay=5e-4
            )
            self.once = self.step

    def infer(self):
        with torch.inference_mode():
            return self.model(self.input)

    def step(self):
        self.optimizer.zero_grad(set_to_none=True)
        loss = F.cross_entropy(self.model(self.input), self.labels)
        loss.backward()
        self.optimizer.step()
        return loss.item()

    def output(self, _):
        return base64.b64encode(self.infer().numpy().tobytes()).decode()

    def gradients(self, picture):
        # In float64, and without dropout, whose masks every engine draws in its own way.
        model = copy.deepcopy(self.model).double()
        for module in model.modules():
            if isinstance(module, nn.Dropout):
                module.p = 0.0
        batch = self.input[picture].double().expand_as(self.input)
        loss = F.cross_entropy(model(batch), self.labels[picture].expand_as(self.labels))
        loss.backward()
        samples = {name.replace("/", "."): sampled(p.grad) for name, p in model.named_parameters()}
        return {"loss": loss.item(), "samples": samples}

    def kernel(self, case):
        batch, kind, which = case["batch"], case["kind"], case["pass"]
        x = kernel_tensor([batch, *case["input"]], 1)
        w = kernel_tensor([case["size"], case["size"], case["input"][2], case["output"][2]], 2)
        dy = kernel_tensor([batch, *case["output"]], 3)
        if kind == "linear":
            x, dy = x.reshape(batch, -1), dy.reshape(batch, -1)
            w = w[0, 0].t().contiguous()
            self.once = {"forward": lambda: F.linear(x, w), "dX": lambda: dy @ w, "dW": lambda: dy.t() @ x}[which]
            back = {
                "forward": lambda y: y.reshape(batch, 1, 1, -1),
                "dX": lambda y: y.reshape(batch, 1, 1, -1),
                "dW": lambda y: y.t()[None, None],
            }[which]
        else:
            x, dy = (t.permute(0, 3, 1, 2).contiguous() for t in (x, dy))
            w = w.permute(3, 2, 0, 1).contiguous()
            stride, padding = [case["stride"]] * 2, [case["padding"]] * 2
            if which == "forward":
                self.once = lambda: F.conv2d(x, w, None, stride, padding)
            else:
                mask = [which == "dX", which == "dW", False]
                index = mask.index(True)
                backward = torch.ops.aten.convolution_backward
                self.once = lambda: backward(
                    dy, x, w, None, stride, padding, [1, 1], False, [0, 0], 1, mask
                )[index]
            order = (2, 3, 1, 0) if which == "dW" else (0, 2, 3, 1)
            back = lambda y: y.permute(*order)
        with torch.inference_mode():
            result = back(self.once())
        return [result[tuple(place)].item() for place in case["places"]]

    def run(self, iterations):
        if self.task == "memory" and not hasattr(self, "model"):
            self.prepare()
        start = time.perf_counter()
        if self.task == "kernels":
            with torch.inference_mode():
                for _ in range(iterations):
                    self.once()
        else:
            for _ in range(iterations):
                self.once()
        return (time.perf_counter() - start) * 1000


def main():
    engine = Engine()
    with os.fdopen(3, "w") as replies:
        for line in sys.stdin:
            request = json.loads(line)
            try:
                reply = {"value": getattr(engine, request["call"])(request["argument"])}
            except Exception as error:
                reply = {"error": f"{type(error).__name__}: {error}"}
            replies.write(json.dumps(reply) + "\n")
            replies.flush()


main()
