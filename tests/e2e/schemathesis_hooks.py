"""Loaded by schemathesis: how a stream of JSON objects is written."""

import json
from typing import Any

import schemathesis


@schemathesis.serializer("application/x-ndjson", "application/jsonl")
def json_lines(ctx: Any, value: Any) -> bytes:
    rows = value if isinstance(value, list) else [value]
    return b"".join(json.dumps(row).encode("utf-8", "surrogatepass") + b"\n" for row in rows)
