#!/usr/bin/env python3
"""Tight HTTP sink for DLR callbacks (uvloop, hand parser, GET and POST, keep-alive or close).

Looks in the query string (and a form body) for  n=<message number>  and a status: st= | message_status= ;
level= is counted when there. Replies 200 "ACK/Jasmin" (Jasmin wants that text, Kannel does not care).

Usage:  dlr_sink.py --port 9100 [--final 1,DELIVRD] [--delay-ms 0]
Admin:  GET /_stats   GET /_reset   GET /_final (one message number and count per line)
"""

import argparse
import asyncio
import collections
import json
import os
import re
import time

import uvloop

A = argparse.ArgumentParser()
add = A.add_argument
add("--host", default="127.0.0.1")
add("--port", type=int, default=9100)
add("--final", default="1,DELIVRD")
add("--delay-ms", type=float, default=0)
O = A.parse_args()
FINAL = set(O.final.encode().split(b","))
RN = re.compile(rb"[?&]n=([^&\s]*)")
RS = re.compile(rb"[?&](?:st|message_status)=([^&\s]*)")


class S:
    pass


st = S()


def reset():
    st.total = 0
    st.by = collections.Counter()
    st.final = {}
    st.first = st.last = st.last_final = 0.0
    st.conns = 0
    st.cpu0 = time.process_time()
    st.bad = 0
    st.last_raw = b""


reset()
OKR = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 10\r\n\r\nACK/Jasmin"
OKC = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 10\r\nConnection: close\r\n\r\nACK/Jasmin"


class P(asyncio.Protocol):
    def connection_made(self, tr):
        self.tr = tr
        self.buf = b""
        st.conns += 1

    def data_received(self, data):
        buf = self.buf + data if self.buf else data
        while buf:
            h = buf.find(b"\r\n\r\n")
            if h < 0:
                break
            head = buf[:h]
            end = h + 4
            if head[:4] == b"POST":
                m = re.search(rb"(?i)content-length: *(\d+)", head)
                k = int(m.group(1)) if m else 0
                if len(buf) < end + k:
                    break
                body = buf[end : end + k]
                end += k
            else:
                body = b""
            line = head[: head.find(b"\r\n")] if b"\r\n" in head else head
            if b" /_" in line[:8]:
                self.admin(line)
                return
            self.hit(line, body)
            low = head.lower()
            close = b"connection: close" in low or b"HTTP/1.0" in line
            if O.delay_ms:
                LOOP.call_later(O.delay_ms / 1000, self.reply, close)
            else:
                self.reply(close)
            buf = buf[end:]
        self.buf = buf

    def reply(self, close):
        self.tr.write(OKC if close else OKR)
        if close:
            self.tr.close()

    def hit(self, line, body):
        s = line + (b"&" + body if body else b"")
        n = RN.search(s)
        x = RS.search(s)
        now = time.time()
        st.total += 1
        st.last = now
        st.last_raw = s
        if not st.first:
            st.first = now
        if not n or not x:
            st.bad += 1
            return
        x = x.group(1)
        st.by[x] += 1
        if x in FINAL:
            n = n.group(1)
            st.final[n] = st.final.get(n, 0) + 1
            st.last_final = now

    def admin(self, line):
        if b"/_reset" in line:
            reset()
            b = b"{}"
        elif b"/_final" in line:
            b = b"".join(b"%s %d\n" % kv for kv in st.final.items())
        else:
            f = sum(st.final.values())
            b = json.dumps(
                dict(
                    total=st.total,
                    by={k.decode(): v for k, v in st.by.items()},
                    final=f,
                    final_uniq=len(st.final),
                    final_dup=f - len(st.final),
                    first=st.first,
                    last=st.last,
                    last_final=st.last_final,
                    conns=st.conns,
                    bad=st.bad,
                    last_raw=st.last_raw.decode("latin1"),
                    cpu=time.process_time() - st.cpu0,
                    pid=os.getpid(),
                )
            ).encode()
        self.tr.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(b) + b)
        self.tr.close()


async def main():
    global LOOP
    LOOP = asyncio.get_running_loop()
    await LOOP.create_server(P, O.host, O.port, backlog=1024)
    print("sink ready", flush=True)
    while True:
        await asyncio.sleep(3600)


uvloop.install()
try:
    asyncio.run(main())
except KeyboardInterrupt:
    pass
