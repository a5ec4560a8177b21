"""Prompts and API keys, on real tables."""

import asyncio
import re
from pathlib import Path

import pytest

from chunksmith.domain.keys import ValidKey
from chunksmith.domain.paging import Window
from chunksmith.domain.prompts import PromptDraft
from chunksmith.errors import Conflict, NotFound, StorageError
from chunksmith.services.keys import KeyService
from chunksmith.services.prompts import PromptService
from chunksmith.storage.database import open_database
from chunksmith.storage.keys import KeyStore
from chunksmith.storage.prompts import PromptStore
from corpus_parts import Corpus, StillClock
from virtual_clock import VirtualClock

BUILTIN = {"default": "Ask about {chunk}.", "question and answer": "Write {count} questions."}


@pytest.fixture
def prompts(corpus: Corpus) -> PromptService:
    return PromptService(PromptStore(corpus.database), lambda: BUILTIN, corpus.clock)


@pytest.fixture
def keys(corpus: Corpus) -> KeyService:
    return KeyService(KeyStore(corpus.database), corpus.clock)


async def test_builtin_prompts_come_first(prompts: PromptService) -> None:
    await prompts.create(PromptDraft("mine", "x"))
    page = await prompts.page(Window())
    expected = ["builtin:default", "builtin:question-and-answer", 1]
    assert ([prompt.id for prompt in page.items], page.total) == (expected, 3)


@pytest.mark.parametrize("per_page", [1, 2, 3, 4, 7])
async def test_pages_of_prompts_put_together_are_the_whole_list(prompts: PromptService, per_page: int) -> None:
    for number in range(4):
        await prompts.create(PromptDraft(f"p{number}", "x"))
    pages = [(await prompts.page(Window(number, per_page))).items for number in range(1, 8)]
    expected = ["builtin:default", "builtin:question-and-answer", 1, 2, 3, 4]
    assert [prompt.id for page in pages for prompt in page] == expected


async def test_prompts_are_filtered_by_mode(prompts: PromptService) -> None:
    await prompts.create(PromptDraft("mine", "x", generation_mode="default"))
    await prompts.create(PromptDraft("any", "x"))
    page = await prompts.page(Window(), "default")
    assert ([prompt.name for prompt in page.items], page.total) == (["default", "mine"], 2)


@pytest.mark.parametrize("name", ["default", "mine"])
async def test_a_prompt_is_found_by_name(prompts: PromptService, name: str) -> None:
    await prompts.create(PromptDraft("mine", "x"))
    assert (await prompts.by_name(name)).name == name


@pytest.mark.parametrize("name", ["default", "taken"])
async def test_a_name_is_used_once(prompts: PromptService, name: str) -> None:
    await prompts.create(PromptDraft("taken", "x"))
    mine = await prompts.create(PromptDraft("mine", "x"))
    with pytest.raises(Conflict):
        await prompts.create(PromptDraft(name, "y"))
    with pytest.raises(Conflict):
        await prompts.change(str(mine.id), {"name": name})


async def test_only_named_fields_change(prompts: PromptService) -> None:
    made = await prompts.create(PromptDraft("mine", "x", "about", "default"))
    changed = await prompts.change(str(made.id), {"content": "y", "generation_mode": None})
    found = (changed.name, changed.content, changed.description, changed.generation_mode)
    assert found == ("mine", "y", "about", None)


async def test_builtin_prompts_are_read_only(prompts: PromptService) -> None:
    with pytest.raises(Conflict):
        await prompts.change("builtin:default", {"content": "y"})
    with pytest.raises(Conflict):
        await prompts.delete("builtin:default")


@pytest.mark.parametrize("identifier", ["99", "builtin:none", "x"])
async def test_an_unknown_prompt_is_not_found(prompts: PromptService, identifier: str) -> None:
    with pytest.raises(NotFound):
        await prompts.get(identifier)
    with pytest.raises(NotFound):
        await prompts.delete(identifier)


