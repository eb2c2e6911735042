"""Pictures of each page for people to look at (tests/web/look); not a part of the suite."""
import os

from furnish import Furnished

from harness.person import PASSWORD
from test_100_start import change
from test_404_erp_people import BRANCH, LI, ROOT, TEAM, WANG, ZHANG


def test_pictures(tell, gateway, samples_dir, eas):
    gateway.add_erp(eas)
    eas.refuse("BX-2026-1001", message="单据不存在")
    eas.lists(orgs=[ROOT, BRANCH, TEAM], users=[ZHANG, LI, WANG])
    have = Furnished(gateway, samples_dir).all()
    gateway.ctl.must("tenant", "add", "空空如也有限公司", "--domain", "empty.example")
    change(gateway, 'UPDATE "user" SET must_change = 0, password = (SELECT password FROM "user" WHERE mobile = ?) WHERE tenant = 2', "13800000001")
    for path in ("/api/imgsys/bill/outside/rescanBill", "/api/kapi/app/bds/erpBillPushNew"):  # what an ERP of another release calls
        gateway.login().post(path, {"scanBillNo": "BX-2026-0007"})
    have.make("scanners", {"name": "二楼复印机", "address": "192.168.1.20", "org": "01.01", "is_enabled": False})
    is_all = bool(os.environ.get("ALL"))
    times = range(8 if is_all else 4)
    told = tell("pictures", seconds=3600, password="Admin#2024-pw", clerk={"login": "13800000001", "password": PASSWORD}, bills=have.bills, capture=have.capture, all=is_all, only=os.environ.get("ONLY", ""),
                addresses=[have.address("BX-2026-0007") for _ in times],
                several=[have.address("BX-2026-0007,BX-2026-1002,FK-2026-0001") for _ in times],
                empty={"login": "admin", "password": PASSWORD, "domain": "empty.example"})
    print(*told["wider"], sep="\n")
