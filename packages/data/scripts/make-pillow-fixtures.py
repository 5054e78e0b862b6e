"""Makes the fixtures that the tests compare with: what Pillow decodes, what Pillow and torchvision
resize, crop and normalise, and CIFAR-10's pickles as several Pythons write them.

Run it in this package's folder: `python3 scripts/make-pillow-fixtures.py`. It needs Pillow,
torchvision and numpy (made with Pillow 9.4, torchvision 0.14, numpy 1.24). Inputs are drawn from a
hash that `src/testing.ts` repeats, so only results are stored, most of them as a CRC-32.
"""

import base64
import io
import json
import pathlib
import pickle
import struct
import zlib

import numpy as np
import PIL
import torch
import torchvision
from PIL import Image, ImageOps
from torchvision import transforms
from torchvision.transforms import functional

FIXTURES = pathlib.Path(__file__).parent.parent / "fixtures"
IMAGENET = dict(mean=[0.485, 0.456, 0.406], std=[0.229, 0.224, 0.225])
VERSIONS = dict(pillow=PIL.__version__, torchvision=torchvision.__version__, numpy=np.__version__)


def noise(width, height):
    """Bytes from a hash of position and channel: [height, width, 3]."""
    y, x, c = np.meshgrid(np.arange(height), np.arange(width), np.arange(3), indexing="ij")
    v = (x * 0x9E3779B1 + y * 0x85EBCA77 + c * 0xC2B2AE3D).astype(np.uint64) & 0xFFFFFFFF
    v ^= v >> 15
    v = (v * 0x2C1B3C6D) & 0xFFFFFFFF
    v ^= v >> 12
    return (v & 255).astype(np.uint8)


def picture(width, height):
    return Image.fromarray(noise(width, height))


def crc(data):
    return zlib.crc32(data)


def text(data):
    return base64.b64encode(data).decode()


def save(name, content):
    path = FIXTURES / name
    path.write_text(json.dumps(dict(versions=VERSIONS, **content), indent=1) + "\n")
    print(path.name, path.stat().st_size, "bytes")


def resize_cases():
    """(input, crop or None, output), sizes as (width, height), crops as (left, top, width, height)."""
    sizes = [
        ((500, 375), (341, 256)), ((375, 500), (256, 341)), ((500, 333), (384, 256)),
        ((640, 480), (224, 224)), ((1000, 30), (64, 2)), ((30, 1000), (2, 64)),
        ((17, 13), (5, 7)), ((5, 7), (17, 13)), ((1, 1), (9, 4)), ((1, 50), (3, 20)),
        ((50, 1), (20, 3)), ((2, 2), (1, 1)), ((33, 33), (32, 32)), ((32, 32), (33, 33)),
        ((96, 64), (48, 32)), ((48, 32), (96, 64)), ((300, 10), (7, 10)), ((10, 300), (10, 7)),
        ((257, 255), (256, 256)), ((224, 224), (224, 63)), ((3, 400), (400, 3)), ((9, 9), (1, 40)),
    ]
    crops = [
        ((500, 375), (0, 0, 500, 375), (224, 224)), ((500, 375), (13, 27, 311, 290), (224, 224)),
        ((500, 375), (499, 374, 1, 1), (8, 8)), ((120, 90), (5, 6, 40, 70), (224, 224)),
        ((120, 90), (100, 2, 20, 88), (32, 32)), ((64, 64), (10, 11, 32, 32), (32, 32)),
        ((64, 64), (3, 1, 61, 17), (61, 40)), ((64, 64), (3, 1, 17, 61), (40, 61)),
    ]
    return [(size, None, out) for size, out in sizes] + crops


def make_resize():
    cases = []
    for size, crop, out in resize_cases():
        source = picture(*size)
        if crop:
            left, top, width, height = crop
            source = source.crop((left, top, left + width, top + height))
        result = source.resize(out, Image.BILINEAR).tobytes()
        case = dict(input=size, output=out, crc=crc(result))
        if crop:
            case["crop"] = crop
        if len(result) <= 300:
            case["data"] = text(result)
        cases.append(case)
    save("resize.json", dict(cases=cases))


def floats(tensor):
    """The CRC of a CHW tensor's float32 values in HWC order."""
    return crc(tensor.permute(1, 2, 0).contiguous().numpy().astype("<f4").tobytes())


