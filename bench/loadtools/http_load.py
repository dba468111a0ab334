#!/usr/bin/env python3
"""Bounded keep-alive HTTP load client (uvloop, hand parser, one process).

Each connection has one request in flight. {n} in --url, --body and --header is replaced by the message
number (--start upwards); {to} by --to-prefix + 8 digits of n.

Usage:  http_load.py --url 'http://127.0.0.1:13013/cgi-bin/sendsms?...&to={to}' -c 16 -n 20000 [--seconds 30]
                     [--method POST --body '{"to":"{to}"}' --header 'Content-Type: application/json' ...]
                     [--start 0] [--ok 200,202] [--accepted-out FILE] [--rate R]
Ends at -n requests or --seconds, whichever is first. Prints one JSON line.
"""

import argparse
import asyncio
import collections
import json
import re
import time
from urllib.parse import urlsplit

import uvloop

A = argparse.ArgumentParser()
add = A.add_argument
add("--url", required=True)
add("-c", type=int, default=16)
add("-n", type=int, default=1000)
add("--seconds", type=float, default=300)
add("--method", default="GET")
add("--body", default="")
add("--header", action="append", default=[])
add("--start", type=int, default=0)
add("--to-prefix", default="4917")
add("--ok", default="200,202")
add("--accepted-out")
add("--ok-text", default="", help="the reply body must hold this text to count as accepted")
add("--rate", type=float, default=0, help="pace: at most R requests/s in total")
add("--max-conn-errors", type=int, default=50)
add("--busy-pause", type=float, default=0, help="seconds a connection rests after an answer 503")
add("--drain", type=float, default=10)
O = A.parse_args()
U = urlsplit(O.url)
OK = set(map(int, O.ok.split(",")))
OKT = O.ok_text.encode()
hdrs = "".join(h + "\r\n" for h in O.header)
target = U.path + ("?" + U.query if U.query else "")
lat = []
codes = collections.Counter()
accepted = []
bodies = {}
sent = 0
errs = 0
lost = []
live = 0
t_first = t_last = 0.0
CL = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")


def make(n):
    to = "%s%08d" % (O.to_prefix, n)
    t = target.replace("{n}", str(n)).replace("{to}", to)
    b = O.body.replace("{n}", str(n)).replace("{to}", to).encode()
    h = hdrs.replace("{n}", str(n))
    s = f"{O.method} {t} HTTP/1.1\r\nHost: {U.netloc}\r\n{h}"
    if b or O.method != "GET":
        s += f"Content-Length: {len(b)}\r\n"
    return (s + "\r\n").encode() + b


class C(asyncio.Protocol):
    def __init__(self):
        self.n = None

    def connection_made(self, tr):
        self.tr = tr
        self.buf = b""
        self.t = 0
        self.next()

    def next(self):
        global sent, t_first
        now = time.perf_counter()
        if sent >= O.n or now > DEADLINE or STOP:
            self.n = None
            self.tr.close()
            return
        if O.rate:
            due = T0 + sent / O.rate
            if due > now:
                LOOP.call_later(due - now, self.next)
                return
        self.n = O.start + sent
        sent += 1
        if not t_first:
            t_first = time.time()
        self.t = now
        self.tr.write(make(self.n))

    def data_received(self, d):
        global t_last
        buf = self.buf + d if self.buf else d
        h = buf.find(b"\r\n\r\n")
        if h < 0:
            self.buf = buf
            return
        m = CL.search(buf, 0, h + 2)
        if m:
            if len(buf) < h + 4 + int(m.group(1)):
                self.buf = buf
                return
        elif b"chunked" in buf[:h].lower():
            if not buf.endswith(b"0\r\n\r\n"):
                self.buf = buf
                return
        self.buf = b""
        code = int(buf[9:12])
        body = buf[h + 4 :]
        lat.append(time.perf_counter() - self.t)
        t_last = time.time()
        ok = code in OK and (not OKT or OKT in body)
        codes[code if ok or code not in OK else f"{code}-badtext"] += 1
        if ok:
            accepted.append(self.n)
        if code not in bodies:
            bodies[code] = body[:120].decode("latin1")
        self.n = None
        if b"connection: close" in buf[:h].lower():
            self.tr.close()
            return
        if code == 503 and O.busy_pause:
            LOOP.call_later(O.busy_pause, self.next)
            return
        self.next()

    def connection_lost(self, exc):
        global errs, live
        if self.n is not None:
            errs += 1
            lost.append(self.n)
            self.n = None
        live -= 1
        WAKE.set()


STOP = False


async def main():
    global LOOP, WAKE, T0, DEADLINE, STOP, live
    LOOP = asyncio.get_running_loop()
    WAKE = asyncio.Event()
    T0 = time.perf_counter()
    DEADLINE = T0 + O.seconds
    cerr = 0
    while not STOP:
        while live < min(O.c, max(1, O.n - sent)) and sent < O.n and time.perf_counter() < DEADLINE:
            live += 1
            try:
                await LOOP.create_connection(C, U.hostname, U.port)
            except OSError:
                live -= 1
                cerr += 1
                if cerr > O.max_conn_errors:
                    STOP = True
                    break
                await asyncio.sleep(0.05)
        if live <= 0 and (sent >= O.n or time.perf_counter() > DEADLINE):
            break
        WAKE.clear()
        try:
            await asyncio.wait_for(WAKE.wait(), 1)
        except TimeoutError:
            if time.perf_counter() > DEADLINE + O.drain:
                break
    lat.sort()
    k = len(lat)
    wall = (t_last - t_first) or 1e-9
    q = lambda p: round(lat[min(k - 1, int(k * p))] * 1000, 3) if k else None
    if O.accepted_out:
        open(O.accepted_out, "w").write("\n".join(map(str, accepted)) + "\n")
    print(
        json.dumps(
            dict(
                c=O.c,
                sent=sent,
                answered=k,
                accepted=len(accepted),
                codes={str(a): b for a, b in codes.items()},
                lost_in_flight=len(lost),
                conn_errors=cerr,
                wall=round(wall, 3),
                rate=round(len(accepted) / wall, 1),
                p50=q(0.5),
                p90=q(0.9),
                p99=q(0.99),
                max=q(1),
                t_first=t_first,
                t_last=t_last,
                client_cpu=round(time.process_time(), 2),
                sample=bodies,
            )
        )
    )


uvloop.install()
asyncio.run(main())