async def test_a_deleted_prompt_is_gone(prompts: PromptService) -> None:
    made = await prompts.create(PromptDraft("mine", "x"))
    await prompts.delete(str(made.id))
    with pytest.raises(NotFound):
        await prompts.by_name("mine")


async def test_a_new_key_opens_the_door(keys: KeyService) -> None:
    created = await keys.create("laptop")
    assert re.fullmatch(r"ck_[A-Za-z0-9_-]{43}", created.secret)
    assert (keys.required(), await keys.allows(created.secret)) == (True, "laptop")


@pytest.mark.parametrize("secret", ["", "ck_wrong", "ck_\udcff", "é"])
async def test_another_secret_does_not(keys: KeyService, secret: str) -> None:
    await keys.create("laptop")
    assert await keys.allows(secret) is None


async def test_without_keys_none_is_required(keys: KeyService) -> None:
    await keys.refresh()
    assert not keys.required()


@pytest.mark.parametrize("identifier", ["laptop", "1"])
async def test_a_revoked_key_is_refused(keys: KeyService, identifier: str) -> None:
    created = await keys.create("laptop")
    await keys.revoke(identifier)
    assert (keys.required(), await keys.allows(created.secret)) == (False, None)


@pytest.mark.parametrize("identifier", ["phone", "2", "99999999999999999999"])
async def test_revoking_what_is_not_there_is_refused(keys: KeyService, identifier: str) -> None:
    await keys.create("laptop")
    with pytest.raises(NotFound):
        await keys.revoke(identifier)


@pytest.mark.parametrize("identifier", ["laptop", "1"])
async def test_a_key_that_is_revoked_already_is_said_to_be(keys: KeyService, identifier: str) -> None:
    await keys.create("laptop")
    await keys.revoke("laptop")
    with pytest.raises(Conflict, match="API key 1, 'laptop', is revoked already"):
        await keys.revoke(identifier)


async def test_names_of_valid_keys_are_unique(keys: KeyService) -> None:
    await keys.create("laptop")
    with pytest.raises(Conflict):
        await keys.create("laptop")
    await keys.revoke("laptop")
    assert (await keys.create("laptop")).key.id == 2


async def test_the_secret_is_nowhere_in_the_data_directory(corpus: Corpus, keys: KeyService) -> None:
    created = await keys.create("laptop")
    content = b"".join(path.read_bytes() for path in corpus.data_dir.iterdir() if path.is_file())
    assert created.secret[:8].encode() in content
    assert created.secret.encode() not in content


async def test_a_key_made_by_another_process_is_noticed(corpus: Corpus, keys: KeyService, tmp_path: Path) -> None:
    """The second connection stands for the command line, which writes the table directly."""
    async with open_database(corpus.data_dir / "chunksmith.db") as other:
        created = await KeyService(KeyStore(other), StillClock()).create("cli")

    class Stop(Exception): ...

    async def once(seconds: float) -> None:
        if corpus.clock.slept:
            raise Stop
        corpus.clock.slept.append(seconds)

    corpus.clock.sleep = once  # type: ignore[method-assign]  # ends the endless watch
    with pytest.raises(Stop):
        await keys.watch()
    assert await keys.allows(created.secret) == "cli"
    assert corpus.clock.slept[0] <= 2


async def test_a_table_that_cannot_be_read_for_a_while_does_not_end_the_watch(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, clock = KeyStore(corpus.database), VirtualClock()
    keys = KeyService(store, clock)
    looks = 0

    async def broken_at_first() -> list[ValidKey]:
        nonlocal looks
        looks += 1
        if looks < 3:
            raise StorageError("disk I/O error")
        return []

    monkeypatch.setattr(store, "valid", broken_at_first)
    watching = asyncio.ensure_future(keys.watch())
    await clock.advance(5)
    assert (watching.done(), looks) == (False, 5)
    watching.cancel()
