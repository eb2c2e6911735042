"""The true fields of invented invoices: companies, numbers and goods that don't exist."""
import random

SELLERS = [("深圳示例软件有限公司", "91440300MA5SAMPL01"), ("上海样张物流（集团）有限公司", "91310000MA1SAMPL02"),
           ("成都虚构餐饮管理有限公司", "91510100MA6SAMPL03")]
BUYERS = [("广州测试贸易有限公司", "91440101MA5TESTS01"), ("北京假想科技股份有限公司", "91110108MA0TESTS02")]
GOODS = ["*信息技术服务*软件维护费", "*物流辅助服务*装卸搬运费", "*餐饮服务*餐费", "*办公用品*打印纸"]

# name -> (vendor's type code, tax bureau's code, words of the label, title on paper)
KINDS = {
    "digital-special": (27, "31", "增值税专用发票", "电子发票（增值税专用发票）"),
    "digital-ordinary": (26, "32", "普通发票", "电子发票（普通发票）"),
    "electronic-ordinary": (1, "10", "增值税电子普通发票", "增值税电子普通发票"),
    "paper-special": (4, "01", "增值税专用发票", "增值税专用发票"),
    "rail": (29, "51", "铁路电子客票", "电子发票（铁路电子客票）"),
    "air": (28, "61", "航空运输电子客票行程单", "电子发票（航空运输电子客票行程单）"),
}


def fen(amount):
    sign = "-" if amount < 0 else ""
    return f"{sign}{abs(amount) // 100}.{abs(amount) % 100:02d}"


def invoice(kind="digital-special", n=1, lines=2):
    """{"type", "fields": {...as model/evidence.h names them...}, "lines": [...], "kind", "bureau", "label", "title"}"""
    rng = random.Random(f"{kind}/{n}/{lines}")
    type_code, bureau, label, title = KINDS[kind]
    seller, buyer = SELLERS[n % len(SELLERS)], BUYERS[n % len(BUYERS)]
    day = f"2024-{1 + n % 12:02d}-{1 + n % 28:02d}"
    items, net, tax = [], 0, 0
    for i in range(lines):
        amount = rng.randrange(1000, 900000)
        its_tax = (amount * 6 + 50) // 100
        items.append({"name": GOODS[(n + i) % len(GOODS)], "unit": "项", "quantity": "1", "price": fen(amount),
                      "net": fen(amount), "rate": "6%", "tax": fen(its_tax)})
        net, tax = net + amount, tax + its_tax
    fields = {"date": day, "net": fen(net), "tax": fen(tax), "gross": fen(net + tax), "seller_name": seller[0],
              "seller_tax_no": seller[1], "buyer_name": buyer[0], "buyer_tax_no": buyer[1]}
    if kind in ("electronic-ordinary", "paper-special"):
        fields["number"] = f"{10000000 + n:08d}"
        fields["code"] = "044002400111" if kind == "electronic-ordinary" else "4403241130"
        if kind == "electronic-ordinary":
            fields["check_code"] = f"{n:05d}678901234567890"
    else:
        fields["number"] = f"2444{n:016d}"
    return {"kind": kind, "type": type_code, "bureau": bureau, "label": label, "title": title, "fields": fields,
            "lines": items}


def qr_text(inv):
    """The text of the QR code on the invoice."""
    f = inv["fields"]
    is_old = "code" in f
    return ",".join(["01", inv["bureau"], f.get("code", ""), f["number"], f["net"] if is_old else f["gross"],
                     f["date"].replace("-", ""), f.get("check_code", ""), "A1B2"])
