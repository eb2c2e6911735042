"""Fixtures of the tests that run a real httpd; the parts are in harness/."""
import pathlib

import pytest

from harness import places, processes
from harness.cloudctl import CLIENT, OTHER_CLIENT, CloudProcess
from harness.easctl import EasProcess
from harness.gateway import Gateway, Prepared
from harness.httpd import Httpd

SETTLE_SECONDS = 3.0
TAIL_LINES = 60
HTTPDS = pytest.StashKey()
CORES = pytest.StashKey()


# the session

def pytest_configure(config):
    config.stash[CORES] = []


def pytest_sessionstart(session):
    processes.mark_session()


def pytest_sessionfinish(session):
    complaints = [f"core file {path}" for path in session.config.stash[CORES] + stray_cores()]
    complaints += still_running(processes.mark_session())
    if complaints:
        report = session.config.pluginmanager.get_plugin("terminalreporter")
        for text in complaints:
            report.write_line(f"\nleft behind: {text}", red=True)
        session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED


def stray_cores():
    places_to_look = {pathlib.Path.cwd(), places.SOURCE, places.build_dir()}
    return [str(path) for folder in places_to_look for path in folder.glob("core*")
            if path.is_file() and is_elf(path)]


def is_elf(path):
    with path.open("rb") as file:
        return file.read(4) == b"\x7fELF"


def still_running(mark):
    """Ends what the session started and forgot, and says what listened."""
    processes.wait_until(lambda: not processes.left_over(mark), SETTLE_SECONDS, 0.1)
    found = processes.left_over(mark)
    for pid, _, _ in found:
        processes.end(pid)
    return [f"process {pid} {name}" + (f" listening on {ports}" if ports else "")
            for pid, name, ports in found]


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    if report.failed:
        for number, httpd in enumerate(item.stash.get(HTTPDS, [])):
            report.sections.append((f"log of httpd {number} in {httpd.root}", httpd.log.tail(TAIL_LINES)))


# directories

@pytest.fixture
def tmp():
    """A directory that httpd's user can enter."""
    path = places.make_dir()
    yield path
    places.remove(path)


# httpd

@pytest.fixture
def httpd(request):
    """httpd(start=True, **options of Httpd) -> Httpd; any number in one test.

    Afterwards each is stopped, and its log must hold no warning that the test did not announce.
    """
    made = request.node.stash.setdefault(HTTPDS, [])

    def make(start=True, **options):
        root = places.make_dir()
        try:
            one = Httpd(root, **options)
        except Exception:
            places.remove(root)
            raise
        made.append(one)
        return one.start() if start else one

    yield make
    complaints = [text for one in made for text in finish(one, request.config.stash[CORES])]
    if complaints:
        pytest.fail("\n".join(complaints), pytrace=False)


def finish(httpd, cores):
    complaints = []
    for step in (httpd.stop, httpd.log.verify):
        try:
            step()
        except AssertionError as bad:
            complaints.append(str(bad))
    httpd.reap()
    found = httpd.cores()
    if found:
        cores += found
        complaints.append(f"core files: {found}")
    else:
        places.remove(httpd.root)
    return complaints


# the cloud

@pytest.fixture(scope="session")
def cloud_process():
    root = places.make_dir("fpimage-cloud-")
    one = CloudProcess(root)
    yield one
    one.close()
    places.remove(root)


@pytest.fixture
def cloud(cloud_process):
    """The stand-in over TLS, empty but for CLIENT and OTHER_CLIENT; a broken rule fails the test."""
    cloud_process.reset([CLIENT, OTHER_CLIENT])
    yield cloud_process
    cloud_process.verify()


@pytest.fixture
def make_cloud():
    """make_cloud(tls=False, base="/test", host=None) -> a further stand-in of its own."""
    made = []

    def make(**options):
        root = places.make_dir("fpimage-cloud-")
        made.append((CloudProcess(root, **options), root))
        made[-1][0].reset([CLIENT, OTHER_CLIENT])
        return made[-1][0]

    yield make
    complaints = []
    for one, root in made:
        try:
            one.verify()
        except AssertionError as bad:
            complaints.append(str(bad))
        one.close()
        places.remove(root)
    if complaints:
        pytest.fail("\n".join(complaints), pytrace=False)


# the ERP

@pytest.fixture(scope="session")
def eas_process():
    one = EasProcess()
    yield one
    one.close()


@pytest.fixture
def eas(eas_process):
    """The stand-in EAS with its one account; a broken rule fails the test."""
    eas_process.reset()
    yield eas_process
    eas_process.verify()


# both

@pytest.fixture(scope="session")
def prepared():
    one = Prepared()
    yield one
    one.close()


@pytest.fixture
def make_gateway(cloud, httpd, prepared):
    """make_gateway(start=True, cloud=…, clients=(CLIENT,), checked=False, **options of Httpd)."""
    made = []
    usual = cloud

    def make(start=True, cloud=None, clients=(CLIENT,), checked=False, **options):
        one = Gateway(httpd(start=False, **options), cloud or usual,
                      clients[0] if clients else CLIENT)
        made.append(one)
        one.wire()
        one.prepare(clients, None if checked else prepared)
        if start:
            one.httpd.start()
        return one

    yield make
    for one in made:
        one.close()


@pytest.fixture
def gateway(make_gateway):
    return make_gateway()
