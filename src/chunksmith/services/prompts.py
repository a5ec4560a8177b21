"""Prompts: those that people add, and one built in per generation mode."""

from collections.abc import Callable, Mapping

from chunksmith.domain.corpus_ports import Prompts
from chunksmith.domain.paging import Page, Window
from chunksmith.domain.ports import Clock
from chunksmith.domain.prompts import BUILTIN_PREFIX, Prompt, PromptDraft
from chunksmith.domain.times import rfc3339
from chunksmith.errors import Conflict, Fault, NotFound
from chunksmith.services.gathering import Gathered
from chunksmith.services.identifiers import row_number


class PromptService:
    """``load_builtin`` gives the content of each built-in prompt by its name, which is its mode's."""

    def __init__(self, prompts: Prompts, load_builtin: Callable[[], Mapping[str, str]], clock: Clock) -> None:
        self._prompts = prompts
        self._builtin = [_builtin(name, content) for name, content in load_builtin().items()]
        self._clock = clock

    async def page(self, window: Window, mode: str | None = None) -> Page[Prompt]:
        """The built-in ones first, then the others by id."""
        builtin = [prompt for prompt in self._builtin if mode in (None, prompt.generation_mode)]
        shown = builtin[window.offset : window.offset + window.per_page]
        stored, total = await self._prompts.page(
            window.per_page - len(shown), max(0, window.offset - len(builtin)), mode
        )
        return Page([*shown, *stored], len(builtin) + total)

    async def get(self, identifier: str) -> Prompt:
        """Errors: NotFound."""
        for prompt in self._builtin:
            if prompt.id == identifier:
                return prompt
        stored = await self._prompts.get(row_number(identifier, "Prompt"))
        if stored is None:
            raise NotFound("Prompt", identifier)
        return stored

    async def by_name(self, name: str) -> Prompt:
        """Errors: NotFound."""
        for prompt in self._builtin:
            if prompt.name == name:
                return prompt
        stored = await self._prompts.by_name(name)
        if stored is None:
            raise NotFound("Prompt", name)
        return stored

    async def create(self, draft: PromptDraft) -> Prompt:
        """Errors: Conflict when the name is taken."""
        self._check_name(draft.name)
        return await self._prompts.add(draft, self._now())

    async def change(self, identifier: str, fields: Mapping[str, str | None]) -> Prompt:
        """Only the named fields. Errors: NotFound; Conflict for a built-in one, or when the name is taken."""
        number = self._stored_number(identifier)
        name = fields.get("name")
        if name is not None:
            self._check_name(name)
        return await self._prompts.change(number, fields, self._now())

    async def faults(self, name: str | None, identifier: str | None) -> list[Fault]:
        """Whether another prompt than ``identifier`` has the name. Errors: NotFound for ``identifier``."""
        own = await self.get(identifier) if identifier is not None else None
        gathered = Gathered()
        with gathered.gathering("name"):
            if name is not None:
                self._check_name(name)
                other = await self._prompts.by_name(name)
                if other is not None and (own is None or other.id != own.id):
                    raise Conflict(f"there is a prompt named {name} already")
        return gathered.all_faults()

    async def delete(self, identifier: str) -> None:
        """Errors: NotFound; Conflict for a built-in one."""
        if not await self._prompts.delete(self._stored_number(identifier)):
            raise NotFound("Prompt", identifier)

    def _stored_number(self, identifier: str) -> int:
        if any(prompt.id == identifier for prompt in self._builtin):
            raise Conflict("built-in prompts cannot be changed; add one of your own with another name")
        return row_number(identifier, "Prompt")

    def _check_name(self, name: str) -> None:
        if any(prompt.name == name for prompt in self._builtin):
            raise Conflict(f"{name} is the name of a built-in prompt")

    def _now(self) -> str:
        return rfc3339(self._clock.now())


def _builtin(name: str, content: str) -> Prompt:
    return Prompt(
        id=BUILTIN_PREFIX + name.replace(" ", "-"),
        name=name,
        content=content,
        description=f"Built-in prompt of the mode {name}",
        generation_mode=name,
        builtin=True,
        created_at=None,
        updated_at=None,
    )
