#!/usr/bin/env python3
"""Raw SMPP 3.4 load client (uvloop + struct): bind_transceiver, submit_sm with a sliding window, counts DLRs.

Usage:  smpp_load.py --port 2775 --user u --password p -n 50000 --window 50 [--conns 1] [--seconds 60]
                     [--settle 20] [--src 4478] [--start 0] [--reg 1] [--text hello]
Stops at -n answered submits or --seconds; then waits up to --settle s for the DLRs. Prints one JSON line.
"""

import argparse
import asyncio
import collections
import json
import struct
import time

import uvloop

H = struct.Struct(">IIII")
A = argparse.ArgumentParser()
add = A.add_argument
add("--host", default="127.0.0.1")
add("--port", type=int, default=2775)
add("--user", default="u")
add("--password", default="p")
add("-n", type=int, default=10000)
add("--window", type=int, default=50)
add("--conns", type=int, default=1)
add("--seconds", type=float, default=60)
add("--settle", type=float, default=20)
add("--src", default="1234")
add("--to-prefix", default="4917")
add("--start", type=int, default=0)
add("--reg", type=int, default=1)
add("--text", default="hello world")
add("--accepted-out")
O = A.parse_args()
sent = 0
lat = []
status = collections.Counter()
dlrs = 0
dlr_ids = {}
ids = set()
t0 = t1 = td = 0.0
inflight_lost = 0
acc = []
DEADLINE = float("inf")


def submit(seq, n):
    t = O.text.encode()
    b = (
        b"\0\1\1"
        + O.src.encode()
        + b"\0\1\1"
        + ("%s%08d" % (O.to_prefix, n)).encode()
        + b"\0\0\0\0\0\0"
        + bytes((O.reg,))
        + b"\0\0\0"
        + bytes((len(t),))
        + t
    )
    return H.pack(16 + len(b), 4, 0, seq) + b


class C(asyncio.Protocol):
    def __init__(self, bound, done):
        self.bound = bound
        self.done = done
        self.buf = b""
        self.pend = {}
        self.seq = 1

    def connection_made(self, tr):
        self.tr = tr
        b = O.user.encode() + b"\0" + O.password.encode() + b"\0\0\x34\0\0\0"
        tr.write(H.pack(16 + len(b), 9, 0, 1) + b)

    def fill(self, w):
        global sent, t0
        now = time.perf_counter()
        while len(self.pend) < O.window and sent < O.n and now < DEADLINE:
            self.seq += 1
            if not t0:
                t0 = time.time()
            self.pend[self.seq] = (now, O.start + sent)
            w.append(submit(self.seq, O.start + sent))
            sent += 1

    def data_received(self, d):
        global dlrs, t1, td
        buf = self.buf + d if self.buf else d
        p = 0
        n = len(buf)
        w = []
        now = time.perf_counter()
        got = False
        while n - p >= 16:
            ln, cmd, s, seq = H.unpack_from(buf, p)
            if n - p < ln:
                break
            if cmd == 0x80000004:
                got = True
                x = self.pend.pop(seq, None)
                if x:
                    lat.append(now - x[0])
                status[s] += 1
                if not s:
                    ids.add(buf[p + 16 : p + ln - 1])
                    acc.append(x[1])
            elif cmd == 5:
                w.append(H.pack(17, 0x80000005, 0, seq) + b"\0")
                dlrs += 1
                td = time.time()
                i = buf.find(b"id:", p, p + ln)
                if i > 0:
                    k = buf[i + 3 : buf.index(b" ", i)]
                    dlr_ids[k] = dlr_ids.get(k, 0) + 1
            elif cmd == 0x80000009:
                if s:
                    print(json.dumps(dict(bind_error=s)))
                    self.tr.close()
                elif not self.bound.done():
                    self.bound.set_result(self)
            elif cmd == 0x15:
                w.append(H.pack(16, 0x80000015, 0, seq))
            elif cmd == 0x80000000:
                status["generic_nack"] += 1
                got = True
                self.pend.pop(seq, None)
            p += ln
        self.buf = buf[p:] if p < n else b""
        if got:
            t1 = time.time()
            self.fill(w)
        if w:
            self.tr.write(b"".join(w))
        if not self.pend and sent and (sent >= O.n or now >= DEADLINE) and not self.done.done():
            self.done.set_result(1)

    def connection_lost(self, e):
        global inflight_lost
        inflight_lost += len(self.pend)
        self.pend = {}
        if not self.done.done():
            self.done.set_result(0)
        if not self.bound.done():
            self.bound.set_exception(OSError("closed before bind"))


async def main():
    global DEADLINE
    L = asyncio.get_running_loop()
    cs = []
    for _ in range(O.conns):
        b, d = L.create_future(), L.create_future()
        await L.create_connection(lambda: C(b, d), O.host, O.port)
        cs.append(await asyncio.wait_for(b, 10))
    DEADLINE = time.perf_counter() + O.seconds
    for c in cs:
        w = []
        c.fill(w)
        c.tr.write(b"".join(w))
    try:
        await asyncio.wait_for(asyncio.gather(*(c.done for c in cs)), O.seconds + 15)
    except TimeoutError:
        pass
    cpu_sub = time.process_time()
    end = time.time() + O.settle
    last = -1
    quiet = 0
    while O.reg and dlrs < status[0] and time.time() < end:
        await asyncio.sleep(0.05)
    lat.sort()
    k = len(lat)
    wall = (t1 - t0) or 1e-9
    q = lambda p: round(lat[min(k - 1, int(k * p))] * 1000, 3) if k else None
    if O.accepted_out:
        open(O.accepted_out, "w").write("\n".join(map(str, acc)) + "\n")
    print(
        json.dumps(
            dict(
                window=O.window,
                conns=O.conns,
                sent=sent,
                ok=status[0],
                status={str(a): b for a, b in status.items()},
                wall=round(wall, 3),
                submit_rate=round(status[0] / wall, 1),
                p50=q(0.5),
                p99=q(0.99),
                max=q(1),
                dlrs=dlrs,
                dlr_uniq=len(dlr_ids),
                dlr_known=len(ids & set(dlr_ids)),
                e2e_wall=round(td - t0, 3) if td else None,
                e2e_rate=round(dlrs / (td - t0), 1) if td else None,
                lost_in_flight=inflight_lost,
                t0=t0,
                t1=t1,
                td=td,
                client_cpu=round(time.process_time(), 2),
            )
        )
    )
    for c in cs:
        try:
            c.tr.write(H.pack(16, 6, 0, 0x7FFFFFFF))
            c.tr.close()
        except Exception:
            pass


uvloop.install()
asyncio.run(main())
