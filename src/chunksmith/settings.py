"""One frozen ``Settings``: shipped file < ``--config`` < environment < flags."""

import functools
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_origin
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_core import ErrorDetails, from_json
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from chunksmith.domain.calls import ProviderAccount, model_name
from chunksmith.domain.generation import parse_model
from chunksmith.errors import Fault, InvalidRequest
from chunksmith.provider_variables import from_provider_variables

ENVIRONMENT_PREFIX = "CHUNKSMITH_"
# What is read elsewhere: by the command line and by fault points.
OTHER_VARIABLES = frozenset({"CHUNKSMITH_URL", "CHUNKSMITH_API_KEY", "CHUNKSMITH_FAULT_POINT"})
FOR_TESTS = "CHUNKSMITH_TEST_"

Positive = Annotated[int, Field(gt=0)]
PositiveSeconds = Annotated[float, Field(gt=0)]


def _address(url: str) -> str:
    """Refused at the start: no call to it could ever succeed."""
    bare = url.strip()
    try:
        parts = urlsplit(bare if "://" in bare else f"http://{bare}")
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if bare and not usable:
        raise ValueError(f"{url!r} is not an address such as https://host:443/v1")
    return bare


Address = Annotated[str, AfterValidator(_address)]


def _listed(value: object) -> object:
    """A variable has a list as text: its items with commas between them, or as JSON."""
    if not isinstance(value, str):
        return value
    if not value.lstrip().startswith("["):
        return [item.strip() for item in value.split(",") if item.strip()]
    try:
        return from_json(value)
    except ValueError as exc:
        raise ValueError(f'is no list of JSON ({exc}); write a,b or ["a", "b"]') from exc


# NoDecode: what cannot be read is told by us, with the name of the setting.
Addresses = Annotated[tuple[Address, ...], NoDecode, BeforeValidator(_listed)]
Texts = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_listed)]


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ServerSettings(Section):
    host: str
    port: Annotated[int, Field(ge=0, le=65535)]
    data_dir: Path
    insecure: bool
    allowed_hosts: Texts
    cors_origins: Texts
    max_body_bytes: Positive
    shutdown_grace_s: Annotated[float, Field(ge=0)]
    requests_per_minute_per_key: Annotated[int, Field(ge=0)]


class LogSettings(Section):
    level: Literal["debug", "info", "warning", "error"]
    format: Literal["json", "text"]


class UploadSettings(Section):
    max_file_bytes: Positive
    max_files: Positive
    max_import_line_bytes: Positive
    max_archive_bytes: Positive


class ParsingSettings(Section):
    timeout_s: PositiveSeconds
    memory_bytes: Positive
    max_text_chars: Positive
    concurrency: Positive


class ChunkingSettings(Section):
    strategy: Literal["heading", "token", "character", "delimiter", "semantic"]
    size: Positive
    overlap: Annotated[int, Field(ge=0)]


def _model_name(text: str) -> str:
    """Errors: InvalidRequest naming the providers."""
    if text != "auto":
        parse_model(text, {}, "generation/default_model")
    return text


class GenerationSettings(Section):
    default_model: Annotated[str, AfterValidator(_model_name)]
    max_running_jobs: Positive
    temperature: Annotated[float, Field(ge=0, le=2)]
    max_tokens: Positive
    attempts: Positive
    give_up_after_s: PositiveSeconds


class QualitySettings(Section):
    weight_groundedness: Annotated[float, Field(ge=0)]
    weight_well_formed: Annotated[float, Field(ge=0)]
    weight_self_contained: Annotated[float, Field(ge=0)]
    weight_answers_question: Annotated[float, Field(ge=0)]
    weight_not_trivial: Annotated[float, Field(ge=0)]
    weight_unique: Annotated[float, Field(ge=0)]
    weight_judge: Annotated[float, Field(ge=0)]


class BenchmarkSettings(Section):
    folder: str
    max_samples: Positive
    max_tokens: Annotated[int, Field(ge=16)]


