"""Decodes pictures with Pillow for `compare-pillow.ts`, which names their files on standard input, one a line.

Answers each with a line of JSON, `{"width", "height"}` or `{"error"}`, and in the first case the bytes of
`ImageOps.exif_transpose(Image.open(file)).convert("RGB")`.
"""

import json
import sys
import warnings

import PIL
from PIL import Image, ImageOps, features

warnings.simplefilter("ignore")
warnings.simplefilter("error", Image.DecompressionBombWarning)
out = sys.stdout.buffer


def answer(line, pixels=b""):
    out.write(json.dumps(line).encode() + b"\n" + pixels)
    out.flush()


libjpeg = features.version("libjpeg_turbo") or features.version("jpg")
answer(dict(pillow=PIL.__version__, libjpeg=libjpeg))
for name in sys.stdin:
    try:
        with Image.open(json.loads(name)) as image:
            upright = ImageOps.exif_transpose(image).convert("RGB")
        pixels = upright.tobytes()
    except (KeyboardInterrupt, BrokenPipeError):
        break
    except BaseException as error:  # whatever a broken file may raise
        answer(dict(error=f"{type(error).__name__}: {error}"))
        continue
    answer(dict(width=upright.width, height=upright.height), pixels)
