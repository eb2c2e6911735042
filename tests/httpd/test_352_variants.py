"""Thumbnails and page images: made once, kept, turned by data, and clear about what can't be shown."""
import io

import pytest
from PIL import Image

from test_100_start import change, metric
from test_140_push import settled
from test_330_capture import CAPTURES, Console
from test_350_looks import picture, samples, sha256


@pytest.fixture
def clerk(gateway):
    console = Console(gateway.login())
    console.gateway = gateway
    return console


def page_of(clerk, data, pages=1):
    """A capture with this content, looked at; the addresses of its pages."""
    capture = clerk.make()
    clerk.add(capture, data)
    seen = clerk.settled(capture)
    assert len(seen["pages"]) == pages
    return [f"{CAPTURES}/{capture}/pages/{page['id']}" for page in seen["pages"]]


def show(clerk, address, headers=None, **query):
    return clerk.http.request("GET", address, headers=headers, query={"variant": "thumb", **query})


def image_of(reply):
    assert reply.status == 200, reply
    return Image.open(io.BytesIO(reply.body))


def derived(clerk):
    return sorted(path.name for path in (clerk.gateway.httpd.data / "blobs" / "derived").rglob("*") if path.is_file())


@pytest.mark.valgrind
def test_a_thumbnail_is_made_once(clerk):
    data = picture("thumb")
    (address,) = page_of(clerk, data)
    original = clerk.http.get(address)
    assert original.status == 200 and original.body == data
    reply = show(clerk, address)
    image = image_of(reply)
    assert max(image.size) == 200 and reply.headers["Content-Type"] in ("image/jpeg", "image/png")
    assert reply.headers["ETag"].startswith(f'"{sha256(data)}-') and reply.headers["Cache-Control"] == "private, no-cache"
    assert derived(clerk) == [f"{sha256(data)}-p1-s200-r0"]
    again = show(clerk, address)
    assert again.body == reply.body
    assert metric(clerk.gateway.http(), "fpimage_pictures_made_total") == 1
    assert metric(clerk.gateway.http(), "fpimage_pictures_kept_total") == 1
    fresh = show(clerk, address, {"If-None-Match": reply.headers["ETag"]})
    assert fresh.status == 304 and fresh.body == b"" and fresh.headers["ETag"] == reply.headers["ETag"]
    for path in (clerk.gateway.httpd.data / "blobs" / "derived").rglob("*"):
        if path.is_file():
            path.unlink()
    assert show(clerk, address).body == reply.body, "made anew"
    assert clerk.http.get(address).body == data, "the original is as it came"


def test_a_named_picture_may_be_kept_for_ever(clerk):
    data = picture("named")
    (address,) = page_of(clerk, data)
    assert "immutable" in show(clerk, address, v=f"{sha256(data)}-0").headers["Cache-Control"]
    assert "immutable" not in show(clerk, address, v=f"{sha256(data)}-90").headers["Cache-Control"]


def test_rotation_is_in_the_picture(clerk):
    image = Image.new("RGB", (300, 100), "white")
    image.paste((255, 0, 0), (0, 0, 100, 100))
    (address,) = page_of(clerk, samples.save_image(image))
    flat = image_of(show(clerk, address))
    assert flat.size[0] > flat.size[1]
    change(clerk.gateway, "UPDATE capture_page SET rotation = 90")
    turned = image_of(show(clerk, address)).convert("RGB")
    assert turned.size == (flat.size[1], flat.size[0])
    red = turned.getpixel((turned.size[0] // 2, 5))
    assert red[0] > 200 and red[1] < 80, "clockwise: the left is on top"
    assert len(derived(clerk)) == 2


def test_pages_of_a_document(clerk):
    data = samples.pdf_of_images([samples.attachment_image(dpi=50), samples.blank_image(dpi=50)])
    addresses = page_of(clerk, data, 2)
    first, second = (show(clerk, address, variant="page", size=301).body for address in addresses)
    assert first != second
    assert derived(clerk) == [f"{sha256(data)}-p1-s400-r0", f"{sha256(data)}-p2-s400-r0"], "sizes in steps"
    reply = show(clerk, addresses[0], n=2)
    assert reply.status == 404 and "1" in reply.json()["error"]["message"], "a part has its own pages"


def test_bad_wishes(clerk):
    (address,) = page_of(clerk, picture("wishes"))
    for query, status, word in (({"n": 2}, 404, "共 1 页"), ({"n": 0}, 400, "n"), ({"n": "x"}, 400, "n"), ({"size": 5}, 400, "size"),
                                ({"size": 99999}, 400, "size"), ({"variant": "film"}, 400, "variant"), ({"n": 10 ** 12}, 400, "n")):
        reply = show(clerk, address, **query)
        assert reply.status == status and word in reply.json()["error"]["message"], (query, reply)
    assert clerk.http.request("GET", address, query={"variant": "thumb", "n": 9},
                              headers={"Accept-Language": "en"}).json()["error"]["message"] == "there is no page 9, there are 1"
    settled(clerk.gateway)
    assert derived(clerk) == []


def test_what_can_not_be_shown(clerk):
    data = samples.truncated(picture("shown"), 0.4)
    (address,) = page_of(clerk, data)
    reply = show(clerk, address)
    assert reply.status == 422 and reply.json()["error"]["type"] == "unreadable"
    assert "无法预览" in reply.json()["error"]["message"]
    assert clerk.http.get(address).body == data, "kept all the same"


def test_many_want_the_same(clerk):
    import concurrent.futures
    (address,) = page_of(clerk, picture("many"))
    callers = [clerk.gateway.login() for _ in range(8)]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda caller: caller.request("GET", address, query={"variant": "page"}), callers))
    assert {reply.status for reply in replies} == {200} and len({reply.body for reply in replies}) == 1
    assert len(derived(clerk)) == 1
