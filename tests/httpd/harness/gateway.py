"""httpd with the module, wired to the stand-in cloud, with its first enterprise."""
import json
import shutil
import subprocess

from . import places
from .client import Ctl
from .cloudctl import CLIENT


class Prepared:
    """Data directories as `init` and some enterprises leave them. Each is made once and then copied: the hash of the
    first administrator's password alone is a third of what most tests cost."""

    def __init__(self):
        self._made = {}

    def copy_to(self, target, clients, make):
        """Fills the empty directory `target`; make() does so when there is nothing to copy yet. The answer of init."""
        key = json.dumps([str(places.ctl_path()), clients], sort_keys=True)
        if key not in self._made:
            admin = make()
            root = places.make_dir("fpimage-prepared-")
            subprocess.run(["cp", "-a", target, root / "data"], check=True)
            self._made[key] = root, admin
            return admin
        root, admin = self._made[key]
        shutil.rmtree(target)
        subprocess.run(["cp", "-a", root / "data", target], check=True)
        return admin

    def close(self):
        for root, _ in self._made.values():
            places.remove(root)


class Gateway:
    """httpd, cloud, client (the first enterprise), ctl (-d), ctl_conf (-c), admin (answer of init)."""

    def __init__(self, httpd, cloud, client=CLIENT):
        self.httpd, self.cloud, self.client = httpd, cloud, client
        self.ctl = Ctl("-d", httpd.data)
        self.ctl_conf = Ctl("-c", httpd.conf)
        self.admin = None
        self._opened = []

    @property
    def url(self):
        return self.httpd.url

    def wire(self):
        self.httpd.add(f"FPImageUpstream {self.cloud.url}")
        if self.cloud.ca:
            self.httpd.add(f'FPImageUpstreamCA "{self.cloud.ca}"')
        self.httpd.add(f"FPImageFetchAllow {self.cloud.authority}")
        if not any("FPImageScannerDiscovery" in text for text in self.httpd.directives):
            self.httpd.add("FPImageScannerDiscovery Off")  # no test sends to the network
        self.httpd.write_conf()

    def prepare(self, clients, prepared=None):
        """The store and the enterprises, as an administrator makes them before the first start; without `prepared`
        each is checked with the cloud."""
        def make(checked=False):
            admin = self.ctl.must("init")
            for client in clients:
                self.add_enterprise(client, checked)
            return admin

        self.admin = prepared.copy_to(self.httpd.data, clients, make) if prepared else make(checked=True)

    def add_enterprise(self, client, checked=False):
        """checked: fpimagectl proves the credentials with the cloud, whose address is in the -c file."""
        ctl = self.ctl_conf if checked else self.ctl
        return ctl.must("enterprise", "add", "--tax-no", client["tax_no"], "--name", client["name"],
                        "--client-id", client["client_id"],
                        "--secret-file", self.secret_file(client, "secret"),
                        "--encrypt-key-file", self.secret_file(client, "encrypt_key"),
                        *([] if checked else ["--unchecked"]))

    def add_erp(self, eas, *more, name="EAS", **changes):
        """The stand-in EAS as a business system."""
        words = {"prefix": eas.prefix, "dc": "DC01", "user": "imguser", **changes}
        path = self.secret_file({"client_id": "erp", "password": "Im9#user"}, "password")
        return self.ctl.must("erp", "add", name, *[w for k, v in words.items() for w in (f"--{k}", str(v))],
                             "--password-file", path, *more)

    def secret_file(self, client, what):
        folder = self.httpd.root / "secrets"
        if not folder.exists():
            folder.mkdir()
            places.give(folder, 0o700)
        path = folder / f"{client['client_id']}.{what}"
        path.write_text(client[what] + "\n")
        return places.give(path, 0o600)

    def http(self, **options):
        """An anonymous caller."""
        self._opened.append(self.httpd.http(**options))
        return self._opened[-1]

    def login(self, client=None, enc_type=0, **options):
        """A caller with a token of ours, which the cloud is told never to see."""
        http = self.http(**options)
        reply = http.login(client or self.client, enc_type)
        if not http.token:
            raise AssertionError(f"no token for {(client or self.client)['client_id']}: {reply}")
        self.cloud.local_tokens(http.token)
        return http

    def close(self):
        for http in self._opened:
            http.close()
