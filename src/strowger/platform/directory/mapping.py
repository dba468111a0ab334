"""Reading the rows of an import: which column is what, and what each row says. Pure (console.md 5.10)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import msgspec

from strowger.foundation.sheets import SheetProblem, open_sheet
from strowger.platform.blocklist.schemas import CHANNELS
from strowger.platform.directory.errors import Refused
from strowger.platform.directory.joining import country_of
from strowger.platform.directory.reading import (
    NO,
    YES,
    read_country,
    read_email,
    read_mobile,
    read_tag_name,
    read_value,
    read_words,
)
from strowger.platform.directory.schemas import MAX_NAME, MAX_PLACE, CustomField

MAX_FILE, MAX_ROWS, MAX_TAGS_OF_ROW = 25_000_000, 500_000, 100
MAX_SHOWN, LOOKED_AT = 64, 5
CONTACTS, TAGS = "contacts", "tags"
BLOCK, OWN = "blocklist_", "field:"
HEADINGS = {
    "mobile": "mobile", "phone": "mobile", "number": "mobile", "msisdn": "mobile", "mobile number": "mobile",
    "phone number": "mobile", "name": "name", "full name": "name", "email": "email", "e mail": "email", "email address": "email",
    "city": "city", "state": "state", "country": "country", "tags": "tags", "tag": "tags",
    **{f"blocklist {channel}": f"{BLOCK}{channel}" for channel in CHANNELS},
}  # fmt: skip
LABELS = {
    "mobile": "Mobile number", "name": "Full name", "email": "E-mail address", "city": "City", "state": "State",
    "country": "Country (ISO code)", "tags": "Tags, separated by |",
    **{f"{BLOCK}{channel}": f"Blocklist {channel} (yes or no)" for channel in CHANNELS},
}  # fmt: skip
_APART = re.compile(r"[\s_\-./:]+")


class Options(msgspec.Struct):
    """How a file is imported. ``columns`` say what each column is: empty, a key of LABELS, or ``field:<key>``.

    ``existing``: update (what the file says wins), empty (only fill what is empty) or skip. In tags mode ``change`` is add,
    replace or remove and ``unknown`` create or skip; ``create_tags`` makes tags that are missing. ``tags`` are given to all.
    ``dry``: only look.
    """

    columns: list[str] = []
    existing: str = "update"
    tags: list[str] = []
    change: str = "add"
    unknown: str = "skip"
    create_tags: bool = True
    dry: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the file as it is kept until its import has ended; ``error`` says why it cannot be taken."""

    row: int
    line: int
    mobile: str
    name: str | None = None
    email: str | None = None
    city: str | None = None
    state: str | None = None
    country: str | None = None
    home: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    tags: Sequence[str] = ()
    blocks: Mapping[str, bool] = field(default_factory=dict)
    error: str = ""


def targets(fields: Sequence[CustomField], mode: str) -> dict[str, str]:
    """What a column can be, with its words."""
    if mode == TAGS:
        return {name: LABELS[name] for name in ("mobile", "tags")}
    return LABELS | {f"{OWN}{one.key}": one.name for one in fields}


def guess(headings: Sequence[str], fields: Sequence[CustomField], mode: str) -> list[str]:
    """What each column seems to be, by its heading; each thing once."""
    own = {_plain(one.name): f"{OWN}{one.key}" for one in fields}
    known = HEADINGS | own
    allowed, found = targets(fields, mode), []
    for heading in headings:
        target = known.get(_plain(heading), "")
        found.append(target if target in allowed and target not in found else "")
    return found


def _plain(text: str) -> str:
    return _APART.sub(" ", text).strip().lower()


def check_columns(
    columns: Sequence[str], headings: Sequence[str], fields: Sequence[CustomField], mode: str
) -> list[str]:
    """The choice of columns, as it may be. Raises Refused."""
    allowed = targets(fields, mode)
    chosen = [one for one in columns if one]
    if len(columns) != len(headings) or not set(chosen) <= set(allowed):
        raise Refused("DIR402", "Choose what each column is.", "columns")
    twice = next((one for one in chosen if chosen.count(one) > 1), None)
    if twice:
        raise Refused("DIR402", f"Two columns are {allowed[twice]}; choose one.", "columns")
    if "mobile" not in chosen:
        raise Refused("DIR402", "Choose the column that holds the mobile number.", "columns")
    if mode == TAGS and "tags" not in chosen:
        raise Refused("DIR402", "Choose the column that holds the tags.", "columns")
    return list(columns)


