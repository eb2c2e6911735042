"""The OpenAPI document: sound by itself, and what is really answered fits it."""
import re

import jsonschema
import pytest

from harness.cloudctl import CLIENT
from harness.person import administrator
from test_100_start import ANNOUNCE, bill, each
from test_130_bills import TENANT_CLIENT
from test_340_files import V1
from test_531_console import attach

WORDS = {"type", "properties", "required", "items", "enum", "format", "pattern", "description", "allOf", "anyOf", "$ref", "minimum",
         "maximum", "default", "additionalProperties", "contentMediaType", "writeOnly"}


@pytest.fixture
def caller(gateway):
    gateway.add_enterprise(TENANT_CLIENT)
    return gateway.login(TENANT_CLIENT)


def described(http):
    reply = http.get(f"{V1}/openapi.json")
    assert reply.status == 200 and reply.headers["Content-Type"].startswith("application/json")
    return reply.json()


def schema_for(doc, schema):
    """The schema with all that it may point at."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "components": doc["components"]}


def answer_schema(doc, method, path, status):
    content = doc["paths"][path][method]["responses"][str(status)]["content"]
    return schema_for(doc, content["application/json"]["schema"])


def known(doc, schema, names):
    """The members that a schema speaks of, at the top."""
    while "$ref" in schema:
        schema = doc["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    names |= set(schema.get("properties", {}))
    for part in schema.get("allOf", []):
        known(doc, part, names)
    return names


def walk(schema, where="schema"):
    """Every word of a schema is one that is meant."""
    assert set(schema) <= WORDS, (where, set(schema) - WORDS)
    for name, member in schema.get("properties", {}).items():
        walk(member, f"{where}.{name}")
    for name in ("items", "additionalProperties"):
        if isinstance(schema.get(name), dict):
            walk(schema[name], f"{where}.{name}")
    for part in schema.get("allOf", []) + schema.get("anyOf", []):
        walk(part, where)
    assert set(schema.get("required", [])) <= set(schema.get("properties", {})), where


def test_document(caller):
    doc = described(caller)
    assert re.fullmatch(r"3\.1\.\d+", doc["openapi"]) and {"title", "version"} <= set(doc["info"])
    assert set(doc) == {"openapi", "info", "servers", "security", "components", "paths", "tags"}
    for name, schema in doc["components"]["schemas"].items():
        jsonschema.Draft202012Validator.check_schema(schema)
        walk(schema, name)
    for parameter in doc["components"]["parameters"].values():
        assert parameter["in"] == "query" and parameter["description"]
        jsonschema.Draft202012Validator.check_schema(parameter["schema"])
    tags = {tag["name"] for tag in doc["tags"]}
    for path, item in doc["paths"].items():
        assert path.startswith("/api/v1/") and set(item) <= {"get", "post", "put", "patch", "delete"}
        for method, operation in item.items():
            assert set(operation["tags"]) <= tags and operation["summary"], (method, path)
            assert {"4XX", "5XX"} < set(operation["responses"]) and len(operation["responses"]) == 3, (method, path)


def test_routes_are_those_of_the_tool(gateway, caller):
    rows = gateway.ctl.must("routes")
    rows = rows if isinstance(rows, list) else rows.get("items", rows.get("routes"))
    served = {(row["method"].lower(), row["path"]) for row in rows if row["path"].startswith("/api/v1/")}
    doc = described(caller)
    assert served == {(method, path) for path, item in doc["paths"].items() for method in item}


def refs(value):
    """Every $ref below a value."""
    if isinstance(value, dict):
        return {value["$ref"]} if "$ref" in value else set().union(*(refs(one) for one in value.values()), set())
    return set().union(*(refs(one) for one in value), set()) if isinstance(value, list) else set()


def test_lint(caller):
    """What a linter of OpenAPI asks for: each reference leads somewhere, nothing is described that nobody uses, names of operations
    are unique, each part of a path is a parameter, and no answer is just "something"."""
    doc = described(caller)
    wrong = []
    for ref in refs(doc):
        place = doc
        for part in ref.removeprefix("#/").split("/"):
            place = place.get(part, {})
        if not place:
            wrong.append(f"{ref} leads nowhere")
    for kind in ("schemas", "parameters"):
        for name in doc["components"][kind]:
            if f"#/components/{kind}/{name}" not in refs(doc):
                wrong.append(f"nobody uses {kind} {name}")
    ids = [operation["operationId"] for item in doc["paths"].values() for operation in item.values()]
    wrong += [f"twice: {one}" for one in set(ids) if ids.count(one) > 1]
    for path, item in doc["paths"].items():
        for method, operation in item.items():
            where = f"{method} {path}"
            named = [one for one in operation.get("parameters", []) if one.get("in") == "path"]
            if sorted(one["name"] for one in named) != sorted(re.findall(r"\{(\w+)\}", path)) or not all(one["required"] for one in named):
                wrong.append(f"{where}: its path's parameters are {named}")
            queries = [one["$ref"] for one in operation.get("parameters", []) if "$ref" in one]
            if len(queries) != len(set(queries)):
                wrong.append(f"{where}: a parameter twice")
            (status, good), = [(status, answer) for status, answer in operation["responses"].items() if status[0] == "2"]
            told = good.get("content", {}).get("application/json", {}).get("schema")
            if status != "204" and "application/json" in good.get("content", {}) and refs(told) <= {"#/components/schemas/Answer"} and not path.endswith(("openapi.json", "session/password")):
                wrong.append(f"{where}: its answer has no schema: {told}")
            if not operation["summary"][0].islower() and not operation["summary"][0].isupper():
                wrong.append(f"{where}: its summary is {operation['summary']!r}")
    assert not wrong, "\n".join(sorted(wrong))


ASKED = [("/api/v1/bills", {}), ("/api/v1/bills/{bill_id}", {}), ("/api/v1/bills/{bill_id}/timeline", {}), ("/api/v1/bills/{bill_id}/match", {}),
         ("/api/v1/invoices", {}),
         ("/api/v1/captures", {}), ("/api/v1/resources", {}), ("/api/v1/exports", {}), ("/api/v1/limits", {}), ("/api/v1/file-formats", {}), ("/api/v1/storage", {}),
         ("/api/v1/cover-rules", {}), ("/api/v1/bill-types", {}), ("/api/v1/labels", {}), ("/api/v1/receipt-settings", {}),
         ("/api/v1/attachments", {}), ("/api/v1/statistics", {}), ("/api/v1/statistics", {"by": "ORG"}), ("/api/v1/home", {})]


def test_answers_fit(gateway, caller):
    doc = described(caller)
    assert gateway.login().post(ANNOUNCE, bill("OA-1")).errcode == "0000"
    attach(caller, 1, "甲.txt", label="合同")
    caller.post(f"{V1}/labels", {"name": "合同"})
    caller.post(f"{V1}/captures", {"name": "one"})
    caller.post(f"{V1}/cover-rules", {"name": "r", "separator": "-", "parts": [{"kind": "CONSTANT", "text": "EAS"},
                                                                            {"kind": "DIGITS", "digits": 4}]})

    def check(path, query):
        reply = caller.get(path.replace("{bill_id}", "1"), query=query)
        assert reply.status == 200, reply
        schema = answer_schema(doc, "get", path, 200)
        jsonschema.validate(reply.json(), schema)
        if not path.startswith("/api/v1/bills/"):  # a bill has what each of its parts adds
            tell_all(doc, schema, path, reply.json())

    each(ASKED, check)


ADMINISTRATION = [(f"/api/v1/{path}", {}) for path in (
    "enterprises", "push-table", "push-table/check", "audit-log", "doctor", "journal", "home", "users", "roles", "organisations",
    "scan-points", "scanners", "permissions", "deliveries", "session")]


def test_answers_to_administrators_fit(gateway):
    admin = administrator(gateway)
    doc = described(admin)
    admin.post(f"{V1}/push-table", {"name": "x", "tax_no": CLIENT["tax_no"], "client_id": CLIENT["client_id"],
                                    "url": "http://127.0.0.1:9/api/imgsys/outside/push"})
    admin.post(f"{V1}/enterprises/1/check", {})
    admin.post(f"{V1}/scanners", {"name": "s", "address": "10.0.0.8", "is_enabled": False})

    def check(path, query):
        reply = admin.get(path, query=query)
        assert reply.status == 200, reply
        jsonschema.validate(reply.json(), answer_schema(doc, "get", path, 200))

    each(ADMINISTRATION, check)


def tell_all(doc, schema, path, value):
    """Nothing is answered of which the document does not speak."""
    strange = set(value) - known(doc, schema, {"request_id"})
    assert not strange, f"{path} answers {strange}, of which the document says nothing"
    for part in schema.get("allOf", []):
        wanted = part.get("properties", {}).get("items", {}).get("items")
        for item in value["items"] if wanted else []:
            assert set(item) <= known(doc, wanted, set()), (path, set(item) - known(doc, wanted, set()))


def test_failures_fit(caller):
    schema = schema_for(described(caller), {"$ref": "#/components/schemas/Error"})
    for method, path in (("GET", "bills/999"), ("GET", "bills?page=x"), ("POST", "labels"), ("GET", "enterprises")):
        reply = caller.request(method, f"{V1}/{path}", json_body={} if method == "POST" else None)
        assert reply.status in (400, 403, 404), reply
        jsonschema.validate(reply.json(), schema)
