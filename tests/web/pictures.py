"""Pictures of each page for people to look at (tests/web/look); not a part of the suite."""
import os

from furnish import Furnished

from test_404_erp_people import BRANCH, LI, ROOT, TEAM, WANG, ZHANG


def test_pictures(tell, gateway, samples_dir, eas):
    gateway.add_erp(eas)
    eas.refuse("BX-2026-1001", message="单据不存在")
    eas.lists(orgs=[ROOT, BRANCH, TEAM], users=[ZHANG, LI, WANG])
    have = Furnished(gateway, samples_dir).all()
    told = tell("pictures", seconds=1800, password="Admin#2024-pw", addresses=[have.address("BX-2026-0007") for _ in range(4)],
                several=[have.address("BX-2026-0007,BX-2026-1002,FK-2026-0001") for _ in range(4)], bills=have.bills, capture=have.capture, only=os.environ.get("ONLY", ""))
    print(*told["wider"], sep="\n")
