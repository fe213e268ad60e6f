"""Finding a secret again: as it is, in the encodings of a dump or a plan, and in parts."""

import re
from base64 import b64encode
from collections.abc import Callable

WINDOW = 32  # what is cut off at either end is still found

ENCODINGS: dict[str, Callable[[bytes], list[str]]] = {
    "text": lambda part: [part.decode()] if part.isascii() and part.decode().isprintable() else [],
    "hex": lambda part: [part.hex(), part.hex().upper()],
    # Where it begins decides how three bytes become four characters.
    "base64": lambda part: [b64encode(part[i : len(part) - (len(part) - i) % 3]).decode() for i in range(3)],
    # A constant in debug_print_plan: signed numbers.
    "numbers": lambda part: [" ".join(str(byte - 256 if byte > 127 else byte) for byte in part)],
    "escape": lambda part: [
        "".join(f"\\{byte:03o}" if byte > 126 or byte < 32 else "\\\\" if byte == 92 else chr(byte) for byte in part)
    ],
}


def traces(secret: str | bytes, text: str) -> set[str]:
    """Return in which of ENCODINGS `text` shows the beginning or the end of `secret`."""
    octets = secret.encode() if isinstance(secret, str) else secret
    size = min(WINDOW, len(octets) // 2)
    assert size >= 16, "too short to be told from chance"
    parts = (octets[:size], octets[-size:])
    spaced = re.sub(r"(?:\\[nt]|\s)+", " ", text)  # a dump of a plan is folded, in the JSON log too
    dense = spaced.replace(" ", "")
    return {
        name
        for name, encode in ENCODINGS.items()
        if any(form in (spaced if " " in form else dense) for part in parts for form in encode(part))
    }
