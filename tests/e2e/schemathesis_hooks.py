"""Loaded by schemathesis: how bodies that are not JSON are written."""

import json
from typing import Any

import schemathesis


@schemathesis.serializer("application/x-ndjson", "application/jsonl")
def json_lines(ctx: Any, value: Any) -> bytes:
    rows = value if isinstance(value, list) else [value]
    return b"".join(json.dumps(row).encode("utf-8", "surrogatepass") + b"\n" for row in rows)


@schemathesis.serializer("application/zip")
def archive(ctx: Any, value: Any) -> bytes:
    """Whatever is made up is no archive."""
    return value if isinstance(value, bytes) else json.dumps(value).encode("utf-8", "surrogatepass")
