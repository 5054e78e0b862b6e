"""What the transforms are held to: operations with explicit parameters, run by torchvision on PIL
pictures. `make-transform-fixtures.py` stores the results on small pictures, `compare-torchvision.py`
compares live on photos.

A case is a dict: `operation` and `arguments`, as `src/operations` takes them after the picture, or
`transform` and `parameters`, as `createTransform(transform).apply` takes them; and `run`, the same
by torchvision.
"""

import torch
from PIL import Image
from torchvision.transforms import InterpolationMode, autoaugment, functional, functional_pil

MODES = dict(nearest=InterpolationMode.NEAREST, bilinear=InterpolationMode.BILINEAR,
             box=InterpolationMode.BOX, hamming=InterpolationMode.HAMMING,
             bicubic=InterpolationMode.BICUBIC, lanczos=InterpolationMode.LANCZOS)
PIL_WARPS = dict(nearest=Image.NEAREST, bilinear=Image.BILINEAR)


def operation(name, *arguments, run):
    return dict(operation=name, arguments=list(arguments), run=run)


def transform(name, *settings, parameters, run):
    return dict(transform=dict(name=name, settings=list(settings)), parameters=parameters, run=run)


def color_cases():
    for name, function, factors in [
        ("adjustBrightness", functional.adjust_brightness, [0, 0.3, 0.77, 1, 1.4, 3.1]),
        ("adjustContrast", functional.adjust_contrast, [0, 0.3, 0.77, 1, 1.4, 3.1]),
        ("adjustSaturation", functional.adjust_saturation, [0, 0.3, 0.77, 1, 1.4, 3.1]),
        ("adjustSharpness", functional.adjust_sharpness, [0, 0.3, 0.77, 1, 1.4, 3.1]),
        ("adjustHue", functional.adjust_hue, [-0.5, -0.27, -0.05, 0, 0.004, 0.1, 0.31, 0.5]),
        ("posterize", functional.posterize, [0, 1, 3, 4, 7, 8]),
        ("solarize", functional.solarize, [0, 17.5, 128, 255, 256]),
    ]:
        for factor in factors:
            yield operation(name, factor, run=lambda x, f=function, v=factor: f(x, v))
    yield operation("invert", run=functional.invert)
    yield operation("autocontrast", run=functional.autocontrast)
    yield operation("equalize", run=functional.equalize)
    yield operation("toGrayscale", run=lambda x: functional.to_grayscale(x, 3))
    jitter = [["hue", -0.13], ["contrast", 1.3], ["brightness", 0.8], ["saturation", 1.7]]

    def jittered(x):
        for name, factor in jitter:
            x = getattr(functional, "adjust_" + name)(x, factor)
        return x

    yield transform("colorJitter", dict(brightness=1, contrast=1, saturation=1, hue=0.5),
                    parameters=jitter, run=jittered)


def blur_cases():
    for size, sigma in [((3, 3), 0.5), ((5, 9), 1.3), ((7, 7), (0.4, 2)), ((1, 3), 1), ((13, 11), 6)]:
        yield operation("gaussianBlur", dict(kernelSize=size, sigma=sigma),
                        run=lambda x, k=size, s=sigma: functional.gaussian_blur(x, list(k), s))


def flip_cases():
    yield operation("flipHorizontally", run=functional.hflip)
    yield operation("flipVertically", run=functional.vflip)
    for turns in (1, 2, 3):
        yield operation("quarterTurn", turns, run=lambda x, n=turns: x.rotate(90 * n, expand=True))


def rotation_cases():
    for angle in [0, 5, -33.3, 45, 90, 180, 270, 123.456, 359.5]:
        for mode in ("nearest", "bilinear"):
            for options in [dict(), dict(expand=True), dict(center=(3, 5), fill=(9, 80, 200)),
                            dict(center=(7, 2), expand=True, fill=77)]:
                yield operation(
                    "rotate", angle, dict(interpolation=mode, **options),
                    run=lambda x, a=angle, m=mode, o=options: functional.rotate(
                        x, a, MODES[m], **{"fill": 0, **o}))


def affine_cases():
    for mode in ("nearest", "bilinear"):
        for angle, translate, scale, shear, options in [
            (0, (0, 0), 1, (0, 0), {}), (0, (5, -3), 1, (0, 0), dict(fill=128)),
            (0, (0, 0), 0.7, (0, 0), {}), (0, (2, 1), 1.9, (0, 0), dict(fill=(1, 2, 3))),
            (20, (1, -2), 1.1, (0, 0), {}), (-75.5, (0, 4), 0.6, (10, 0), dict(fill=(200, 0, 9))),
            (0, (0, 0), 1, (30, -15), {}), (10, (3, 3), 1.2, (-20, 8), dict(center=(0, 0))),
            (0, (0, 0), 3e-6, (12, 5), dict(fill=50)), (180, (0, 0), 1, (0, 0), {}),
        ]:
            yield operation(
                "affine", dict(angle=angle, translate=translate, scale=scale, shear=shear),
                dict(interpolation=mode, **options),
                run=lambda x, a=angle, t=translate, s=scale, h=shear, m=mode, o=options:
                functional.affine(x, a, list(t), s, list(h), interpolation=MODES[m],
                                  **{"fill": 0, **{k: list(v) if k == "center" else v
                                                   for k, v in o.items()}}))


