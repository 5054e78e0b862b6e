# Writes fixtures/: LeNet-5 checkpoints as PyTorch saves them, three pictures, and the probabilities that
# PyTorch gives for them. Needs PyTorch 1.13, torchvision and Pillow: python3 scripts/make-checkpoints.py
#
# All weights are overlapping, strided views of one storage of 3,000 numbers, which keeps the files small and
# is what a reader must get right.
import json
import math
import pathlib
from collections import OrderedDict

import torch
from PIL import Image
from torch import nn
from torchvision import transforms

folder = pathlib.Path(__file__).parent.parent / "fixtures"
folder.mkdir(exist_ok=True)
torch.manual_seed(5)


class LeNet5(nn.Module):
    """The variant lenet-5 of @alexnet/core, its modules called as there."""

    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 6, 5), nn.Tanh(), nn.AvgPool2d(2, 2),
            nn.Conv2d(6, 16, 5), nn.Tanh(), nn.AvgPool2d(2, 2),
            nn.Conv2d(16, 120, 5), nn.Tanh(),
        )
        self.classifier = nn.Sequential(nn.Linear(120, 84), nn.Tanh(), nn.Linear(84, 10))

    def forward(self, x):
        return self.classifier(torch.flatten(self.features(x), 1))


def views(dtype):
    """A state dict whose tensors lie in one storage, each row a few numbers after the one before."""
    pool = (torch.randn(3000) * 0.12).to(dtype)
    state = OrderedDict()
    for number, (name, parameter) in enumerate(LeNet5().state_dict().items()):
        shape = parameter.shape
        inner = [math.prod(shape[axis + 1 :]) for axis in range(1, len(shape))]
        state[name] = pool.as_strided(shape, (7, *inner), storage_offset=31 * number)
    return state


def picture(number):
    """48 × 40 pixels, a slope and a bright disc, different for each number."""
    image = Image.new("RGB", (48, 40))
    for y in range(40):
        for x in range(48):
            near = (x - 12 - 10 * number) ** 2 + (y - 20) ** 2 < 90
            slope = (4 * x + 40 * number, 6 * y, 255 - 5 * x)
            image.putpixel((x, y), (250, 240 - 80 * number, 60) if near else tuple(v % 256 for v in slope))
    return image


pictures = {f"picture-{number}.png": picture(number) for number in range(3)}
for name, image in pictures.items():
    image.save(folder / name, optimize=True)
prepare = transforms.Compose([
    transforms.Resize(32),
    transforms.CenterCrop(32),
    transforms.ToTensor(),
    transforms.Normalize((0.4914, 0.4822, 0.4465), (0.247, 0.2435, 0.2616)),
])
batch = torch.stack([prepare(image) for image in pictures.values()])


def probabilities(state):
    model = LeNet5()
    model.load_state_dict({name: tensor.float() for name, tensor in state.items()})
    with torch.no_grad():
        return model.eval()(batch).softmax(1).tolist()


def prefixed(state):
    return OrderedDict((f"module.{name}", tensor) for name, tensor in state.items())


single, half, brain = views(torch.float32), views(torch.float16), views(torch.bfloat16)
training = {"epoch": 3, "arch": "lenet-5", "state_dict": prefixed(single), "best_acc1": 0.5,
            "optimizer": {"state": {0: {"momentum_buffer": torch.ones(6)}}, "param_groups": [{"lr": 0.1, "params": [0]}]}}
files = {
    "float32.pth": (single, single, True),
    "float32-legacy.pth": (single, single, False),
    "float16.pth": (half, half, True),
    "bfloat16-legacy.pth": (brain, brain, False),
    "training.pth": (training, single, True),
    "training-legacy.pth": (training, single, False),
}
expected = {}
for name, (value, state, is_zip) in files.items():
    torch.save(value, folder / name, _use_new_zipfile_serialization=is_zip)
    expected[name] = probabilities(state)
(folder / "expected.json").write_text(
    json.dumps({"torch": torch.__version__, "pictures": list(pictures), "probabilities": expected}, indent=1) + "\n"
)
