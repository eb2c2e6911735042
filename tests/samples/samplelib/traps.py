"""Files that are made to hurt."""
import io
import struct
import zipfile
import zlib

from . import ofds


def zip_bomb(megabytes=2000, entries=1, as_ofd=False):
    """Declares what it holds: zeros, deflated a thousandfold. Made of one compressed megabyte, repeated."""
    unit = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = unit.compress(bytes(1 << 20)) + unit.flush(zlib.Z_FULL_FLUSH)
    end = unit.flush()
    packed = block * megabytes + end
    crc = zlib.crc32(bytes(1 << 20))
    for _ in range(megabytes - 1):
        crc = zlib.crc32(bytes(1 << 20), crc)
    size = min(megabytes << 20, 0xFFFFFFFE)
    out, directory = b"", b""
    names = (["OFD.xml"] if as_ofd else []) + [f"bomb{i}.xml" for i in range(entries)]
    for name in names:
        raw = name.encode()
        head = struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 0x5821, crc, len(packed), size, len(raw), 0)
        directory += b"PK\1\2" + struct.pack("<H", 20) + head + struct.pack("<HHHII", 0, 0, 0, 0, len(out)) + raw
        out += b"PK\3\4" + head + raw + packed
    return out + directory + b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, len(names), len(names), len(directory), len(out), 0)


def lying_zip():
    """The directory says a small size; what comes out is larger."""
    data = ofds.pack({"a.xml": "<a/>", "OFD.xml": "<OFD/>" + " " * 100000})
    at = data.rindex(b"PK\1\2")
    return data[:at + 24] + struct.pack("<I", 10) + data[at + 28:]


def crowded_zip(entries=5000):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        for i in range(entries):
            z.writestr(zipfile.ZipInfo(f"{i}.xml", (2024, 1, 1, 0, 0, 0)), b"")
    return out.getvalue()


def huge_image(side=20000):
    """A grey PNG of side x side pixels in a few kilobytes, written without holding it."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    packer = zlib.compressobj(9)
    row = b"\0" + b"\xff" * (side // 8)
    packed = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)) \
        + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def deep_xml(depth=5000):
    return b"<EInvoice>" + b"<a>" * depth + b"</a>" * depth + b"</EInvoice>"


def laughing_xml():
    lines = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 10))
    return f'<?xml version="1.0"?><!DOCTYPE EInvoice [<!ENTITY l0 "ha">{lines}]><EInvoice>&l9;</EInvoice>'.encode()


def outside_xml():
    return (b'<?xml version="1.0"?><!DOCTYPE EInvoice [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
            b"<EInvoice><Header><EIid>&x;</EIid></Header></EInvoice>")


def truncated(data, part=0.6):
    return data[:int(len(data) * part)]
