#!/usr/bin/env python3
"""Tight SMPP 3.4 SMSC simulator (uvloop + struct, one process).

Answers bind_*/enquire_link/unbind, answers every submit_sm at once with a message id and, when the
message asks for it (registered_delivery & 3), sends a DELIVRD deliver_sm after --dlr-delay-ms.
DLRs left unacknowledged when a connection drops are sent again on the next receiver bind, as an SMSC does.

Usage:  smpp_sim.py --port 2775 --admin-port 2780 [--dlr-delay-ms 100] [--dlr-window 200]
                    [--resp-delay-ms 0] [--id-format dec|hex] [--no-dlr]
Admin:  GET http://127.0.0.1:2780/stats   GET /reset (counters only)
                    GET /dests -> every destination with its submit count, one per line
"""

import argparse
import asyncio
import collections
import json
import os
import struct
import time

import uvloop

H = struct.Struct(">IIII")
A = argparse.ArgumentParser()
add = A.add_argument
add("--host", default="127.0.0.1")
add("--port", type=int, default=2775)
add("--admin-port", type=int, default=2780)
add("--dlr-delay-ms", type=float, default=100)
add("--dlr-window", type=int, default=200)
add("--resp-delay-ms", type=float, default=0)
add("--id-format", choices=("dec", "hex"), default="dec")
add("--no-dlr", action="store_true")
O = A.parse_args()


class S:
    pass


st = S()


def reset():
    st.submits = st.dlr_queued = st.dlr_sent = st.dlr_acked = st.dlr_nacked = st.dlr_requeued = 0
    st.binds = getattr(st, "binds", 0)
    st.first_submit = st.last_submit = st.first_dlr = st.last_dlr_sent = st.last_dlr_ack = 0.0
    st.dests = {}
    st.max_batch = 0
    st.nodlr = 0
    st.other = collections.Counter()
    st.cpu0 = time.process_time()


reset()
receivers = []  # bound rx/trx connections
queue = collections.deque()  # (due, msgid, esme_src, esme_dst)
msgseq = int(time.time()) % 100000 * 100000
loop = None


class Conn(asyncio.Protocol):
    def connection_made(self, tr):
        self.tr = tr
        self.buf = b""
        self.seq = 0
        self.out = {}
        self.rx = False
        self.sysid = b""
        self.paused = False

    def pause_writing(self):
        self.paused = True

    def resume_writing(self):
        self.paused = False

    def connection_lost(self, exc):
        if self in receivers:
            receivers.remove(self)
        if self.out:  # unacknowledged receipts go back to the head of the queue
            st.dlr_requeued += len(self.out)
            for s in sorted(self.out, reverse=True):
                queue.appendleft(self.out[s])
            self.out = {}

    def data_received(self, data):
        global msgseq
        buf = self.buf + data if self.buf else data
        p = 0
        n = len(buf)
        w = []
        now = time.time()
        nsub = 0
        dests = st.dests
        while n - p >= 16:
            ln, cmd, status, seq = H.unpack_from(buf, p)
            if ln < 16 or ln > 70000:
                self.tr.abort()
                return
            if n - p < ln:
                break
            if cmd == 0x00000004:  # submit_sm
                q = buf.index(0, p + 16) + 3  # service_type, ton, npi
                e = buf.index(0, q)
                src = buf[q:e]
                q = e + 3
                e = buf.index(0, q)
                dst = buf[q:e]
                q = buf.index(0, e + 4)  # esm, pid, prio, then schedule
                q = buf.index(0, q + 1)  # validity
                reg = buf[q + 1]
                msgseq += 1
                nsub += 1
                mid = b"%010d" % msgseq if DEC else b"%x" % msgseq
                w.append(H.pack(17 + len(mid), 0x80000004, 0, seq) + mid + b"\0")
                dests[dst] = dests.get(dst, 0) + 1
                if reg & 3 and not O.no_dlr:
                    queue.append((now + DLY, mid, src, dst))
                    st.dlr_queued += 1
                else:
                    st.nodlr += 1
            elif cmd == 0x80000005:  # deliver_sm_resp
                if self.out.pop(seq, None) is not None:
                    if status:
                        st.dlr_nacked += 1
                    else:
                        st.dlr_acked += 1
                    st.last_dlr_ack = now
            elif cmd in (1, 2, 9):  # bind_receiver/transmitter/transceiver
                e = buf.index(0, p + 16)
                self.sysid = buf[p + 16 : e]
                w.append(H.pack(20, cmd | 0x80000000, 0, seq) + b"SIM\0")
                st.binds += 1
                if cmd != 2:
                    self.rx = True
                    receivers.append(self)
            elif cmd == 0x15:
                w.append(H.pack(16, 0x80000015, 0, seq))
            elif cmd == 0x06:
                w.append(H.pack(16, 0x80000006, 0, seq))
                if self in receivers:
                    receivers.remove(self)
            elif cmd & 0x80000000:
                pass
            else:
                st.other[hex(cmd)] += 1
                w.append(H.pack(16, 0x80000000, 3, seq))
            p += ln
        self.buf = buf[p:] if p < n else b""
        if nsub:
            st.submits += nsub
            st.last_submit = now
            if not st.first_submit:
                st.first_submit = now
            st.max_batch = max(st.max_batch, nsub)
        if w:
            d = b"".join(w)
            if O.resp_delay_ms and nsub:
                loop.call_later(O.resp_delay_ms / 1000, self.tr.write, d)
            else:
                self.tr.write(d)
        if self.out is not None and queue and self.rx and queue[0][0] <= now:
            flush()


