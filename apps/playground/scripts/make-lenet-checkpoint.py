"""Makes fixtures/lenet-5.pth: a state dict as torch.save writes it, for the test that drops one.

    python3 scripts/make-lenet-checkpoint.py

Its last layers repeat one row, by a stride of zero, so that the file stays small.
"""

from collections import OrderedDict
from pathlib import Path

import torch

torch.manual_seed(1998)


def rows(outputs, inputs):
    return (0.1 * torch.randn(1, inputs)).expand(outputs, inputs)


state = OrderedDict(
    {
        "features.0.weight": 0.2 * torch.randn(6, 3, 5, 5),
        "features.0.bias": torch.zeros(6),
        "features.3.weight": 0.1 * torch.randn(16, 6, 5, 5),
        "features.3.bias": torch.zeros(16),
        "features.6.weight": (0.1 * torch.randn(1, 16, 5, 5)).expand(120, 16, 5, 5),
        "features.6.bias": torch.zeros(120),
        "classifier.0.weight": rows(84, 120),
        "classifier.0.bias": torch.zeros(84),
        "classifier.2.weight": rows(10, 84),
        "classifier.2.bias": torch.arange(10).float() / 10,
    }
)
path = Path(__file__).parent.parent / "fixtures" / "lenet-5.pth"
path.parent.mkdir(exist_ok=True)
torch.save(state, path)
print(f"{path}: {path.stat().st_size} bytes")