def make_transforms():
    resized = []
    for size in [1, 31, 32, 63, 256, 257]:
        for shape in [(500, 375), (375, 500), (32, 32), (33, 47), (1, 9), (1024, 767), (299, 1000)]:
            width, height = functional.resize(picture(*shape), size).size
            resized.append(dict(input=shape, size=size, output=(width, height)))

    cropped = []
    for shape in [(10, 10), (11, 10), (10, 13), (9, 30), (30, 7), (3, 4), (13, 13), (12, 15)]:
        for size in [(10, 10), (7, 12), (1, 1)]:
            result = functional.center_crop(picture(*shape), size)
            cropped.append(dict(input=shape, size=size, crc=crc(result.tobytes())))

    padded = []
    for shape, padding, mode, fill, box in [
        ((32, 32), [4, 4, 4, 4], "reflect", 0, (0, 0, 32, 32)),
        ((32, 32), [4, 4, 4, 4], "reflect", 0, (8, 8, 32, 32)),
        ((32, 32), [4, 4, 4, 4], "reflect", 0, (3, 6, 32, 32)),
        ((32, 32), [4, 4, 4, 4], "constant", 0, (8, 1, 32, 32)),
        ((20, 9), [1, 2, 3, 4], "constant", 0, (0, 0, 20, 12)),
        ((20, 9), [5, 5, 5, 5], "constant", (255, 7, 99), (7, 0, 23, 19)),
        ((4, 3), [9, 8, 9, 8], "reflect", 0, (0, 0, 22, 19)),
        ((1, 5), [3, 2, 3, 2], "reflect", 0, (0, 0, 7, 9)),
    ]:
        left, top, width, height = box
        result = functional.pad(picture(*shape), padding, fill, mode)
        result = functional.crop(result, top, left, height, width)
        padded.append(dict(input=shape, padding=padding, mode=mode, fill=fill, box=box,
                           crc=crc(result.tobytes())))

    flipped = [dict(input=shape, crc=crc(functional.hflip(picture(*shape)).tobytes()))
               for shape in [(5, 4), (4, 5), (1, 3), (224, 224)]]

    evaluated = []
    for shape, size, crop in [
        ((500, 375), 256, 224), ((375, 500), 256, 224), ((500, 333), 256, 224), ((256, 256), 256, 224),
        ((224, 224), 256, 224), ((100, 80), 256, 224), ((2, 2), 256, 224), ((900, 40), 256, 224),
        ((257, 301), 256, 224), ((64, 48), 73, 64), ((100, 75), 110, 96), ((32, 32), 32, 32),
        ((48, 40), 32, 32), ((48, 40), 32, 40),
    ]:
        preset = transforms.Compose([
            transforms.Resize(size), transforms.CenterCrop(crop), transforms.ToTensor(),
            transforms.Normalize(**IMAGENET),
        ])
        evaluated.append(dict(input=shape, resize=size, crop=crop, crc=floats(preset(picture(*shape)))))

    trained = []
    for shape, box, flip in [
        ((500, 375), (13, 27, 311, 290), True), ((500, 375), (100, 50, 150, 200), False),
        ((120, 90), (5, 6, 40, 70), True), ((300, 300), (0, 0, 300, 300), False),
    ]:
        left, top, width, height = box
        result = functional.resized_crop(picture(*shape), top, left, height, width, [224, 224])
        if flip:
            result = functional.hflip(result)
        result = functional.normalize(functional.to_tensor(result), **IMAGENET)
        trained.append(dict(input=shape, box=box, flip=flip, crc=floats(result)))

    save("transforms.json", dict(resized=resized, cropped=cropped, padded=padded, flipped=flipped,
                                 evaluated=evaluated, trained=trained))


