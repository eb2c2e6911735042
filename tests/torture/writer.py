#!/usr/bin/python3
"""Callers that write what must not be lost: bills of the ERP and pushes of the receipt assistant.

writer.py PORT TOKEN CLIENT_ID TOTAL CALLERS SECONDS
Each of TOTAL numbers is announced or pushed, over and over until it is answered with 0000, as real callers do. At the
end one line of JSON: {"answered": {number: answers that were 0000}, "unanswered": [...], "odd": [...], "broken": n,
"refused": n}. Ends with 0 when every number was answered in time.
"""
import http.client
import json
import queue
import sys
import threading
import time

ANNOUNCE = "/api/imgsys/bill/signPost/erpBillPush"
PUSH = "/api/imgsys/outside/push"
PAUSE_SECONDS = 0.02
CALL_SECONDS = 20.0


class Writer:
    def __init__(self, port, token, client_id, total, seconds):
        self.port, self.token, self.client_id = port, token, client_id
        self.end = time.monotonic() + seconds
        self.waiting = queue.Queue()
        for at in range(total):
            self.waiting.put(at)
        self.lock = threading.Lock()
        self.answered, self.odd, self.broken, self.refused = {}, [], 0, 0

    def work(self):
        while time.monotonic() < self.end:
            try:
                at = self.waiting.get_nowait()
            except queue.Empty:
                return
            if not self.write(at):
                self.waiting.put(at)
                time.sleep(PAUSE_SECONDS)

    def write(self, at):
        """True: answered with 0000. Every tenth is sent a second time although the first was answered."""
        number, path, body = self.message(at)
        done = False
        for _ in range(2 if at % 10 == 0 else 1):
            done = self.send(number, path, body) or done
        return done

    def message(self, at):
        if at % 2:
            number = f"PUSH-{at}"
            return number, PUSH, {"scanBillNo": number, "clientId": self.client_id, "invoice": [], "billNo": f"P{at}"}
        number = f"BILL-{at}"
        return number, f"{ANNOUNCE}?access_token={self.token}", {
            "fscanBillNo": number, "fbillId": f"id-{at}", "fbillTypeCode": "TORTURE", "resource": "EAS"}

    def send(self, number, path, body):
        try:
            status, answer = self.exchange(path, body)
        except (OSError, http.client.HTTPException, ValueError):
            with self.lock:
                self.broken += 1
            return False
        with self.lock:
            if (status, answer.get("errcode")) == (200, "0000"):
                self.answered[number] = self.answered.get(number, 0) + 1
                return True
            if status == 503:
                self.refused += 1
            else:
                self.odd.append([number, status, answer])
        return False

    def exchange(self, path, body):
        conn = http.client.HTTPConnection("127.0.0.1", self.port, timeout=CALL_SECONDS)
        try:
            conn.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
            reply = conn.getresponse()
            return reply.status, json.loads(reply.read())
        finally:
            conn.close()


def main(port, token, client_id, total, callers, seconds):
    writer = Writer(int(port), token, client_id, int(total), float(seconds))
    threads = [threading.Thread(target=writer.work) for _ in range(int(callers))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    left = sorted(writer.waiting.queue)
    json.dump({"answered": writer.answered, "unanswered": left, "odd": writer.odd[:20], "broken": writer.broken,
               "refused": writer.refused}, sys.stdout)
    return 1 if left or len(writer.answered) != int(total) else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
