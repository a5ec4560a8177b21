"""Documents that models read and split: what is sent, what is kept, and what is never sent twice."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from chunksmith.domain.corpus import Project
from fake_llm import FakeLLM
from reading_parts import PROSE, Reader, model, open_reader, pdf, picture_file, until

# Each reads pages in a process of its own.
pytestmark = pytest.mark.slow
TOPICS = " ".join(
    f"Sample {n} was taken at site {n % 7} on a cold morning. It weighs {n * 3} grams and lies in drawer {n}."
    for n in range(30)
)


@pytest.fixture
async def fake() -> AsyncIterator[FakeLLM]:
    async with FakeLLM() as running:
        yield running


@pytest.fixture
async def reader(tmp_path: Path, fake: FakeLLM) -> AsyncIterator[Reader]:
    async with open_reader(tmp_path / "data", fake) as parts:
        yield parts


@pytest.fixture
async def project(reader: Reader) -> Project:
    return await reader.corpus.project()


def sent_twice(fake: FakeLLM) -> int:
    return sum(times - 1 for times in fake.stats.bodies.values())


async def text_of(reader: Reader, document: int) -> str:
    return await reader.corpus.document_rows.text(document) or ""


@pytest.mark.parametrize("provider", ["gemini", "grok", "ollama"])
async def test_scanned_pages_are_read_by_the_model(
    reader: Reader, project: Project, fake: FakeLLM, provider: str
) -> None:
    (document,) = await reader.corpus.upload(project, a_pdf=pdf("scan: first", "scan: second"))
    job = await reader.run(project, [document], parsing_model=model(provider))
    found = await reader.corpus.documents.get(document.id)
    assert (job.state, found.status, found.media_type, found.warnings) == (
        "completed",
        "chunked",
        "application/pdf",
        (),
    )
    assert (await text_of(reader, document.id)).count("The page with the mark") == 2
    assert (fake.stats.chats, job.counters.calls) == (2, 2)
    assert job.counters.input_tokens > 0


async def test_pages_with_a_good_text_layer_are_not_sent(reader: Reader, project: Project, fake: FakeLLM) -> None:
    (document,) = await reader.corpus.upload(project, a_pdf=pdf(PROSE, "scan: two", "", PROSE))
    await reader.run(project, [document], parsing_model=model("grok"))
    text = await text_of(reader, document.id)
    assert fake.stats.chats == 1
    assert text.startswith("The kiln dries")
    assert text.index("The page with the mark") < text.rindex("The kiln dries")


async def test_a_document_whose_text_layer_is_good_says_that_no_model_was_asked(
    reader: Reader, project: Project, fake: FakeLLM
) -> None:
    (document,) = await reader.corpus.upload(project, a_pdf=pdf(PROSE, PROSE))
    await reader.run(project, [document], parsing_model=model("gemini"))
    (warning,) = (await reader.corpus.documents.get(document.id)).warnings
    assert (fake.stats.chats, "was not asked" in warning) == (0, True)


async def test_a_blank_page_is_not_said_to_have_a_text_layer(reader: Reader, project: Project) -> None:
    (document,) = await reader.corpus.upload(project, a_pdf=pdf(""))
    await reader.run(project, [document], parsing_model=model("gemini"))
    (warning,) = (await reader.corpus.documents.get(document.id)).warnings
    assert warning.endswith("was not asked: each page has a good text layer, or nothing on it.")


async def test_text_formats_are_read_locally(reader: Reader, project: Project, fake: FakeLLM) -> None:
    (document,) = await reader.corpus.upload(project, a_txt=PROSE)
    await reader.run(project, [document], parsing_model=model("gemini"))
    found = await reader.corpus.documents.get(document.id)
    assert (fake.stats.chats, found.status) == (0, "chunked")
    assert "read locally" in found.warnings[-1]


async def test_pictures_are_read_by_a_model(reader: Reader, project: Project) -> None:
    (document,) = await reader.corpus.upload(project, a_bin=picture_file("Hello", "WEBP"))
    await reader.run(project, [document], parsing_model=model("gemini"))
    found = await reader.corpus.documents.get(document.id)
    assert (found.status, found.media_type) == ("chunked", "image/webp")


async def test_pictures_need_a_model(reader: Reader, project: Project) -> None:
    (document,) = await reader.corpus.upload(project, a_png=picture_file("Hello", "PNG"))
    job = await reader.run(project, [document])
    status, reason, detail = await reader.outcome(job)
    assert (status, reason) == ("failed", "unsupported")
    assert "parsing_model" in (detail or "")


async def test_chunks_are_the_text_between_their_offsets(reader: Reader, project: Project) -> None:
    (document,) = await reader.corpus.upload(project, a_pdf=pdf("scan: one", PROSE, "scan: three"))
    await reader.run(project, [document], parsing_model=model("grok"), chunk_size=40)
    text = await text_of(reader, document.id)
    chunks = await reader.corpus.chunk_rows.chunks_by_ids(list(range(1, 50)))
    assert len(chunks) > 3
    assert all(text[chunk.start : chunk.end] == chunk.text for chunk in chunks.values())


async def test_a_stopped_server_goes_on_at_the_first_missing_page(tmp_path: Path, fake: FakeLLM) -> None:
    fake.options.script = {3: "hang"}
    async with open_reader(tmp_path / "kill", fake) as first:
        project = await first.corpus.project()
        (document,) = await first.corpus.upload(project, a_pdf=pdf(*(f"scan: page {n}" for n in range(5))))
        job = await first.submit(project, [document], parsing_model=model("grok"))
        await until(lambda: fake.stats.chats == 3)
    fake.options.script = {}
    async with open_reader(tmp_path / "kill", fake) as second:
        job = await second.ended(job)
        assert job.state == "completed"
        assert (await text_of(second, document.id)).count("The page with the mark") == 5
    # Only the call that was in flight was sent again.
    assert (fake.stats.chats, sent_twice(fake)) == (6, 1)


async def test_a_ceiling_pauses_between_pages_and_nothing_is_paid_twice(
    reader: Reader, project: Project, fake: FakeLLM
) -> None:
    (document,) = await reader.corpus.upload(project, a_pdf=pdf(*(f"scan: page {n}" for n in range(4))))
    job = await reader.run(project, [document], parsing_model=model("gemini"), max_calls=2, concurrency=3)
    assert (job.state, job.reason, fake.stats.chats) == ("paused", "budget", 2)
    await reader.runner.set_limits(job, {"max_calls": 10})
    job = await reader.ended(await reader.runner.resume(job))
    assert (job.state, fake.stats.chats, sent_twice(fake), job.counters.calls) == ("completed", 4, 0, 4)


async def test_calls_in_flight_stay_below_the_concurrency_of_the_job(
    reader: Reader, project: Project, fake: FakeLLM
) -> None:
    fake.control({"hold_from": 1})
    scans = pdf(*(f"scan: page {n}" for n in range(6)))
    documents = [
        *await reader.corpus.upload(project, a_pdf=scans),
        *await reader.corpus.upload(project, b_pdf=pdf(*(f"scan: sheet {n}" for n in range(6)))),
    ]
    job = await reader.submit(project, documents, parsing_model=model("grok"), concurrency=3)
    await until(lambda: fake.held == 3)
    fake.control({"hold_from": None})
    await reader.ended(job)
    assert (fake.stats.max_in_flight["grok"], fake.stats.chats) == (3, 12)


async def test_an_equal_page_is_read_once(reader: Reader, project: Project, fake: FakeLLM) -> None:
    (document,) = await reader.corpus.upload(project, a_pdf=pdf("scan: same", "scan: same"))
    job = await reader.run(project, [document], parsing_model=model("grok"))
    assert (fake.stats.chats, job.counters.calls, job.counters.reused_calls) == (1, 1, 1)


async def test_a_refused_page_is_a_warning_and_is_asked_for_again_for_free(
    reader: Reader, project: Project, fake: FakeLLM
) -> None:
    fake.options.script = {2: "safety"}
    (document,) = await reader.corpus.upload(project, a_pdf=pdf("scan: one", "scan: two", "scan: three"))
    job = await reader.run(project, [document], parsing_model=model("gemini"))
    (warning,) = (await reader.corpus.documents.get(document.id)).warnings
    assert (await reader.outcome(job))[:2] == ("accepted", "partly")
    assert warning.startswith("Page 2 was not read")
    fake.options.script = {}
    again = await reader.run(project, [document], parsing_model=model("gemini"))
    assert (again.counters.calls, again.counters.reused_calls) == (0, 1)


async def test_a_page_that_failed_is_asked_for_again_and_the_others_are_not(
    reader: Reader, project: Project, fake: FakeLLM
) -> None:
    fake.options.script = {2: "context"}
    (document,) = await reader.corpus.upload(project, a_pdf=pdf("scan: one", "scan: two", "scan: three"))
    await reader.run(project, [document], parsing_model=model("grok"))
    again = await reader.run(project, [document], parsing_model=model("grok"))
    found = await reader.corpus.documents.get(document.id)
    assert (again.counters.calls, found.warnings) == (1, ())
    assert (await text_of(reader, document.id)).count("The page with the mark") == 3


async def test_a_document_without_a_readable_page_fails_and_says_why(
    reader: Reader, project: Project, fake: FakeLLM
) -> None:
    fake.options.rates = {"policy": 1.0}
    (document,) = await reader.corpus.upload(project, a_pdf=pdf("scan: one", "scan: two"))
    job = await reader.run(project, [document], parsing_model=model("grok"))
    status, reason, detail = await reader.outcome(job)
    assert (job.state, status, reason) == ("failed", "failed", "no_page_read")
    assert (detail or "").startswith("None of 2 pages could be read; page 1: HTTP 403")


async def test_a_model_that_cannot_see_says_so(reader: Reader, project: Project) -> None:
    (document,) = await reader.corpus.upload(project, a_pdf=pdf("scan: one"))
    job = await reader.run(project, [document], parsing_model="ollama/llama3.2")
    assert "choose one with vision" in ((await reader.outcome(job))[2] or "")


async def test_a_wrong_key_ends_the_job_at_once(reader: Reader, project: Project, fake: FakeLLM) -> None:
    fake.options.keys = ["another"]
    (document,) = await reader.corpus.upload(project, a_pdf=pdf("scan: one", "scan: two", "scan: three"))
    job = await reader.run(project, [document], parsing_model=model("gemini"))
    assert (job.state, job.error_slug, fake.stats.chats) == ("failed", "provider", 1)


async def test_the_step_says_how_far_it_is(reader: Reader, project: Project, fake: FakeLLM) -> None:
    fake.options.script = {2: "hang"}
    (document,) = await reader.corpus.upload(project, a_pdf=pdf("scan: one", "scan: two", PROSE))
    job = await reader.submit(project, [document], parsing_model=model("grok"))
    await until(lambda: fake.stats.chats == 2)
    assert (await reader.jobs.reload(job.id)).step == "Reading document 1/1: page 2/3"
    await reader.runner.cancel(await reader.jobs.reload(job.id))


async def test_a_deleted_document_is_not_read_to_its_end(reader: Reader, project: Project, fake: FakeLLM) -> None:
    fake.control({"hold_from": 2})
    (document,) = await reader.corpus.upload(project, a_pdf=pdf(*(f"scan: page {n}" for n in range(8))))
    job = await reader.submit(project, [document], parsing_model=model("grok"))
    await until(lambda: fake.stats.replies >= 1)
    await reader.corpus.documents.delete(document.id)
    fake.control({"hold_from": None})
    await reader.ended(job)
    assert (await reader.outcome(job))[1] == "deleted"
    assert fake.stats.chats < 8
    assert await reader.corpus.count("SELECT count(*) FROM readings") == 0


async def test_a_model_proposes_borders(reader: Reader, project: Project, fake: FakeLLM) -> None:
    one, other = [(await reader.corpus.upload(project, a_txt=TOPICS))[0] for _ in range(2)]
    options = {"chunk_strategy": "semantic", "chunk_size": 200}
    await reader.run(project, [one], **options)
    job = await reader.run(project, [other], **options, chunking_model=model("grok"))
    chunks = await reader.corpus.chunk_rows.chunks_by_ids(list(range(1, 100)))
    ends = {
        document.id: [chunk.end for chunk in chunks.values() if chunk.document_id == document.id]
        for document in (one, other)
    }
    assert fake.stats.chats == job.counters.calls == 1
    assert ends[one.id] != ends[other.id]
    assert all(TOPICS[chunk.start : chunk.end] == chunk.text for chunk in chunks.values())


async def test_borders_are_asked_for_once(reader: Reader, project: Project, fake: FakeLLM) -> None:
    documents = [(await reader.corpus.upload(project, a_txt=TOPICS))[0] for _ in range(2)]
    options = {"chunk_strategy": "semantic", "chunking_model": model("gemini")}
    job = await reader.run(project, documents, **options)
    assert (fake.stats.chats, job.counters.reused_calls) == (1, 1)


@pytest.mark.parametrize("fault", ["garbage", "policy"])
async def test_nonsense_instead_of_borders_is_noted_and_the_document_is_cut_all_the_same(
    reader: Reader, project: Project, fake: FakeLLM, fault: str
) -> None:
    fake.options.rates = {fault: 1.0}
    (document,) = await reader.corpus.upload(project, a_txt=TOPICS)
    options = {"chunk_strategy": "semantic", "chunk_size": 100, "chunking_model": model("grok")}
    status, reason, detail = await reader.outcome(await reader.run(project, [document], **options))
    assert (status, reason) == ("accepted", "partly")
    assert "1 of 1 parts got no proposals" in (detail or "")
    assert (await reader.corpus.documents.get(document.id)).chunk_count > 3
