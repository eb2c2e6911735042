"""What a child remembers of sessions: as much as there are, however often each is read again."""
import contextlib
import sqlite3

import pytest

from harness import processes
from harness.person import administrator, make_user

ORGANISATIONS, RE_READS, GROWTH_KIB = 2000, 300, 3000


def put_organisations(gateway, root):
    with contextlib.closing(sqlite3.connect(gateway.httpd.data / "store.db", timeout=30)) as db, db:
        db.executemany("INSERT INTO org (tenant, parent, code, name, is_active) VALUES (1, ?, ?, ?, 1)",
                       [(root, f"SUB{at}", f"公司{at}") for at in range(ORGANISATIONS)])


@pytest.mark.slow
def test_a_session_that_is_read_again_takes_no_more_memory(make_gateway):
    """His rights take 30 KB and more; each write of people has all sessions read again."""
    gateway = make_gateway(processes=1, threads=4)
    gateway.boss = boss = administrator(gateway)
    reply = boss.post("/api/v1/organisations", {"code": "ROOT1", "name": "集团"})
    assert reply.status == 201, reply
    put_organisations(gateway, reply.json()["org_id"])
    one = make_user(gateway, boss, "reader", roles=["扫描员"], org="ROOT1")
    reply = boss.put(f"/api/v1/users/{one.id}/grants", {"grants": [{"org": "ROOT1", "scope": "ALL", "with_below": True}]})
    assert reply.status == 200, reply

    def read_again(times):
        for _ in range(times):
            assert boss.post(f"/api/v1/users/{one.id}/enable", {}).status == 200
            assert one.get("/api/v1/limits").status == 200

    read_again(150)
    (child,) = gateway.httpd.children()
    begin = processes.rss_kib(child)
    read_again(RE_READS)
    grown = processes.rss_kib(child) - begin
    assert grown < GROWTH_KIB, f"{grown} KiB more"
