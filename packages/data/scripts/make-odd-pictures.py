"""Makes `fixtures/odd-pictures.json`: files that decoders read differently, with what Pillow reads of each.

Run it in this package's folder: `python3 scripts/make-odd-pictures.py`. It needs Pillow 11.3 or later, which reads
AVIF (made with Pillow 12.3). Each case has the file and Pillow's upright RGB pixels, or `refused` where Pillow
refuses it.
"""

import base64
import io
import json
import pathlib
import struct
import warnings
import zlib

import PIL
from PIL import Image, ImageOps

warnings.simplefilter("ignore")
WIDTH, HEIGHT = 19, 13
files = {}


def picture(width=WIDTH, height=HEIGHT):
    def at(x, y):
        return x * 13 % 256, y * 19 % 256, (x * 5 + y * 7) % 256
    image = Image.new("RGB", (width, height))
    image.putdata([at(x, y) for y in range(height) for x in range(width)])
    return image


def noise(width, height):
    def at(x, y, c):
        v = (x * 0x9E3779B1 + y * 0x85EBCA77 + c * 0xC2B2AE3D) & 0xFFFFFFFF
        v = ((v ^ v >> 15) * 0x2C1B3C6D) & 0xFFFFFFFF
        return (v ^ v >> 12) & 255
    image = Image.new("RGB", (width, height))
    image.putdata([tuple(at(x, y, c) for c in range(3)) for y in range(height) for x in range(width)])
    return image


def save(image, kind, **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def tiff(entries, order="<"):
    """EXIF's structure with one directory of (tag, type, count, bytes)."""
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "LH", 8, len(entries))
    behind = 8 + 2 + 12 * len(entries) + 4
    directory, data = b"", b""
    for tag, kind, count, value in entries:
        if len(value) > 4:
            directory += struct.pack(order + "HHLL", tag, kind, count, behind + len(data))
            data += value
        else:
            directory += struct.pack(order + "HHL", tag, kind, count) + value.ljust(4, b"\0")
    return head + directory + b"\0\0\0\0" + data


def exif_kinds():
    yield "short-little", tiff([(0x112, 3, 1, struct.pack("<H", 6))])
    yield "short-big", tiff([(0x112, 3, 1, struct.pack(">H", 6))], ">")
    yield "long-little", tiff([(0x112, 4, 1, struct.pack("<L", 6))])
    yield "long-big", tiff([(0x112, 4, 1, struct.pack(">L", 8))], ">")
    yield "signed-long-big", tiff([(0x112, 9, 1, struct.pack(">l", 5))], ">")
    yield "signed-short-big", tiff([(0x112, 8, 1, struct.pack(">h", 7))], ">")
    yield "rational", tiff([(0x112, 5, 1, struct.pack(">LL", 12, 2))], ">")
    yield "float", tiff([(0x112, 11, 1, struct.pack("<f", 3.0))])
    yield "byte", tiff([(0x112, 1, 1, b"\6")])
    yield "text", tiff([(0x112, 2, 2, b"6\0")])
    yield "two-values", tiff([(0x112, 3, 2, struct.pack("<HH", 6, 3))])
    yield "three-values", tiff([(0x112, 3, 3, struct.pack("<HHH", 6, 3, 1))])
    yield "no-value", tiff([(0x112, 3, 0, b"")])
    yield "unknown-type", tiff([(0x112, 99, 1, b"\6")])
    yield "tag-twice", tiff([(0x112, 3, 1, struct.pack("<H", v)) for v in (6, 8)])
    yield "nine", tiff([(0x112, 3, 1, struct.pack("<H", 9))])
    yield "prefix-again", b"Exif\0\0" + tiff([(0x112, 3, 1, struct.pack("<H", 6))])


XMP = ('<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF><rdf:Description %s</rdf:RDF></x:xmpmeta>')
XMP_KINDS = {
    "attribute": XMP % 'tiff:Orientation="6"/>',
    "element": XMP % "><tiff:Orientation>8</tiff:Orientation></rdf:Description>",
    "none": XMP % 'tiff:Make="6"/>',
}


def app1(content):
    return b"\xff\xe1" + struct.pack(">H", len(content) + 2) + content


def exif1(data):
    return app1(b"Exif\0\0" + data)


