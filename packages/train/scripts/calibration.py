#!/usr/bin/env python3
"""Writes fixtures/calibration.json: logits with labels drawn of them, their expected calibration error by NumPy, and
the temperature that PyTorch's LBFGS finds for the cross-entropy. Needs torch and numpy (Debian: python3-torch)."""
import json
import pathlib
import numpy
import torch

random = numpy.random.default_rng(0)


def error(logits, labels, bins=15):
    shares = torch.softmax(torch.tensor(logits, dtype=torch.float64), 1).numpy()
    confidence, right = shares.max(1), shares.argmax(1) == labels
    edges = numpy.linspace(0, 1, bins + 1)
    total = 0.0
    for low, high in zip(edges[:-1], edges[1:]):
        within = (confidence > low) & (confidence <= high)
        if within.any():
            total += within.mean() * abs(confidence[within].mean() - right[within].mean())
    return total


def temperature(logits, labels):
    inverse = torch.ones(1, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([inverse], lr=0.1, max_iter=2000, tolerance_grad=1e-12, tolerance_change=1e-15)
    scores, wanted = torch.tensor(logits, dtype=torch.float64), torch.tensor(labels)

    def closure():
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(scores * inverse, wanted)
        loss.backward()
        return loss

    optimizer.step(closure)
    return 1 / inverse.item()


cases = []
for sharpness in (0.6, 1.0, 2.5):
    true = random.normal(0, 1.5, (160, 4))
    shares = numpy.exp(true) / numpy.exp(true).sum(1, keepdims=True)
    labels = numpy.array([random.choice(4, p=row) for row in shares])
    logits = numpy.round(true * sharpness, 3)
    cases.append({
        "logits": logits.flatten().tolist(),
        "labels": labels.tolist(),
        "error": error(logits, labels),
        "temperature": temperature(logits, labels),
    })
path = pathlib.Path(__file__).parent.parent / "fixtures/calibration.json"
path.write_text(json.dumps(cases, separators=(",", ":")) + "\n")
print([(case["error"], case["temperature"]) for case in cases])
