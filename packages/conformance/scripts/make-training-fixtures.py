#!/usr/bin/python3
"""Makes the fixture that holds our optimisers to PyTorch's: needs torch, torchvision and NumPy.

    /usr/bin/python3 packages/conformance/scripts/make-training-fixtures.py

packages/conformance/fixtures/training-steps.json, { pytorch, schedules, cases }. A case is ten steps
of LeNet-5 (tanh and average pools: no gate flips by rounding), computed in float64:

    name, variant, classes, inputSize, batch, tensors   as in make-pytorch-fixtures.py's SGD steps
    optimizer       { kind: "sgd" | "adamw", ... }, our names of torch.optim's options
    rules           [{ weights, learningRate?, weightDecay?, frozen? }], the first that fits a name
    clipNorm, labelSmoothing    where they are used
    share           where pictures are mixed: how much of a picture is its own class; the rest is the
                    class of the picture before it, of the first that of the last
    learningRates   one for each step
    losses, norms   of each step, before it; norms of the gradients before they are cut
    weights         after the last step, a summary (record.py) each
    slots           the optimiser's tensors after the last step, by our name of the slot

schedules: rates of torch.optim.lr_scheduler's classes, { name: [rate of each step] }, and of
ReduceLROnPlateau after each of some errors.
"""

import fnmatch
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "pytorch"))
sys.dont_write_bytecode = True

import torch
import torchvision
from torch.nn import functional as F
from torch.optim import lr_scheduler

from generate import generate, generate_labels
from measure import build
from record import number, summary, write_json

STEPS = 10
SGD = {"kind": "sgd", "momentum": 0.9, "weightDecay": 5e-4}
RULES = [
    {"weights": "features.0.*", "frozen": True},
    {"weights": "*.bias", "learningRate": 2, "weightDecay": 0},
    {"weights": "features.*", "learningRate": 0.1},
    {"weights": "classifier.2.*", "weightDecay": 0.05},
]

CASES = [
    {"name": "SGD by groups", "optimizer": SGD, "rules": RULES, "rate": 0.05},
    {"name": "SGD Nesterov by groups", "optimizer": {**SGD, "nesterov": True}, "rules": RULES, "rate": 0.05},
    {"name": "AdamW", "optimizer": {"kind": "adamw", "weightDecay": 0.05}, "rate": 0.002},
    {"name": "AdamW by groups", "rules": RULES, "rate": 0.002,
     "optimizer": {"kind": "adamw", "weightDecay": 0.01, "beta1": 0.8, "beta2": 0.95, "epsilon": 1e-6}},
    {"name": "gradients cut", "optimizer": SGD, "clipNorm": 0.7, "rate": 0.2},
    {"name": "labels smoothed", "optimizer": SGD, "labelSmoothing": 0.1, "rate": 0.05},
    {"name": "pictures mixed, labels smoothed", "optimizer": SGD, "share": 0.7, "labelSmoothing": 0.05, "rate": 0.05},
]  # fmt: skip


def make_optimizer(model, record, rules):
    """torch.optim's optimiser with one group for each weight, and the groups' rate factors."""
    groups, factors = [], []
    for name, parameter in model.named_parameters():
        rule = next((rule for rule in rules if fnmatch.fnmatchcase(name, rule["weights"])), {})
        if rule.get("frozen"):
            parameter.requires_grad_(False)
            continue
        decay = rule.get("weightDecay", record["weightDecay"])
        groups.append({"params": [parameter], "weight_decay": decay})
        factors.append(rule.get("learningRate", 1))
    if record["kind"] == "sgd":
        options = {"momentum": record["momentum"], "nesterov": record.get("nesterov", False)}
        return torch.optim.SGD(groups, lr=1, **options), factors
    betas = (record.get("beta1", 0.9), record.get("beta2", 0.999))
    return torch.optim.AdamW(groups, lr=1, betas=betas, eps=record.get("epsilon", 1e-8)), factors


SLOTS = {
    "sgd": {"velocity": "momentum_buffer"},
    "adamw": {"mean": "exp_avg", "square": "exp_avg_sq"},
}


