"""Any other long number or code. Too uncertain to be masked by default: a contract that must lose them lowers the threshold."""

from __future__ import annotations

import re

from anonymization.text.recognizers.shapes import Shape, ShapeRecognizer

RECOGNIZER = ShapeRecognizer(
    "references",
    [
        Shape("REFERENCE", re.compile(r"(?<!\w)\d(?:[\s.\-_/:]{0,3}\d){5,40}(?!\w)|\d{5,}"), "long nombre", 0.25, digits=5),
        Shape(
            "REFERENCE",
            re.compile(r"(?<![\w])(?=[a-z_\-]{0,40}\d)(?=[\d_\-]{0,40}[a-z])[a-z0-9](?:[_\-]?[a-z0-9]){4,60}(?![\w])"),
            "code fait de lettres et de chiffres", 0.22, digits=2,
        ),
    ],
)  # fmt: skip