def xmp1(text):
    return app1(b"http://ns.adobe.com/xap/1.0/\0" + text.encode())


def jpeg_cases():
    for coding in ("baseline", "progressive"):
        plain = save(picture(), "JPEG", quality=90, optimize=True, progressive=coding == "progressive")

        def add(name, *segments):
            files[f"{name}-{coding}.jpg"] = plain[:2] + b"".join(segments) + plain[2:]

        short = dict((v, tiff([(0x112, 3, 1, struct.pack("<H", v))])) for v in (1, 3, 6))
        make = tiff([(0x10F, 2, 4, b"abc\0")])
        for name, data in exif_kinds():
            add(f"exif-{name}", exif1(data))
        for name, text in XMP_KINDS.items():
            add(f"xmp-{name}", xmp1(text))
            add(f"exif-then-xmp-{name}", exif1(make), xmp1(text))
        add("exif-3-then-xmp", exif1(short[3]), xmp1(XMP_KINDS["attribute"]))
        add("exif-1-then-6", exif1(short[1]), exif1(short[6]))
        add("exif-6-then-1", exif1(short[6]), exif1(short[1]))
        add("exif-in-two-parts", exif1(short[6][:12]), exif1(short[6][12:]))
        comment = b"\xff\xfe\0\6abcd"
        for name, stray in dict(zeros=bytes(5), text=b"stray", fill=b"\xff" * 7, escaped=b"\xff\0\xff\0",
                                mixed=b"\0\1\xff\xff\0\2").items():
            add(f"stray-{name}", comment + stray)
        wrong = b"\xff\xfe\0\6abcdef"  # a comment two bytes longer than it says
        add("length-too-short", wrong)

    restarts = save(noise(64, 40), "JPEG", quality=60, subsampling=0, restart_marker_blocks=5)
    for name, change in dict(next=1, next_but_one=2, before=-1, far=4).items():
        changed = bytearray(restarts)
        places = [at for at in range(600, len(changed) - 1)
                  if changed[at] == 0xFF and 0xD0 <= changed[at + 1] <= 0xD7]
        place = places[2] + 1
        changed[place] = 0xD0 + (changed[place] - 0xD0 + change) % 8
        files[f"restart-{name}.jpg"] = bytes(changed)

    for name, image, options in [
        ("noise", noise(40, 24), dict(quality=90, subsampling=0)),
        ("smooth", picture(40, 24), dict(quality=95, subsampling=0)),
        ("rows", Image.new("RGB", (40, 24)), dict(quality=90)),
        ("grey", picture(40, 24).convert("L"), dict(quality=95)),
    ]:
        if name == "rows":  # frequencies across alone
            image.putdata([((x * 37) % 256,) * 3 for _ in range(24) for x in range(40)])
        for factor in (60, 255):
            coded = bytearray(save(image, "JPEG", **options))
            at = 0
            while (at := coded.find(b"\xff\xdb\0\x43", at)) >= 0:
                coded[at + 5:at + 69] = bytes([factor]) * 64
                at += 69
            files[f"overflow-{name}-{factor}.jpg"] = bytes(coded)


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_cases():
    plain = save(picture(), "PNG")
    idat, end = plain.index(b"IDAT") - 4, plain.index(b"IEND") - 4
    before = lambda *chunks: plain[:idat] + b"".join(chunks) + plain[idat:]
    behind = lambda *chunks: plain[:end] + b"".join(chunks) + plain[end:]
    six = tiff([(0x112, 3, 1, struct.pack(">H", 6))], ">")
    profile = b"\nexif\n%8d\n" % (len(six) + 6) + (b"Exif\0\0" + six).hex().encode() + b"\n"
    raw = b"Raw profile type exif\0"
    files["exif.png"] = before(chunk(b"eXIf", six))
    files["exif-behind.png"] = behind(chunk(b"eXIf", six))
    files["raw-text.png"] = before(chunk(b"tEXt", raw + profile))
    files["raw-packed.png"] = before(chunk(b"zTXt", raw + b"\0" + zlib.compress(profile)))
    for name, text in XMP_KINDS.items():
        key = b"XML:com.adobe.xmp\0"
        files[f"xmp-{name}.png"] = before(chunk(b"iTXt", key + b"\0\0\0\0" + text.encode()))
        packed = zlib.compress(text.encode())
        files[f"xmp-{name}-packed.png"] = before(chunk(b"iTXt", key + b"\1\0en\0x\0" + packed))
        files[f"xmp-{name}-behind.png"] = behind(chunk(b"iTXt", key + b"\0\0\0\0" + text.encode()))

    palette = save(picture().quantize(16), "PNG", transparency=3)
    for kind in (b"IHDR", b"PLTE", b"tRNS", b"gAMA", b"tEXt"):
        sound = palette
        if kind not in sound:
            at = sound.index(b"IDAT") - 4
            sound = sound[:at] + chunk(kind, b"a\0bcdefg" if kind == b"tEXt" else b"\0\0\xb1\x8f") + sound[at:]
        files[f"sound-{kind.decode()}.png"] = sound
        damaged = bytearray(sound)
        damaged[sound.index(kind) + (16 if kind == b"IHDR" else 5)] ^= 1
        files[f"damaged-{kind.decode()}.png"] = bytes(damaged)
        damaged = bytearray(sound)
        length = struct.unpack(">I", sound[sound.index(kind) - 4:sound.index(kind)])[0]
        damaged[sound.index(kind) + 4 + length] ^= 128
        files[f"damaged-checksum-{kind.decode()}.png"] = bytes(damaged)

    still, other = picture(), noise(WIDTH, HEIGHT)
    files["animated-default-apart.png"] = save(still, "PNG", save_all=True, append_images=[other, still],
                                               default_image=True)
    files["animated.png"] = save(still, "PNG", save_all=True, append_images=[other])