def steps_record(case, batch=16, classes=10, size=32):
    """Ten steps of one case, each on a batch of its own."""
    model, _, _, tensors, _ = build("lenet-5", classes, size, batch)
    record, rules = case["optimizer"], case.get("rules", [])
    optimizer, factors = make_optimizer(model, record, rules)
    rates = [case["rate"] * factor for factor in [1] * 5 + [0.1] * 5]
    count = STEPS * batch
    tensors[0]["shape"][0] = count
    pictures = torch.from_numpy(generate("input", tensors[0]["shape"], tensors[0]["bound"])).double()
    labels = torch.from_numpy(generate_labels(count, classes))
    losses, norms = [], []
    for step, rate in enumerate(rates):
        rows = slice(step * batch, (step + 1) * batch)
        for group, factor in zip(optimizer.param_groups, factors):
            group["lr"] = rate * factor
        target = labels[rows]
        if "share" in case:
            own, other = (F.one_hot(one, classes).double() for one in (target, target.roll(1)))
            target = case["share"] * own + (1 - case["share"]) * other
        optimizer.zero_grad()
        loss = F.cross_entropy(model(pictures[rows]), target, label_smoothing=case.get("labelSmoothing", 0))
        loss.backward()
        if "clipNorm" in case:
            norms.append(number(torch.nn.utils.clip_grad_norm_(model.parameters(), case["clipNorm"])))
        optimizer.step()
        losses.append(number(loss))
    states = {name: optimizer.state[weight] for name, weight in model.named_parameters() if weight in optimizer.state}
    return {
        **{key: value for key, value in case.items() if key != "rate"},
        "variant": "lenet-5", "classes": classes, "inputSize": size, "batch": batch,
        "learningRates": rates,
        "losses": losses,
        **({"norms": norms} if norms else {}),
        "tensors": tensors,
        "weights": [short(name, weight) for name, weight in model.named_parameters()],
        "slots": {
            slot: [short(name, state[own]) for name, state in states.items()]
            for slot, own in SLOTS[record["kind"]].items()
        },
    }  # fmt: skip


def short(name, tensor):
    """A summary with a third of the samples: there are many tensors, all small."""
    record = summary(name, tensor)
    return {**record, "samples": record["samples"][:32]}


def optimizer_at(rate):
    return torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=rate)


def rates_of(make, steps=20, rate=0.05):
    optimizer = optimizer_at(rate)
    scheduler, rates = make(optimizer), []
    for _ in range(steps):
        rates.append(number(optimizer.param_groups[0]["lr"]))
        optimizer.step()
        scheduler.step()
    return rates


# Errors of some epochs: falls, stalls, a fall too small to count, stalls to the end.
ERRORS = [0.9, 0.7, 0.6, 0.61, 0.6, 0.62, 0.5, 0.49998, 0.5, 0.51, 0.5, 0.3, 0.31, 0.3, 0.3, 0.3] + [0.3] * 12


def plateau_rates():
    """The rate of every epoch: the first, and after each error."""
    optimizer = optimizer_at(0.01)
    scheduler = lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.1, patience=2, min_lr=1e-5)
    rates = [number(optimizer.param_groups[0]["lr"])]
    for error in ERRORS:
        scheduler.step(error)
        rates.append(number(optimizer.param_groups[0]["lr"]))
    return rates


def schedules():
    cosine = lambda optimizer: lr_scheduler.CosineAnnealingLR(optimizer, T_max=20, eta_min=0.001)
    def warmed(optimizer):
        warm = lr_scheduler.LinearLR(optimizer, start_factor=0.01, total_iters=5)
        main = lr_scheduler.CosineAnnealingLR(optimizer, T_max=15)
        return lr_scheduler.SequentialLR(optimizer, [warm, main], milestones=[5])
    steps = lambda optimizer: lr_scheduler.MultiStepLR(optimizer, milestones=[10, 15], gamma=0.2)
    return {
        "cosine": rates_of(cosine),
        "warmedCosine": rates_of(warmed),
        "steps": rates_of(steps),
        "errors": ERRORS,
        "plateau": plateau_rates(),
    }


def main():
    path = os.path.join(HERE, "..", "fixtures", "training-steps.json")
    versions = f"torch {torch.__version__}, torchvision {torchvision.__version__}"
    cases = [steps_record(case) for case in CASES]
    write_json(path, {"pytorch": versions, "schedules": schedules(), "cases": cases})
    print(f"{os.path.normpath(path)}: {os.path.getsize(path):,} bytes")


if __name__ == "__main__":
    main()
