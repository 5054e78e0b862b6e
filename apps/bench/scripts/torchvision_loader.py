"""torchvision's way of loading for `bench data`: the same requests and answers as src/data-main.ts."""

import json
import sys
import time

import numpy as np
import torch
from PIL import Image
from torchvision import datasets, transforms


class Cifar(torch.utils.data.Dataset):
    """As torchvision.datasets.CIFAR10: arrays in memory, each made a PIL picture when it is asked for.
    It reads the binary version, so that no checksum of the archive is needed."""

    def __init__(self, path, transform):
        names = [f"{path}/data_batch_{part}.bin" for part in range(1, 6)]
        records = np.concatenate([np.fromfile(name, np.uint8).reshape(-1, 3073) for name in names])
        self.targets = records[:, 0].tolist()
        self.data = records[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1).copy()
        self.transform = transform

    def __len__(self):
        return len(self.data)

    def __getitem__(self, index):
        return self.transform(Image.fromarray(self.data[index])), self.targets[index]


def main():
    settings = json.loads(sys.argv[1])
    torch.set_num_threads(1)
    if settings["work"] == "cifar":
        normalize = transforms.Normalize((0.4914, 0.4822, 0.4465), (0.247, 0.2435, 0.2616))
        steps = [transforms.RandomCrop(32, padding=4), transforms.RandomHorizontalFlip()]
        dataset = Cifar(settings["path"], transforms.Compose([*steps, transforms.ToTensor(), normalize]))
    else:
        normalize = transforms.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
        steps = [transforms.RandomResizedCrop(224), transforms.RandomHorizontalFlip()]
        transform = transforms.Compose([*steps, transforms.ToTensor(), normalize])
        dataset = datasets.ImageFolder(settings["path"], transform)
    loader = torch.utils.data.DataLoader(
        torch.utils.data.ConcatDataset([dataset] * settings["repeats"]),
        batch_size=settings["batchSize"],
        shuffle=True,
        num_workers=settings["workers"],
        # Otherwise every epoch would start its processes anew.
        persistent_workers=settings["workers"] > 0,
    )
    for _ in sys.stdin:
        start = time.perf_counter()
        pictures = sum(images.shape[0] for images, _ in loader)
        print(json.dumps({"pictures": pictures, "seconds": time.perf_counter() - start}), flush=True)


main()
