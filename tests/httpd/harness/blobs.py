"""The blob store as it lies on the disk, and files put into it beside httpd."""
import contextlib
import hashlib
import os
import sqlite3
import time

from . import places


def path_of(gateway, sha256):
    return gateway.httpd.data / "blobs" / sha256[:2] / sha256[2:4] / sha256


def put_blob(gateway, data, age=0):
    """Bytes that no row names; `age` in seconds."""
    sha256 = hashlib.sha256(data).hexdigest()
    path = path_of(gateway, sha256)
    for folder in (path.parents[2], path.parents[1], path.parent):
        if not folder.exists():
            folder.mkdir()
            places.give(folder, 0o700)
    path.write_bytes(data)
    places.give(path, 0o400)
    os.utime(path, (time.time() - age,) * 2)
    return sha256


def put_file(gateway, number, name, data, kind=2, media="application/pdf", pages=(0, 0)):
    """A file of a bill, with its content; returns its hash."""
    sha256 = put_blob(gateway, data)
    now = int(time.time() * 1000000)
    with contextlib.closing(sqlite3.connect(gateway.httpd.data / "store.db", timeout=30)) as db, db:
        (bill,) = db.execute("SELECT id FROM bill WHERE number = ?", (number,)).fetchone()
        (last,) = db.execute("SELECT COALESCE(MAX(position), 0) FROM file WHERE bill = ?", (bill,)).fetchone()
        db.execute("INSERT OR IGNORE INTO content (sha256, size, media, pages, state, created, looked)"
                   " VALUES (?, ?, ?, 0, 0, ?, 0)", (sha256, len(data), media, now))
        db.execute("INSERT INTO file (tenant, bill, invoice, kind, name, sha256, media, size, position, source, created,"
                   " page_first, page_last) VALUES (1, ?, 0, ?, ?, ?, ?, ?, ?, 'upload', ?, ?, ?)",
                   (bill, kind, name, sha256, media, len(data), last + 1, now, *pages))
    return sha256


def damage(gateway, sha256, at=0):
    """Flips one bit of a blob."""
    path = path_of(gateway, sha256)
    path.chmod(0o600)
    with path.open("r+b") as file:
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ 1]))
    places.give(path, 0o400)
