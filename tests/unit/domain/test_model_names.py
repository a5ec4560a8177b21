"""Which model is meant by what a request or a setting says."""

import pytest

from chunksmith.domain.calls import ModelRef
from chunksmith.domain.generation import parse_model
from chunksmith.errors import InvalidRequest

DEFAULTS = {"gemini": "models/gemini-3.5-flash-lite", "grok": "grok-4.3"}


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("grok", ModelRef("grok", "grok-4.3")),
        ("gemini", ModelRef("gemini", "gemini-3.5-flash-lite")),
        ("gemini/gemini-2.5-flash", ModelRef("gemini", "gemini-2.5-flash")),
        ("gemini/models/gemini-2.5-flash", ModelRef("gemini", "gemini-2.5-flash")),
        ("gemini/tunedModels/mine", ModelRef("gemini", "tunedModels/mine")),
        ("ollama/models/mine:7b", ModelRef("ollama", "models/mine:7b")),
    ],
)
def test_a_model_has_one_name(text: str, meant: ModelRef) -> None:
    assert parse_model(text, DEFAULTS, "/generation_model") == meant


@pytest.mark.parametrize("text", ["gemini/", "gemini/models/", "gpt", "grok/a b"])
def test_what_names_no_model_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse_model(text, DEFAULTS, "/generation_model")
    assert [fault.pointer for fault in caught.value.faults] == ["/generation_model"]
