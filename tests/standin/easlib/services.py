"""The published services as tables, and their WSDL as Axis would generate it."""
from xml.sax.saxutils import quoteattr

from . import soap

LOGIN_SPACE = "http://login.webservice.bos.kingdee.com"
FACADE_SPACE = "http://webservice.app.wssc.base.eas.kingdee.com"
LOGIN = "EASLogin"
FACADE = "WSSSCImageBaseServiceFacade"

# name -> list of overloads: ([(part, type)], result type or None)
STRING = "string"
LOGIN_PARTS = [("userName", STRING), ("password", STRING), ("slnName", STRING), ("dcName", STRING),
               ("language", STRING), ("dbType", "int"), ("authPattern", STRING), ("isEncodePwd", "int")]
FACADE_OPERATIONS = {
    "updateImageStateNew": ([("inputXML", STRING)], STRING),
    "updateImageState": ([("inputXml", STRING)], None),
    "imageReady": ([("inputXml", STRING)], STRING),
    "reverse": ([("inputXml", STRING)], None),
    "getImageState": ([("imageNumber", STRING)], STRING),
    "getImageUrl": ([("imageNumber", STRING)], STRING),
    "getImageInfo": ([("inputXml", STRING)], STRING),
    "getImageNumberForErp": ([("billTypeCode", STRING), ("billNumber", STRING)], STRING),
    "getRescanningImageByPerson": ([("personID", STRING)], STRING),
    "getRescanningImageNoList": ([("scanUserID", STRING)], STRING),
    "snchronyUser": ([("inputXML", STRING)], STRING),
    "snchronyOrg": ([("inputXML", STRING)], STRING),
}


def login_operations(forms):
    out = {"login": [(LOGIN_PARTS[:n], "WSContext") for n in sorted(forms)],
           "logout": [([(n, STRING) for n in ("userName", "slnName", "dcName", "language")], "boolean")]}
    return out


def operations_of(service, settings):
    """(namespace, operations) of a service, or None when it is not deployed."""
    if service in settings["undeployed"]:
        return None
    if service == LOGIN:
        return LOGIN_SPACE, login_operations(settings["forms"])
    if service == settings["facade"]:
        return FACADE_SPACE, {name: [form] for name, form in FACADE_OPERATIONS.items()}
    return None


def wsdl(service, url, space, operations, types):
    """Axis 1.4 writes one message per overload and names the target namespace by the endpoint."""
    prefix = "soapenc" if types == "soapenc" else "xsd"
    named = {STRING: f"{prefix}:string", "int": "xsd:int", "boolean": "xsd:boolean",
             "WSContext": "tns1:WSContext"}
    port_type = service + ("Proxy" if service == LOGIN else "SrvProxy")
    messages, port, binding = "", "", ""
    for name, overloads in operations.items():
        for n, (parts, result) in enumerate(overloads):
            mark = str(n) if n else ""
            rows = "".join(f'<wsdl:part name="{part}" type="{named[kind]}"/>' for part, kind in parts)
            back = f'<wsdl:part name="{name}Return" type="{named[result]}"/>' if result else ""
            messages += (f'<wsdl:message name="{name}Request{mark}">{rows}</wsdl:message>'
                         f'<wsdl:message name="{name}Response{mark}">{back}</wsdl:message>')
            order = " ".join(part for part, _ in parts)
            port += (f'<wsdl:operation name="{name}" parameterOrder="{order}">'
                     f'<wsdl:input name="{name}Request{mark}" message="impl:{name}Request{mark}"/>'
                     f'<wsdl:output name="{name}Response{mark}" message="impl:{name}Response{mark}"/>'
                     "</wsdl:operation>")
            body = (f'<wsdlsoap:body encodingStyle="{soap.ENCODING}" namespace="{space}" use="encoded"/>')
            binding += (f'<wsdl:operation name="{name}"><wsdlsoap:operation soapAction=""/>'
                        f'<wsdl:input name="{name}Request{mark}">{body}</wsdl:input>'
                        f'<wsdl:output name="{name}Response{mark}">{body}</wsdl:output></wsdl:operation>')
    context = "".join(f'<element name="{field}" nillable="true" type="{named[STRING]}"/>'
                      for field in ("dcName", "password", "sessionId", "slnName", "userName"))
    where = quoteattr(url)
    return (f'<?xml version="1.0" encoding="UTF-8"?><wsdl:definitions targetNamespace={where} '
            f'xmlns:impl={where} xmlns:tns1="urn:client" xmlns:soapenc="{soap.ENCODING}" '
            f'xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" '
            f'xmlns:wsdlsoap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:xsd="{soap.TYPES}">'
            f'<wsdl:types><schema targetNamespace="urn:client" xmlns="{soap.TYPES}">'
            f'<import namespace="{soap.ENCODING}"/><complexType name="WSContext"><sequence>'
            f'<element name="dbType" type="xsd:int"/>{context}</sequence></complexType></schema></wsdl:types>'
            f'{messages}<wsdl:portType name="{port_type}">{port}</wsdl:portType>'
            f'<wsdl:binding name="{service}SoapBinding" type="impl:{port_type}">'
            f'<wsdlsoap:binding style="rpc" transport="http://schemas.xmlsoap.org/soap/http"/>{binding}'
            f'</wsdl:binding><wsdl:service name="{port_type}Service"><wsdl:port name="{service}" '
            f'binding="impl:{service}SoapBinding"><wsdlsoap:address location={where}/></wsdl:port>'
            "</wsdl:service></wsdl:definitions>").encode()