class LedgerSettings(Section):
    compress_level: Annotated[int, Field(ge=0, le=9)]
    group_commit_max: Positive


class ExportSettings(Section):
    license: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9.+-]{0,49}$")]


class WebhookSettings(Section):
    url: str
    secret: SecretStr | None = None
    allow_private: bool


class ProviderSettings(Section):
    base_url: Address = ""
    base_urls: Addresses = ()
    api_key: SecretStr | None = None
    model: str = ""
    timeout_s: PositiveSeconds = 120.0
    max_concurrency: Positive = 64
    requests_per_minute: Positive | None = None
    tokens_per_minute: Positive | None = None
    num_ctx: Positive = 16_384
    keep_alive: str = "10m"

    def account(self, provider: str) -> ProviderAccount:
        key = self.api_key.get_secret_value().strip() if self.api_key else ""
        return ProviderAccount(
            provider=provider,
            base_urls=tuple(url.rstrip("/") for url in self.base_urls or (self.base_url,)),
            model=model_name(provider, self.model) or provider,
            api_key=key or None,
            timeout_s=self.timeout_s,
            max_concurrency=self.max_concurrency,
            requests_per_minute=self.requests_per_minute,
            tokens_per_minute=self.tokens_per_minute,
            num_ctx=self.num_ctx,
            keep_alive=self.keep_alive,
        )


class ProvidersSettings(Section):
    gemini: ProviderSettings
    grok: ProviderSettings
    ollama: ProviderSettings
    builtin: ProviderSettings

    @model_validator(mode="after")
    def _addresses_are_there(self) -> Self:
        for name in ("gemini", "grok", "ollama"):
            section: ProviderSettings = getattr(self, name)
            if not all(section.base_urls or (section.base_url,)):
                raise ValueError(f"{name}: base_url is empty")
        return self

    def accounts(self) -> dict[str, ProviderAccount]:
        return {name: getattr(self, name).account(name) for name in type(self).model_fields}


class Price(Section):
    """USD per million tokens."""

    input: Annotated[float, Field(ge=0)]
    output: Annotated[float, Field(ge=0)]
    cached: Annotated[float, Field(ge=0)] | None = None


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix="CHUNKSMITH_",
        env_nested_delimiter="__",
        frozen=True,
        extra="forbid",
        nested_model_default_partial_update=True,
    )

    server: ServerSettings
    logs: LogSettings
    uploads: UploadSettings
    parsing: ParsingSettings
    chunking: ChunkingSettings
    generation: GenerationSettings
    quality: QualitySettings
    benchmarks: BenchmarkSettings
    ledger: LedgerSettings
    exports: ExportSettings
    webhooks: WebhookSettings
    providers: ProvidersSettings
    prices: dict[str, Price] = {}

    def default_model(self) -> str:
        """What ``auto`` means: the first provider that was set up by its own variable or key, else ``builtin``."""
        if self.generation.default_model != "auto":
            return self.generation.default_model
        if self.providers.gemini.api_key is not None:
            return "gemini"
        if self.providers.grok.api_key is not None:
            return "grok"
        return "ollama" if os.environ.get("OLLAMA_HOST") else "builtin"

    def benchmark_folder(self) -> Path:
        """Where the data of public sets is looked for."""
        return Path(self.benchmarks.folder) if self.benchmarks.folder else self.server.data_dir / "benchmarks"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        providers = InitSettingsSource(settings_cls, from_provider_variables(os.environ))
        files = TomlConfigSettingsSource(settings_cls, deep_merge=True)
        return init_settings, env_settings, providers, files


def load(config: Path | None = None, flags: Mapping[str, Any] | None = None) -> Settings:
    """Errors: InvalidRequest naming each setting that is wrong, and what would be right."""
    if config is not None:
        _must_be_readable(config)
    mistyped = _unknown_sections(os.environ)
    files = (shipped("chunksmith.toml"), *([config] if config is not None else []))
    try:
        settings = _of_files(files)(**(flags or {}))
    except ValidationError as exc:
        faults = [Fault("/".join(map(str, error["loc"])), _said(error, flags or {})) for error in exc.errors()]
        raise InvalidRequest.of([*mistyped, *faults]) from exc
    except SettingsError as exc:
        told = _sections_without_keys(os.environ) or [Fault("settings", str(exc))]
        raise InvalidRequest.of([*mistyped, *told]) from exc
    if mistyped:
        raise InvalidRequest.of(mistyped)
    return settings


