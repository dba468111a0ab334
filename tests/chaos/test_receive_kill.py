"""kill -9 while messages come in: each is stored, and everything that its keyword asks for is done once (sms.md 7.8)."""

from __future__ import annotations

from collections import Counter

from tests.chaos.load import kills, scale
from tests.installation import Installation, until
from tests.receiver import Receiver

CONFIGURE = """
INSERT INTO receive_configuration (account_id, number_id, msisdn, keyword, folded, expires_at, reply_text, forward_emails, callback)
SELECT account_id, id, msisdn, 'BOOK {n}', 'book {}', now() + interval '1 day', 'Booked {n}', '["desk@example.org"]',
    jsonb_build_object('url', $1::text, 'method', 'POST')
FROM number ORDER BY id LIMIT 1 RETURNING account_id
"""
DONE = """
SELECT m.sender, m.body, m.request_id::text AS id,
    (SELECT count(*) FROM mail WHERE id::text = l.done -> 'mails' -> 0 ->> 'id') AS mails,
    (SELECT count(*) FROM message r WHERE r.direction = 0 AND r.request_id::text = l.done -> 'reply' ->> 'id'
        AND r.options ->> 'answers' = m.request_id || ':1' AND r.body = 'Booked ' || split_part(m.body, ' ', 2)) AS replies
FROM message m LEFT JOIN receive_log l ON l.account_id = m.account_id AND l.request_id = m.request_id WHERE m.direction = 1
"""
ANSWERS = "SELECT count(*) AS n FROM message WHERE direction = 0 AND source = 'auto-reply'"
MAILS = "SELECT count(*) AS n FROM mail WHERE kind = 'received'"


async def test_what_a_keyword_asks_for_is_done_once_for_each_message_whatever_is_killed(
    place: Installation, customer: Receiver
) -> None:
    await place.sql(CONFIGURE, customer.url)
    number = (await place.sql("SELECT msisdn FROM number ORDER BY id LIMIT 1"))[0]["msisdn"]
    count, rounds = scale(300), kills(3)
    people = [f"44791400{i:04d}" for i in range(count)]
    each = count // (rounds + 1)
    for start in range(0, count, each):
        for person in people[start : start + each]:
            await place.ask_simulator("POST", f"/handsets/{person}/reply", to=number, text=f"Book {person[-4:]}")
        if start + each < count:
            victim = ("worker", "postmaster")[start // each % 2]
            old = await place.kill(victim)
            await place.restarted(victim, old)

    async def all_came() -> bool:
        rows = await place.sql("SELECT count(DISTINCT sender) AS n FROM message WHERE direction = 1")
        return bool(rows[0]["n"] == count)

    await until(all_came, 60, "all messages", pause=0.3)
    rows = await place.sql(DONE)
    assert {row["sender"] for row in rows} == set(people)
    # A message that the carrier sends again, because its acknowledgement was lost, is a message of its own.
    assert Counter((row["replies"], row["mails"]) for row in rows) == {(1, 1): len(rows)}
    assert (await place.sql(ANSWERS))[0]["n"] == len(rows)
    assert (await place.sql(MAILS))[0]["n"] == len(rows)

    async def all_called() -> bool:
        return customer.ids() >= {row["id"] for row in rows}

    await until(all_called, 60, "all calls", pause=0.3)
    called = {request["id"]: request for request in customer.requests}
    assert all(called[row["id"]]["vars"] == {"n": row["body"].split()[1]} for row in rows)

    async def all_arrived() -> bool:
        waiting = await place.sql("SELECT count(*) AS n FROM message WHERE source = 'auto-reply' AND status <> 90")
        return bool(waiting[0]["n"] == 0)

    await until(all_arrived, 90, "all replies on the handsets", pause=0.3)
