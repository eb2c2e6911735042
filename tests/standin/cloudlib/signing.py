"""Request signatures and AES bodies of the invoice cloud, and tax numbers of nobody."""
import base64
import binascii
import hashlib
import hmac

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

BLOCK = 16
CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def sign(client_id, secret, timestamp, enc_type=0):
    """encType 0 md5, 1 sha256, 2 hmac-sha256 keyed with the secret; lower-case hex."""
    text = f"{client_id}{secret}{timestamp}".encode()
    kind = str(enc_type if enc_type is not None else 0)
    if kind == "0":
        return hashlib.md5(text).hexdigest()
    if kind == "1":
        return hashlib.sha256(text).hexdigest()
    if kind == "2":
        return hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()
    raise ValueError(f"encType {enc_type!r} is not 0, 1 or 2")


def _cipher(key):
    raw = key.encode() if isinstance(key, str) else key
    if len(raw) != BLOCK:
        raise ValueError("encrypt_key must be 16 bytes")
    return Cipher(algorithms.AES(raw), modes.ECB())


def encrypt_body(data, key):
    """The bytes of an HTTP body: standard Base64 of AES-128-ECB-PKCS7."""
    raw = data.encode() if isinstance(data, str) else data
    fill = BLOCK - len(raw) % BLOCK
    step = _cipher(key).encryptor()
    return base64.b64encode(step.update(raw + bytes([fill]) * fill) + step.finalize())


def decrypt_body(body, key):
    """The reverse, strict: ValueError for line breaks, quotes, wrong padding, a wrong key."""
    try:
        raw = base64.b64decode(body, validate=True)
    except binascii.Error as bad:
        raise ValueError(f"not standard Base64: {bad}") from None
    if not raw or len(raw) % BLOCK or base64.b64encode(raw) != bytes(body):
        raise ValueError("not whole cipher blocks in canonical Base64")
    step = _cipher(key).decryptor()
    plain = step.update(raw) + step.finalize()
    fill = plain[-1]
    if not 1 <= fill <= BLOCK or plain[-fill:] != bytes([fill]) * fill:
        raise ValueError("padding")
    return plain[:-fill]


def tax_no(number):
    """A well-formed 18-character credit code in region 999999, which does not exist."""
    body = f"91999999{number % 10 ** 9:09d}"
    total = sum(CREDIT_ALPHABET.index(c) * pow(3, i, 31) for i, c in enumerate(body))
    return body + CREDIT_ALPHABET[-total % 31]
