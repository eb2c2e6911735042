"""A receiver of signed notices, for installations without EAS: POST /hook."""
import hashlib
import hmac
import json

PATH = "/hook"


def take(state, request, reply, entry):
    data = request.body.read_all(1024 * 1024)
    wanted = "sha256=" + hmac.new(state.settings["hook_key"].encode(), data, hashlib.sha256).hexdigest()
    if request.method != "POST":
        return reply.send_json(405, {"message": "POST only"})
    if not hmac.compare_digest(request.header("x-fpimage-signature") or "", wanted):
        return reply.send_json(401, {"message": "the signature is wrong"})
    try:
        notice = json.loads(data)
    except ValueError as bad:
        state.violation("json", str(bad), entry)
        return reply.send_json(400, {"message": "no JSON"})
    if request.header("x-fpimage-event") != notice.get("event"):
        state.violation("event", f"{request.header('x-fpimage-event')} and {notice.get('event')}", entry)
    state.tell("hook", notice=notice)
    return reply.send_json(state.settings["hook_status"], {"message": "noted"})
