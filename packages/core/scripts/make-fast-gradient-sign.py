"""Makes fixtures/fast-gradient-sign.json: pictures nudged by PyTorch against the network of fixtures/explanations.json.

    python3 scripts/make-fast-gradient-sign.py

Arithmetic is in float64; the gradient is autograd's of torch.nn.functional.cross_entropy. Each colour has a step and
limits of its own, as a preparation by mean and deviation gives it.
"""

import base64
import importlib.util
import json
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

here = Path(__file__).parent
spec = importlib.util.spec_from_file_location("explain", here / "make-explain-fixtures.py")
explain = importlib.util.module_from_spec(spec)
spec.loader.exec_module(explain)

EPSILON = [0.03, 0.04, 0.05]
LIMITS = [[-1.5, 1.5], [-1.25, 1.75], [-2.0, 1.0]]


def unpack(packed):
    values = np.frombuffer(base64.b64decode(packed["data"]), "<f4").reshape(packed["shape"])
    return torch.from_numpy(values.copy()).double()


def nudge(model, x, label):
    x = x.clone().requires_grad_(True)
    loss = F.cross_entropy(explain.forward(model, x), torch.tensor([label]))
    loss.backward()
    step = torch.tensor(EPSILON).double()[None, :, None, None]
    least, greatest = (torch.tensor(side).double()[None, :, None, None] for side in zip(*LIMITS))
    nudged = torch.minimum(greatest, torch.maximum(least, x.detach() + step * x.grad.sign()))
    after = F.cross_entropy(explain.forward(model, nudged), torch.tensor([label]))
    return {
        "target": label,
        "gradient": explain.nhwc(x.grad[0]),
        "nudged": explain.nhwc(nudged[0]),
        "loss": float(loss),
        "lossAfter": float(after),
    }


def main():
    folder = here.parent / "fixtures"
    kept = json.loads((folder / "explanations.json").read_text())
    model = explain.network()
    model.load_state_dict({name: unpack(value) for name, value in kept["weights"].items()})
    picture = unpack(kept["pictures"])[:1].permute(0, 3, 1, 2)
    likeliest = int(explain.forward(model, picture)[0].argmax())
    record = {
        "pytorch": torch.__version__,
        "epsilon": EPSILON,
        "limits": LIMITS,
        "likeliest": nudge(model, picture, likeliest),
        "other": nudge(model, picture, explain.TARGET),
    }
    path = folder / "fast-gradient-sign.json"
    path.write_text(json.dumps(record) + "\n")
    print(f"{path}: {path.stat().st_size} bytes, classes {likeliest} and {explain.TARGET}")


if __name__ == "__main__":
    main()
