"""Writes envelopes.json: envelopes made from docs/encryption.md, by other code than the package's.

    pip install cryptography && python3 envelopes.py > envelopes.json
"""

import json
import struct
from decimal import Decimal

from cryptography.hazmat.primitives.ciphers.aead import AESGCM


def field(b):
    return struct.pack(">I", len(b)) + b


def context(pairs):
    names = sorted(pairs, key=lambda n: n.encode())
    return b"".join(field(n.encode()) + field(pairs[n].encode()) for n in names)


def number(text):
    sign, digits, exponent = Decimal(text).as_tuple()
    if not any(digits):
        return b"\x80"
    if exponent % 2:
        digits, exponent = digits + (0,), exponent - 1
    if len(digits) % 2:
        digits = (0,) + digits
    pairs = [10 * a + b for a, b in zip(digits[::2], digits[1::2])]
    power = exponent // 2 + len(pairs) - 1
    while pairs[0] == 0:
        pairs, power = pairs[1:], power - 1
    while pairs[-1] == 0:
        pairs = pairs[:-1]
    b = bytes([power + 193]) + bytes(p + 1 for p in pairs)
    return bytes(x ^ 0xFF for x in b) + b"\xff" if sign else b


def identity(key):
    b = b""
    for kind, held in key:
        held = number(held) if kind == "N" else bytes.fromhex(held) if kind == "B" else held.encode()
        b += kind.encode() + field(held)
    return b


def vector(i, value, scope, key, path, pairs, key_id="k1"):
    raw_key = bytes((i + n) % 256 for n in range(32))
    data_key = bytes((7 * n + i) % 256 for n in range(32))
    wrap_nonce = bytes(range(100 + i, 112 + i))
    nonce = bytes(range(200 + i, 212 + i))
    bound = field(b"dynox raw key 1") + field(key_id.encode()) + field(context(pairs))
    wrapped = wrap_nonce + AESGCM(raw_key).encrypt(wrap_nonce, data_key, bound)
    head = bytes([1, len(key_id)]) + key_id.encode() + struct.pack(">H", len(wrapped)) + wrapped
    aad = b"".join(field(f) for f in [b"dynox envelope", head, scope.encode(), identity(key), path.encode(), context(pairs)])
    [(kind, held)] = value.items()
    if kind in ("S", "N"):
        content = kind.encode() + held.encode()
    elif kind == "B":
        content = b"B" + bytes.fromhex(held)
    else:
        content = b"J" + json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
    envelope = head + nonce + AESGCM(data_key).encrypt(nonce, content, aad)
    return {
        "value": value, "scope": scope, "key": key, "path": path, "context": pairs,
        "rawKeyID": key_id, "rawKey": raw_key.hex(), "dataKey": data_key.hex(), "nonce": nonce.hex(),
        "identity": identity(key).hex(), "content": content.hex(), "aad": aad.hex(), "envelope": envelope.hex(),
    }


vectors = [
    vector(1, {"S": "4111 1111 1111 1111"}, "cards", [["S", "42"]], "number", {}),
    vector(2, {"S": ""}, "cards", [["S", "ü"], ["N", "7"]], "number", {}),
    vector(3, {"N": "-12.5"}, "shop", [["S", "42"], ["N", "-120.5"]], "ship.weight", {"tenant": "a", "purpose": "pii"}),
    vector(4, {"B": "00ff10"}, "shop", [["B", "00ff"], ["N", "0"]], "photo", {"": "", "ä": "b"}),
    vector(5, {"M": {"a": {"L": [{"S": "ü"}, {"NULL": True}]}}}, "shop", [["N", "12345678901234567890"]], "notes", {}, "orders-2026"),
    vector(6, {"NULL": True}, "shop", [["N", "0.001"], ["S", "x"]], '"a.b".c', {"a": "bc"}),
]
print(json.dumps({"made": "By envelopes.py. B and key material in hexadecimal digits.", "vectors": vectors}, indent=1, ensure_ascii=False))
