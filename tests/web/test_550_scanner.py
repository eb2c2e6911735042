"""What a clerk does at a network scanner, in a browser."""
import threading

import escl
import pytest

from samples import attachment_image, save_image


def sheet(n):
    image = attachment_image(dpi=100)
    image.paste(0, (40 + 40 * n, 1080, 60 + 40 * n, 1100))
    return save_image(image, "JPEG", 100, quality=60)


@pytest.fixture
def scanner():
    one = escl.Scanner().start()
    one.feeder, one.jam_at, one.glass = [sheet(n) for n in range(1, 4)], 3, sheet(9)
    yield one
    one.stop()
    one.verify()


@pytest.fixture
def gateway(make_gateway, scanner):
    responder = escl.Responder()
    responder.scanners = [("二楼扫描仪", scanner.port, {"ty": "Stand-in"})]
    yield make_gateway(directives=f"FPImageScannerAllow 127.0.0.1:{scanner.port}\nFPImageScannerDiscovery 127.0.0.1:{responder.port}")
    responder.stop()


def test_a_pile_that_jams(tell, scanner):
    def clear():
        """Somebody takes the paper out once the scan has ended."""
        while (not scanner.adf_state or scanner.open_jobs()) and not done.wait(0.1):
            pass
        scanner.feeder, scanner.adf_state, scanner.jam_at = [], None, None

    done = threading.Event()
    helper = threading.Thread(target=clear)
    helper.start()
    try:
        tell("scanner", scanner=scanner.address)
    finally:
        done.set()
        helper.join()
    assert [len(job.pages) for job in scanner.jobs.values()] == [3, 1] and not scanner.open_jobs()
    assert [job.source for job in scanner.jobs.values()] == ["feeder", "glass"]
