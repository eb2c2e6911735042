"""The SOAP side: every request is checked, then answered as the services would."""
import json
import urllib.parse

from cloudlib import routes

from . import hook, services, soap

PREFIX = "/ormrpc/services/"
XML = "text/xml; charset=utf-8"
BUSINESS = "com.kingdee.bos.webservice.WSInvokeException: com.kingdee.bos.orm.rmi.RMIException: "
STATES = {"0", "1", "2", "3", "4", "5"}


class Fault(Exception):
    def __init__(self, text, code="Server.userException"):
        super().__init__(text)
        self.code = code


class Eas:
    def __init__(self, state, url):
        self.state, self.url = state, url

    def __call__(self, request, reply):
        entry = self.state.open_entry(request)
        try:
            if any([routes.act(rule, request, reply) for rule in self.state.rules_for(request.method, request.path)]):
                return
            self._route(request, reply, entry)
        finally:
            self.state.close_entry(entry, request, reply)

    def _route(self, request, reply, entry):
        if request.path == hook.PATH:
            return hook.take(self.state, request, reply, entry)
        service = request.path[len(PREFIX):] if request.path.startswith(PREFIX) else None
        if service is None or not service or "/" in service:
            return reply.send(404, b"<html><body><h1>404 Not Found</h1></body></html>", "text/html")
        if request.method == "GET":
            return self._describe(request, reply, service)
        if request.method != "POST":
            return reply.send(405, b"<html><body>405</body></html>", "text/html", [("Allow", "GET, POST")])
        return self._post(request, reply, service, entry)

    def _describe(self, request, reply, service):
        published = services.operations_of(service, self.state.settings)
        if published is None:
            return reply.send(404, b"<html><body><h2>AXIS error</h2>No service is available at this URL"
                                   b"</body></html>", "text/html")
        if request.raw_query.lower() != "wsdl":
            return reply.send(200, b"<html><body><h1>Hi there, this is an AXIS service!</h1></body></html>",
                              "text/html")
        text = services.wsdl(service, self.url + PREFIX + service, *published, self.state.settings["types"])
        return reply.send(200, text, "text/xml;charset=utf-8")

    def _post(self, request, reply, service, entry):
        writer = soap.Writer(self.state.settings)
        data = request.body.read_all(1024 * 1024)
        try:
            cookies, body = self._answer(request, data, service, entry, writer)
        except (Fault, soap.NotSoap) as bad:
            code = bad.code if isinstance(bad, Fault) else "Server.userException"
            text = str(bad) if isinstance(bad, Fault) else f"org.xml.sax.SAXParseException: {bad}"
            if isinstance(bad, soap.NotSoap):
                self.state.violation("soap", str(bad), entry)
            return reply.send(500, writer.fault(code, text), XML)
        headers = [("Set-Cookie", f"{name}={value}; Path=/; HttpOnly") for name, value in cookies.items()]
        return reply.send(200, body, XML, headers)

    # checks

    def _answer(self, request, data, service, entry, writer):
        self._check_http(request, entry)
        headers, operation = soap.read_call(data)
        published = services.operations_of(service, self.state.settings)
        if published is None:
            raise Fault("The AXIS engine could not find a target service to invoke!  targetService is "
                        f"{service}: no service for {service}", "Server.NoService")
        space, operations = published
        entry["operation"] = operation.name
        values = self._read_parts(operation, operations, space, entry)
        self._check_operation(operation, space, entry)
        if service == services.LOGIN:
            self._no_session(headers, entry)
            return getattr(self, f"login_{operation.name}")(values, writer, space)
        session = self._session(headers, request, entry)
        result = Facade(self.state, session, entry).call(operation.name, values)
        if result is None:
            return {}, writer.response(operation.name, space)
        return {}, writer.response(operation.name, space, writer.value(f"{operation.name}Return", result))

    def _check_http(self, request, entry):
        kind = (request.header("content-type") or "").lower().replace(" ", "")
        if not kind.startswith("text/xml") or "charset=utf-8" not in kind:
            self.state.violation("content-type", f"{request.header('content-type')!r}", entry)
        action = request.header("soapaction")
        if action is None:
            raise Fault("no SOAPAction header!", "Client.NoSOAPAction")
        if action != '""':
            self.state.violation("soap-action", f"{action!r}", entry)

    def _check_operation(self, operation, space, entry):
        if operation.space != space:
            self.state.violation("namespace", f"{operation.name} of {operation.space!r}, not {space!r}", entry)
        if operation.attribute(soap.ENVELOPE, "encodingStyle") != soap.ENCODING:
            self.state.violation("encoding-style", f"on {operation.name}", entry)

    def _read_parts(self, operation, operations, space, entry):
        forms = operations.get(operation.name)
        if not forms:
            raise Fault(f"No such operation '{operation.name}'")
        form = next((parts for parts, _ in forms if len(parts) == len(operation.children)), None)
        if form is None:
            raise Fault(f"No such operation '{operation.name}'")
        values = {}
        for child, (name, kind) in zip(operation.children, form):
            if (child.space, child.name) != ("", name):
                raise Fault(f"org.xml.sax.SAXException: Invalid element in {operation.name} - {child.name}")
            values[name] = self._read_value(child, kind, entry)
        return values

    def _read_value(self, child, kind, entry):
        if child.children:
            raise Fault(f"org.xml.sax.SAXException: SimpleDeserializer encountered a child element in {child.name}")
        if child.attribute(soap.INSTANCE, "nil") in ("true", "1"):
            return None
        said = child.type()
        if said is None or said not in ((soap.TYPES, kind), (soap.ENCODING, kind)):
            self.state.violation("part-type", f"{child.name} is {said}, not {kind}", entry)
        if kind == "int":
            try:
                return int(child.text)
            except ValueError:
                raise Fault(f"java.lang.NumberFormatException: For input string: \"{child.text}\"") from None
        return child.text

    def _no_session(self, headers, entry):
        if any(header.name == "SessionId" and header.text for header in headers):
            self.state.violation("session-on-login", "a login needs none", entry)

    def _session(self, headers, request, entry):
        found = [h for h in headers if (h.space, h.name) == (services.LOGIN_SPACE, "SessionId")]
        if len(found) != 1 or not found[0].text:
            self.state.violation("no-session", f"{len(found)} SessionId headers", entry)
            if self.state.settings["secure"]:
                raise Fault(BUSINESS + "please login first!")
            return None
        session, why = self.state.session(found[0].text, cookies_of(request))
        if session is None:
            raise Fault(BUSINESS + why)
        entry["session"] = session["id"]
        return session

    # EASLogin

    def login_login(self, values, writer, space):
        session, why = self.state.log_in(values["userName"], values["password"], values["slnName"],
                                         values["dcName"], values["dbType"])
        if session is None and self.state.settings["talkative"]:
            raise Fault(BUSINESS + why)
        if not (values["language"] or "").upper() in ("L1", "L2", "L3"):
            raise Fault(BUSINESS + f"language {values['language']}")
        known = session is not None
        # the bean repeats the password in clear, as EAS does
        fields = {"dbType": values["dbType"], "dcName": values["dcName"], "password": values["password"],
                  "sessionId": session["id"] if known else soap.NIL, "slnName": values["slnName"],
                  "userName": values["userName"]}
        part, beside = writer.bean("loginReturn", "WSContext", fields)
        return (session["cookies"] if known else {}), writer.response("login", space, part, beside)

    def login_logout(self, values, writer, space):
        self.state.tell("logout", user=values["userName"])
        done = self.state.log_out(values["userName"])
        return {}, writer.response("logout", space, writer.value("logoutReturn", done))