class Reader:
    """Turns the cells of rows into contacts."""

    def __init__(
        self, options: Options, fields: Sequence[CustomField], country: str, known_tags: Sequence[str] = ()
    ) -> None:
        self._options, self._country = options, country
        self._kinds = {one.key: one for one in fields}
        self._known = None if options.create_tags else {name.lower() for name in known_tags}

    def rows(self, lines: Iterator[tuple[int, list[str]]]) -> Iterator[Row]:
        """Every row. Raises SheetProblem for a file that cannot be read, or holds too many."""
        for row, (line, cells) in enumerate(lines, 1):
            if row > MAX_ROWS:
                raise SheetProblem(f"The file has more than {MAX_ROWS:,} rows.")
            yield self.read(row, line, cells)

    def read(self, row: int, line: int, cells: Sequence[str]) -> Row:
        """One row; what is wrong with it stands in ``error``."""
        given = {
            target: text
            for target, cell in zip(self._options.columns, cells, strict=False)
            if target and (text := cell.replace("\0", "").strip())
        }
        try:
            return self._row(row, line, given)
        except (Refused, ValueError) as problem:
            words = problem.text if isinstance(problem, Refused) else str(problem)
            name = problem.field or "" if isinstance(problem, Refused) else ""
            label = LABELS.get(name, "")
            return Row(row, line, given.get("mobile", "")[:MAX_SHOWN], error=f"{label}: {words}" if label else words)

    def _row(self, row: int, line: int, given: Mapping[str, str]) -> Row:
        mobile = read_mobile(given.get("mobile", ""), self._country)
        texts: dict[str, Any] = {
            name: read_words(given[name], name, MAX_NAME if name == "name" else MAX_PLACE)
            for name in ("name", "city", "state")
            if name in given
        }
        if "email" in given:
            texts["email"] = read_email(given["email"])
        if "country" in given:
            texts["country"] = read_country(given["country"], mobile)
        return Row(
            row, line, mobile, **texts, home=country_of(mobile), fields=self._fields(given), tags=self._tags(given),
            blocks=self._blocks(given),
        )  # fmt: skip

    def _fields(self, given: Mapping[str, str]) -> dict[str, str]:
        found: dict[str, str] = {}
        for target, text in given.items():
            one = self._kinds.get(target.removeprefix(OWN)) if target.startswith(OWN) else None
            if one is None:
                continue
            try:
                found[one.key] = read_value(one.kind, text)
            except ValueError as problem:
                raise ValueError(f"{one.name}: {problem}") from problem
        return found

    def _tags(self, given: Mapping[str, str]) -> list[str]:
        texts = [part for part in given.get("tags", "").split("|") if part.strip()]
        if len(texts) > MAX_TAGS_OF_ROW:
            raise ValueError(f"Tags: at most {MAX_TAGS_OF_ROW} in a row.")
        names = [read_tag_name(text, "tags") for text in texts]
        unknown = next((one for one in names if self._known is not None and one.lower() not in self._known), None)
        if unknown is not None:
            raise ValueError(f"Tags: there is no tag {unknown}.")
        return list(dict.fromkeys([*names, *self._options.tags]))

    def _blocks(self, given: Mapping[str, str]) -> dict[str, bool]:
        found: dict[str, bool] = {}
        for channel in CHANNELS:
            word = given.get(f"{BLOCK}{channel}", "").lower()
            if word and word not in YES | NO:
                raise ValueError(f"{LABELS[BLOCK + channel]}: enter yes or no.")
            if word:
                found[channel] = word in YES
        return found


def preview(data: bytes) -> tuple[list[str], list[list[str]]]:
    """Headings and the first rows of a file. Raises SheetProblem."""
    headings, lines = open_sheet(data)
    rows = [cells for _, cells in islice(lines, LOOKED_AT)]
    if not rows:
        raise SheetProblem("There is no row below the heading.")
    width = len(headings)
    return [one.replace("\0", "")[:100] for one in headings], [[*row, *[""] * width][:width] for row in rows]
