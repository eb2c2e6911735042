"""verify: a fault is one fault, whatever names it; and what it can look at without the key."""
from harness import blobs
from harness.client import Ctl
from test_360_exports import bill_id
from test_361_verify import findings, store, target  # noqa: F401


def hurt(gateway, hashes):
    """Two are damaged, one of them in size; one is missing."""
    blobs.damage(gateway, hashes[0], 500)
    cut = blobs.path_of(gateway, hashes[1])
    cut.chmod(0o600)
    with cut.open("r+b") as file:
        file.truncate(10)
    blobs.path_of(gateway, hashes[2]).unlink()


def test_faults_are_counted_by_content(store):
    gateway, hashes = store
    hurt(gateway, hashes)
    code, found = gateway.ctl("verify")
    assert code == 1 and (found["missing"], found["damaged"]) == (1, 2) and found["rows"] == 6
    assert findings(found, "missing") == [hashes[2]] and findings(found, "damaged") == sorted(hashes[:2])
    bill = bill_id(gateway, "VE-1")
    assert all("bill 0" not in one["why"] for one in found["findings"])
    assert {one["sha256"] for one in found["findings"] if one.get("bill_id") == bill} == set(hashes[1:])
    code, found = gateway.ctl("verify", "--repair")
    assert code == 1 and (found["missing"], found["damaged"], found["repaired"]) == (1, 2, 2)
    code, found = gateway.ctl("verify")
    assert code == 1 and (found["missing"], found["damaged"]) == (3, 0) and findings(found, "missing") == sorted(hashes)


def test_a_content_of_no_file_is_named_by_itself(store):
    gateway, hashes = store
    with blobs.contextlib.closing(blobs.sqlite3.connect(gateway.httpd.data / "store.db", timeout=30)) as db, db:
        db.execute("DELETE FROM file WHERE sha256 = ?", (hashes[0],))
    blobs.path_of(gateway, hashes[0]).unlink()
    code, found = gateway.ctl("verify")
    assert code == 1 and found["missing"] == 1 and findings(found, "missing") == [hashes[0]]
    assert "bill 0" not in found["findings"][0]["why"]


def test_a_backup_is_verified_without_its_key(store, target):
    gateway, _ = store
    gateway.ctl.must("backup", target / "one")
    assert not (target / "one" / "keys").exists()
    ctl = Ctl("-d", target / "one")
    assert ctl.must("verify")["ok"] and ctl.must("verify", "--quick")["ok"] and ctl.must("storage")["originals"] == 3
    assert ctl("enterprise", "list")[0] == 3 and not (target / "one" / "keys").exists()