def cookies_of(request):
    out = {}
    for line in request.header_all("cookie"):
        for piece in line.split(";"):
            name, _, value = piece.strip().partition("=")
            out[name] = value
    return out


class Facade:
    """WSSSCImageBaseServiceFacade; `call` gives the returned text, None for void."""

    def __init__(self, state, session, entry):
        self.state, self.session, self.entry = state, session, entry

    def call(self, name, values):
        return getattr(self, "do_" + name)(*values.values())

    def _document(self, text):
        try:
            root = soap.parse((text or "").encode())
        except soap.NotSoap as bad:
            raise Fault(BUSINESS + f"org.dom4j.DocumentException: {bad}") from None
        if (root.space, root.name) != ("", "DATA"):
            raise Fault(BUSINESS + f"the document is {root.name}")
        return root

    def _told(self, operation, text):
        """Takes a report apart, strictly; remembers it; gives the refusal that a test ordered."""
        root = self._document(text)
        values = {child.name: child.text for child in root.children if not child.children}
        listed = root.find("", "barCodeList")
        bars = [{child.name: child.text for child in bar.children} for bar in listed.children] if listed else []
        if not bars or any(set(bar) != {"barCode", "imageCount"} or not bar["imageCount"].isdigit() for bar in bars):
            raise Fault(BUSINESS + "barCodeList is not what it should be")
        if set(values) != {"imageState", "updaterID", "updReason"} or values["imageState"] not in STATES:
            raise Fault(BUSINESS + f"fields {sorted(values)}, imageState {values.get('imageState')}")
        numbers = [bar["barCode"] for bar in bars]
        refusal = next((row for row in map(self.state.refusal_of, numbers) if row), None)
        if refusal is None and self.state.settings["known_only"]:
            unknown = [number for number in numbers if number not in self.state.images]
            refusal = {"code": "1", "message": f"影像编号 {unknown[0]} 不存在"} if unknown else None
        self.state.tell(operation, numbers=numbers, pages=[int(bar["imageCount"]) for bar in bars],
                        state=int(values["imageState"]), person=values["updaterID"], reason=values["updReason"],
                        refused=refusal["code"] if refusal else None,
                        user=self.session["user"] if self.session else None,
                        session=self.session["id"] if self.session else None)
        if refusal is None:
            for bar in bars:
                self.state.put_image(bar["barCode"], state=int(values["imageState"]), pages=int(bar["imageCount"]))
        return refusal

    def _result(self, refusal):
        code, message = (refusal["code"], refusal["message"]) if refusal else ("0", "成功")
        text = f"<DATA><retCode>{code}</retCode><retMsg>{soap.escape(message)}</retMsg></DATA>"
        settings = self.state.settings
        text = settings["prolog"] + text
        for _ in range(settings["escaped"] - 1):
            text = soap.escape(text)
        return text

    def do_updateImageStateNew(self, text):
        return self._result(self._told("updateImageStateNew", text))

    def do_imageReady(self, text):
        return self._result(self._told("imageReady", text))

    def do_updateImageState(self, text):
        return self._void(self._told("updateImageState", text))

    def do_reverse(self, text):
        return self._void(self._told("reverse", text))

    @staticmethod
    def _void(refusal):
        if refusal:
            raise Fault(BUSINESS + refusal["message"])

    def do_getImageState(self, number):
        held = self.state.images.get(number)
        return str(held["state"]) if held else ""

    def do_getImageUrl(self, number):
        return f"http://imaging.invalid/view?{urllib.parse.quote(number)}" if number in self.state.images else ""

    def do_getImageInfo(self, text):
        self._document(text)
        return "<DATA/>"

    def do_getImageNumberForErp(self, kind, number):
        return f"KD{kind}{number}".upper()

    def _rescans(self, _person):
        return ",".join(sorted(n for n, held in self.state.images.items() if held["state"] == 3))

    do_getRescanningImageByPerson = do_getRescanningImageNoList = _rescans

    def _changed(self, operation, text):
        """Rows that were modified in that time; a row's own "modified" is not given away, one without is always in it."""
        root = self._document(text)
        times = {child.name: child.text for child in root.children}
        if set(times) != {"beginTime", "endTime"} or any(len(t) != 14 or not t.isdigit() for t in times.values()):
            raise Fault(BUSINESS + "beginTime and endTime are yyyyMMddHHmmss")
        if times["beginTime"] > times["endTime"]:
            raise Fault(BUSINESS + "beginTime is behind endTime")
        self.state.tell("list", asked=operation, **times)
        are_users = (operation == "snchronyUser") != self.state.settings["exchanged"]
        rows = self.state.users if are_users else self.state.orgs
        given = []
        for row in rows:
            row = dict(row) if isinstance(row, dict) else {"": row}
            if times["beginTime"] <= row.pop("modified", times["endTime"]) <= times["endTime"]:
                given.append(row.get("", row))
        return json.dumps(given, ensure_ascii=False)

    def do_snchronyUser(self, text):
        return self._changed("snchronyUser", text)

    def do_snchronyOrg(self, text):
        return self._changed("snchronyOrg", text)
