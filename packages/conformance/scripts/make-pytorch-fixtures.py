#!/usr/bin/python3
"""Makes the fixtures that hold our networks to PyTorch's: needs torch, torchvision and NumPy.

    /usr/bin/python3 packages/conformance/scripts/make-pytorch-fixtures.py            # all, about 5 minutes
    /usr/bin/python3 packages/conformance/scripts/make-pytorch-fixtures.py --only torchvision

The same versions give the same files. Weights, pictures and labels are generated (generate.ts);
the answers are computed in float64.

packages/conformance/fixtures/pytorch-VARIANT-SIZE-BATCH.json, one for each case, outputs and gradients:

    variant, classes, inputSize, batch   what to build; no dropout
    pytorch                              version of PyTorch and torchvision
    margin      least distance of a ReLU's input from 0, or of a pool window's two largest values,
                relative to the layer's largest value: no gate flips by rounding (margins.py);
                null where there is neither
    loss        mean cross-entropy over the batch against generateLabels(batch, classes)
    tensors     of the input and every weight: { name, shape, bound, salts? } for generate();
                names and layouts are PyTorch's: input [batch, 3, height, width], OIHW, [out, in]
    outputs     of every layer in order, a summary (record.py) in PyTorch's layout, NCHW
    gradients   of the loss by every weight, a summary each

packages/conformance/fixtures/sgd-steps.json, { pytorch, cases }, steps of torch.optim.SGD:

    variant, classes, inputSize, batch, margin   as above
    tensors         of the input and every weight before the first step, as above; input holds
                    the batches of all steps, [steps * batch, 3, height, width]: step i, from 0,
                    sees the pictures from i * batch on, and those of
                    generateLabels(steps * batch, classes)
    momentum, weightDecay, nesterov      of the optimiser; dampening 0, decay on biases too
    learningRates   one for each step
    losses          of each step's batch before its step
    weights         after the last step, a summary each
    buffers         the optimiser's momentum buffers after the last step, a summary each
"""

import argparse
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "pytorch"))
sys.dont_write_bytecode = True

import torch
import torchvision
from torch.nn import functional as F

from generate import generate_labels
from margins import clear_pictures
from measure import build, chain, measure
from record import number, summary, write_json

# (variant, classes, input size, pictures)
CASES = [
    ("torchvision", 1000, 224, 1),
    ("torchvision", 1000, 224, 3),
    ("torchvision", 1000, 96, 1),
    ("torchvision", 1000, 96, 3),
    ("paper", 1000, 227, 2),
    ("krizhevsky-2012", 1000, 224, 2),
    # A size at which Caffe's rounding up makes a difference, unlike at 227.
    ("caffe", 1000, 127, 2),
    ("caffenet", 1000, 127, 2),
    ("cifar", 10, 32, 4),
    ("lenet-5", 10, 32, 4),
    ("cifar-paper", 10, 32, 4),
    ("cuda-convnet-80sec", 10, 32, 4),
    ("cuda-convnet-18pct", 10, 32, 4),
]

# (variant, classes, input size, pictures, first learning rate, Nesterov)
SGD_CASES = [
    ("cifar", 10, 32, 4, 0.002, False),
    ("lenet-5", 10, 32, 16, 0.05, False),
    ("lenet-5", 10, 32, 16, 0.1, True),
]
RATE_FACTORS = [1] * 10 + [0.1] * 10
MOMENTUM = 0.9
WEIGHT_DECAY = 5e-4

VERSIONS = f"torch {torch.__version__}, torchvision {torchvision.__version__}"


def case_record(variant, classes, size, batch):
    """The fixture of one case."""
    model, x, labels, tensors, margin = build(variant, classes, size, batch)
    loss, outputs, gradients = measure(model, x, labels)
    return {
        "variant": variant,
        "classes": classes,
        "inputSize": size,
        "batch": batch,
        "pytorch": VERSIONS,
        "margin": number(margin),
        "loss": number(loss),
        "tensors": tensors,
        "outputs": [summary(name, tensor) for name, tensor in outputs.items()],
        "gradients": [summary(name, tensor) for name, tensor in gradients.items()],
    }


def sgd_record(variant, classes, size, batch, first_rate, nesterov):
    """Twenty steps of torch.optim.SGD, each on a batch of its own."""
    model, _, _, tensors, margin = build(variant, classes, size, batch)
    layers = chain(model)
    optimizer = torch.optim.SGD(
        model.parameters(), lr=1, momentum=MOMENTUM, weight_decay=WEIGHT_DECAY, nesterov=nesterov
    )
    rates = [first_rate * factor for factor in RATE_FACTORS]
    labels = torch.from_numpy(generate_labels(len(rates) * batch, classes))
    given = tensors[0]
    salts, losses = {}, []
    for step, rate in enumerate(rates):
        rows = range(step * batch, (step + 1) * batch)
        x, chosen, clear = clear_pictures(layers, rows, given["shape"][1:], given["bound"])
        salts.update({str(row): salt for row, salt in zip(rows, chosen) if salt})
        margin = min(margin, clear)
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), labels[rows.start : rows.stop])
        loss.backward()
        optimizer.step()
        losses.append(number(loss))
    given["shape"][0] = len(labels)
    if salts:
        given["salts"] = salts
    buffer = lambda parameter: optimizer.state[parameter]["momentum_buffer"]
    return {
        "variant": variant,
        "classes": classes,
        "inputSize": size,
        "batch": batch,
        "momentum": MOMENTUM,
        "weightDecay": WEIGHT_DECAY,
        "nesterov": nesterov,
        "learningRates": rates,
        "margin": number(margin),
        "losses": losses,
        "tensors": tensors,
        "weights": [summary(name, weight) for name, weight in model.named_parameters()],
        "buffers": [summary(name, buffer(weight)) for name, weight in model.named_parameters()],
    }


def main():
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n")[0], epilog=__doc__[__doc__.index("\n") :],
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--only", metavar="VARIANT", help="only the cases of this variant, and no SGD")
    parser.add_argument("--out", metavar="DIR", default=os.path.join(HERE, "..", "fixtures"),
                        help="folder of the cases (default: packages/conformance/fixtures)")  # fmt: skip
    parser.add_argument("--sgd", metavar="FILE",
                        default=os.path.join(HERE, "..", "fixtures", "sgd-steps.json"),
                        help="file of the SGD steps (default: packages/conformance/fixtures/sgd-steps.json)")  # fmt: skip
    arguments = parser.parse_args()
    known = sorted({variant for variant, *_ in CASES})
    if arguments.only not in [None, *known]:
        parser.error(f"no variant {arguments.only!r}: the variants are {', '.join(known)}")

    def save(path, record):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        write_json(path, record)
        print(f"{os.path.normpath(path)}: {os.path.getsize(path):,} bytes", flush=True)

    for variant, classes, size, batch in CASES:
        if arguments.only in (None, variant):
            path = os.path.join(arguments.out, f"pytorch-{variant}-{size}-{batch}.json")
            save(path, case_record(variant, classes, size, batch))
    if arguments.only is None:
        save(arguments.sgd, {"pytorch": VERSIONS, "cases": [sgd_record(*case) for case in SGD_CASES]})


if __name__ == "__main__":
    main()
