"""A report whose worker is killed while it makes it: another one makes it whole, and its mail comes once (R-05)."""

from __future__ import annotations

import re
from typing import Any

import aiohttp

from tests.chaos.load import scale
from tests.installation import Installation, until

ROWS = 40_000
FILL = """
WITH made AS (SELECT n, now() - interval '26 hours' + n * interval '1 millisecond' AS at FROM generate_series(1, $2::int) AS n)
INSERT INTO message (account_id, request_id, n, status, trace, type, sender, recipient, body, units, length, country, price,
                     created_at, valid_until, sent_at, final_at)
SELECT a.id, (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7'
              || substr(replace(gen_random_uuid()::text, '-', ''), 14, 19))::uuid,
       1, 90, 'DELIVERED', 'TXN', 'ACME', '447700900123', 'Hello', 1, 5, 'GB', 0.05, at, at, at, at
FROM account a, made WHERE a.sid = $1
"""


async def report_of(place: Installation) -> Any:
    rows = await place.sql("SELECT * FROM report")
    return rows[0] if rows else None


async def test_R05_a_report_survives_its_worker(place: Installation) -> None:
    count = scale(ROWS)
    await place.sql(FILL, place.credentials["sid"], count)
    base = f"http://127.0.0.1:{place.http_port}"
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser:
        fields = {"email": place.credentials["console_email"], "password": place.credentials["console_password"]}
        async with browser.post(f"{base}/sign-in", data=fields, allow_redirects=False) as answer:
            assert answer.status == 303
        async with browser.get(f"{base}/reports/new/sms-tabular-mt") as answer:
            page = await answer.text()
        token = re.findall(r'name="csrf" content="([^"]+)"', page)[0]
        wish = {"csrf": token, "format": "csv", "recipients": place.credentials["console_email"]}
        yesterday = (await place.sql("SELECT (now() - interval '2 days')::date AS a, now()::date AS b"))[0]
        wish |= {"first": str(yesterday["a"]), "last": str(yesterday["b"]), "zone": "UTC"}
        async with browser.post(f"{base}/reports/new/sms-tabular-mt", data=wish, allow_redirects=False) as answer:
            assert answer.status == 303, await answer.text()

        async def running() -> bool:
            row = await report_of(place)
            return bool(row and row["state"] == "running" and row["rows"] > 0)

        await until(running, 60, "a report half done", pause=0.01)
        old = await place.kill("worker")
        await place.restarted("worker", old)

        async def done() -> bool:
            return bool((await report_of(place))["state"] == "done")

        await until(done, 300, "the report", pause=0.5)
        row = await report_of(place)
        assert (row["rows"], row["attempts"]) == (count, 2)

        async def mailed() -> list[Any]:
            mails = (await place.ask_simulator("GET", "/mailbox"))["mails"]
            return [mail for mail in mails if "SMS Tabular only MT Report" in mail["subject"]]

        mails = await until(mailed, 30, "the mail")
        assert len(mails) == 1
        text = (await place.ask_simulator("GET", f"/mailbox/{mails[0]['number']}"))["text"]
        link = re.findall(r"https?://[^/\s]+(/files/\S+)", text)[0]
        async with aiohttp.ClientSession() as stranger, stranger.get(base + link) as answer:
            assert (await answer.text()).count("\n") == count + 1
        pieces = await place.sql("SELECT count(*) AS files FROM stored_file WHERE finished_at IS NOT NULL")
        assert pieces[0]["files"] == 1
