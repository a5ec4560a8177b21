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
