"""Makes fixtures/explanations.json: every explanation of a small AlexNet, computed with PyTorch.

    python3 scripts/make-explain-fixtures.py

The network has all of AlexNet's parts (grouped convolution, normalisation, overlapping pools) at 16×16
pixels. Its weights follow from a seed and stand in the fixture under PyTorch's names. Arithmetic is in
float64; numbers are kept as float32, base64. Gradients are autograd's; guided ReLUs are hooks, as PyTorch's
users write them.
"""

import base64
import json
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

TARGET = 3
SIZE = 16

torch.manual_seed(20121203)


def network(pool=lambda: nn.MaxPool2d(3, 2, ceil_mode=True), norm=True):
    features = [
        nn.Conv2d(3, 6, 5, padding=2),
        nn.ReLU(),
        # PyTorch divides alpha by the size; the network's table does not.
        nn.LocalResponseNorm(5, alpha=0.02 * 5, beta=0.75, k=2) if norm else nn.Identity(),
        pool(),
        nn.Conv2d(6, 8, 3, padding=1, groups=2),
        nn.ReLU(),
        pool(),
    ]
    classifier = [nn.Dropout(0.5), nn.Linear(128, 16), nn.ReLU(), nn.Linear(16, 5)]
    model = nn.Sequential()
    model.features = nn.Sequential(*features)
    model.classifier = nn.Sequential(*classifier)
    return model.double().eval()


def forward(model, x, features=None):
    """Logits; `features` collects the outputs of the feature layers."""
    for index, layer in enumerate(model.features):
        x = layer(x)
        if features is not None:
            features[f"features.{index}"] = x
    return model.classifier(torch.flatten(x, 1))


def pack(tensor):
    values = tensor.detach().numpy().astype("<f4")
    return {"shape": list(values.shape), "data": base64.b64encode(values.tobytes()).decode()}


def nhwc(tensor):
    """[channels, height, width] to [height, width, channels]."""
    return pack(tensor.permute(1, 2, 0).contiguous())


def gradient(model, x):
    x = x.clone().requires_grad_(True)
    forward(model, x)[:, TARGET].sum().backward()
    return x.grad


def guided(model, x):
    hooks = [
        layer.register_full_backward_hook(lambda _, grads, __: (torch.clamp(grads[0], min=0),))
        for layer in model.modules()
        if isinstance(layer, nn.ReLU)
    ]
    result = gradient(model, x)[0]
    for hook in hooks:
        hook.remove()
    return result


def grad_cam(model, x, layer):
    features = {}
    logits = forward(model, x, features)
    maps = features[layer]
    (grad,) = torch.autograd.grad(logits[0, TARGET], maps)
    return F.relu((grad.mean(dim=(2, 3), keepdim=True) * maps).sum(dim=1))[0], maps


def integrated_gradients(model, x, steps):
    shares = (torch.arange(steps, dtype=torch.float64) + 0.5) / steps
    grads = gradient(model, shares[:, None, None, None] * x)
    return (x * grads.mean(dim=0))[0]


def occlusion(model, x, size, stride):
    with torch.no_grad():
        score = F.softmax(forward(model, x), 1)[0, TARGET]
        lost, covers = torch.zeros(SIZE, SIZE).double(), torch.zeros(SIZE, SIZE).double()
        places = [*range(0, SIZE - size, stride), SIZE - size]
        for top in places:
            for left in places:
                covered = x.clone()
                covered[:, :, top : top + size, left : left + size] = 0
                area = (slice(top, top + size), slice(left, left + size))
                lost[area] += score - F.softmax(forward(model, covered), 1)[0, TARGET]
                covers[area] += 1
    return score, lost / covers


def visualize(model, start, steps, rate, decay, blur_every):
    binomial = torch.tensor([1.0, 2.0, 1.0]).double() / 4
    kernel = (binomial[:, None] * binomial[None, :]).expand(3, 1, 3, 3)
    x = start
    for step in range(1, steps + 1):
        g = gradient(model, x)
        x = (x + rate * g / g.square().mean().sqrt()) * (1 - decay)
        if step % blur_every == 0:
            x = F.conv2d(F.pad(x, (1, 1, 1, 1), mode="replicate"), kernel, groups=3)
    return x[0]


