"""The declarative form: fields, validation, errors beside the field, kept input, and the same call as code."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Literal

from strowger.console.code import ApiCall, Snippet, snippets
from strowger.console.visitor import Visitor
from strowger.foundation.whole import whole_of

if TYPE_CHECKING:
    from strowger.console.respond import AnyRequest

FieldKind = Literal[
    "text",
    "email",
    "password",
    "tel",
    "number",
    "url",
    "search",
    "textarea",
    "select",
    "radio",
    "checkbox",
    "checks",
    "date",
    "datetime-local",
    "hidden",
]
Values = dict[str, Any]
EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]+\.[^@\s]+")


class Invalid(ValueError):
    """A field's text cannot be read; the message is shown beside the field."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field. ``parse`` turns the text into the value (raise Invalid with a sentence for people).

    Values: text kinds give str ("" when empty), number gives Decimal or None, checkbox bool, checks list[str].
    ``options`` are (value, label) or (value, label, help), or a function of the visitor that gives them.
    ``attrs`` are further HTML attributes; ``width`` is full or half.
    """

    name: str
    label: str
    kind: FieldKind = "text"
    help: str = ""
    required: bool = False
    options: Sequence[tuple[str, ...]] = ()
    default: Any = ""
    min_length: int = 0
    max_length: int = 1000
    least: Decimal | int | None = None
    most: Decimal | int | None = None
    pattern: str = ""
    pattern_text: str = ""
    parse: Callable[[str], Any] | None = None
    placeholder: str = ""
    autocomplete: str = ""
    rows: int = 4
    width: Literal["full", "half"] = "full"
    attrs: Mapping[str, Any] = field(default_factory=dict)

    @property
    def blank(self) -> Any:
        """What an untouched form holds; nobody's box is ticked beforehand unless its default says so."""
        return bool(self.default) if self.kind == "checkbox" else self.default

    def read(self, given: list[str]) -> Any:
        """The value of what the browser sent. Raises Invalid."""
        if self.kind == "checkbox":
            return bool(given)
        if self.kind == "checks":
            known = {option[0] for option in self.options}
            return [value for value in given if value in known]
        text = (given[0] if given else "").replace("\r\n", "\n").replace("\0", "")
        if self.kind not in {"password", "textarea"}:
            text = text.strip()
        self._check(text)
        if self.kind == "number":
            return self._number(text) if self.parse is None else self.parse(text)
        return self.parse(text) if self.parse and (text or self.required) else text

    def _check(self, text: str) -> None:
        if not text.strip():
            if self.required:
                raise Invalid("This is needed.")
            return
        if len(text) < self.min_length:
            raise Invalid(f"Use at least {self.min_length} characters.")
        if len(text) > self.max_length:
            raise Invalid(f"Use at most {self.max_length} characters; this has {len(text)}.")
        if self.kind in {"select", "radio"} and text not in {option[0] for option in self.options}:
            raise Invalid("Choose one of the listed values.")
        if self.kind == "email" and not EMAIL.fullmatch(text):
            raise Invalid("Enter an e-mail address such as name@example.com.")
        if self.pattern and not re.fullmatch(self.pattern, text):
            raise Invalid(self.pattern_text or "This is not in the expected form.")

    def _number(self, text: str) -> Decimal | None:
        if not text:
            return None
        try:
            value = Decimal(text)
        except InvalidOperation:
            raise Invalid("Enter a number.") from None
        if not value.is_finite() or (self.least is not None and value < self.least):
            raise Invalid(f"Enter {self.least} or more.")
        if self.most is not None and value > self.most:
            raise Invalid(f"Enter {self.most} or less.")
        return value


def whole(least: int, most: int, empty: int | None = None) -> Callable[[str], int | None]:
    """A parser of whole numbers within bounds; ``empty`` is what an empty field stands for."""

    def read(text: str) -> int | None:
        if not text:
            return empty
        number = whole_of(text, least, most)
        if number is None:
            raise Invalid(f"Enter a whole number from {least:,} to {most:,}.")
        return number

    return read


MakeCall = Callable[[Values, Visitor, str], ApiCall | None]
_forms: dict[str, Form] = {}


@dataclass(frozen=True, slots=True)
class Form:
    """A form. ``name`` is unique; ``code(values, visitor, base_url)`` gives the API call that does the same.

    ``values`` handed to ``code`` are the texts as typed, also while they are not valid yet.
    """

    name: str
    fields: Sequence[Field]
    submit: str = "Save"
    action: str = ""
    cancel: str = ""
    code: MakeCall | None = None
    guard_leaving: bool = True

    def __post_init__(self) -> None:
        if self.code is not None:
            _forms[self.name] = self

    def blank(self, visitor: Visitor | None, base_url: str = "", **values: Any) -> FormState:
        """The form before it is sent; ``values`` fill fields."""
        given = {item.name: values.get(item.name, item.blank) for item in self.fields}
        return FormState(self, visitor, base_url, _texts(given), given)

    async def read(self, request: AnyRequest, visitor: Visitor | None) -> FormState:
        """What was sent: values, or errors by field with the kept input."""
        sent = await request.form()
        base_url = request.app.state.context.settings.base_url
        state = FormState(self, visitor, base_url, {}, {})
        for item in self.fields:
            given = [value for value in sent.getall(item.name, []) if isinstance(value, str)]
            state.texts[item.name] = given
            try:
                state.values[item.name] = item.read(given)
            except Invalid as problem:
                state.errors[item.name] = str(problem)
        return state


@dataclass(slots=True)
class FormState:
    """A form with what was typed into it. ``ok`` means that every value could be read."""

    form: Form
    visitor: Visitor | None
    base_url: str
    texts: dict[str, list[str]]
    values: Values
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether there are no errors."""
        return not self.errors

    @property
    def status(self) -> int:
        """The HTTP status of the page that shows this form."""
        return 422 if self.errors else 200

    def fail(self, name: str, text: str) -> FormState:
        """Add an error beside a field; the name "" puts it into the summary alone."""
        self.errors[name] = text
        return self

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    def text(self, name: str) -> str:
        """The text to show in a field."""
        return next(iter(self.texts.get(name, ())), "")

    def label(self, name: str) -> str:
        """The label of a field."""
        return next((item.label for item in self.form.fields if item.name == name), "")

    def get(self, name: str) -> Field:
        """A field's declaration, for templates that place fields themselves. Raises KeyError."""
        for item in self.form.fields:
            if item.name == name:
                return item
        raise KeyError(name)

    @property
    def snippets(self) -> list[Snippet]:
        """The same call as code; empty when the form has none."""
        if self.form.code is None or self.visitor is None:
            return []
        typed = {item.name: self._typed(item) for item in self.form.fields}
        call = self.form.code(typed, self.visitor, self.base_url)
        return snippets(call) if call else []

    def _typed(self, item: Field) -> Any:
        if item.kind == "checkbox":
            return bool(self.texts.get(item.name))
        return list(self.texts.get(item.name, ())) if item.kind == "checks" else self.text(item.name)


def form_named(name: str) -> Form | None:
    """A form that shows code, by its name."""
    return _forms.get(name)


def _texts(values: Values) -> dict[str, list[str]]:
    texts: dict[str, list[str]] = {}
    for name, value in values.items():
        if isinstance(value, list | tuple):
            texts[name] = [str(one) for one in value]
        elif isinstance(value, bool):
            texts[name] = ["on"] if value else []
        else:
            texts[name] = [] if value is None else [str(value)]
    return texts
