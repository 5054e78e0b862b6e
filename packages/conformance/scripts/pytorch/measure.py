"""One case of the comparison: a network with generated weights, its outputs and its gradients.

Everything is computed in float64, from weights, pictures and labels that are float32 values: the
result is the truth that both PyTorch's and our float32 arithmetic approximate.
"""

import math

import torch
from torch import nn
from torch.nn import functional as F

from generate import generate, generate_labels
from margins import clear_gates
from networks import NETWORKS, leaves

# Size of the input's values. The networks with response normalisation were made for pictures of
# 0..255 less their mean, and normalise hardly at all at the scale of 1.
INPUT_BOUND = {"torchvision": 2.0, "cifar": 2.0, "lenet-5": 1.0}
PIXEL_BOUND = 128.0


def bounds_of(variant, layers):
    """The bound of every weight and of the input, by name.

    Weights are uniform with Kaiming's variance 2 / fan in, so that values neither grow nor fade
    through the ReLUs; biases are a quarter of the input's size, enough to matter; the last layer is
    scaled down to logits of a few units, so that the softmax is not saturated."""
    scale = INPUT_BOUND.get(variant, PIXEL_BOUND)
    bounds = {"input": scale}
    weighted = [(name, module) for name, module, _ in layers if list(module.parameters())]
    for name, module in weighted:
        fan_in = module.weight[0].numel()
        gain = 0.4 / math.sqrt(scale) if name == weighted[-1][0] else 1.0
        bounds[f"{name}.weight"] = math.sqrt(6 / fan_in) * gain
        bounds[f"{name}.bias"] = scale / 4 * gain
    return bounds


def chain(model):
    """(name, module, flatten before it?) of every layer, in the order of the computation."""
    layers, flat = [], False
    for name, module in leaves(model):
        first_linear = isinstance(module, nn.Linear) and not flat
        flat = flat or first_linear
        layers.append((name, module, first_linear))
    return layers


def build(variant, classes, size, batch, report=lambda text: None):
    """The network with weights whose gates are clear for its input.

    Returns the model (float64), the input, the labels, the descriptions of all generated tensors
    and the least margin of a gate."""
    model = NETWORKS[variant](classes, size).double().eval()
    layers = chain(model)
    bounds = bounds_of(variant, layers)
    shape = [batch, 3, size, size]
    x = torch.from_numpy(generate("input", shape, bounds["input"])).double()
    labels = torch.from_numpy(generate_labels(batch, classes))
    salts, margin = clear_gates(layers, x, bounds, report)
    tensors = [{"name": "input", "shape": shape, "bound": bounds["input"]}]
    for name, parameter in model.named_parameters():
        record = {"name": name, "shape": list(parameter.shape), "bound": bounds[name]}
        chosen = {str(row): int(salt) for row, salt in enumerate(salts[name.rsplit(".", 1)[0]]) if salt}
        if chosen:
            record["salts"] = chosen
        tensors.append(record)
    return model, x, labels, tensors, margin


def measure(model, x, labels):
    """The loss, every layer's output and every weight's gradient, as named float64 tensors.

    The loss is the mean cross-entropy."""
    outputs = {}
    handles = [
        module.register_forward_hook(
            lambda module, inputs, output, name=name: outputs.__setitem__(name, output.detach())
        )
        for name, module in leaves(model)
    ]
    model.zero_grad()
    logits = model(x)
    for handle in handles:
        handle.remove()
    loss = F.cross_entropy(logits, labels)
    loss.backward()
    gradients = {name: parameter.grad.detach() for name, parameter in model.named_parameters()}
    return loss.item(), outputs, gradients
