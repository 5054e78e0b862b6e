"""Makes fixtures/distances.json: LPIPS on AlexNet, its formula written out in PyTorch, in float64.

    python3 scripts/make-distances.py [--lpips CLONE]

Weights and pictures are too many to keep: both sides make the same ones from an integer hash or from integer patterns
(src/testing/cases.ts is the twin). With --lpips, a clone of richzhang/PerceptualSimilarity, every distance is held
against the authors' own program as well (float32, to 1e-5 of 1 or of the largest number), and so is the published alex.pth: the fixture then holds
distances with it.
"""

import argparse
import importlib.util
import json
import sys
import types
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

CHANNELS = [64, 192, 384, 256, 256]
CONVOLUTIONS = [  # name, [out, in, height, width], stride, padding, pool before it
    ("features.0", [64, 3, 11, 11], 4, 2, False),
    ("features.3", [192, 64, 5, 5], 1, 2, True),
    ("features.6", [384, 192, 3, 3], 1, 1, True),
    ("features.8", [256, 384, 3, 3], 1, 1, False),
    ("features.10", [256, 256, 3, 3], 1, 1, False),
]
SAMPLES = 48


def mix(x):
    x = x.astype(np.uint32)
    x = (x ^ (x >> np.uint32(16))) * np.uint32(0x7FEB352D)
    x = (x ^ (x >> np.uint32(15))) * np.uint32(0x846CA68B)
    return x ^ (x >> np.uint32(16))


def random(count, seed, low, high):
    """Numbers in (low, high), float32, out of a hash of place and seed."""
    bits = mix(mix(np.arange(count)) ^ np.uint32(seed * 0x9E3779B9 & 0xFFFFFFFF)) >> np.uint32(8)
    share = (bits.astype(np.float64) + 0.5) / 2**24
    return (low + share * (high - low)).astype(np.float32)


def pattern(count, seed, low, high):
    """The same range in thirteen steps: stripes."""
    step = (np.arange(count, dtype=np.int64) * (seed * 2 + 3)) % 13
    return (low + step / 12 * (high - low)).astype(np.float32)


def weights(kind):
    make = random if kind == "random" else pattern
    tensors = {}
    for seed, (name, shape, *_) in enumerate(CONVOLUTIONS):
        fan_in = shape[1] * shape[2] * shape[3]
        bound = float(np.float32(np.sqrt(6 / fan_in)))
        tensors[f"{name}.weight"] = make(int(np.prod(shape)), seed, -bound, bound).reshape(shape)
        tensors[f"{name}.bias"] = make(shape[0], seed + 20, -0.1, 0.1)
    return {name: torch.from_numpy(values).double() for name, values in tensors.items()}


def linear(kind):
    make = random if kind == "random" else pattern
    return [torch.from_numpy(make(c, 40 + i, 0, 0.5)).double() for i, c in enumerate(CHANNELS)]


