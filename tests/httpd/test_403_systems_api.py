"""Business systems in the console: not for an enterprise's token, whatever it sends."""
import pytest

from test_340_files import V1, refused

SYSTEMS = f"{V1}/business-systems"


@pytest.mark.parametrize("method, path", [
    ("GET", SYSTEMS), ("POST", SYSTEMS), ("GET", f"{SYSTEMS}/1"), ("PUT", f"{SYSTEMS}/1"), ("PATCH", f"{SYSTEMS}/1"),
    ("DELETE", f"{SYSTEMS}/1"), ("POST", f"{SYSTEMS}/1/verify")])
def test_an_enterprise_may_not(gateway, eas, method, path):
    gateway.add_erp(eas)
    refused(gateway.login().request(method, path, b"{}", {"Content-Type": "application/json"}), 403)
    assert not eas.log() and len(gateway.ctl.must("erp", "list")) == 1
