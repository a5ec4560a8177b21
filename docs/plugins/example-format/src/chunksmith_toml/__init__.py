"""Datasets as TOML, one [[entry]] after the other. Nothing of Chunksmith is imported."""

import json


class Toml:
    def describe(self):
        return {
            "extension": "toml",
            "media_type": "application/toml",
            "description": "TOML: one [[entry]] table for each entry",
        }

    def write(self, rows, sink, dataset):
        sink.write(f"name = {_text(dataset['dataset'])}\nmode = {_text(dataset['mode'])}\n".encode())
        for row in rows:
            sink.write(b"\n[[entry]]\n")
            for column in dataset["columns"]:
                value = row[column["name"]]
                if value is not None:  # TOML has no null
                    sink.write(f"{column['name']} = {_value(value)}\n".encode())


def _value(value):
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, list):
        return f"[{', '.join(_value(item) for item in value)}]"
    if isinstance(value, dict):
        pairs = (f"{name} = {_value(item)}" for name, item in value.items() if item is not None)
        return f"{{ {', '.join(pairs)} }}"
    return repr(value)


def _text(text):
    """A TOML string is a JSON string, but for DEL and half of a surrogate pair."""
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return json.dumps(whole, ensure_ascii=False).replace("\x7f", "\\u007f")
