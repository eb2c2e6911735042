"""The stand-in EAS: called by zeep, a SOAP client that no one here wrote, and by hand where zeep would not go."""
import http.client
import json

import pytest
import requests
import zeep
from lxml import etree
from zeep.transports import Transport

import eas as eas_module
from easlib import services

LOOSE = {"part-type", "encoding-style"}  # zeep names no types, and no style
DATA = ("<DATA><barCodeList><barCodeInfo><barCode>KD1</barCode><imageCount>3</imageCount></barCodeInfo></barCodeList>"
        "<imageState>{state}</imageState><updaterID>zhangsan</updaterID><updReason>影像 &amp; 发票</updReason></DATA>")
ENCODING_SCHEMA = (b'<schema xmlns="http://www.w3.org/2001/XMLSchema" '
                   b'targetNamespace="http://schemas.xmlsoap.org/soap/encoding/">'
                   b'<simpleType name="string"><restriction base="string"/></simpleType></schema>')


class Offline(Transport):
    """The encoding's schema from here, as nothing is fetched in a test."""

    def load(self, url):
        return ENCODING_SCHEMA if url == "http://schemas.xmlsoap.org/soap/encoding/" else super().load(url)


@pytest.fixture
def stand():
    with eas_module.Stand() as one:
        yield one
        assert not one.eas.crashes and not one.control.crashes


def service(stand, name, transport=None):
    return zeep.Client(f"{stand.prefix}{name}?wsdl", transport=transport or Offline(session=requests.Session()))


def login(stand, *more):
    client = service(stand, services.LOGIN)
    context = client.service.login("imguser", "Im9#user", "eas", "DC01", "L2", 1, *more)
    return client.transport, context


def header(session_id):
    element = etree.Element(etree.QName(services.LOGIN_SPACE, "SessionId"))
    element.text = session_id
    return [element]


def kinds(stand):
    return {row["kind"] for row in stand.state.violations}


@pytest.mark.parametrize("multiref", [True, False])
@pytest.mark.parametrize("types", ["xsd", "soapenc"])
def test_zeep_logs_in_and_reports(stand, multiref, types):
    stand.state.set({"multiref": multiref, "types": types, "cluster": True, "forms": [6]})
    transport, context = login(stand)
    assert (context["userName"], context["dbType"]) == ("imguser", 1) and context["sessionId"]
    facade = service(stand, services.FACADE, transport).service
    answer = facade.updateImageStateNew(DATA.format(state=2), _soapheaders=header(context["sessionId"]))
    assert etree.fromstring(answer).findtext("retCode") == "0"
    told, = stand.state.told
    assert (told["numbers"], told["pages"], told["state"], told["reason"]) == (["KD1"], [3], 2, "影像 & 发票")
    assert facade.getImageState("KD1", _soapheaders=header(context["sessionId"])) == "2"
    assert facade.updateImageState(DATA.format(state=3), _soapheaders=header(context["sessionId"])) is None
    assert stand.state.images["KD1"]["state"] == 3 and kinds(stand) <= LOOSE


def test_zeep_meets_overloads(stand):
    """It takes the last of them, as the facts say of generic clients."""
    _, context = login(stand, "BaseDB", 0)
    assert context["sessionId"]


def test_zeep_meets_faults_and_refusals(stand):
    stand.state.set({"types": "xsd", "forms": [6]})
    transport, context = login(stand)
    facade = service(stand, services.FACADE, transport).service
    with pytest.raises(zeep.exceptions.Fault, match="please login first"):
        facade.getImageState("KD1")
    with pytest.raises(zeep.exceptions.Fault, match="session not found"):
        facade.getImageState("KD1", _soapheaders=header("another"))
    stand.state.refusals.append({"number": "KD1", "code": "1", "message": "单据已锁定", "times": 1})
    answer = facade.updateImageStateNew(DATA.format(state=2), _soapheaders=header(context["sessionId"]))
    assert etree.fromstring(answer).findtext("retMsg") == "单据已锁定" and not stand.state.images
    client = service(stand, services.LOGIN)
    for wrong in (("imguser", "x", "eas", "DC01", "L2", 1), ("imguser", "Im9#user", "eas", "DC01", "L2", 2),
                  ("imguser", "Im9#user", "kis", "DC01", "L2", 1), ("imguser", "Im9#user", "eas", "DC02", "L2", 1)):
        assert client.service.login(*wrong)["sessionId"] is None
    assert client.service.logout("imguser", "eas", "DC01", "L2") is True
    with pytest.raises(zeep.exceptions.Fault, match="session not found"):
        facade.getImageState("KD1", _soapheaders=header(context["sessionId"]))