def receptive_field(layer, row, column):
    """Where the gradient of a unit is not zero when no weight and no pool can hide a pixel."""
    model = network(pool=lambda: nn.AvgPool2d(3, 2, ceil_mode=True), norm=False)
    for parameter in model.parameters():
        nn.init.constant_(parameter, 1.0)
    x = torch.ones(1, 3, SIZE, SIZE, dtype=torch.float64, requires_grad=True)
    features = {}
    forward(model, x, features)
    features[layer][0, :, row, column].sum().backward()
    rows, columns = torch.nonzero(x.grad.abs().sum(dim=(0, 1)), as_tuple=True)
    top, left = int(rows.min()), int(columns.min())
    return {
        **{"layer": layer, "row": row, "column": column, "top": top, "left": left},
        **{"height": int(rows.max()) - top + 1, "width": int(columns.max()) - left + 1},
    }


def top_patches(model, pictures, layer, count):
    features = {}
    with torch.no_grad():
        forward(model, pictures, features)
    maps = features[layer]
    values, places = maps.flatten(2).max(dim=2)
    best, who = values.sort(dim=0, descending=True)
    return [
        [
            {
                "picture": int(who[rank, channel]),
                "activation": float(best[rank, channel]),
                "row": int(places[who[rank, channel], channel]) // maps.shape[3],
                "column": int(places[who[rank, channel], channel]) % maps.shape[3],
            }
            for rank in range(count)
        ]
        for channel in range(maps.shape[1])
    ]


def switched_off(model, x):
    """Logits without the first ReLU, without the normalisation, without channels 1 and 4 of conv2."""
    results = {}
    for name, index in [("relu", 1), ("normalization", 2)]:
        original = model.features[index]
        model.features[index] = nn.Identity()
        results[name] = pack(forward(model, x)[0])
        model.features[index] = original

    def silence(_, __, output):
        output = output.clone()
        output[:, [1, 4]] = 0
        return output

    hook = model.features[4].register_forward_hook(silence)
    results["channels"] = pack(forward(model, x)[0])
    hook.remove()
    return results


def main():
    model = network()
    for name, parameter in model.named_parameters():
        nn.init.normal_(parameter, std=0.3 if name.endswith("weight") else 0.1)
        # What is kept is float32, so that both sides start from the same numbers.
        parameter.data = parameter.data.float().double()
    pictures = torch.randn(6, 3, SIZE, SIZE).double().float().double()
    x = pictures[:1]
    start = (0.1 * torch.randn(1, 3, SIZE, SIZE)).float().double()
    cam, maps = grad_cam(model, x, "features.5")
    middle, _ = grad_cam(model, x, "features.2")
    logits = forward(model, x)[0]
    score, occluded = occlusion(model, x, size=5, stride=3)
    resized = F.interpolate(cam[None, None], (SIZE, SIZE), mode="bilinear", align_corners=False)[0, 0]
    hidden = model.classifier[:3](torch.flatten(model.features(pictures), 1))
    distances = torch.cdist(hidden[:1], hidden[1:])[0]
    fields = [("features.0", 0, 0), ("features.3", 3, 5), ("features.5", 7, 0), ("features.6", 2, 1)]
    record = {
        "pytorch": torch.__version__,
        "target": TARGET,
        "weights": {name: pack(value) for name, value in model.state_dict().items()},
        "pictures": pack(pictures.permute(0, 2, 3, 1).contiguous()),
        "logits": pack(logits),
        "featureMaps": nhwc(maps[0]),
        "saliency": nhwc(gradient(model, x)[0]),
        "guidedBackprop": nhwc(guided(model, x)),
        "gradCam": pack(cam),
        "gradCamAtNormalization": pack(middle),
        "guidedGradCam": nhwc(guided(model, x) * resized),
        "resized": pack(resized),
        "integratedGradients": nhwc(integrated_gradients(model, x, steps=20)),
        "occlusion": pack(occluded),
        "score": float(score),
        "start": nhwc(start[0]),
        "visualization": nhwc(
            visualize(model, start, steps=12, rate=0.1, decay=0.01, blur_every=4)
        ),
        "distances": pack(distances),
        "fields": [receptive_field(*field) for field in fields],
        "topPatches": top_patches(model, pictures, "features.5", count=3),
        "switchedOff": switched_off(model, x),
    }
    path = Path(__file__).parent.parent / "fixtures" / "explanations.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(record) + "\n")
    print(f"{path}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
