"""Handing an account over: offered by an owner, accepted by the new one, or ended (console.md 5.7)."""

from __future__ import annotations

from strowger.platform.accounts import service
from strowger.platform.accounts.models import User
from strowger.platform.team import ownership
from tests.people_kit import PASSWORD, House, errors_of

OFFER, ANSWER = "/settings/team/ownership", "/profile/ownership"


async def roles(house: House) -> dict[str, str]:
    return {row["email"].partition("@")[0]: row["role"] for row in await house.context.database.pool.fetch(
        "SELECT email, role FROM app_user WHERE account_id = $1", house.account.id)}  # fmt: skip


async def offered(house: House, taker: User) -> None:
    owner = await house.entered()
    answer = await owner.post(OFFER, taker=str(taker.id), password=PASSWORD)
    assert answer.status_code == 303, errors_of(answer)


async def test_ownership_moves_when_the_new_owner_accepts(house: House) -> None:
    bob = await house.add("bob", "manager")
    await offered(house, bob)
    assert await roles(house) == {"ada": "owner", "bob": "manager"}
    assert {m["to"] for m in await house.mails("ownership-transfer")} == {"ada@example.com", bob.email}
    theirs = await house.entered(bob.email)
    assert "hand the account over to you" in (await theirs.get("/profile")).text
    assert (await theirs.post(ANSWER, password="wrong")).status_code == 422
    assert (await theirs.post(ANSWER, password=PASSWORD)).status_code == 303
    assert await roles(house) == {"ada": "admin", "bob": "owner"}
    assert (await theirs.post(ANSWER, password=PASSWORD)).headers["location"] == ANSWER, "once"
    assert (await (await house.entered()).get(OFFER)).status_code == 403
    entry = await house.context.database.pool.fetchrow(
        "SELECT actor, changes FROM audit_entry WHERE action = 'POST /profile/ownership' AND status = 303 ORDER BY number LIMIT 1"
    )
    assert entry is not None
    assert entry["actor"] == bob.email
    assert {change["table"] for change in entry["changes"]} == {"app_user", "ownership_transfer"}
    assert len([m for m in await house.mails("ownership-transfer") if "is the owner" in m["subject"]]) == 2


async def test_only_the_one_who_was_asked_answers(house: House) -> None:
    bob, eve = await house.add("bob", "admin"), await house.add("eve", "admin")
    await offered(house, bob)
    theirs = await house.entered(eve.email)
    assert "No offer waits" in (await theirs.get(ANSWER)).text
    for path in (ANSWER, f"{ANSWER}/decline"):
        assert (await theirs.post(path, password=PASSWORD)).headers["location"] == ANSWER
    for path in (OFFER, f"{OFFER}/withdraw"):
        assert (await theirs.post(path, taker=str(eve.id), password=PASSWORD)).status_code == 403, (
            "admins are no owners"
        )
    assert await roles(house) == {"ada": "owner", "bob": "admin", "eve": "admin"}
    mine = await house.entered(bob.email)
    assert (await mine.post(f"{ANSWER}/decline")).status_code == 303
    assert (await mine.post(ANSWER, password=PASSWORD)).headers["location"] == ANSWER
    assert await roles(house) == {"ada": "owner", "bob": "admin", "eve": "admin"}


async def test_an_offer_can_be_withdrawn_and_ends_after_three_days(house: House) -> None:
    bob = await house.add("bob", "admin")
    await offered(house, bob)
    owner = await house.entered()
    again = await owner.post(OFFER, taker=str(bob.id), password=PASSWORD)
    assert again.headers["location"] == OFFER
    assert await house.context.database.pool.fetchval("SELECT count(*) FROM ownership_transfer") == 1
    assert (await owner.post(f"{OFFER}/withdraw")).status_code == 303
    assert (await (await house.entered(bob.email)).post(ANSWER, password=PASSWORD)).headers["location"] == ANSWER
    await offered(house, bob)
    house.clock.advance(ownership.LIVES.total_seconds())
    late = await house.entered(bob.email)
    assert (await late.post(ANSWER, password=PASSWORD)).headers["location"] == ANSWER
    assert await ownership.end_overdue(house.context) == 1
    assert await ownership.end_overdue(house.context) == 0
    assert await roles(house) == {"ada": "owner", "bob": "admin"}
    assert "has ended" in (await house.mails("ownership-transfer"))[-1]["subject"]


async def test_what_cannot_be_offered_changes_nothing(house: House) -> None:
    other = await service.create_account(house.context, "Other", "DE", "EUR")
    foreign = await house.add("eve", "admin", other)
    expert = await house.add("max", "expert-read")
    bob = await house.add("bob", "admin")
    owner = await house.entered()
    for taker in (foreign.id, expert.id, house.owner.id, 0):
        assert (await owner.post(OFFER, taker=str(taker), password=PASSWORD)).status_code == 422
    assert (await owner.post(OFFER, taker=str(bob.id), password="wrong")).status_code == 422
    assert await house.context.database.pool.fetchval("SELECT count(*) FROM ownership_transfer") == 0
    await offered(house, bob)
    await owner.post(f"/settings/team/{bob.id}/off")
    await owner.post(f"/settings/team/{bob.id}/remove", keys="stop")
    assert await ownership.offer_of(house.context, house.account.id) is None, "with the member the offer goes"
