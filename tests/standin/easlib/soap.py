"""SOAP 1.1 rpc/encoded as an Axis 1.4 server reads and writes it, but stricter about what it is sent."""
import xml.parsers.expat
from xml.sax.saxutils import escape, quoteattr

ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
ENCODING = "http://schemas.xmlsoap.org/soap/encoding/"
TYPES = "http://www.w3.org/2001/XMLSchema"
INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
NIL = object()


class NotSoap(Exception):
    """The request can't be read; the text says why."""


class Element:
    def __init__(self, name, attributes, spaces):
        self.space, _, self.name = name.rpartition(" ") if " " in name else ("", "", name)
        self.attributes, self.spaces = attributes, spaces
        self.children, self.text = [], ""

    def attribute(self, space, name):
        return self.attributes.get(f"{space} {name}" if space else name)

    def find(self, space, name):
        return next((c for c in self.children if (c.space, c.name) == (space, name)), None)

    def type(self):
        """(namespace, name) of its xsi:type, or None."""
        said = self.attribute(INSTANCE, "type")
        if said is None:
            return None
        prefix, _, name = said.rpartition(":")
        return self.spaces.get(prefix), name


def parse(data):
    """The root element. A DTD is refused, and so is anything but UTF-8."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        raise NotSoap("the document is not UTF-8") from None
    parser = xml.parsers.expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    stack, spaces, root = [], [("", "")], []

    def begin(name, attributes):
        element = Element(name, attributes, dict(spaces))
        (stack[-1].children if stack else root).append(element)
        stack.append(element)

    def text(data):
        stack[-1].text += data

    def forget(prefix):
        at = max(i for i, (known, _) in enumerate(spaces) if known == prefix)
        del spaces[at]

    def dtd(*_):
        raise NotSoap("a document type declaration")

    parser.StartElementHandler = begin
    parser.EndElementHandler = lambda _name: stack.pop()
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = dtd
    parser.StartNamespaceDeclHandler = lambda prefix, uri: spaces.append((prefix or "", uri or ""))
    parser.EndNamespaceDeclHandler = lambda prefix: forget(prefix or "")
    try:
        parser.Parse(data, True)
    except xml.parsers.expat.ExpatError as bad:
        raise NotSoap(f"not well-formed: {bad}") from None
    return root[0]


def read_call(data):
    """(headers, operation) of an envelope."""
    root = parse(data)
    if (root.space, root.name) != (ENVELOPE, "Envelope"):
        raise NotSoap(f"the root is {root.name} of {root.space}")
    header, body = root.find(ENVELOPE, "Header"), root.find(ENVELOPE, "Body")
    if body is None or len(body.children) != 1:
        raise NotSoap("the body holds no single operation")
    return (header.children if header else []), body.children[0]


class Writer:
    """Answers, in the form that the settings ask for: multiref, types, entities."""

    def __init__(self, settings):
        self.settings = settings

    def text(self, value):
        out = escape(value)
        if self.settings["entities"]:
            out = "".join(c if ord(c) < 128 else f"&#x{ord(c):x};" for c in out)
        return out

    def _type(self, name):
        kind = self.settings["types"]
        if kind == "none":
            return ""
        prefix = "soapenc" if kind == "soapenc" and name == "string" else "xsd"
        return f' xsi:type="{prefix}:{name}"'

    def value(self, name, value):
        """One part: text, number, flag or nil."""
        if value is NIL:
            return f'<{name}{self._type("string")} xsi:nil="true"/>'
        kind = {bool: "boolean", int: "int"}.get(type(value), "string")
        shown = str(value).lower() if kind == "boolean" else str(value)
        return f"<{name}{self._type(kind)}>{self.text(shown)}</{name}>"

    def bean(self, name, kind, fields):
        """(part, what stands beside the response)."""
        if not self.settings["multiref"]:
            inner = "".join(self.value(key, value) for key, value in fields.items())
            return f'<{name} xsi:type="ns2:{kind}" xmlns:ns2="urn:client">{inner}</{name}>', ""
        refs, inner = [], ""
        for key, value in fields.items():
            if isinstance(value, int):
                refs.append(f'<multiRef id="id{len(refs) + 1}" soapenc:root="0" '
                            f'soapenv:encodingStyle="{ENCODING}"{self._type("int")}>{value}</multiRef>')
                inner += f'<{key} href="#id{len(refs)}"/>'
            else:
                inner += self.value(key, value)
        bean = (f'<multiRef id="id0" soapenc:root="0" soapenv:encodingStyle="{ENCODING}" '
                f'xsi:type="ns2:{kind}" xmlns:ns2="urn:client">{inner}</multiRef>')
        return f'<{name} href="#id0"/>', bean + "".join(refs)

    def response(self, operation, space, part="", beside=""):
        return self._envelope(f'<ns1:{operation}Response soapenv:encodingStyle="{ENCODING}" '
                              f'xmlns:ns1={quoteattr(space)}>{part}</ns1:{operation}Response>{beside}')

    def fault(self, code, text, host="eas-standin"):
        return self._envelope(
            f"<soapenv:Fault><faultcode>soapenv:{code}</faultcode><faultstring>{self.text(text)}</faultstring>"
            f'<detail><ns1:hostname xmlns:ns1="http://xml.apache.org/axis/">{host}</ns1:hostname></detail>'
            "</soapenv:Fault>")

    @staticmethod
    def _envelope(inner):
        return ('<?xml version="1.0" encoding="UTF-8"?>'
                f'<soapenv:Envelope xmlns:soapenv="{ENVELOPE}" xmlns:xsd="{TYPES}" xmlns:xsi="{INSTANCE}" '
                f'xmlns:soapenc="{ENCODING}"><soapenv:Body>{inner}</soapenv:Body></soapenv:Envelope>').encode()
