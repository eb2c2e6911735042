"""Every list of family C says how much of it there is."""
from harness.person import administrator
from test_100_start import ANNOUNCE, bill, each
from test_130_bills import TENANT_CLIENT

LISTS = ["files?bill_ids=1", "file-formats", "push-table/check", "statistics", "doctor", "bills/1/match", "bills", "push-table", "labels", "users"]

def test_each_list_is_paged(gateway):
    gateway.add_enterprise(TENANT_CLIENT)
    http = administrator(gateway)
    assert gateway.login(TENANT_CLIENT).post(ANNOUNCE, bill("LIST-1")).errcode == "0000"

    def check(path):
        reply = http.get(f"/api/v1/{path}")
        value = reply.json()
        assert reply.status == 200 and {"page", "page_size", "total", "has_more"} <= set(value["pagination"]), (path, reply)
        assert value["pagination"]["page"] == 1 and value["pagination"]["total"] >= len(value["items"])
        if path in LISTS[:6]:
            assert value["pagination"] == {"page": 1, "page_size": len(value["items"]), "total": len(value["items"]), "has_more": False}

    each([(path,) for path in LISTS], check)