@functools.cache
def _of_files(files: tuple[Path, ...]) -> type[Settings]:
    """They are read whenever one is made. Making the class takes longer than that."""

    class Configured(Settings):
        model_config = SettingsConfigDict(toml_file=files)

    return Configured


def _said(error: ErrorDetails, flags: Mapping[str, Any]) -> str:
    """With the variable that a wrong value comes from."""
    if error["type"] == "extra_forbidden":
        return "no such setting"
    told = error["msg"].removeprefix("Value error, ")
    path = [str(part) for part in error["loc"]]
    names = {name.upper() for name in os.environ}
    whole = [f"{ENVIRONMENT_PREFIX}{'__'.join(path[:end])}".upper() for end in range(len(path), 0, -1)]
    variable = next((name for name in whole if name in names), None)
    return told if variable is None or _is_given(path, flags) else f"{told} ({variable})"


def _is_given(path: list[str], flags: Mapping[str, Any]) -> bool:
    """Whether an option of the command line sets it, which wins over variables."""
    found: Any = flags
    for part in path[:2]:
        found = found.get(part) if isinstance(found, Mapping) else None
    return found is not None


def shipped(name: str) -> Path:
    """A file of ``config/``: inside the package when installed, beside the source in a checkout."""
    package = Path(__file__).parent
    return next(file for file in (package / "config" / name, package.parents[1] / "config" / name) if file.exists())


def _must_be_readable(path: Path) -> None:
    try:
        tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as exc:
        raise InvalidRequest.field("--config", f"cannot be read: {exc}") from exc
    except tomllib.TOMLDecodeError as exc:
        raise InvalidRequest.field("--config", f"is not TOML: {exc}") from exc


def _unknown_sections(environment: Mapping[str, str]) -> list[Fault]:
    """A mistyped key inside a section is refused by the section; this finds a mistyped section."""
    ours = [name for name in environment if name.startswith("CHUNKSMITH_") and "__" in name]
    sections = {name: name.removeprefix("CHUNKSMITH_").split("__")[0].lower() for name in ours}
    known = ", ".join(Settings.model_fields)
    return [
        Fault(name, f"no such section; known: {known}")
        for name, part in sections.items()
        if part not in Settings.model_fields
    ]


def _sections_without_keys(environment: Mapping[str, str]) -> list[Fault]:
    """Variables that name a section and have no object as value."""
    return [
        Fault(name, f"is a section: set its keys, each by a variable {name}__KEY, or write it as a JSON object")
        for name, value in environment.items()
        if name.startswith(ENVIRONMENT_PREFIX) and _is_section(name) and not _is_object(value)
    ]


def _is_section(variable: str) -> bool:
    kind: Any = Settings
    for part in variable.removeprefix(ENVIRONMENT_PREFIX).lower().split("__"):
        field = kind.model_fields.get(part) if isinstance(kind, type) and issubclass(kind, BaseModel) else None
        if field is None:
            return False
        kind = field.annotation
    return get_origin(kind) is dict or (isinstance(kind, type) and issubclass(kind, BaseModel))


def _is_object(value: str) -> bool:
    try:
        return isinstance(from_json(value), dict)
    except ValueError:
        return False


def unheeded_variables(environment: Mapping[str, str]) -> list[str]:
    """Variables that look like ours and that nothing reads, such as a setting with one underscore after its section."""
    ours = (name for name in environment if name.startswith(ENVIRONMENT_PREFIX) and "__" not in name)
    read = OTHER_VARIABLES | {f"{ENVIRONMENT_PREFIX}{section}".upper() for section in Settings.model_fields}
    return sorted(name for name in ours if name not in read and not name.startswith(FOR_TESTS))
