"""Digits that the pages hold: some to learn from, and the ten means of MNIST's. Path: lab -> **export**.

Those to learn from are scikit-learn's, 8 x 8 and free to pass on. MNIST's licence nobody states, so nothing of it is
embedded but means over thousands of digits.
"""

import base64
import struct

import numpy as np

from florilegium.lab.digits import Digits, load

N_LEVELS = 16  # of ink; problems.js says the same
FULL = 255  # what `source` stretches them to


def digit_bytes(digits: Digits | None = None) -> bytes:
    """Give the file that `readDigits` of problems.js reads.

    Two counts (n to learn from, m to be judged by; 32 bits, little-endian), n + m labels, n + m times 64 levels 0..16.
    """
    digits = digits or load("digits")
    labels = np.concatenate([digits.y, digits.y_test]).astype(np.uint8)  # (n + m,)
    ink = np.concatenate([digits.x, digits.x_test])  # (n + m, 8, 8), 0..255
    levels = np.rint(ink * (N_LEVELS / FULL)).astype(np.uint8)
    return struct.pack("<II", len(digits.x), len(digits.x_test)) + labels.tobytes() + levels.tobytes()


def mean_document(digits: Digits) -> dict[str, object]:
    """Give the mean of each digit and what they are worth as a rule: the nearest mean (squared distance) is the answer.

    Means are rounded to whole levels first, so that the page's rule is the one that was counted.
    """
    means = np.stack([np.rint(digits.x[digits.y == digit].mean(axis=0)) for digit in range(10)])  # (10, 28, 28)
    flat, asked = means.reshape(10, -1), digits.x_test.reshape(len(digits.x_test), -1).astype(np.float64)
    # |a - m|^2 = |a|^2 - 2 a.m + |m|^2, and |a|^2 is the same for all means: (n, d) @ (d, 10) -> (n, 10)
    nearest = ((flat * flat).sum(axis=1) - 2 * asked @ flat.T).argmin(axis=1)
    return {
        "made_from": f"{digits.name}: means over {len(digits.x)} training digits",
        "n": len(asked),
        "n_right": int((nearest == digits.y_test).sum()),
        "levels": [base64.b64encode(mean.astype(np.uint8).tobytes()).decode() for mean in means],
    }