def picture(kind, shape, seed, low):
    """[batch, height, width, 3] as NCHW."""
    batch, height, width = shape
    count = batch * height * width * 3
    if kind == "waves":  # smooth, and no two neighbours the same: stripes have equal maxima, whose gradient may go to any
        n, y, x, c = np.indices((batch, height, width, 3)).astype(np.float64)
        wave = 0.6 * np.sin(0.37 * x + 0.05 * n + seed) * np.cos(0.23 * y + c) + 0.3 * np.sin(0.01 * (x * x + y * y) + c)
        values = (wave if low < 0 else (wave + 1) / 2).astype(np.float32)
    elif kind == "random":
        values = random(count, seed, low, 1)
    elif kind == "half":  # a flat half, on which whole pixels of the network may be dead
        values = random(count, seed, low, 1)
        values[: count // 2] = low
    else:
        values = pattern(count, seed, low, 1)
    nhwc = torch.from_numpy(values.reshape(batch, height, width, 3)).double()
    return nhwc.permute(0, 3, 1, 2).contiguous()


def activations(tensors, x):
    outputs = []
    for name, _, stride, padding, pools in CONVOLUTIONS:
        if pools:
            x = F.max_pool2d(x, 3, 2)
        x = F.relu(F.conv2d(x, tensors[f"{name}.weight"], tensors[f"{name}.bias"], stride, padding))
        outputs.append(x)
    return outputs


SHIFT = torch.tensor([-0.030, -0.088, -0.188], dtype=torch.float64)[None, :, None, None]
SCALE = torch.tensor([0.458, 0.448, 0.450], dtype=torch.float64)[None, :, None, None]


def distance(tensors, lin, a, b, normalize, version):
    """Distances [batch], layers [batch, 5], map [batch, height, width]."""
    size = a.shape[2:]
    if normalize:
        a, b = 2 * a - 1, 2 * b - 1
    if version == "0.1":
        a, b = (a - SHIFT) / SCALE, (b - SHIFT) / SCALE
    layers, maps = [], 0
    for index, (x, y) in enumerate(zip(activations(tensors, a), activations(tensors, b))):
        x = x / (x.pow(2).sum(1, keepdim=True).sqrt() + 1e-10)
        y = y / (y.pow(2).sum(1, keepdim=True).sqrt() + 1e-10)
        difference = (x - y) ** 2
        if lin is not None:
            difference = difference * lin[index][None, :, None, None]
        there = difference.sum(1, keepdim=True)
        layers.append(there.mean([1, 2, 3]))
        maps = maps + F.interpolate(there, size=size, mode="bilinear", align_corners=False)
    layers = torch.stack(layers, 1)
    return layers.sum(1), layers, maps[:, 0]


CASES = [
    # name, weights, linear, pictures, [batch, height, width], normalize, version, gradient
    ("random", "random", "random", "random", [2, 64, 64], False, "0.1", True),
    ("structured, plain", "structured", None, "structured", [1, 64, 64], False, "0.1", False),
    ("structured weights, learned", "structured", "structured", "random", [3, 64, 80], False, "0.1", False),
    ("odd size, waves", "random", "random", "waves", [1, 67, 91], False, "0.1", True),
    ("pictures in 0 to 1, plain", "random", None, "random", [1, 96, 64], True, "0.1", True),
    ("version 0.0", "random", "random", "random", [1, 64, 64], False, "0.0", True),
    ("structured weights, waves, plain", "structured", None, "waves", [1, 64, 72], False, "0.1", True),
    ("half flat", "structured", "random", "half", [1, 128, 128], False, "0.1", False),
    ("224 pixels", "random", "random", "random", [1, 224, 224], False, "0.1", False),
]


def rounded(tensor):
    return [float(f"{value:.9g}") for value in tensor.detach().reshape(-1).tolist()]


def places(count):
    return (mix(np.arange(SAMPLES) + 7).astype(np.int64) % count).tolist()


def case(name, kind, lin_kind, pictures, shape, normalize, version, has_gradient, published=None):
    tensors = weights(kind)
    lin = published or (None if lin_kind is None else linear(lin_kind))
    low = 0 if normalize else -1
    a, b = picture(pictures, shape, 1, low), picture(pictures, shape, 2, low)
    if has_gradient:
        a.requires_grad_(True)
    value, layers, maps = distance(tensors, lin, a, b, normalize, version)
    at = places(maps.numel())
    result = {
        "name": name,
        "weights": kind,
        "linear": lin_kind,
        "pictures": pictures,
        "shape": shape,
        "normalize": normalize,
        "version": version,
        "distance": rounded(value),
        "layers": rounded(layers),
        "map": {"at": at, "values": rounded(maps.reshape(-1)[at])},
    }
    if has_gradient:
        value.sum().backward()
        gradient = a.grad.permute(0, 2, 3, 1).reshape(-1)
        assert torch.isfinite(gradient).all(), name
        at = places(gradient.numel())
        result["gradient"] = {
            "at": at,
            "values": rounded(gradient[at]),
            "largest": float(gradient.abs().max()),
        }
    return result, (tensors, lin, a.detach(), b, normalize, version, value, maps)


def authors(clone):
    """The class LPIPS of a clone, without what only its training needs."""
    package = types.ModuleType("lpips")
    package.__path__ = [str(clone / "lpips")]
    package.normalize_tensor = lambda x, eps=1e-10: x / (
        torch.sqrt(torch.sum(x**2, dim=1, keepdim=True)) + eps
    )
    sys.modules["lpips"] = package
    source = (clone / "lpips" / "__init__.py").read_text()
    start = source.index("def normalize_tensor")
    exec(source[start : source.index("def l2")], {"torch": torch}, package.__dict__)
    for module in ("pretrained_networks", "lpips"):
        name = f"lpips.{module}"
        spec = importlib.util.spec_from_file_location(name, clone / "lpips" / f"{module}.py")
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
        setattr(package, module, sys.modules[name])
    return sys.modules["lpips.lpips"].LPIPS


def check(LPIPS, tensors, lin, a, b, normalize, version, value, maps):
    for spatial in (False, True):
        model = LPIPS(
            pretrained=False, pnet_rand=True, lpips=lin is not None, spatial=spatial, version=version, verbose=False
        )
        state = model.state_dict()
        for key in state:
            if key.startswith("net."):
                layer = key.split(".", 2)[2]  # slice1.0.weight → its number in features
                state[key] = tensors[f"features.{layer}"].float()
            elif key.startswith("lin"):
                state[key] = lin[int(key[3 : key.index(".")] if key[3] != "s" else key.split(".")[1])].float().reshape(1, -1, 1, 1)
        model.load_state_dict(state)
        with torch.no_grad():
            found = model(a.float(), b.float(), normalize=normalize)
        expected = maps[:, None] if spatial else value[:, None, None, None]
        worst = ((found.double() - expected).abs().max() / expected.abs().max().clamp(min=1)).item()
        assert worst < 1e-5, worst
        print(f"  the authors' program, spatial={spatial}: worst {worst:.1e}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--lpips", type=Path)
    clone = parser.parse_args().lpips
    LPIPS = authors(clone) if clone else None
    cases = []
    for given in CASES:
        result, state = case(*given)
        print(result["name"], result["distance"])
        if LPIPS:
            check(LPIPS, *state)
        cases.append(result)
    published = None
    if clone:
        state = torch.load(clone / "lpips/weights/v0.1/alex.pth", map_location="cpu")
        lin = [state[f"lin{i}.model.1.weight"].reshape(-1).double() for i in range(5)]
        published, state = case("published", "random", "published", "random", [1, 64, 64], False, "0.1", False, lin)
        check(LPIPS, *state)
    target = Path(__file__).parent.parent / "fixtures" / "distances.json"
    target.write_text(json.dumps({"cases": cases, "published": published}, indent=1) + "\n")