def exact_coefficients(start, end):
    """torchvision's `_get_perspective_coeffs` as it is from 0.17 on: in float64. In float32, as before,
    the map is off by some 1e-6 pixels, which cuts other bytes off and may leave out an edge."""
    rows = []
    for (x, y), (u, v) in zip(end, start):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
    right = torch.tensor(start, dtype=torch.float64).view(8)
    return torch.linalg.lstsq(torch.tensor(rows, dtype=torch.float64), right, driver="gels").solution.tolist()


def perspective_cases(width, height):
    """Given coefficients, and given points."""
    right, bottom = width - 1, height - 1
    start = [[0, 0], [right, 0], [right, bottom], [0, bottom]]
    ends = [
        start,
        [[3, 2], [right - 1, 4], [right - 5, bottom - 2], [2, bottom]],
        [[right // 3, bottom // 4], [right, 0], [right * 2 // 3, bottom], [0, bottom * 3 // 4]],
    ]
    for end in ends:
        coefficients = functional._get_perspective_coeffs(start, end)
        for mode in ("nearest", "bilinear"):
            yield operation(
                "warpPerspective", coefficients, dict(interpolation=mode, fill=(40, 50, 60)),
                run=lambda x, c=coefficients, m=mode: x.transform(
                    x.size, Image.PERSPECTIVE, c, PIL_WARPS[m], fillcolor=(40, 50, 60)))
        yield operation(
            "perspective", start, end, dict(fill=0),
            run=lambda x, s=start, e=end: functional_pil.perspective(
                x, exact_coefficients(s, e), Image.BILINEAR, 0))


def resize_cases():
    for mode in MODES:
        for height, width in [(9, 13), (31, 40), (20, 24), (64, 5)]:
            yield transform("resize", (height, width), dict(interpolation=mode),
                            parameters=dict(width=width, height=height),
                            run=lambda x, s=[height, width], m=mode: functional.resize(x, s, MODES[m]))
        box = dict(left=2, top=3, width=15, height=11)
        yield transform("randomResizedCrop", dict(size=(10, 21), interpolation=mode), parameters=box,
                        run=lambda x, m=mode: functional.resized_crop(x, 3, 2, 11, 15, [10, 21], MODES[m]))


def padding_cases():
    for mode in ("constant", "edge", "reflect", "symmetric"):
        for padding in [3, (2, 5), (1, 0, 4, 7)]:
            yield transform("pad", padding, dict(paddingMode=mode, fill=(8, 90, 255)), parameters=None,
                            run=lambda x, p=padding, m=mode: functional.pad(
                                x, list(p) if isinstance(p, tuple) else p, (8, 90, 255), m))


def augmentation_cases(width, height):
    """Every operation of the three spaces, at two bins, of different signs."""
    size = (height, width)
    spaces = [
        ("autoAugment", autoaugment.AutoAugment()._augmentation_space(10, size), 10, {}),
        ("randAugment", autoaugment.RandAugment()._augmentation_space(31, size), 31, {}),
        ("trivialAugmentWide", autoaugment.TrivialAugmentWide()._augmentation_space(31), 31,
         dict(interpolation="bilinear", fill=(124, 116, 104))),
    ]
    for name, space, bins, options in spaces:
        for op, (magnitudes, signed) in space.items():
            picked = [(bins // 3, -1), (bins - 1, 1)] if magnitudes.ndim else [(None, 1)]
            for bin_, sign in picked:
                magnitude = 0.0 if bin_ is None else float(magnitudes[bin_]) * (sign if signed else 1)
                step = dict(operation=op, magnitude=magnitude)
                yield transform(
                    name, options, parameters=step if name == "trivialAugmentWide" else [step],
                    run=lambda x, s=step, o=options: autoaugment._apply_op(
                        x, s["operation"], s["magnitude"],
                        MODES[o.get("interpolation", "nearest")], o.get("fill")))


def augmix_cases():
    chains = [[("Rotate", 6.6), ("Posterize", 3.0)], [("Equalize", 0.0)],
              [("ShearX", -0.1), ("Color", 0.3), ("Solarize", 200.0)]]
    weights = [float(w) for w in torch.tensor([0.37, 0.21, 0.3, 0.12], dtype=torch.float32)]

    def run(x):
        def tensor(picture):
            return functional.pil_to_tensor(picture)
        mix = weights[0] * tensor(x)
        for weight, chain in zip(weights[1:], chains):
            picture = x
            for op, magnitude in chain:
                picture = autoaugment._apply_op(picture, op, magnitude, InterpolationMode.BILINEAR, None)
            mix.add_(torch.tensor(weight) * tensor(picture))
        return functional.to_pil_image(mix.to(torch.uint8))

    yield transform("augMix", {}, parameters=dict(
        weights=weights,
        chains=[[dict(operation=o, magnitude=m) for o, m in chain] for chain in chains]), run=run)


def erasing_cases():
    def erase(x, value):
        tensor = functional.pil_to_tensor(x)
        return functional.to_pil_image(functional.erase(
            tensor, 3, 2, 7, 11, torch.tensor(value, dtype=torch.uint8)[:, None, None]))
    box = dict(left=2, top=3, width=11, height=7)
    yield transform("randomErasing", {}, parameters=dict(box=box), run=lambda x: erase(x, [0]))
    yield transform("randomErasing", dict(value=(124, 116, 104)), parameters=dict(box=box),
                    run=lambda x: erase(x, [124, 116, 104]))


def all_cases(width, height):
    for group in (color_cases(), blur_cases(), flip_cases(), rotation_cases(), affine_cases(),
                  perspective_cases(width, height), resize_cases(), padding_cases(),
                  augmentation_cases(width, height), augmix_cases(), erasing_cases()):
        yield from group