def png(array, color_type, depth):
    """A PNG file of the given colour type, for those that Pillow cannot write (16-bit colour)."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc(kind + data))
    height, width = array.shape[:2]
    rows = b"".join(b"\0" + row.astype(">u2" if depth == 16 else "u1").tobytes() for row in array)
    header = struct.pack(">IIBBBBB", width, height, depth, color_type, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 9))
            + chunk(b"IEND", b""))


def make_pictures():
    y, x = np.mgrid[0:20, 0:31]
    rgb = np.stack([x * 8 % 256, y * 12 % 256, (x * 5 + y * 7) % 256], -1).astype(np.uint8)
    alpha = (x * 9 + y) % 256
    base = Image.fromarray(rgb)
    rgba = Image.fromarray(np.dstack([rgb, alpha.astype(np.uint8)]))
    palette = base.convert("P", palette=Image.ADAPTIVE, colors=16)
    deep = np.stack([x * 2000 + y * 97, y * 3000 + x, x * y * 111 % 65536], -1)
    files = {}

    def add(name, image, **options):
        buffer = io.BytesIO()
        kind = {"jpg": "JPEG", "png": "PNG", "webp": "WEBP", "gif": "GIF"}[name.rpartition(".")[2]]
        image.save(buffer, kind, **options)
        files[name] = buffer.getvalue()

    add("baseline.jpg", base, quality=90)
    add("444.jpg", base, subsampling=0, quality=90)
    add("422.jpg", base, subsampling=1, quality=90)
    add("progressive.jpg", base, progressive=True)
    add("low-quality.jpg", base, quality=10)
    add("noise.jpg", picture(40, 24), quality=80)
    add("gray.jpg", base.convert("L"))
    add("cmyk.jpg", base.convert("CMYK"), quality=95)
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x112] = orientation
        add(f"orientation-{orientation}.jpg", base, exif=exif)
    add("rgb.png", base)
    add("rgba.png", rgba)
    add("gray.png", base.convert("L"))
    add("gray-alpha.png", rgba.convert("LA"))
    add("bilevel.png", base.convert("1"))
    add("palette.png", palette)
    add("palette-transparent.png", palette, transparency=3)
    add("rgb-transparent.png", base, transparency=(0, 0, 0))
    files["rgb-16.png"] = png(deep, 2, 16)
    files["rgba-16.png"] = png(np.dstack([deep, x * 1000]), 6, 16)
    files["gray-alpha-16.png"] = png(np.dstack([deep[..., 0], x * 1000]), 4, 16)
    files["gray-16.png"] = png(deep[..., 0], 0, 16)
    add("lossless.webp", base, lossless=True)
    add("lossy.webp", base, quality=80)
    add("alpha.webp", rgba, lossless=True, exact=True)
    add("animated.gif", palette, save_all=True, append_images=[picture(31, 20)], duration=100)

    cases = []
    for name, data in files.items():
        image = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
        pixels = image.convert("RGB").tobytes()
        if name == "gray-16.png":  # Pillow clips what it should scale; the high byte is meant.
            pixels = np.repeat(deep[..., :1] >> 8, 3, -1).astype(np.uint8).tobytes()
        cases.append(dict(name=name, file=text(data), width=image.width, height=image.height,
                          data=text(zlib.compress(pixels, 9))))
    save("pictures.json", dict(cases=cases))


class Python2Pickler(pickle._Pickler):
    """Writes text and bytes alike as Python 2's byte strings, which CIFAR-10's own files hold."""
    dispatch = dict(pickle._Pickler.dispatch)

    def save_string(self, value):
        data = value.encode() if isinstance(value, str) else value
        if len(data) < 256:
            self.write(b"U" + bytes([len(data)]) + data)
        else:
            self.write(b"T" + struct.pack("<i", len(data)) + data)
        self.memoize(value)

    dispatch[str] = save_string
    dispatch[bytes] = save_string


def make_cifar():
    names = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]

    def batch(number, count):
        x = np.arange(3072)
        data = np.stack([(x * (i + 1) // 16 + number * 40 + i) % 256 for i in range(count)])
        return {"batch_label": f"batch {number}", "labels": [(number + 3 * i) % 10 for i in range(count)],
                "data": data.astype(np.uint8), "filenames": [f"{number}-{i}.png" for i in range(count)]}

    def python2(value):
        buffer = io.BytesIO()
        Python2Pickler(buffer, 2).dump(value)
        return buffer.getvalue()

    def as_bytes(value):  # what Python 3 reads from the original with encoding="bytes"
        return {key.encode(): [v.encode() for v in item] if key == "filenames" else item
                for key, item in value.items()}

    test = batch(6, 3)
    files = {f"data_batch_{n}": python2(batch(n, 2)) for n in range(1, 6)}
    files["test_batch"] = python2(test)
    files["batches.meta"] = python2({"num_cases_per_batch": 2, "label_names": names, "num_vis": 3072})
    variants = {f"protocol-{p}": pickle.dumps(test, p) for p in (2, 3, 4, 5)}
    variants["bytes-keys"] = pickle.dumps(as_bytes(test), 4)
    variants["numpy-2"] = variants["protocol-4"].replace(
        b"\x8c\x15numpy.core.multiarray", b"\x8c\x16numpy._core.multiarray").replace(
        b"\x95" + variants["protocol-4"][3:11], b"\x95" + struct.pack(
            "<Q", struct.unpack("<Q", variants["protocol-4"][3:11])[0] + 1))
    coarse, fine = ["fish", "fruit"], ["apple", "bear", "shark"]
    hundred = {"filenames": ["a.png", "b.png", "c.png"], "batch_label": "training batch 1 of 1",
               "fine_labels": [2, 0, 1], "coarse_labels": [0, 1, 0], "data": test["data"]}
    hundred_files = {"train": python2(hundred),
                     "meta": python2({"fine_label_names": fine, "coarse_label_names": coarse})}
    pack = lambda group: {name: text(zlib.compress(data, 9)) for name, data in group.items()}
    pixels = test["data"].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    save("cifar.json", dict(classes=names, files=pack(files), variants=pack(variants),
                            hundred=pack(hundred_files),
                            test=dict(labels=test["labels"], crc=[crc(p.tobytes()) for p in pixels])))


if __name__ == "__main__":
    FIXTURES.mkdir(exist_ok=True)
    torch.manual_seed(0)
    make_resize()
    make_transforms()
    make_pictures()
    make_cifar()
