"""The variables by which the providers' own programs are set up, as settings."""

from collections.abc import Mapping
from typing import Any

# The first that is set wins; our own variables beat them all.
PROVIDER_VARIABLES = {
    "GEMINI_API_KEY": ("gemini", "api_key"),
    "GOOGLE_API_KEY": ("gemini", "api_key"),
    "XAI_API_KEY": ("grok", "api_key"),
    "OLLAMA_HOST": ("ollama", "base_url"),
}


def from_provider_variables(environment: Mapping[str, str]) -> dict[str, Any]:
    """The settings that they stand for."""
    found: dict[str, dict[str, str]] = {}
    for variable, (provider, key) in PROVIDER_VARIABLES.items():
        value = environment.get(variable, "").strip()
        if value:
            found.setdefault(provider, {}).setdefault(key, _ollama_url(value) if key == "base_url" else value)
    return {"providers": found}


def _ollama_url(host: str) -> str:
    """``OLLAMA_HOST`` is what the server binds: a bare host, a port, 0.0.0.0; a client needs an address."""
    url = host if "://" in host else f"http://{host}"
    scheme, _, rest = url.partition("://")
    name, _, port = rest.rstrip("/").partition(":")
    default_port = "443" if scheme == "https" else "11434"
    return f"{scheme}://{'127.0.0.1' if name in ('', '0.0.0.0') else name}:{port or default_port}"  # noqa: S104 - read, not bound
