"""Writes fixtures/tars.json: small archives in the ways of writing them that there are, and what Python's
tarfile, which WebDataset reads with, finds in each.

    python3 packages/data/scripts/make-tar-fixtures.py

Made with Python 3.11 and GNU tar 1.34 (Debian 12). Each archive is kept packed with gzip, in base64; of each file
its name, its size and the CRC-32 of its bytes. Made twice, the bytes are equal.
"""

import base64
import gzip
import io
import json
import pathlib
import subprocess
import tarfile
import tempfile
import zlib


def content(seed, length):
    return bytes((seed * 31 + at * 7 + (at >> 8)) % 251 for at in range(length))


def write(entries, format=tarfile.USTAR_FORMAT, end=True, **options):
    """An archive of (TarInfo or name, bytes)."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=format, **options) as archive:
        for info, data in entries:
            if isinstance(info, str):
                info = tarfile.TarInfo(info)
            if info.size == 0:
                info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
        length = archive.offset
    return out.getvalue() if end else out.getvalue()[:length]


def info(name, **fields):
    made = tarfile.TarInfo(name)
    for key, value in fields.items():
        setattr(made, key, value)
    return made


def gnu(arguments, files):
    """An archive that GNU tar writes."""
    with tempfile.TemporaryDirectory() as folder:
        for name, data in files.items():
            path = pathlib.Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(data, str):
                path.hardlink_to(pathlib.Path(folder, data))
            else:
                path.write_bytes(data)
        names = sorted(files)
        fixed = ["--mtime=@0", "--owner=0", "--group=0", "--numeric-owner", "--mode=644"]
        return subprocess.run(
            ["tar", *fixed, *arguments, "-b1", "-c", "-C", folder, *names],
            check=True,
            capture_output=True,
        ).stdout


def sparse(pieces, size):
    """A file with holes, and the numbers that say where it has none."""
    data = bytearray(size)
    for offset, length in pieces:
        data[offset : offset + length] = content(offset, length)
    stored = b"".join(bytes(data[offset : offset + length]) for offset, length in pieces)
    return bytes(data), stored


pieces = [(512, 512), (2048, 1024), (4000, 96)]
whole, stored = sparse(pieces, 4096)
many = [(at * 1024, 512) for at in range(40)]
holes, _ = sparse(many, 41 * 1024)
text = f"{len(pieces)}\n" + "".join(f"{offset}\n{length}\n" for offset, length in pieces)
map_1 = text.encode().ljust(512, b"\0")

sparse_0 = {"GNU.sparse.size": "4096", "GNU.sparse.numblocks": "3", "GNU.sparse.map": ",".join(
    f"{offset},{length}" for offset, length in pieces
)}
sparse_1 = {
    "GNU.sparse.major": "1",
    "GNU.sparse.minor": "0",
    "GNU.sparse.name": "b.jpg",
    "GNU.sparse.realsize": "4096",
}
deep = "/".join(["folder-with-a-long-name"] * 8)

archives = {
    "ustar, prefix": write([(f"{deep[:140]}/a.jpg", content(1, 700))]),
    "gnu, long name": write([(f"{deep}/a.jpg", content(1, 700)), ("b.jpg", b"b")], tarfile.GNU_FORMAT),
    "pax, long name": write([(f"{deep}/a.jpg", content(1, 700)), ("b.jpg", b"b")], tarfile.PAX_FORMAT),
    "pax, comment that looks like a path": write(
        [(info("a.jpg", pax_headers={"comment": "x\n30 path=evil.jpg\n"}), b"a"), ("b.jpg", b"b")],
        tarfile.PAX_FORMAT,
    ),
    "pax, global comment": write(
        [("a.jpg", b"a")], tarfile.PAX_FORMAT, pax_headers={"comment": "12 path=evil.jpg"}
    ),
    "pax, letters": write([("é/日本.jpg", b"a"), ("cafe\u0301.jpg", b"b")], tarfile.PAX_FORMAT),
    "hard link": gnu(["--format=gnu"], {"a/a.jpg": content(2, 900), "a/b.jpg": "a/a.jpg"}),
    "symbolic link": write(
        [
            ("x/a.jpg", content(3, 20)),
            (info("y/b.jpg", type=tarfile.SYMTYPE, linkname="../x/a.jpg"), b""),
        ]
    ),
    "contiguous": write([(info("a.jpg", type=tarfile.CONTTYPE), content(4, 600)), ("b.jpg", b"b")]),
    "gnu, sparse": gnu(
        ["--format=gnu", "--sparse", "--hole-detection=raw"], {"a.jpg": whole, "b.jpg": b"b"}
    ),
    "gnu, sparse with more headers": gnu(
        ["--format=gnu", "--sparse", "--hole-detection=raw"], {"a.jpg": holes, "b.jpg": b"b"}
    ),
    "pax, sparse 0.1": write(
        [(info("a.jpg", pax_headers=sparse_0), stored), ("c.jpg", b"c")], tarfile.PAX_FORMAT
    ),
    "pax, sparse 1.0": write(
        [
            (info("GNUSparseFile.0/b.jpg", pax_headers=sparse_1), map_1 + stored),
            ("c.jpg", b"c"),
        ],
        tarfile.PAX_FORMAT,
    ),
    "volume header": write([(info("pictures", type=b"V"), b""), ("a.jpg", b"a")]),
    "without an end mark": write([("a.jpg", b"a"), ("b.jpg", b"b")], end=False),
}

found = []
for name, archive in archives.items():
    entries = []
    with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
        for member in opened.getmembers():
            if member.type == b"V" or not (member.isreg() or member.islnk() or member.issym()):
                continue
            data = opened.extractfile(member).read()
            entries.append([member.name, len(data), zlib.crc32(data)])
    packed = base64.b64encode(gzip.compress(archive, mtime=0)).decode()
    found.append({"name": name, "tar": packed, "entries": entries})

target = pathlib.Path(__file__).parent.parent / "fixtures" / "tars.json"
target.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
for case in found:
    print(case["name"], case["entries"])
