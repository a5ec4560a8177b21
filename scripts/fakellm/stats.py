"""What was seen and served, for tests to ask."""

import hashlib
import time
from collections import Counter, defaultdict, deque
from dataclasses import dataclass, field
from typing import Any

from fakellm.messages import Request

MAX_ARRIVALS = 200_000
MAX_SEEN = 200


@dataclass
class Stats:
    """``bodies``: SHA-256 of each chat body to how often it came. ``arrivals``: Unix times of chat requests."""

    requests: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    violations: Counter[str] = field(default_factory=Counter)
    bodies: Counter[bytes] = field(default_factory=Counter)
    arrivals: deque[float] = field(default_factory=lambda: deque(maxlen=MAX_ARRIVALS))
    seen: deque[Request] = field(default_factory=lambda: deque(maxlen=MAX_SEEN))
    in_flight: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    max_in_flight: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    chats: int = 0
    replies: int = 0
    abandoned: int = 0
    input_tokens: int = 0
    output_tokens: int = 0

    def count_chat(self, request: Request, provider: str, record: bool) -> bytes:
        """Returns the hash of the body."""
        self.chats += 1
        self.in_flight[provider] += 1
        self.max_in_flight[provider] = max(self.max_in_flight[provider], self.in_flight[provider])
        digest = b""
        if record:
            digest = hashlib.sha256(request.body).digest()
            self.bodies[digest] += 1
            self.arrivals.append(time.time())
            self.seen.append(request)
        return digest

    def as_dict(self) -> dict[str, Any]:
        return {
            "requests": dict(self.requests),
            "chats": self.chats,
            "replies": self.replies,
            "abandoned": self.abandoned,
            "in_flight": dict(self.in_flight),
            "max_in_flight": dict(self.max_in_flight),
            "bodies": {digest.hex(): times for digest, times in self.bodies.items()},
            "distinct_bodies": len(self.bodies),
            "repeated_bodies": sum(times > 1 for times in self.bodies.values()),
            "tokens": {"input": self.input_tokens, "output": self.output_tokens},
            "faults": dict(self.faults),
            "violations": dict(self.violations),
            "arrivals": list(self.arrivals),
        }