def test_cookies_of_the_cluster(stand):
    stand.state.set({"types": "xsd", "forms": [6], "cluster": True})
    _, context = login(stand)
    facade = service(stand, services.FACADE).service  # another client: no cookies
    with pytest.raises(zeep.exceptions.Fault, match="session not found on this instance"):
        facade.getImageState("KD1", _soapheaders=header(context["sessionId"]))


# by hand

def post(stand, service_name, body, **headers):
    conn = http.client.HTTPConnection("127.0.0.1", stand.port, timeout=10)
    conn.request("POST", f"/ormrpc/services/{service_name}", body.encode() if isinstance(body, str) else body,
                 {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""', **headers})
    answer = conn.getresponse()
    text = answer.read().decode()
    conn.close()
    return answer.status, text


LOGIN_CALL = ('<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:x="http://www.w3.org/2001/XMLSchema" '
              'xmlns:i="http://www.w3.org/2001/XMLSchema-instance"><s:Body><n:login xmlns:n="{space}" '
              's:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/">{parts}</n:login></s:Body></s:Envelope>')
PARTS = "".join(f'<{name} i:type="x:{kind}">{value}</{name}>' for name, kind, value in (
    ("userName", "string", "imguser"), ("password", "string", "Im9#user"), ("slnName", "string", "eas"),
    ("dcName", "string", "DC01"), ("language", "string", "L2"), ("dbType", "int", "1")))


def test_a_right_call_breaks_no_rule(stand):
    status, text = post(stand, "EASLogin", LOGIN_CALL.format(space=services.LOGIN_SPACE, parts=PARTS))
    assert status == 200 and "multiRef" in text and not stand.state.violations


@pytest.mark.parametrize("body, kind", [
    ("<html/>", "soap"), ("not xml", "soap"), ('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "soap"), (b"\xff\xfe<", "soap"),
    (LOGIN_CALL.format(space="urn:client", parts=PARTS), "namespace"),
    (LOGIN_CALL.format(space=services.LOGIN_SPACE, parts=PARTS.replace(' i:type="x:int"', "")), "part-type")])
def test_what_it_takes_amiss(stand, body, kind):
    post(stand, "EASLogin", body)
    assert kinds(stand) == {kind}


@pytest.mark.parametrize("parts, says", [
    (PARTS.replace("userName", "user"), "Invalid element"), (PARTS + "<a/>" * 3, "No such operation"),
    (PARTS.replace(">1<", ">one<"), "NumberFormatException"), (PARTS.replace(">L2<", "><b/><"), "child element")])
def test_wrong_parts_are_faults(stand, parts, says):
    status, text = post(stand, "EASLogin", LOGIN_CALL.format(space=services.LOGIN_SPACE, parts=parts))
    assert status == 500 and says in text and not stand.state.logins


def test_services_that_are_not_there(stand):
    call = LOGIN_CALL.format(space=services.LOGIN_SPACE, parts=PARTS)
    assert "no service for" in post(stand, "WSOther", call)[1]
    stand.state.set({"undeployed": ["EASLogin"]})
    assert post(stand, "EASLogin", call)[0] == 500
    conn = http.client.HTTPConnection("127.0.0.1", stand.port, timeout=10)
    conn.request("GET", "/eas/login.jsp")
    assert conn.getresponse().status == 404
    conn.close()


def test_the_account_is_locked_after_five_wrong_passwords(stand):
    for password in ["wrong"] * 5 + ["Im9#user"]:
        parts = PARTS.replace("Im9#user", password)
        assert "nil" in post(stand, "EASLogin", LOGIN_CALL.format(space=services.LOGIN_SPACE, parts=parts))[1]
    assert stand.state.logins == 0 and stand.state.refused_logins == 6


def test_the_control_port_says_no(stand):
    def control(path, value):
        conn = http.client.HTTPConnection("127.0.0.1", stand.control_port, timeout=10)
        conn.request("POST", path, json.dumps(value))
        answer = conn.getresponse()
        answer.read()
        conn.close()
        return answer.status
    assert control("/settings", {"cluster": True}) == 200 and stand.state.settings["cluster"]
    assert control("/settings", {"clusters": True}) == 400 and control("/settings", {"cluster": "yes"}) == 400
    assert control("/accounts", {"user": "x"}) == 400 and control("/nothing", {}) == 404
