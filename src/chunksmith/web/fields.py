"""The fields and schemas that shapes are written with. Use these instead of marshmallow's own.

JSON is taken as it is: ``"1"`` is not 1, ``1`` is not true (but 1.0 is 1, as in JSON Schema). In a
:class:`QuerySchema`, where everything is text, ``1`` and ``true`` are read. Each message says what would be right.
"""

import difflib
import re
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any, ClassVar

from marshmallow import RAISE, Schema, ValidationError, fields, pre_load, validate, validates_schema

from chunksmith.errors import FAULTS_SHOWN

SMALLEST, LARGEST = -(2**63), 2**63 - 1  # what SQLite stores
LONGEST_IDENTIFIER = 200
_DIGITS = re.compile(r"-?[0-9]{1,19}")
_NUMBER = re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,3})?")
_AMOUNT = re.compile(r"^(?=.*[1-9])[0-9]{1,6}(\.[0-9]{1,9})?$")
SMALLEST_AMOUNT, LARGEST_AMOUNT = 1e-9, 1_000_000
_UNKNOWN = "unknown field"
MOST_KEYS = 1000  # of an object whose fields are known: what has more is refused unread

Messages = dict[str, str | list[Any] | dict[Any, Any]]


def _says(**messages: str) -> Messages:
    return {**messages}


_OBJECT_MESSAGES = {"unknown": _UNKNOWN, "type": "must be a JSON object"}


class StrictSchema(Schema):
    """A JSON object whose fields are all known. With ``least_fields`` the document says that so many must be named."""

    reads_text: ClassVar[bool] = False
    least_fields: ClassVar[int] = 0
    error_messages = _OBJECT_MESSAGES

    class Meta:
        unknown = RAISE

    @pre_load
    def _check_size(self, data: Any, **_: Any) -> Any:
        if isinstance(data, Mapping) and len(data) > MOST_KEYS:
            known = ", ".join(sorted(field.data_key or name for name, field in self.load_fields.items()))
            raise ValidationError(f"has {len(data)} fields (known: {known or 'none'})")
        return data

    def handle_error(self, error: ValidationError, data: Any, *, many: bool, **_: Any) -> None:
        messages = error.messages
        for each in messages.values() if many and isinstance(messages, dict) else [messages]:
            self._name_the_known(each)

    def _name_the_known(self, messages: Any) -> None:
        if not isinstance(messages, dict):
            return
        known = [field.data_key or name for name, field in self.load_fields.items()]
        unknown = (name for name, found in messages.items() if found == [_UNKNOWN] and name not in known)
        for name in list(islice(unknown, FAULTS_SHOWN)):  # nobody reads of more
            messages[name] = [_unknown(str(name), known)]


class ChangeSchema(StrictSchema):
    """What is to change of a thing: the fields that are named, at least one."""

    least_fields = 1

    @validates_schema
    def _names_something(self, data: Mapping[str, Any], **_: Any) -> None:
        if not data:
            known = sorted(field.data_key or name for name, field in self.load_fields.items())
            raise ValidationError(f"names nothing to change; known: {', '.join(known)}")


class QuerySchema(StrictSchema):
    """The query string. A field may be given once, unless it is a ``List``."""

    reads_text = True


class AnswerSchema(Schema):
    """What goes out. Every field is there, unless its metadata has ``optional``."""

    class Meta:
        unknown = RAISE

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        field_obj.required = not field_obj.metadata.get("optional", False)


class _Plain(fields.Field[Any]):
    default_error_messages = _says(required="required", null="must not be null")

    @property
    def reads_text(self) -> bool:
        return getattr(self.root, "reads_text", False)


