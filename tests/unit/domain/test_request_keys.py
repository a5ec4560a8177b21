"""The key of a request: what can change the reply changes it, and it is the same in every release."""

import hashlib
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from chunksmith.domain.calls import Attachment, ChatRequest, Message, ModelRef, Task

TEXTS = st.text(st.characters(codec="utf-8"), max_size=12)
NESTED = st.recursive(
    st.none() | st.integers(-9, 9) | TEXTS, lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner), max_leaves=6
)
REQUESTS = st.builds(
    ChatRequest,
    st.builds(ModelRef, st.sampled_from(["builtin", "grok"]), TEXTS),
    st.lists(st.builds(Message, st.sampled_from(["system", "user"]), TEXTS), max_size=3).map(tuple),
    reply_schema=st.none() | st.dictionaries(TEXTS, NESTED, max_size=3),
    temperature=st.none() | st.sampled_from([0.0, 0.3, 1.0]),
    max_tokens=st.none() | st.integers(1, 4096),
    seed=st.none() | st.integers(0, 9),
    sample=st.integers(0, 3),
    task=st.none() | st.builds(Task, TEXTS, TEXTS, st.integers(1, 9), st.integers(0, 3), st.just({"b": 1, "a": ["x"]})),
    attachments=st.lists(st.builds(Attachment, st.just("image/png"), st.binary(max_size=4)), max_size=2).map(tuple),
)


def plainly(request: ChatRequest) -> bytes:
    """SHA-256 of canonical JSON, as it was first defined: stored replies are found by it."""
    task = request.task if request.model.provider == "builtin" else None
    canonical: dict[str, Any] = {
        "provider": request.model.provider,
        "model": request.model.model,
        "messages": [[message.role, message.text] for message in request.messages],
        "schema": request.reply_schema,
        "temperature": request.temperature,
        "max_tokens": request.max_tokens,
        "seed": request.seed,
        "sample": request.sample,
        "task": [task.mode, task.count, task.seed, task.context] if task is not None else None,
    }
    if request.attachments:
        canonical["attachments"] = [
            [one.media_type, hashlib.sha256(one.data).hexdigest()] for one in request.attachments
        ]
    text = json.dumps(canonical, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).digest()


@given(REQUESTS)
def test_a_key_is_the_hash_of_canonical_json(request_: ChatRequest) -> None:
    assert request_.key() == plainly(request_)