def gif(canvas, frame, indices, palette=None, own=None, transparent=None, interlaced=False, bits=4, background=0):
    """A GIF file of one frame (left, top, width, height); its codes are cleared so often that they never grow."""
    left, top, width, height = frame
    rows = [indices[y * width:(y + 1) * width] for y in range(height)]
    if interlaced:
        rows = [rows[y] for start, step in ((0, 8), (4, 8), (2, 4), (1, 2)) for y in range(start, height, step)]
    codes, since = [1 << bits], 0
    for index in b"".join(rows):
        codes.append(index)
        since += 1
        if since == (1 << bits) - 2:
            codes.append(1 << bits)
            since = 0
    codes.append((1 << bits) + 1)
    number = sum(code << at * (bits + 1) for at, code in enumerate(codes))
    data = number.to_bytes((len(codes) * (bits + 1) + 7) // 8, "little")
    table = lambda colors: (len(colors) // 3).bit_length() - 2
    out = b"GIF89a" + struct.pack("<HHBBB", *canvas, 0x80 | table(palette) if palette else 0, background, 0)
    out += palette or b""
    if transparent is not None:
        out += b"!\xf9\4" + struct.pack("<BHBB", 1, 0, transparent, 0)
    out += b"," + struct.pack("<HHHHB", *frame, (0x80 | table(own) if own else 0) | (0x40 if interlaced else 0))
    out += (own or b"") + bytes([bits])
    for at in range(0, len(data), 255):
        part = data[at:at + 255]
        out += bytes([len(part)]) + part
    return out + b"\0;"


def gif_cases():
    colors = bytes((i * 37 + c * 59) % 256 for i in range(16) for c in range(3))
    few = colors[:12]
    ramp = bytes(i for i in range(16) for _ in range(3))
    full, part = (0, 0, WIDTH, HEIGHT), (4, 3, 11, 7)
    indices = lambda frame: bytes((x * 3 + y * 5) % 16 for y in range(frame[3]) for x in range(frame[2]))
    canvas = (WIDTH, HEIGHT)
    add = lambda name, *rest, **options: files.update({f"{name}.gif": gif(*rest, **options)})
    add("plain", canvas, full, indices(full), colors)
    add("interlaced", canvas, full, indices(full), colors, interlaced=True)
    add("transparent", canvas, full, indices(full), colors, transparent=5)
    add("uncovered", canvas, part, indices(part), colors)
    add("uncovered-background", canvas, part, indices(part), colors, background=7)
    add("uncovered-transparent", canvas, part, indices(part), colors, transparent=5)
    add("uncovered-transparent-outside", canvas, part, indices(part), few, transparent=9)
    add("beyond-canvas", (9, 6), full, indices(full), colors)
    add("beyond-canvas-transparent", (9, 6), part, indices(part), colors, transparent=2)
    add("own-palette", canvas, full, indices(full), few, own=colors)
    add("own-palette-only", canvas, full, indices(full), own=colors)
    add("short-palette", canvas, full, indices(full), few)
    add("no-palette", canvas, full, indices(full))
    add("grey-ramp", canvas, full, indices(full), ramp)
    add("short-grey-ramp", canvas, part, indices(part), ramp[:12], transparent=3)
    add("two-bits", canvas, full, bytes(i % 4 for i in indices(full)), few, bits=2)
    real = save(noise(70, 50).quantize(200), "GIF", interlace=1)
    files["noise.gif"] = real
    files["animated.gif"] = save(picture().quantize(16), "GIF", save_all=True,
                                 append_images=[noise(WIDTH, HEIGHT)], transparency=2)
    for share in (40, 60, 80, 97):
        cut = len(real) * share // 100
        files[f"cut-{share}.gif"] = real[:cut]
        files[f"zeros-from-{share}.gif"] = real[:cut] + bytes(len(real) - cut)
        files[f"hole-at-{share}.gif"] = real[:cut] + bytes(20) + real[cut + 20:]


def webp_cases():
    lossless = save(picture(), "WEBP", lossless=True)
    files["short.webp"] = save(Image.new("RGB", (100, 100)), "WEBP", lossless=True)
    for value in (2, 3, 4, 5, 6, 7, 8):
        exif = tiff([(0x112, 3, 1, struct.pack("<H", value))])
        files[f"exif-{value}.webp"] = save(picture(), "WEBP", lossless=True, exif=exif)
    files["exif-prefix.webp"] = save(picture(), "WEBP", lossless=True, exif=b"Exif\0\0" + exif)
    files["xmp.webp"] = save(picture(), "WEBP", lossless=True, xmp=XMP_KINDS["attribute"].encode())
    unannounced = bytearray(files["exif-6.webp"])
    unannounced[20] &= ~8
    files["exif-unannounced.webp"] = bytes(unannounced)
    files["alone.webp"] = lossless


def avif_cases():
    grey, color = picture(32, 24).convert("L"), picture(32, 24)
    deep = dict(quality=100, codec="aom", subsampling="4:4:4", max_threads=1)
    files["color.avif"] = save(color, "AVIF", **deep)
    files["mif1.avif"] = files["color.avif"].replace(b"ftypavif", b"ftypmif1", 1)
    sequence = bytearray(save(color, "AVIF", save_all=True, append_images=[noise(32, 24)], **deep))
    for box in (b"mvhd", b"tkhd", b"mdhd"):  # when they were made
        at = sequence.index(box) + 4
        sequence[at + 4:at + (20 if sequence[at] else 12)] = bytes(16 if sequence[at] else 8)
    files["sequence.avif"] = bytes(sequence)
    for limits in ("full", "limited"):
        coded = save(grey, "AVIF", quality=100, range=limits, max_threads=1)
        files[f"grey-{limits}.avif"] = coded
        # Without the box that says so, the coded data still does.
        files[f"grey-{limits}-unsaid.avif"] = coded.replace(b"colrnclx", b"freenclx", 1)


def bitmap_cases():
    image = picture()
    for mode in ("1", "L", "P", "RGB"):
        converted = image.quantize(16) if mode == "P" else image.convert(mode)
        files[f"mode-{mode}.bmp"] = save(converted, "BMP")
    files["mode-RGBA.bmp"] = save(image.convert("RGBA"), "BMP")
    # Without the file header.
    for mode in ["1", "P", "RGB"]:
        files[f"mode-{mode}.dib"] = save(image.convert(mode), "DIB")
    pixels = list(image.getdata())
    flat = lambda height, rows: b"".join(rows[y] for y in reversed(range(height)))

    def bmp(depth, compression, data, palette=b"", masks=b"", height=HEIGHT):
        start = 54 + len(masks) + len(palette)
        info = struct.pack("<LllHHLLllLL", 40, WIDTH, height, 1, depth, compression, len(data), 0, 0,
                           len(palette) // 4, 0)
        return b"BM" + struct.pack("<LLL", start + len(data), 0, start) + info + masks + palette + data

    def packed(shifts):
        rows = []
        for y in range(HEIGHT):
            row = pixels[y * WIDTH:(y + 1) * WIDTH]
            rows.append(b"".join(struct.pack("<H", sum(v >> 8 - bits << shift for v, (bits, shift) in
                                                       zip(p, shifts))) for p in row).ljust(40, b"\0"))
        return flat(HEIGHT, rows)

    files["555.bmp"] = bmp(16, 0, packed([(5, 10), (5, 5), (5, 0)]))
    files["565.bmp"] = bmp(16, 3, packed([(5, 11), (6, 5), (5, 0)]), masks=struct.pack("<LLL", 0xF800, 0x7E0, 0x1F))
    table = bytes((i * 37 + c * 59) % 256 if c < 3 else 0 for i in range(16) for c in range(4))
    nibbles = [bytes((x * 3 + y * 5) % 16 << 4 | (x * 7 + y) % 16 for x in range(10)).ljust(12, b"\0")
               for y in range(HEIGHT)]
    files["four-bits.bmp"] = bmp(4, 0, flat(HEIGHT, nibbles), table)
    files["four-bits-top-down.bmp"] = bmp(4, 0, b"".join(nibbles), table, height=-HEIGHT)
    runs = b"".join(bytes([7, y, 0, 5, 1, 2, 3, 4, 5, 0, 7, 15 - y, 0, 0]) for y in range(HEIGHT)) + b"\0\1"
    files["runs.bmp"] = bmp(8, 1, runs, table)
    files["runs-delta.bmp"] = bmp(8, 1, b"\3\4\0\2\5\2\2\6\0\0" + runs[14 * 3:], table)
    files["runs-end-early.bmp"] = bmp(8, 1, runs[:40] + b"\0\1", table)
    files["cut.bmp"] = files["mode-RGB.bmp"][:-200]
    for mode, name in (("1", "bits.pbm"), ("L", "grey.pgm"), ("RGB", "color.ppm")):
        files[name] = save(image.convert(mode), "PPM")
    text = lambda values: b" ".join(b"%d" % v for v in values)
    bits = [1 - v // 255 for v in image.convert("1").getdata()]
    greys = [v // 17 for v in image.convert("L").getdata()]
    colors = [v for p in pixels for v in p]
    files["text-bits.pbm"] = b"P1\n# one\n19 13\n" + b"".join(b"%d" % v for v in bits)
    files["text-grey.pgm"] = b"P2 19 13 15\n" + text(greys)
    files["text-color.ppm"] = b"P3\n19\n13\n255\n#two\n" + text(colors)
    files["fifteen.pgm"] = b"P5\n19 13\n15\n" + bytes(greys)
    files["hundred.ppm"] = b"P6\n19 13\n100\n" + bytes(v * 100 // 255 for v in colors)
    files["deep.ppm"] = b"P6 19 13 65535\n" + b"".join(struct.pack(">H", v * 251) for v in colors)
    files["cut.ppm"] = files["color.ppm"][:-5]
    files["text-too-great.pgm"] = b"P2 19 13 15\n" + text(greys[:-1] + [16])


def encoded(data):
    return base64.b64encode(data).decode()


for make in (jpeg_cases, png_cases, gif_cases, webp_cases, avif_cases, bitmap_cases):
    make()
cases = []
for name, data in files.items():
    case = dict(name=name, file=encoded(data))
    try:
        image = ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB")
        case.update(width=image.width, height=image.height, data=encoded(zlib.compress(image.tobytes(), 9)))
    except Exception as error:
        case.update(refused=f"{type(error).__name__}: {error}".split(" <")[0].replace("cannot identify image file", "unidentified"))
    cases.append(case)
path = pathlib.Path(__file__).parent.parent / "fixtures/odd-pictures.json"
path.write_text(json.dumps(dict(versions=dict(pillow=PIL.__version__), cases=cases), indent=1) + "\n")
print(path.name, path.stat().st_size, "bytes", len(cases), "cases",
      [case["name"] for case in cases if "refused" in case])
