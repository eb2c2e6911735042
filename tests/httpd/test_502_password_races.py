"""A password is verified outside of any transaction, which takes a while. What has become of its account in the meantime (a
reset, another password, disabled) is what counts."""
import concurrent.futures
import time

import pytest

from harness.person import PASSWORD, administrator, error, make_user, person
from test_100_start import opened, patience, rows

SESSION = "/api/v1/session"
OTHER, NEW = "Bb2#other-pass", "Cc3#newer-pass"
TRIES = 20

RESET = ['UPDATE "user" SET password = :other, must_change = 1 WHERE id = :id', "DELETE FROM session WHERE person = :id"]
CHANGED = ['UPDATE "user" SET password = :other WHERE id = :id', "DELETE FROM session WHERE person = :id"]
DISABLED = ['UPDATE "user" SET is_active = 0 WHERE id = :id', "DELETE FROM session WHERE person = :id"]
ENDED = ["DELETE FROM session WHERE person = :id"]
ANOTHER = ['UPDATE "user" SET password = :other WHERE id = :id']


@pytest.fixture
def site(gateway):
    gateway.boss = administrator(gateway)
    gateway.clerk = make_user(gateway, gateway.boss, "clerk", roles=["扫描员"])
    other = make_user(gateway, gateway.boss, "other", roles=["扫描员"])
    assert other.put(SESSION + "/password", {"old": PASSWORD, "new": OTHER}).status == 200
    gateway.hashes = {row["name"]: row["password"] for row in rows(gateway, 'SELECT name, password FROM "user"')}
    return gateway


def restore(site):
    with opened(site) as base:
        base.execute('UPDATE "user" SET password = ?, must_change = 0, is_active = 1 WHERE id = ?', (site.hashes["clerk"], site.clerk.id))
        base.execute("DELETE FROM login_guard")


def is_verifying(base, site):
    """The try is counted and nothing has come of it yet; the caller holds the store, so that nothing will."""
    guard = base.execute("SELECT count FROM login_guard WHERE key = ?", (f"user:{site.clerk.id}",)).fetchone()
    row = base.execute('SELECT password FROM "user" WHERE id = ?', (site.clerk.id,)).fetchone()
    return bool(guard) and row["password"] == site.hashes["clerk"]


def meanwhile(site, request, changes):
    """The request's answer, with the changes made between its two transactions for certain; None: it was too quick for us."""
    with concurrent.futures.ThreadPoolExecutor(1) as pool, opened(site) as base:
        going, hit = pool.submit(request), False
        while not hit and not going.done():
            if not base.execute("SELECT 1 FROM login_guard WHERE key = ?", (f"user:{site.clerk.id}",)).fetchone():
                time.sleep(0.002)
                continue
            base.execute("BEGIN IMMEDIATE")
            hit = is_verifying(base, site)
            for sql in changes if hit else []:
                base.execute(sql, {name: value for name, value in {"id": site.clerk.id, "other": site.hashes["other"]}.items()
                                   if f":{name}" in sql})
            base.execute("COMMIT")
        return going.result(patience(30)) if hit else going.result(patience(30)) and None


def certainly(site, make_request, changes):
    for _ in range(TRIES):
        restore(site)
        reply = meanwhile(site, make_request(), changes)
        if reply:
            return reply
    pytest.fail("never between the two transactions")


def changing(site):
    def make():
        one = person(site, "clerk", PASSWORD)
        return lambda: one.put(SESSION + "/password", {"old": PASSWORD, "new": NEW})
    return make


def changes_told(site):
    return len(rows(site, "SELECT id FROM audit WHERE action = 'user.password-changed'"))


@pytest.mark.parametrize("changes, kind", [(RESET, "unauthenticated"), (ENDED, "unauthenticated"), (DISABLED, "unauthenticated"),
                                           (ANOTHER, "login_failed")], ids=["reset", "ended", "disabled", "another"])
def test_a_change_of_password_does_not_win_over_what_came_before_it(site, changes, kind):
    told = changes_told(site)
    reply = certainly(site, changing(site), changes)
    assert (reply.status, error(reply)["type"]) == (401, kind), reply
    (row,) = rows(site, 'SELECT password, must_change FROM "user" WHERE id = ?', site.clerk.id)
    assert row == {"password": site.hashes["other" if changes in (RESET, ANOTHER) else "clerk"], "must_change": int(changes is RESET)}
    assert rows(site, "SELECT count FROM login_guard WHERE key = ?", f"user:{site.clerk.id}") == [{"count": 1}], "the try stays counted"
    assert person(site).enter("clerk", NEW).status == 401
    assert changes_told(site) == told


def test_a_one_time_password_that_was_replaced_meanwhile_sets_none(site):
    def make():
        with opened(site) as base:
            base.execute('UPDATE "user" SET must_change = 1 WHERE id = ?', (site.clerk.id,))
        return changing(site)()
    reply = certainly(site, make, RESET)
    assert (reply.status, error(reply)["type"]) == (401, "unauthenticated"), reply
    reply = person(site, "clerk", OTHER).get("/api/v1/limits")
    assert (reply.status, error(reply)["type"]) == (403, "password_change_required"), "the newer one is good, and still to be changed"


@pytest.mark.parametrize("changes", [RESET, CHANGED, DISABLED], ids=["reset", "changed", "disabled"])
def test_a_login_by_a_password_that_was_replaced_meanwhile_opens_nothing(site, changes):
    reply = certainly(site, lambda: lambda: person(site).enter("clerk", PASSWORD), changes)
    assert (reply.status, error(reply)["type"]) == (401, "login_failed"), reply
    assert rows(site, "SELECT id FROM session WHERE person = ?", site.clerk.id) == []
    assert rows(site, "SELECT count FROM login_guard WHERE key = ?", f"user:{site.clerk.id}") == [{"count": 1}]


@pytest.mark.parametrize("by", ["tool", "page"])
def test_after_a_reset_its_password_alone_is_good(site, by):
    """Whichever of the two ends first."""
    def reset():
        if by == "page":
            return site.boss.post(f"/api/v1/users/{site.clerk.id}/reset", {}).json()["one_time_password"]
        return site.ctl.must("user", "reset", "clerk")["password"]
    for turn in range(3):
        restore(site)
        change = changing(site)()
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            going = pool.submit(change)
            time.sleep(0.02 + 0.03 * turn)
            one_time = reset()
            assert going.result(patience(30)).status in (200, 401)
        assert person(site).enter("clerk", NEW).status == 401
        assert person(site).enter("clerk", one_time).status == 200
