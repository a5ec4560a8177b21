"""Prompts."""

from typing import Any

from aiohttp import web

from chunksmith.domain.paging import Window
from chunksmith.domain.prompts import PromptDraft
from chunksmith.errors import Conflict, Fault, NotFound
from chunksmith.web.answers import json_response, no_content
from chunksmith.web.keys import PROMPTS
from chunksmith.web.parsing import body_of, query_of
from chunksmith.web.routing import Answer, Route
from chunksmith.web.schemas.prompts import PromptChange, PromptIn, PromptOut, PromptsOut, PromptsQuery, prompt_out

TAG = "Prompts"


async def create_prompt(request: web.Request) -> web.StreamResponse:
    prompt = await request.app[PROMPTS].create(body_of(request, PromptDraft))
    return json_response(prompt_out(prompt), 201, {"Location": f"/api/v1/prompts/{prompt.id}"})


async def list_prompts(request: web.Request) -> web.StreamResponse:
    query = query_of(request)
    window = Window(query["page"], query["per_page"])
    page = await request.app[PROMPTS].page(window, query["generation_mode"])
    shown = [prompt_out(prompt) for prompt in page.items]
    return json_response({"prompts": shown, "total": page.total, "page": window.page, "per_page": window.per_page})


async def get_prompt(request: web.Request) -> web.StreamResponse:
    return json_response(prompt_out(await request.app[PROMPTS].get(request.match_info["prompt_id"])))


async def get_prompt_by_name(request: web.Request) -> web.StreamResponse:
    return json_response(prompt_out(await request.app[PROMPTS].by_name(request.match_info["prompt_name"])))


async def update_prompt(request: web.Request) -> web.StreamResponse:
    prompt = await request.app[PROMPTS].change(request.match_info["prompt_id"], body_of(request))
    return json_response(prompt_out(prompt))


async def delete_prompt(request: web.Request) -> web.StreamResponse:
    await request.app[PROMPTS].delete(request.match_info["prompt_id"])
    return no_content()


async def _also_wrong(request: web.Request, values: dict[str, Any]) -> list[Fault]:
    return await request.app[PROMPTS].faults(values["name"], request.match_info.get("prompt_id"))


ROUTES = [
    Route(
        "POST",
        "/api/v1/prompts",
        create_prompt,
        "Add a prompt",
        TAG,
        {201: Answer("The prompt.", PromptOut, headers=("Location",))},
        body=PromptIn,
        also=_also_wrong,
        errors=(Conflict,),
    ),
    Route(
        "GET",
        "/api/v1/prompts",
        list_prompts,
        "List prompts",
        TAG,
        {200: Answer("A page of prompts: the built-in ones first, then by id.", PromptsOut)},
        query=PromptsQuery,
    ),
    Route(
        "GET",
        "/api/v1/prompts/by-name/{prompt_name}",
        get_prompt_by_name,
        "Read a prompt by its name",
        TAG,
        {200: Answer("The prompt.", PromptOut)},
        errors=(NotFound,),
    ),
    Route(
        "GET",
        "/api/v1/prompts/{prompt_id}",
        get_prompt,
        "Read a prompt",
        TAG,
        {200: Answer("The prompt.", PromptOut)},
        errors=(NotFound,),
    ),
    Route(
        "PUT",
        "/api/v1/prompts/{prompt_id}",
        update_prompt,
        "Change a prompt",
        TAG,
        {200: Answer("The prompt as it is now.", PromptOut)},
        description="Only the named fields change. Built-in prompts are read-only.",
        body=PromptChange,
        also=_also_wrong,
        errors=(NotFound, Conflict),
    ),
    Route(
        "DELETE",
        "/api/v1/prompts/{prompt_id}",
        delete_prompt,
        "Delete a prompt",
        TAG,
        {204: Answer("It is gone.")},
        description="Built-in prompts are read-only.",
        errors=(NotFound, Conflict),
    ),
]
