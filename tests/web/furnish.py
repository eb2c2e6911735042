"""A store as it is after some weeks of work: people, rules, bills in every state, pushes, notices. Made through the interfaces
that customers use, so that each page has something to show: long names, a bill of 50 pages, differences, refusals.

`mark` is put round each text that others may choose; texts that attack the page come in by it.
"""
import pathlib
import zlib

import samples
from harness.cloudctl import CLIENT, OTHER_CLIENT
from harness.person import administrator, settle
from harness import processes
from test_100_start import ANNOUNCE, PUSH, change, patience, rows
from test_130_bills import BASE
from test_420_match import misread, told

V1 = "/api/v1"
LONG_ORG = "虚构红枫集团有限公司华东区域第二分公司苏州工业园区共享财务中心"
LONG_NAME = "《关于2026年度华东区域信息化建设项目(二期)设备采购及实施服务合同》补充协议-双方盖章扫描件-最终版.pdf"
ORGS = (("01", "虚构红枫集团有限公司", None, CLIENT["tax_no"]), ("01.01", "华东区域", "01", None), ("01.01.02", LONG_ORG, "01.01", None),
        ("02", "虚构绿柏集团有限公司", None, OTHER_CLIENT["tax_no"]))
USERS = (("王扫描", "13800000001", "01.01.02", ["扫描员"]), ("欧阳慕容雪晴", "13800000002", "01.01", ["扫描员", "默认角色"]), ("李审核", "13800000003", "01", ["财务审核"]),
         ("Alexander Konstantinopoulos", "13800000004", "02", ["默认角色"]), ("赵离职", "13800000005", "01", ["默认角色"]))
TYPES = (("ER_Expense", "费用报销单"), ("ER_Travel", "差旅费报销单（含跨境差旅与外币折算）"), ("AP_Payment", "对公付款申请单"))
AUDITOR = ["BILL_VIEW", "BILL_SEE_ALL", "BILL_RESCAN", "BILL_REVIEW", "MATCH", "STATISTICS"]


PAYLOADS = ("<img src=x onerror=alert(1)>", "\"><script>alert(2)</script>", "'><svg onload=alert(3)>", "javascript:alert(4)", "</title><iframe src=//evil.test>",
            "{{7*7}}${7*7}", "<a href=//evil.test>x</a>", "\u202egnp.exe", "<base href=//evil.test>", "--><b onmouseover=alert(5)>x</b>")


def hostile(text):
    """The text with an attack behind it, the same each time; what is short stays below 50 characters, as names must."""
    attack = PAYLOADS[zlib.crc32(text.encode()) % len(PAYLOADS)]
    return text[:50 - len(attack)] + attack if len(text) <= 50 else text + attack


