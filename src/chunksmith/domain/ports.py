"""What the inside needs from the outside. Adapters satisfy these by shape; ``app.py`` passes them in."""

from typing import Protocol

from chunksmith.domain.calls import ChatReply, ChatRequest, Offer


class Clock(Protocol):
    """Time and waiting, injected so that tests need neither."""

    def now(self) -> float:
        """Seconds since the epoch, for what is stored and shown."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back, for measuring and limits."""
        ...

    async def sleep(self, seconds: float) -> None: ...


class ChatModel(Protocol):
    """One provider. No retries, no limits, no storage: the gateway has those.

    ``send`` returns the provider's answer as it came (bytes of the body), so that it can be kept before anybody reads
    it; ``decode`` reads such an answer, today or after a restart, and is pure.
    """

    async def send(self, request: ChatRequest) -> bytes:
        """Errors: ProviderError, classified, with ``sent`` and ``retry_after_s`` set truthfully."""
        ...

    def decode(self, request: ChatRequest, raw: bytes) -> ChatReply:
        """Errors: ProviderError(kind="server") when the body is not what this provider answers with."""
        ...

    def output_ceiling(self, request: ChatRequest) -> int:
        """The most output tokens that may be billed for one answer to ``request``, thinking included.

        Ceilings on money rest on it. Where the provider sets no bound, it is one that its models keep to.
        """
        ...

    async def offer(self) -> Offer:
        """What the provider has right now; asking costs nothing. Errors: ProviderError when it does not answer."""
        ...

    async def close(self) -> None: ...
