"""Generating over documents that wait to be read, some of which cannot be."""

from api_parts import upload
from app_parts import PASSAGES, Json, Server

GOOD = {"kilns.txt": "\n\n".join(PASSAGES).encode()}
BAD = {"scan.png": b"\x89PNG\r\n\x1a\n" + bytes(40), "empty.txt": b" "}
BUILTIN = {"generation_model": "builtin", "generation_mode": "default"}


async def project_of(server: Server, files: dict[str, bytes]) -> int:
    project = int((await server.post("projects", {"name": "Unread"}, 201))["id"])
    await upload(server, project, files)
    return project


async def generated(server: Server, files: dict[str, bytes], until: tuple[str, ...]) -> Json:
    return await server.generate({"project_id": await project_of(server, files), **BUILTIN}, until)


async def test_a_job_names_the_documents_that_it_could_not_read(server: Server) -> None:
    status = await generated(server, {**GOOD, **BAD}, ("completed",))
    warnings = status["result"]["warnings"]
    assert status["result"]["documents_unread"] == 2
    assert [one.partition(":")[0] for one in warnings] == [
        "scan.png (document 2) could not be read",
        "empty.txt (document 3) could not be read",
    ]
    assert warnings[1].endswith(": The file is empty.")


async def test_a_job_that_could_read_nothing_says_why(server: Server) -> None:
    status = await generated(server, BAD, ("failed",))
    assert status["error"].startswith("No chunks found for project: scan.png (document 1) could not be read: ")
    assert status["error"].endswith("(and 1 more)")


async def test_a_job_that_read_everything_warns_of_nothing(server: Server) -> None:
    result = (await generated(server, GOOD, ("completed",)))["result"]
    assert (result["documents_unread"], result["warnings"]) == (0, [])


async def test_a_later_job_names_the_documents_that_an_earlier_one_could_not_read(server: Server) -> None:
    project = await project_of(server, {**GOOD, **BAD})
    first = (await server.generate({"project_id": project, **BUILTIN}))["result"]
    later = (await server.generate({"project_id": project, **BUILTIN}))["result"]
    assert (later["documents_unread"], later["warnings"]) == (2, first["warnings"])


async def test_a_job_over_chosen_documents_names_only_those_of_them(server: Server) -> None:
    project = await project_of(server, {**GOOD, **BAD})
    await server.generate({"project_id": project, **BUILTIN})
    result = (await server.generate({"project_id": project, "document_ids": [1, 3], **BUILTIN}))["result"]
    assert result["documents_unread"] == 1
    assert result["warnings"] == ["empty.txt (document 3) could not be read: The file is empty."]


async def test_a_document_that_was_deleted_is_not_named(server: Server) -> None:
    project = await project_of(server, {**GOOD, **BAD})
    await server.generate({"project_id": project, **BUILTIN})
    await server.call("DELETE", "documents/2", 204)
    result = (await server.generate({"project_id": project, **BUILTIN}))["result"]
    assert [one.partition(" ")[0] for one in result["warnings"]] == ["empty.txt"]


async def test_where_nothing_could_be_read_a_later_request_is_refused_with_the_reason(server: Server) -> None:
    project = await project_of(server, BAD)
    await server.generate({"project_id": project, **BUILTIN}, ("failed",))
    problem = await server.post("datasets/generate", {"project_id": project, **BUILTIN}, 400)
    (error,) = problem["errors"]
    assert error["pointer"] == "/project_id"
    assert "; scan.png (document 1) could not be read: " in error["detail"]
    assert error["detail"].endswith("(and 1 more)")
