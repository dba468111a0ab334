"""Signing in: who may, who is locked, how long a session lives."""

from __future__ import annotations

import asyncio

import pytest

from strowger.platform.accounts import service
from strowger.platform.accounts.errors import AccountProblem, EmailTaken, Locked, WrongPassword
from tests.database.accounts.conftest import EMAIL, PASSWORD, People


async def enter(people: People, password: str = PASSWORD, email: str = EMAIL) -> str:
    return (await service.sign_in(people.context, email, password, "192.0.2.1", "Browser")).token


async def test_right_password_opens_a_session(people: People) -> None:
    token = await enter(people, email=" ADA@example.com ")
    found = await service.session_of(people.context, token)
    assert found is not None
    session, user, account = found
    assert (user.id, account.id, session.ip, session.user_agent) == (
        people.user.id,
        people.account.id,
        "192.0.2.1",
        "Browser",
    )


async def test_token_is_not_stored(people: People) -> None:
    token = await enter(people)
    row = await people.context.database.pool.fetchrow("SELECT * FROM user_session")
    assert token not in str(dict(row))  # type: ignore[arg-type]


async def test_unknown_address_and_wrong_password_answer_alike(people: People) -> None:
    texts = []
    for email, password in ((EMAIL, "wrong"), ("nobody@example.com", PASSWORD)):
        with pytest.raises(WrongPassword) as problem:
            await enter(people, password, email)
        texts.append(str(problem.value))
    assert texts[0] == texts[1]


async def test_R61_locked_after_ten_failures_in_a_quarter_hour(people: People) -> None:
    for _ in range(10):
        with pytest.raises(WrongPassword):
            await enter(people, "wrong")
    with pytest.raises(Locked) as locked:
        await enter(people)
    assert locked.value.minutes == 15
    people.clock.advance(14 * 60)
    with pytest.raises(Locked):
        await enter(people)
    people.clock.advance(61)
    assert await enter(people)


async def test_R61_success_starts_the_count_anew(people: People) -> None:
    for _ in range(2):
        for _ in range(9):
            with pytest.raises(WrongPassword):
                await enter(people, "wrong")
        assert await enter(people)


async def test_R61_parallel_guesses_count_too(people: People) -> None:
    found = await asyncio.gather(*(enter(people, f"wrong {i}") for i in range(14)), return_exceptions=True)
    assert sum(isinstance(problem, WrongPassword) for problem in found) == 10
    assert sum(isinstance(problem, Locked) for problem in found) == 4


async def test_session_ends_after_half_an_hour_of_silence(people: People) -> None:
    token = await enter(people)
    for _ in range(3):
        people.clock.advance(29 * 60)
        assert await service.session_of(people.context, token) is not None
    people.clock.advance(30 * 60 + 1)
    assert await service.session_of(people.context, token) is None


async def test_session_ends_after_twelve_hours_in_use(people: People) -> None:
    token = await enter(people)
    for _ in range(12 * 3 - 1):
        people.clock.advance(20 * 60)
        assert await service.session_of(people.context, token) is not None
    people.clock.advance(20 * 60)
    assert await service.session_of(people.context, token) is None


async def test_U96_sign_out_of_this_and_of_the_others(people: People) -> None:
    first, second, third = [await enter(people) for _ in range(3)]
    assert await service.sign_out_others(people.context, people.user.id, second) == 2
    assert len(await service.sessions_of(people.context, people.user.id)) == 1
    assert await service.session_of(people.context, first) is None
    await service.sign_out(people.context, second)
    assert await service.session_of(people.context, second) is None
    assert await service.session_of(people.context, third) is None


async def test_new_password_ends_the_other_sessions(people: People) -> None:
    here, there = await enter(people), await enter(people)
    ids = (people.account.id, people.user.id)
    await service.change_password(people.context, *ids, PASSWORD, "Another-Horse-10", here)
    assert await service.session_of(people.context, here) is not None
    assert await service.session_of(people.context, there) is None
    with pytest.raises(WrongPassword):
        await enter(people)
    assert await enter(people, "Another-Horse-10")


@pytest.mark.parametrize("password", ["short-A1", "alllowercase-99", "NODIGITS-nodigits", "NoSpecial12345", PASSWORD])
async def test_weak_or_same_password_is_refused(people: People, password: str) -> None:
    token = await enter(people)
    with pytest.raises(AccountProblem):
        await service.change_password(people.context, people.account.id, people.user.id, PASSWORD, password, token)


async def test_one_user_per_address(people: People) -> None:
    with pytest.raises(EmailTaken):
        await service.create_user(people.context, people.account.id, "Ada@Example.com", "Other", PASSWORD)
