"""Weights, pictures and labels out of an integer hash: the twin of ../../src/pytorch/generate.ts.

AlexNet's weights are 244 MB, too many to commit. Both sides of a comparison therefore make the
same ones: element i of row r of a tensor is a 32-bit mixing function of i, r, the tensor's name
and the row's salt, taken to a float32 in (-bound, bound). Only integer arithmetic modulo 2^32,
one exact scaling and one rounding are used, so that NumPy and JavaScript agree in every bit.

A tensor's rows are its first dimension: the output channels of a weight or bias, the pictures of
a batch. The salt of a row chooses among its possible contents; margins.py says what for.
"""

import numpy as np

FNV_OFFSET = 0x811C9DC5
FNV_PRIME = 0x01000193
MASK = 0xFFFFFFFF


def mix(x):
    """Mixes uint32 values: lowbias32 of Chris Wellons' hash prospector, a bijection."""
    x = np.array(x, dtype=np.uint32, ndmin=1)
    x ^= x >> np.uint32(16)
    x *= np.uint32(0x7FEB352D)
    x ^= x >> np.uint32(15)
    x *= np.uint32(0x846CA68B)
    x ^= x >> np.uint32(16)
    return x


def name_seed(name):
    """The seed of a tensor: FNV-1a of its name's bytes."""
    value = FNV_OFFSET
    for byte in name.encode():
        value = ((value ^ byte) * FNV_PRIME) & MASK
    return np.uint32(value)


def row_seeds(name, rows, salts):
    """One uint32 seed for each of the given row numbers, with the salts of the same rows."""
    rows = np.asarray(rows, dtype=np.uint32)
    salts = np.asarray(salts, dtype=np.uint32)
    return mix(mix(rows + name_seed(name)) + salts)


def generate_rows(name, rows, salts, length, bound):
    """float32 [rows, length]: the contents of the given rows, uniform in (-bound, bound)."""
    columns = mix(np.arange(length, dtype=np.uint32))
    out = np.empty((len(rows), length), dtype=np.float32)
    seeds = row_seeds(name, rows, salts)
    block = max(1, (1 << 20) // length)  # rows at a time, to keep the float64 temporaries small
    for start in range(0, len(rows), block):
        bits = mix(columns[None, :] ^ seeds[start : start + block, None])
        unit = ((bits >> np.uint32(8)).astype(np.float64) + 0.5) * 2.0**-23 - 1.0
        out[start : start + block] = unit * bound
    return out


def generate(name, shape, bound, salts=None):
    """float32 array of a shape whose rows carry the salts given (default: all 0)."""
    rows = np.arange(shape[0])
    salts = np.zeros(shape[0]) if salts is None else salts
    length = int(np.prod(shape[1:], dtype=np.int64))
    return generate_rows(name, rows, salts, length, bound).reshape(shape)


def generate_labels(count, classes):
    """int64 [count]: class indices."""
    return (row_seeds("labels", np.arange(count), np.zeros(count)) % np.uint32(classes)).astype(
        np.int64
    )


def sample_positions(name, size, count):
    """Positions in a flat tensor of this name at which a fixture keeps values."""
    seeds = row_seeds("sample:" + name, np.arange(count), np.zeros(count))
    return (seeds % np.uint32(size)).astype(np.int64)
