"""What the providers are set up for, and whether they answer. Never a key."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from chunksmith.domain.calls import NEEDS_KEY, ModelInfo, ProviderAccount
from chunksmith.domain.ports import ChatModel
from chunksmith.errors import NotFound, ProviderError
from chunksmith.gateway.admission import Admission

CHECK_TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True)
class ProviderView:
    """``reachable`` None: not asked, because it is not configured.

    ``problem``: why it is False, or which hosts do not answer while others do, or lack the default model.
    """

    name: str
    configured: bool
    reachable: bool | None
    problem: str | None
    default_model: str
    models: tuple[ModelInfo, ...]
    max_concurrency: int
    requests_per_minute: int | None
    tokens_per_minute: int | None
    in_flight: int
    queued: int


class ProviderService:
    def __init__(
        self,
        models: Mapping[str, ChatModel],
        accounts: Mapping[str, ProviderAccount],
        admissions: Mapping[str, Admission],
    ) -> None:
        self._models = models
        self._accounts = accounts
        self._admissions = admissions

    async def all(self) -> list[ProviderView]:
        """Asks every configured provider for its models, which costs nothing."""
        async with asyncio.TaskGroup() as group:
            asked = [group.create_task(self._view(name), name=f"check-{name}") for name in self._accounts]
        return [task.result() for task in asked]

    def set_limits(self, provider: str, changes: Mapping[str, int | None]) -> dict[str, int | None]:
        """Live, until the next start. A provider that wants to be left alone for long is asked again by the next call.

        Errors: NotFound.
        """
        self.check_known(provider)
        admission = self._admissions[provider]
        limits: dict[str, int | None] = {
            "max_concurrency": admission.max_concurrency,
            "requests_per_minute": admission.requests.limit,
            "tokens_per_minute": admission.tokens.limit,
            **changes,
        }
        admission.set_limits(limits["max_concurrency"] or 1, limits["requests_per_minute"], limits["tokens_per_minute"])
        admission.ask_again()
        return limits

    def check_known(self, provider: str) -> None:
        """Errors: NotFound."""
        if provider not in self._admissions:
            raise NotFound("Provider", provider)

    async def _view(self, name: str) -> ProviderView:
        account, admission = self._accounts[name], self._admissions[name]
        configured = name not in NEEDS_KEY or account.api_key is not None
        found: list[ModelInfo] = []
        reachable, problem = None, None
        if configured:
            try:
                found, problems, _ = await asyncio.wait_for(self._models[name].offer(), CHECK_TIMEOUT_S)
                reachable, problem = True, "; ".join(problems) or None
            except ProviderError as exc:
                reachable, problem = False, exc.detail
            except TimeoutError:
                reachable, problem = False, f"no answer within {CHECK_TIMEOUT_S:.0f} s"
        return ProviderView(
            name=name,
            configured=configured,
            reachable=reachable,
            problem=problem,
            default_model=account.model,
            models=tuple(found),
            max_concurrency=admission.max_concurrency,
            requests_per_minute=admission.requests.limit,
            tokens_per_minute=admission.tokens.limit,
            in_flight=admission.in_flight,
            queued=admission.queued,
        )