class Furnished:
    """gateway, boss (the administrator), erp (a caller with a token), bills: number to id, capture, bill50."""

    def __init__(self, gateway, samples_dir, mark=lambda text: text):
        self.gateway, self.dir, self.mark = gateway, pathlib.Path(samples_dir), mark
        self.boss, self.erp, self.bills = administrator(gateway), gateway.login(), {}

    def must(self, reply):
        assert reply.status in (200, 201, 202) and getattr(reply, "errcode", None) in (None, "0000"), reply
        return reply.json()

    def make(self, path, value, method="POST"):
        return self.must(self.boss.request(method, f"{V1}/{path}", json_body=value))

    def settled(self):
        def idle():
            return not rows(self.gateway, "SELECT 1 FROM job WHERE state <> 'parked' AND kind IN ('pull', 'look', 'read', 'export')")
        assert processes.wait_until(idle, patience(60), 0.1), rows(self.gateway, "SELECT * FROM job")

    # who

    def people(self):
        mark = self.mark
        for code, name, parent, tax in ORGS:
            self.make("organisations", {"code": code, "name": mark(name), **({"parent": parent} if parent else {}), **({"tax_no": tax} if tax else {})})
        self.make("roles", {"name": mark("财务审核"), "permissions": AUDITOR})
        ids = []
        for name, mobile, org, roles in USERS:
            made = self.make("users", {"name": mark(name), "mobile": mobile, "org": org, "mail": f"{mobile}@example.cn",
                                       "roles": [mark(one) if one == "财务审核" else one for one in roles]})
            ids.append(made["user_id"])
            if mobile == "13800000001":
                settle(self.gateway, mobile, made["one_time_password"])
        for name, org, address, who in (("总部一楼扫描室", None, "上海市浦东新区虚构路 88 号 1 楼 104 室", 1), ("苏州共享中心", "01.01.02", None, ids[0])):
            point = self.make("scan-points", {"name": mark(name), **({"org": org} if org else {"related": ["01.01", "02"]}),
                                              **({"address": mark(address)} if address else {})})["scan_point_id"]
            self.must(self.boss.put(f"{V1}/scan-points/{point}/scanners/{who}"))
        self.must(self.boss.put(f"{V1}/users/{ids[0]}/grants", {"grants": [{"org": "01.01", "scope": "ALL"}, {"org": "02", "scope": "OWN"}]}))
        self.must(self.boss.post(f"{V1}/users/{ids[4]}/disable", {}))
        with self.gateway.httpd.http() as stranger:  # until he is locked
            while stranger.post(f"{V1}/session", {"login": "13800000004", "password": "wrong"}).status == 401:
                pass

    def rules(self):
        mark = self.mark
        for code, name in TYPES:
            self.make("bill-types", {"code": code, "name": mark(name)})
        self.make("receipt-settings", {"modes": [{"scope": "BILL_TYPE", "code": "AP_Payment", "mode": "MATCH"}]}, "PATCH")
        for kind, name in (("LABEL", "合同"), ("LABEL", "审批邮件与会议纪要"), ("ATTACHMENT_TYPE", "验收单")):
            self.make("labels", {"kind": kind, "name": mark(name), "number": 0 if kind == "LABEL" else 3})
        self.make("cover-rules", {"name": mark("费用报销"), "separator": "-", "is_enabled": True, "parts": [
            {"kind": "CONSTANT", "text": "DEMO"}, {"kind": "CONSTANT", "text": "BX"}, {"kind": "DIGITS", "least": 4, "most": 8}]})
        self.make("enterprises", {"name": mark(OTHER_CLIENT["name"]), "tax_no": OTHER_CLIENT["tax_no"], "client_id": OTHER_CLIENT["client_id"],
                                  "secret": OTHER_CLIENT["secret"], "encrypt_key": OTHER_CLIENT["encrypt_key"], "unchecked": True})
        for one in (CLIENT, OTHER_CLIENT):
            self.make("push-table", {"name": mark(one["name"]), "tax_no": one["tax_no"], "client_id": one["client_id"],
                                     "url": "http://10.0.0.8:8080/api/imgsys/outside/push"})

    # bills

    def announce(self, number, kind=0, org="01", **more):
        code, name = TYPES[kind]
        mark = self.mark
        self.must(self.erp.post(ANNOUNCE, {
            "fscanBillNo": number, "fbillId": f"id-{number}", "fbillTypeCode": code, "fbillTypeDes": mark(name), "billNo": mark(f"NO-{number}"),
            "fapplyUserName": mark("张三丰"), "fapplyOrganizationCode": org, "fapplyOrganizationName": mark(dict((c, n) for c, n, *_ in ORGS)[org]),
            "taxNo": CLIENT["tax_no"], "resource": "EAS", **more}))
        self.bills[number] = self.boss.get(f"{V1}/bills", query={"q": number}).json()["items"][0]["id"]
        return f"{V1}/bills/{self.bills[number]}"

    def put(self, path, name, data, **query):
        return self.must(self.boss.request("POST", path, data, {"Content-Type": "application/octet-stream"}, query={"name": name, **query}))

    def scanned(self):
        """The batch of 50 pages in a session that is open, and as one bill."""
        batch = (self.dir / "batch.pdf").read_bytes()
        self.capture = self.make("captures", {"name": self.mark("七月第二批 费用报销")})["id"]
        self.put(f"{V1}/captures/{self.capture}/pages", self.mark("batch.pdf"), batch)
        bill = self.announce("BX-2026-0050", 1, "01.01.02", fapplyUserName=self.mark("欧阳慕容雪晴"))
        self.put(f"{bill}/files", self.mark("50 页扫描件.pdf"), batch + b"\n%50", kind="ATTACHMENT")

    def digital(self):
        """Many invoices in several formats, a contract with a long name, a sheet that cannot be drawn."""
        bill = self.announce("BX-2026-0007", 0)
        for n in range(1, 9):
            inv = samples.invoice("digital-special", n)
            self.put(f"{bill}/files", self.mark(f"电子发票-{inv['fields']['number']}.pdf"), samples.pdf(inv))
        inv = samples.invoice("digital-special", 1)
        self.put(f"{bill}/files", "twin.xml", samples.einvoice_xml(misread(inv, gross="99999.00", seller_name=self.mark("上海样张物流（集团）有限公司"))))
        self.put(f"{bill}/files", self.mark(LONG_NAME), (self.dir / "invoice.pdf").read_bytes() + b"\n%c", kind="ATTACHMENT", label=self.mark("合同"))
        self.put(f"{bill}/files", self.mark("损坏的扫描件.pdf"), b"%PDF-1.4\n% nothing that can be drawn\n%%EOF\n", kind="ATTACHMENT")
        again = self.announce("BX-2026-0008", 0)
        self.put(f"{again}/files", "twin.ofd", samples.ofd(inv))
        self.put(f"{again}/files", "paper.jpg", (self.dir / "paper.jpg").read_bytes())

    def matching(self):
        """Announced invoices: one is found, one differs, one is missing, one is too many."""
        inv = [samples.invoice("digital-special", n) for n in range(21, 25)]
        number = "FK-2026-0001"
        one = {"billId": "id-fk", "billNo": self.mark("no-fk"), "scanBillNo": number, "billTypeCode": "AP_Payment", "billTypeDes": self.mark(TYPES[2][1]),
               "clientId": CLIENT["client_id"], "taxNo": CLIENT["tax_no"], "invoice": [told(inv[0]), told(inv[1]), told(inv[2], salerName=self.mark(LONG_ORG))],
               "cover": [], "attachment": []}
        self.gateway.cloud.load_bills(one)
        self.announce(number, 2)
        self.push(one)
        self.settled()
        found = [inv[0], misread(inv[1], gross="1234.56"), inv[3]]
        for each in found:
            self.put(f"{V1}/bills/{self.bills[number]}/files", self.mark(f"发票{each['fields']['number']}.xml"), samples.einvoice_xml(each), kind="INVOICE")
        self.settled()

    def states(self):
        """A bill in each state, and enough of them for a second page."""
        page = (self.dir / "paper.jpg").read_bytes()
        for n in range(30):
            self.announce(f"BX-2026-1{n:03}", n % 2, ("01", "01.01", "01.01.02")[n % 3])
        for n in range(8):
            self.put(f"{V1}/bills/{self.bills[f'BX-2026-1{n:03}']}/files", self.mark(f"{n}.jpg"), page + bytes([n]))
        path = {n: f"{V1}/bills/{self.bills[f'BX-2026-1{n:03}']}" for n in range(8)}
        for n in range(1, 7):
            self.must(self.boss.post(f"{path[n]}/submit", {}))
        for n in (2, 3):
            self.must(self.erp.post(BASE + "rescan", {"scanBillNo": f"BX-2026-1{n:03}", "resource": "EAS", "operator": self.mark("李四"),
                                                     "reason": self.mark("第 2 页发票不清晰，金额与报销单不一致；请补扫合同附件第 3 至 5 页并重新提交")}))
        self.must(self.boss.post(f"{path[4]}/review", {}))
        self.must(self.boss.post(f"{path[7]}/void", {"reason": self.mark("重复报销")}))
        self.must(self.boss.post(f"{path[5]}/lock", {}))
        change(self.gateway, "UPDATE bill SET state = 6, reason = ? WHERE number = 'BX-2026-1029'", self.mark("收票单的文件无法下载：发票云返回 404，已重试 12 次"))

    # traffic

    def push(self, one, **changes):
        with self.gateway.httpd.http() as caller:
            return caller.post(PUSH, {**one, **changes})

    def traffic(self):
        """Pushes that are refused, given up, and done; notices that wait, are refused, and are told."""
        mark = self.mark
        whole = {"billId": "x", "billNo": "x", "scanBillNo": "TB-2026-0001", "billTypeCode": "ER_Expense", "clientId": CLIENT["client_id"], "taxNo": CLIENT["tax_no"]}
        self.push(whole, taxNo="91310000000000000X", scanBillNo=mark("TB-REFUSED"))
        self.push(whole, clientId=mark("nobody"))
        self.push(whole)
        change(self.gateway, "UPDATE push SET status = 'parked', reason = ? WHERE number = 'TB-2026-0001'", mark("3 天内未能从发票云取得收票单"))
        change(self.gateway, "UPDATE job SET state = 'parked' WHERE kind = 'pull'")
        change(self.gateway, "UPDATE delivery SET note = ?, reason = ? WHERE id % 3 = 0", mark("EAS 登录失败：数据中心编码不正确"), mark("第 2 页不清晰"))

    def address(self, number, mobile="13800000001"):
        """Where the ERP sends a person's browser, once."""
        reply = self.erp.post("/api/imgsys/bill/h5/getH5ViewPageUrl", {"scanBillNo": number, "resource": "EAS", "userPhone": mobile})
        return self.must(reply)["data"]["url"]

    def exports(self):
        ids = [self.bills["BX-2026-0007"], self.bills["BX-2026-0008"]]
        for kind in ("ZIP", "XLSX"):
            self.make("exports", {"kind": kind, "bill_ids": ids})

    def all(self):
        for part in (self.people, self.rules, self.scanned, self.digital, self.matching, self.states, self.traffic, self.exports):
            part()
        self.settled()
        return self
