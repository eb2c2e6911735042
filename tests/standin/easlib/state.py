"""What the stand-in EAS knows and has seen: accounts, sessions, images, refusals, what it was told."""
import collections
import secrets
import time
import uuid

from cloudlib import state as common

Refused = common.Refused
TOLD_KEPT = 20000
WRONG_PASSWORDS = 5

ACCOUNT = {"user": "imguser", "password": "Im9#user", "solution": "eas", "dc": "DC01", "db_type": 1}
SETTINGS = {
    "multiref": True,          # answers in Axis' default form, or inline
    "types": "soapenc",        # of texts: soapenc, xsd, none
    "entities": False,         # non-ASCII as &#x....;
    "escaped": 1,              # how often the inner document is escaped
    "prolog": "",              # before the inner document
    "cluster": False,          # the login's cookies must come back
    "secure": True,            # without a session: a fault; False: answers all the same (isRomoteLocate)
    "forms": [6, 7, 8],        # parameters of login
    "talkative": False,        # says which setting of a login is wrong
    "facade": "WSSSCImageBaseServiceFacade",
    "undeployed": [],
    "known_only": False,       # numbers that are not loaded are refused
    "exchanged": False,        # the lists of users and organisations are exchanged, as the article has them
    "session_seconds": 3600,
    "hook_key": "",            # of the webhook receiver
    "hook_status": 200,
}
ORGS = [{"orgID": "o-1", "orgNumber": "01", "orgName": "虚构红枫集团", "isLeaf": "0", "level": "1", "parentID": ""},
        {"orgID": "o-2", "orgNumber": "01.01", "orgName": "虚构红枫一分公司", "isLeaf": "1", "level": "2",
         "parentID": "o-1"}]
USERS = [{"userID": "u-1", "userNumber": "zhangsan", "userName": "张三", "personID": "p-1"}]


class State(common.State):
    """Rules, log and violations are the cloud's stand-in's."""

    def _forget(self):
        super()._forget()
        self.settings = {key: list(value) if isinstance(value, list) else value for key, value in SETTINGS.items()}
        self.accounts = {ACCOUNT["user"]: dict(ACCOUNT)}
        self.wrong = collections.Counter()
        self.sessions = {}
        self.logins = self.refused_logins = 0
        self.images = {}
        self.orgs, self.users = list(ORGS), list(USERS)
        self.refusals = []
        self.told = collections.deque(maxlen=TOLD_KEPT)

    def reset(self):
        with self.lock:
            self._forget()

    # settings

    def set(self, values):
        for name, value in values.items():
            if name not in SETTINGS:
                raise Refused(f"no setting {name!r}; there are {sorted(SETTINGS)}")
            if type(value) is not type(SETTINGS[name]):
                raise Refused(f"{name} must be a {type(SETTINGS[name]).__name__}")
        with self.lock:
            self.settings.update(values)

    # sessions

    def log_in(self, user, password, solution, dc, db_type):
        """(session, why not): the session is None when anything is wrong."""
        with self.lock:
            account = self.accounts.get(user)
            why = self._wrong(account, user, password, solution, dc, db_type)
            if why:
                self.refused_logins += 1
                return None, why
            self.wrong[user] = 0
            self.logins += 1
            session = {"id": str(uuid.uuid4()), "user": user, "dc": dc, "calls": 0,
                       "ends": time.monotonic() + self.settings["session_seconds"],
                       "cookies": {"JSESSIONID": secrets.token_hex(12), "route": f"instance{self.logins % 2 + 1}"}}
            self.sessions[session["id"]] = session
            return session, None

    def _wrong(self, account, user, password, solution, dc, db_type):
        if solution != (account or ACCOUNT)["solution"]:
            return f"solution {solution} 不存在"
        if dc != (account or ACCOUNT)["dc"]:
            return f"数据中心 {dc} 不存在"
        if db_type != (account or ACCOUNT)["db_type"]:
            return f"dbType {db_type} 与数据中心不符"
        if account is None:
            return f"用户 {user} 不存在"
        if self.wrong[user] >= WRONG_PASSWORDS:
            return f"用户 {user} 已被锁定"
        if password != account["password"]:
            self.wrong[user] += 1
            return "密码错误"
        return None

    def log_out(self, user):
        """Ends all sessions of the user, as EAS does."""
        with self.lock:
            mine = [key for key, session in self.sessions.items() if session["user"] == user]
            for key in mine:
                del self.sessions[key]
            return bool(mine)

    def session(self, session_id, cookies):
        """The live session, or the text of the fault."""
        with self.lock:
            found = self.sessions.get(session_id)
            if found is None or found["ends"] < time.monotonic():
                return None, f"session not found, sessionId={session_id}"
            if self.settings["cluster"] and any(cookies.get(k) != v for k, v in found["cookies"].items()):
                return None, f"session not found on this instance, sessionId={session_id}"
            found["calls"] += 1
            return found, None

    def kill(self, session_id=None):
        with self.lock:
            gone = list(self.sessions) if session_id is None else [session_id]
            return sum(self.sessions.pop(key, None) is not None for key in gone)

    # images and what is told of them

    def refusal_of(self, number):
        with self.lock:
            for row in self.refusals:
                if row["number"] in (None, number) and row["times"] != 0:
                    row["times"] -= row["times"] > 0
                    return row
        return None

    def tell(self, operation, **what):
        with self.lock:
            row = {"id": len(self.told) + 1, "time": time.time(), "operation": operation, **what}
            self.told.append(row)
            return row

    def put_image(self, number, **what):
        with self.lock:
            self.images.setdefault(number, {"state": 0, "pages": 0}).update(what)
