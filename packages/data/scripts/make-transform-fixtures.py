"""Makes the fixtures that operations and transforms are tested with: what torchvision does to small
PIL pictures, with explicit parameters; its scales of magnitudes; numpy's principal axes.

Run it in this package's folder: `python3 scripts/make-transform-fixtures.py`. It needs Pillow,
torchvision and numpy (made with Pillow 9.4, torchvision 0.14, numpy 1.24). Inputs are drawn from a
hash that `src/testing.ts` repeats, so only results are stored: a CRC-32 where every byte must be
equal, all bytes where some may differ by the tolerance.
"""

import base64
import json
import pathlib
import zlib

import numpy as np
import PIL
import torch
import torchvision
from PIL import Image
from torchvision.transforms import autoaugment, functional
from torchvision_cases import all_cases

FIXTURES = pathlib.Path(__file__).parent.parent / "fixtures"

# Where torchvision computes in float32 and rounds: levels of 0 to 255.
TOLERANCES = {"gaussianBlur": 1, "perspective": 2}


def noise(width, height):
    y, x, c = np.meshgrid(np.arange(height), np.arange(width), np.arange(3), indexing="ij")
    v = (x * 0x9E3779B1 + y * 0x85EBCA77 + c * 0xC2B2AE3D).astype(np.uint64) & 0xFFFFFFFF
    v ^= v >> 15
    v = (v * 0x2C1B3C6D) & 0xFFFFFFFF
    v ^= v >> 12
    return (v & 255).astype(np.uint8)


def smooth(width, height):
    y, x = np.mgrid[0:height, 0:width]
    return np.stack([x * 7 + y, 200 - y * 5, 40 + (x * 3 + y * 2) % 160], -1).astype(np.uint8)


PICTURES = {
    "noise 24×20": noise(24, 20),
    "noise 33×17": noise(33, 17),
    "gray 24×20": np.repeat(noise(24, 20)[..., :1], 3, -1),
    "extremes 33×17": np.where(noise(33, 17) & 16, 255, 0).astype(np.uint8),
    "smooth 33×17": smooth(33, 17),
    "plain 24×20": np.full((20, 24, 3), (3, 130, 255), np.uint8),
}


def make_groups():
    """For each size its pictures, and each case with one checksum over its results on all of them."""
    sizes = {}
    for name, pixels in PICTURES.items():
        sizes.setdefault(pixels.shape[1::-1], []).append(name)
    for (width, height), names in sizes.items():
        cases = []
        for case in all_cases(width, height):
            if case.get("transform", {}).get("name") == "randAugment":
                continue  # the same operations at the same magnitudes as autoAugment's
            run = case.pop("run")
            results = [run(Image.fromarray(PICTURES[name])) for name in names]
            found = dict(case, size=results[0].size)
            data = [result.tobytes() for result in results]
            tolerance = TOLERANCES.get(case.get("operation"), 0)
            if tolerance:  # the first picture says enough
                packed = base64.b64encode(zlib.compress(data[0], 9)).decode()
                found.update(tolerance=tolerance, data=packed)
            else:
                found["crc"] = zlib.crc32(b"".join(data))
            cases.append(found)
        yield dict(pictures=names, cases=cases)


def make_scales():
    """Each operation's magnitudes for a picture of 320×200, by space and number of bins."""
    size = (200, 320)
    spaces = dict(
        autoAugment=(10, autoaugment.AutoAugment()._augmentation_space(10, size)),
        randAugment=(31, autoaugment.RandAugment()._augmentation_space(31, size)),
        trivialAugmentWide=(31, autoaugment.TrivialAugmentWide()._augmentation_space(31)),
        augMix=(10, autoaugment.AugMix()._augmentation_space(10, size)),
    )
    return [
        dict(space=name, bins=bins, operations=[
            dict(operation=op, signed=signed,
                 magnitudes=[float(str(m)) for m in magnitudes.numpy()] if magnitudes.ndim else [])
            for op, (magnitudes, signed) in space.items()])
        for name, (bins, space) in spaces.items()]


def make_pca():
    """numpy's covariance and axes over all pixels of two pictures."""
    pixels = np.concatenate([PICTURES[n].reshape(-1, 3) for n in ("noise 24×20", "smooth 33×17")]) / 255
    values, vectors = np.linalg.eigh(np.cov(pixels.T, bias=True))
    return dict(mean=pixels.mean(0).tolist(), deviations=np.sqrt(values[::-1]).tolist(),
                eigenvectors=vectors.T[::-1].tolist())


def make_mixed():
    """torchvision's MixUp and CutMix of version 2, which 0.14 lacks, written out in torch."""
    images = torch.from_numpy(np.stack([PICTURES[n] for n in ("noise 24×20", "gray 24×20", "plain 24×20")]))
    images = images.permute(0, 3, 1, 2).float() / 255
    share = 0.3
    targets = torch.nn.functional.one_hot(torch.tensor([2, 0, 1]), 3).float()

    def mixed(values, own):
        return values.roll(1, 0).mul(1 - own).add(values.mul(own))

    cut = images.clone()
    cut[..., 4:15, 6:24] = images.roll(1, 0)[..., 4:15, 6:24]
    left = 1 - (24 - 6) * (15 - 4) / (24 * 20)
    crc = lambda x: zlib.crc32(x.permute(0, 2, 3, 1).contiguous().numpy().tobytes())
    return dict(share=share, mixUp=dict(crc=crc(mixed(images, share)), targets=mixed(targets, share).tolist()),
                cutMix=dict(crc=crc(cut), targets=mixed(targets, left).tolist()))


def make_views():
    """torchvision's ten crops."""
    cases = []
    for shape, size, vertical in [((24, 20), (11, 8), False), ((33, 17), (10, 10), False),
                                  ((33, 17), (17, 32), True), ((25, 21), (20, 20), True), ((8, 8), (8, 8), False)]:
        crops = functional.ten_crop(Image.fromarray(noise(*shape)), list(size), vertical)
        cases.append(dict(input=shape, size=size, vertical=vertical,
                          crcs=[zlib.crc32(crop.tobytes()) for crop in crops]))
    return cases


if __name__ == "__main__":
    versions = dict(pillow=PIL.__version__, torchvision=torchvision.__version__, numpy=np.__version__)
    content = dict(versions=versions, scales=make_scales(), pca=make_pca(), mixed=make_mixed(), views=make_views(),
                   groups=list(make_groups()))
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    path = FIXTURES / "operations.json"
    path.write_text(text.replace('{"operation"', '\n{"operation"').replace('{"transform"', '\n{"transform"') + "\n")
    print(path.name, path.stat().st_size, "bytes")
