"""Directory > Overview: counts of the account alone, and what it says to who may not see everything."""

from __future__ import annotations

from tests.database.home.test_home import Visit, add_person, visit
from tests.database.platform.directory.test_contact_pages import add

__all__ = ["visit"]
OVERVIEW = "/directory/overview"


async def test_an_empty_directory_says_what_it_is_for(visit: Visit) -> None:
    shown = await visit.page(OVERVIEW)
    for text in (
        "No contacts yet",
        "No tag is given",
        "No file was imported",
        "Nobody is blocked",
        "Fields of your own",
    ):
        assert text in shown, text


async def test_everything_is_counted_and_nothing_of_others(visit: Visit) -> None:
    await visit.post("/directory/tags/new", name="VIP", colour="info", who="given")
    tag = await visit.context.database.pool.fetchval("SELECT id FROM tag")
    for n in range(3):
        await add(visit, name=f"Person {n}", mobile=f"+44770090012{n}", tags=str(tag) if n else "")
    await visit.post("/directory/blocklist/add", addresses="+447700900120\n+447700900199", channels="sms")
    pool = visit.context.database.pool
    await pool.execute("UPDATE contact SET created_at = created_at - interval '40 days' WHERE mobile = '447700900121'")
    stranger, _ = await add_person(visit.context, "bob")
    await pool.execute(
        "INSERT INTO contact (account_id, mobile, source, created_at, updated_at) VALUES ($1, '491511234567', 'api', now(), now())",
        stranger,
    )
    shown = await visit.page(OVERVIEW)
    assert '<p class="tile-value">4</p> <p class="tile-hint">3 added in 30 days</p>' in shown
    assert f'<a href="/directory/contacts?tags={tag}">VIP</a></td><td class="num">2</td>' in shown
    assert (
        '<a href="/directory/contacts?source=manual">Console</a></td><td class="num">3</td><td class="num">2</td>'
        in shown
    )
    assert '<a href="/directory/contacts?source=blocklist">Blocklist</a></td><td class="num">1</td>' in shown
    assert '<a href="/directory/blocklist?channel=sms">SMS</a></td><td class="num">2</td>' in shown
    assert "source=api" not in shown


async def test_a_reader_is_offered_nothing_that_the_role_may_not_do(visit: Visit) -> None:
    role = "UPDATE app_user SET role = $2 WHERE account_id = $1"
    await visit.context.database.pool.execute(role, visit.account, "support")
    assert "Add a contact" not in (await visit.page(OVERVIEW)).split("<main", 1)[1]
    await visit.context.database.pool.execute(role, visit.account, "numbers-only")
    assert (await visit.client.get(OVERVIEW)).status_code == 403