DEC = O.id_format == "dec"
DLY = O.dlr_delay_ms / 1000
_ts = (0, b"")


def flush():
    """Send due receipts, up to --dlr-window unacknowledged on each receiver."""
    global _ts
    now = time.time()
    if _ts[0] != int(now):
        _ts = (int(now), time.strftime("%y%m%d%H%M", time.gmtime(now)).encode())
    t = _ts[1]
    for c in list(receivers):
        if c.paused:
            continue
        w = []
        room = O.dlr_window - len(c.out)
        while room > 0 and queue and queue[0][0] <= now:
            item = queue.popleft()
            _, mid, src, dst = item
            c.seq = c.seq % 0x7FFFFFFE + 1
            sm = b"id:%s sub:001 dlvrd:001 submit date:%s done date:%s stat:DELIVRD err:000 text:x" % (mid, t, t)
            body = (
                b"\0\1\1"
                + dst
                + b"\0\1\1"
                + src
                + b"\0\4\0\0\0\0\0\0\0\0"
                + bytes((len(sm),))
                + sm
                + b"\x00\x1e"
                + struct.pack(">H", len(mid) + 1)
                + mid
                + b"\0"
                + b"\x04\x27\x00\x01\x02"
            )
            w.append(H.pack(16 + len(body), 5, 0, c.seq) + body)
            c.out[c.seq] = item
            room -= 1
        if w:
            c.tr.write(b"".join(w))
            st.dlr_sent += len(w)
            st.last_dlr_sent = now
            if not st.first_dlr:
                st.first_dlr = now


async def ticker():
    while True:
        await asyncio.sleep(0.005)
        if queue and receivers:
            flush()


class Admin(asyncio.Protocol):
    def connection_made(self, tr):
        self.tr = tr

    def data_received(self, data):
        path = data.split(b" ", 2)[1]
        if path.startswith(b"/reset"):
            reset()
            queue.clear()
            body = b"{}"
        elif path.startswith(b"/dests"):
            body = b"".join(b"%s %d\n" % kv for kv in st.dests.items())
        else:
            body = json.dumps(
                dict(
                    submits=st.submits,
                    uniq=len(st.dests),
                    dup=st.submits - len(st.dests),
                    dlr_queued=st.dlr_queued,
                    dlr_sent=st.dlr_sent,
                    dlr_acked=st.dlr_acked,
                    dlr_nacked=st.dlr_nacked,
                    dlr_requeued=st.dlr_requeued,
                    dlr_waiting=len(queue),
                    dlr_unacked=sum(len(c.out) for c in receivers),
                    nodlr=st.nodlr,
                    receivers=len(receivers),
                    binds=st.binds,
                    first_submit=st.first_submit,
                    last_submit=st.last_submit,
                    first_dlr=st.first_dlr,
                    last_dlr_sent=st.last_dlr_sent,
                    last_dlr_ack=st.last_dlr_ack,
                    max_batch=st.max_batch,
                    other=dict(st.other),
                    cpu=time.process_time() - st.cpu0,
                    pid=os.getpid(),
                )
            ).encode()
        self.tr.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(body) + body)
        self.tr.close()


async def main():
    global loop
    loop = asyncio.get_running_loop()
    await loop.create_server(Conn, O.host, O.port, backlog=512)
    await loop.create_server(Admin, O.host, O.admin_port)
    print("sim ready", O.port, flush=True)
    await ticker()


uvloop.install()
try:
    asyncio.run(main())
except KeyboardInterrupt:
    pass
