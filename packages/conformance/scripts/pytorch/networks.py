"""The architectures of @alexnet/core written down a second time, as PyTorch modules.

This is the oracle's side of the comparison, so it is independent of the TypeScript on purpose:
nothing here reads packages/core/src. torchvision's network is torchvision's own class; the others
are two nn.Sequential each, `features` and `classifier`, whose indices are the names that both sides
match weights, outputs and gradients by. Dropout stands in its place with p = 0, so that the indices
are those of the trained network. No ReLU works in place, so that every output can be kept.
"""

import torch
import torchvision
from torch import nn
from torch.nn import functional as F


class CeilConv2d(nn.Conv2d):
    """A convolution whose output size is rounded up: the last window hangs over the border and
    sees zeros there (cuda-convnet's rule)."""

    def forward(self, x):
        right, bottom = (
            -(x.shape[axis] + 2 * pad - kernel) % stride
            for axis, pad, kernel, stride in zip(
                (3, 2), self.padding[::-1], self.kernel_size[::-1], self.stride[::-1]
            )
        )
        return super().forward(F.pad(x, (0, right, 0, bottom)))


class GroupedResponseNorm(nn.LocalResponseNorm):
    """Normalisation across the channels of each group alone, as on the two GPUs of 2012."""

    def __init__(self, groups, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.groups = groups

    def forward(self, x):
        return torch.cat([super(GroupedResponseNorm, self).forward(part) for part in x.chunk(self.groups, 1)], 1)


class SameMapResponseNorm(nn.Module):
    """x / (k + alpha / size^2 * sum of squares over a size x size window of the same channel)^beta.

    Zeros outside the picture; the divisor stays size^2 at the borders (cuda-convnet's rnorm)."""

    def __init__(self, size, alpha, beta, k):
        super().__init__()
        self.size, self.alpha, self.beta, self.k = size, alpha, beta, k

    def forward(self, x):
        mean = F.avg_pool2d(x * x, self.size, 1, self.size // 2, count_include_pad=True)
        return x / (self.k + self.alpha * mean) ** self.beta


class Network(nn.Module):
    """features, flatten, classifier.

    classifier: a function from the number of flattened features to the list of its modules."""

    def __init__(self, size, features, classifier):
        super().__init__()
        self.features = nn.Sequential(*features)
        with torch.no_grad():
            inputs = self.features(torch.zeros(1, 3, size, size)).numel()
        self.classifier = nn.Sequential(*classifier(inputs))

    def forward(self, x):
        return self.classifier(torch.flatten(self.features(x), 1))


def fully_connected(classes):
    """The two hidden layers and the output layer of the 2012 networks."""
    return lambda inputs: [
        nn.Linear(inputs, 4096), nn.ReLU(), nn.Dropout(0.0),
        nn.Linear(4096, 4096), nn.ReLU(), nn.Dropout(0.0),
        nn.Linear(4096, classes),
    ]  # fmt: skip


def torchvision_alexnet(classes, size):
    """torchvision.models.alexnet; adaptive average pooling to 6x6 before the classifier."""
    model = torchvision.models.alexnet(weights=None, num_classes=classes, dropout=0.0)
    for module in model.modules():
        if isinstance(module, nn.ReLU):
            module.inplace = False
    return model


def across_channels(alpha, k):
    """PyTorch divides alpha by the window of 5 channels, as Caffe does and the paper does not."""
    return nn.LocalResponseNorm(5, alpha=alpha, beta=0.75, k=k)


def paper(classes, size):
    """Krizhevsky, Sutskever and Hinton 2012, section 3: 227-pixel pictures, groups of two."""
    norm = lambda: across_channels(5 * 1e-4, k=2.0)
    return Network(size, [
        nn.Conv2d(3, 96, 11, stride=4), nn.ReLU(), norm(), nn.MaxPool2d(3, 2),
        nn.Conv2d(96, 256, 5, padding=2, groups=2), nn.ReLU(), norm(), nn.MaxPool2d(3, 2),
        nn.Conv2d(256, 384, 3, padding=1), nn.ReLU(),
        nn.Conv2d(384, 384, 3, padding=1, groups=2), nn.ReLU(),
        nn.Conv2d(384, 256, 3, padding=1, groups=2), nn.ReLU(), nn.MaxPool2d(3, 2),
    ], fully_connected(classes))  # fmt: skip


def caffe(classes, size):
    """bvlc_alexnet of Caffe's model zoo: as the paper, with k = 1 and alpha divided by 5."""
    norm = lambda: across_channels(1e-4, k=1.0)
    pool = lambda: nn.MaxPool2d(3, 2, ceil_mode=True)
    return Network(size, [
        nn.Conv2d(3, 96, 11, stride=4), nn.ReLU(), norm(), pool(),
        nn.Conv2d(96, 256, 5, padding=2, groups=2), nn.ReLU(), norm(), pool(),
        nn.Conv2d(256, 384, 3, padding=1), nn.ReLU(),
        nn.Conv2d(384, 384, 3, padding=1, groups=2), nn.ReLU(),
        nn.Conv2d(384, 256, 3, padding=1, groups=2), nn.ReLU(), pool(),
    ], fully_connected(classes))  # fmt: skip


def caffenet(classes, size):
    """bvlc_reference_caffenet: bvlc_alexnet with pooling before normalisation."""
    norm = lambda: across_channels(1e-4, k=1.0)
    pool = lambda: nn.MaxPool2d(3, 2, ceil_mode=True)
    return Network(size, [
        nn.Conv2d(3, 96, 11, stride=4), nn.ReLU(), pool(), norm(),
        nn.Conv2d(96, 256, 5, padding=2, groups=2), nn.ReLU(), pool(), norm(),
        nn.Conv2d(256, 384, 3, padding=1), nn.ReLU(),
        nn.Conv2d(384, 384, 3, padding=1, groups=2), nn.ReLU(),
        nn.Conv2d(384, 256, 3, padding=1, groups=2), nn.ReLU(), pool(),
    ], fully_connected(classes))  # fmt: skip


def krizhevsky_2012(classes, size):
    """Net 145 of the released source: sizes rounded up, normalisation of linear outputs."""
    norm = lambda: GroupedResponseNorm(2, 5, alpha=1e-4, beta=0.75, k=2.0)
    pool = lambda: nn.MaxPool2d(3, 2, ceil_mode=True)
    return Network(size, [
        CeilConv2d(3, 96, 11, stride=4), norm(), pool(), nn.ReLU(),
        nn.Conv2d(96, 256, 5, padding=2, groups=2), nn.ReLU(), norm(),
        SameMapResponseNorm(5, alpha=1e-3, beta=0.75, k=1.0), pool(),
        nn.Conv2d(256, 384, 3, padding=1), nn.ReLU(),
        nn.Conv2d(384, 384, 3, padding=1, groups=2), nn.ReLU(),
        nn.Conv2d(384, 256, 3, padding=1, groups=2), pool(), nn.ReLU(),
    ], fully_connected(classes))  # fmt: skip


def cifar(classes, size):
    """AlexNet's five convolutions and three pools for pictures of 32 pixels."""
    pool = lambda: nn.MaxPool2d(3, 2, ceil_mode=True)
    return Network(size, [
        nn.Conv2d(3, 64, 5, padding=2), nn.ReLU(), pool(),
        nn.Conv2d(64, 128, 3, padding=1), nn.ReLU(), pool(),
        nn.Conv2d(128, 192, 3, padding=1), nn.ReLU(),
        nn.Conv2d(192, 192, 3, padding=1), nn.ReLU(),
        nn.Conv2d(192, 128, 3, padding=1), nn.ReLU(), pool(),
    ], lambda inputs: [
        nn.Dropout(0.0), nn.Linear(inputs, 512), nn.ReLU(),
        nn.Dropout(0.0), nn.Linear(512, classes),
    ])  # fmt: skip


def cifar_paper(classes, size):
    """The paper's order of layers for pictures of 32 pixels; alpha for inputs of unit variance."""
    norm = lambda: across_channels(5 * 1e-4 * 62**2, k=2.0)
    pool = lambda: nn.MaxPool2d(3, 2, ceil_mode=True)
    return Network(size, [
        nn.Conv2d(3, 32, 5, padding=2), nn.ReLU(), norm(), pool(),
        nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), norm(), pool(),
        nn.Conv2d(64, 96, 3, padding=1), nn.ReLU(),
        nn.Conv2d(96, 96, 3, padding=1), nn.ReLU(),
        nn.Conv2d(96, 64, 3, padding=1), nn.ReLU(), pool(),
    ], lambda inputs: [
        nn.Linear(inputs, 256), nn.ReLU(), nn.Dropout(0.0),
        nn.Linear(256, 256), nn.ReLU(), nn.Dropout(0.0),
        nn.Linear(256, classes),
    ])  # fmt: skip


def lenet5(classes, size):
    """LeNet-5 with tanh, average pools and three input channels."""
    return Network(size, [
        nn.Conv2d(3, 6, 5), nn.Tanh(), nn.AvgPool2d(2),
        nn.Conv2d(6, 16, 5), nn.Tanh(), nn.AvgPool2d(2),
        nn.Conv2d(16, 120, 5), nn.Tanh(),
    ], lambda inputs: [nn.Linear(inputs, 84), nn.Tanh(), nn.Linear(84, classes)])  # fmt: skip


def cuda_convnet(classes, size, norm, classifier):
    """cuda-convnet's CIFAR-10 networks: three convolutions, one max and two average pools."""
    return Network(size, [
        nn.Conv2d(3, 32, 5, padding=2), nn.ReLU(), nn.MaxPool2d(3, 2, ceil_mode=True), *norm(),
        nn.Conv2d(32, 32, 5, padding=2), nn.ReLU(), nn.AvgPool2d(3, 2, ceil_mode=True), *norm(),
        nn.Conv2d(32, 64, 5, padding=2), nn.ReLU(), nn.AvgPool2d(3, 2, ceil_mode=True),
    ], classifier)  # fmt: skip


def cuda_convnet_80sec(classes, size):
    """layers-80sec.cfg"""
    return cuda_convnet(classes, size, lambda: [], lambda inputs: [nn.Linear(inputs, 64), nn.ReLU(), nn.Linear(64, classes)])


def cuda_convnet_18pct(classes, size):
    """layers-18pct.cfg"""
    norm = lambda: [SameMapResponseNorm(3, alpha=5e-5, beta=0.75, k=1.0)]
    return cuda_convnet(classes, size, norm, lambda inputs: [nn.Linear(inputs, classes)])


NETWORKS = {
    "torchvision": torchvision_alexnet,
    "paper": paper,
    "krizhevsky-2012": krizhevsky_2012,
    "caffe": caffe,
    "caffenet": caffenet,
    "cifar": cifar,
    "cifar-paper": cifar_paper,
    "lenet-5": lenet5,
    "cuda-convnet-80sec": cuda_convnet_80sec,
    "cuda-convnet-18pct": cuda_convnet_18pct,
}


def leaves(model):
    """(name, module) of every layer, in the order of the computation."""
    return [(name, module) for name, module in model.named_modules() if not list(module.children())]