class String(_Plain, fields.String):
    """Text without NUL. ``least`` and ``most`` are lengths in characters; ``filled`` refuses white space alone."""

    default_error_messages = _says(invalid="must be a string")

    def __init__(
        self,
        *,
        least: int | None = None,
        most: int | None = None,
        filled: bool = False,
        one_of: Sequence[str] = (),
        **kwargs: Any,
    ) -> None:
        checks: list[validate.Validator] = []
        if least is not None or most is not None:
            checks.append(validate.Length(least, most, error=_between(least, most, " characters long")))
        if one_of:
            checks.append(validate.OneOf(one_of, error="must be one of: {choices}"))
        else:
            checks.append(Clean(filled=filled))
        super().__init__(validate=checks, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        if not isinstance(value, str):
            raise self.make_error("invalid")
        return value

    def _validate(self, value: str) -> None:
        for check in self.validators:  # the first fault is enough: what is empty is blank, too
            check(value)


class Clean(validate.Validator):
    """No NUL, and with ``filled`` something to read. ``regex`` is for the OpenAPI document."""

    def __init__(self, *, filled: bool = False) -> None:
        self.filled = filled
        self.regex = re.compile(r"^[^\x00]*[^\s\x00][^\x00]*$" if filled else r"^[^\x00]*$")

    def __call__(self, value: str) -> str:
        if "\x00" in value:
            raise ValidationError("must not contain NUL")
        if self.filled and not value.strip():
            raise ValidationError("must not be blank")
        return value


class Timestamp(String):
    """An RFC 3339 time in UTC, as a string."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(metadata={"format": "date-time", **kwargs.pop("metadata", {})}, **kwargs)


class Usd(String):
    """Money as a decimal string, in US dollars."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(metadata={"pattern": r"^[0-9]+(\.[0-9]+)?$", **kwargs.pop("metadata", {})}, **kwargs)


class Amount(_Plain):
    """Dollars above 0, as a number or a decimal string. Loads as a string."""

    default_error_messages = _says(invalid='must be an amount in USD above 0, such as "2.50"')

    def __init__(self, **kwargs: Any) -> None:
        number = {"type": "number", "minimum": SMALLEST_AMOUNT, "maximum": LARGEST_AMOUNT}
        shape: dict[str, Any] = {"anyOf": [number, {"type": "string", "pattern": _AMOUNT.pattern}]}
        if kwargs.get("allow_none"):
            shape["anyOf"].append({"type": "null"})
        super().__init__(metadata={**shape, **kwargs.pop("metadata", {})}, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise self.make_error("invalid")
        text = str(value)
        if isinstance(value, str) and not _AMOUNT.fullmatch(text):
            raise self.make_error("invalid")
        if not isinstance(value, str) and not SMALLEST_AMOUNT <= value <= LARGEST_AMOUNT:
            raise self.make_error("invalid")
        return text


class Integer(_Plain, fields.Integer):
    default_error_messages = _says(
        invalid="must be an integer",
        too_large="must be an integer of 64 bits",
    )

    def __init__(self, *, least: int = SMALLEST, most: int = LARGEST, **kwargs: Any) -> None:
        said = _between(None if least == SMALLEST else least, None if most == LARGEST else most, "")
        super().__init__(strict=True, validate=validate.Range(least, most, error=said or "too large"), **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> int:
        if self.reads_text and isinstance(value, str) and _DIGITS.fullmatch(value):
            return int(value)
        return super()._deserialize(_whole(value), attr, data, **kwargs)


class Number(_Plain, fields.Float):
    """An integer or a fraction; never NaN or infinite."""

    default_error_messages = _says(
        invalid="must be a number",
        special="must be a finite number",
        too_large="must be a finite number",
    )

    def __init__(self, *, least: float | None = None, most: float | None = None, **kwargs: Any) -> None:
        check = validate.Range(least, most, error=_between(least, most, "")) if (least, most) != (None, None) else None
        super().__init__(validate=check, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> float:
        readable = self.reads_text and isinstance(value, str) and _NUMBER.fullmatch(value) is not None
        if isinstance(value, str) and not readable:
            raise self.make_error("invalid")
        return super()._deserialize(value, attr, data, **kwargs)


class Boolean(_Plain, fields.Boolean):
    default_error_messages = _says(invalid="must be true or false")

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> bool:
        if self.reads_text and value in ("true", "false"):
            return bool(value == "true")
        if not isinstance(value, bool):
            raise self.make_error("invalid")
        return value


class List(_Plain, fields.List[Any]):
    """``least`` and ``most`` are numbers of items."""

    default_error_messages = _says(invalid="must be a list")

    def __init__(
        self, inner: fields.Field[Any], *, least: int | None = None, most: int | None = None, **kwargs: Any
    ) -> None:
        if (least, most) != (None, None):
            kwargs["validate"] = validate.Length(least, most, error=_between(least, most, " items long"))
        self._most = most
        super().__init__(inner, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> list[Any]:
        if self._most is not None and isinstance(value, list) and len(value) > self._most:
            self._validate(value)  # before each of too many items is looked at
        return super()._deserialize(value, attr, data, **kwargs)


class Nested(_Plain, fields.Nested):
    """A field that holds an object of another schema."""


class Dict(_Plain, fields.Dict):
    """An object with free keys; ``values`` is the field of its values, anything when left out."""

    default_error_messages = _says(invalid="must be a JSON object")

    def __init__(self, *, values: fields.Field[Any] | None = None, **kwargs: Any) -> None:
        super().__init__(values=values, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        try:
            return super()._deserialize(value, attr, data, **kwargs)  # type: ignore[no-untyped-call]  # no annotations upstream
        except ValidationError as exc:
            if not isinstance(exc.messages, dict):
                raise
            # marshmallow files a fault of "k" under {"k": {"value": …}}, which would be a pointer to /k/value.
            raise ValidationError({key: found.get("value", found) for key, found in exc.messages.items()}) from exc


class AnyValue(_Plain):
    """Any JSON value, or what the metadata says of it."""


class Identifier(_Plain):
    """An integer id, a UUID or another id, as number or string. Loads as a string, as it stands in a path."""

    default_error_messages = _says(
        invalid="must be an id: an integer or a string",
        range="must be an id: an integer from 0 to 9223372036854775807",
        text=f"must be an id: 1 to {LONGEST_IDENTIFIER} visible characters",
    )

    def __init__(self, **kwargs: Any) -> None:
        shape: dict[str, Any] = {
            "anyOf": [
                {"type": "integer", "minimum": 0, "maximum": LARGEST},
                {"type": "string", "pattern": rf"^[!-~]{{1,{LONGEST_IDENTIFIER}}}$"},
            ]
        }
        if kwargs.get("allow_none") or kwargs.get("load_default", ...) is None:
            shape["anyOf"].append({"type": "null"})
        super().__init__(metadata={**shape, **kwargs.pop("metadata", {})}, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        value = _whole(value)
        if isinstance(value, bool) or not isinstance(value, int | str):
            raise self.make_error("invalid")
        if isinstance(value, int):
            if not 0 <= value <= LARGEST:
                raise self.make_error("range")
            return str(value)
        if not re.fullmatch(rf"[!-~]{{1,{LONGEST_IDENTIFIER}}}", value):
            raise self.make_error("text")
        if is_beyond_storage(value):
            raise self.make_error("range")
        return value


class IdentifierOrName(Identifier):
    """An id as of ``Identifier``, or a name of any characters."""

    default_error_messages = _says(text=f"must be an id or a name of 1 to {LONGEST_IDENTIFIER} characters")

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.metadata["anyOf"][1] = {"type": "string", "minLength": 1, "maxLength": LONGEST_IDENTIFIER}

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        if not isinstance(value, str):
            return super()._deserialize(value, attr, data, **kwargs)
        if not 1 <= len(value) <= LONGEST_IDENTIFIER or "\0" in value:
            raise self.make_error("text")
        return value


def documents(description: str) -> List:
    """The numbers of some documents of a project; None where none are named."""
    return List(
        Integer(least=0),
        least=1,
        most=100_000,
        allow_none=True,
        load_default=None,
        metadata={"description": description},
    )


def is_beyond_storage(text: str) -> bool:
    """Whether ``text`` is an integer that no row can have as its id. Never converts long digits."""
    digits = text.lstrip("0")
    return text.isdecimal() and (len(digits) > 19 or int(digits or "0") > LARGEST)


def _whole(value: Any) -> Any:
    """JSON Schema counts 3.0 among the integers, so the document promises it. Beyond 2**53 digits are lost."""
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) <= 2**53 else value


def _between(least: float | None, most: float | None, unit: str) -> str:
    if least is None and most is None:
        return ""
    if least is None:
        return f"must be at most {most}{unit}"
    if most is None:
        return f"must be at least {least}{unit}"
    return f"must be from {least} to {most}{unit}"


def _unknown(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name[:100], known, n=1)
    guess = f"; did you mean {near[0]}?" if near else ""
    listed = ", ".join(sorted(known)) or "none"
    return f"{_UNKNOWN}{guess} (known: {listed})"


# Last, because their fields need all of the above.
class PageQuery(QuerySchema):
    """Paging of a list; other filters are added by subclassing."""

    page = Integer(least=1, most=10**15, load_default=1, metadata={"description": "Page number; the first is 1."})
    per_page = Integer(least=1, most=1000, load_default=50, metadata={"description": "Items on a page."})


class CursorQuery(PageQuery):
    cursor = String(
        least=1,
        most=4000,  # it may hold what the list is sorted by: a category of 500 characters
        load_default=None,
        metadata={"description": "`next_cursor` of the answer before; in the place of `page`."},
    )

    @validates_schema(pass_original=True)
    def _one_way_to_page(self, _: Any, original_data: Mapping[str, Any], **__: Any) -> None:
        if "page" in original_data and "cursor" in original_data:
            told = ["give page or cursor, not both"]
            raise ValidationError({"page": told, "cursor": told})
