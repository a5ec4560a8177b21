"""The server about itself: whether it lives, what it can write, which models it reaches."""

from typing import Any

from aiohttp import web

from chunksmith.errors import Fault, NotFound, RunnerUnavailable
from chunksmith.exports.formats import broken_plugins, known_formats
from chunksmith.web import fields
from chunksmith.web.answers import json_response
from chunksmith.web.keys import METRICS, PROVIDERS, READINESS
from chunksmith.web.parsing import body_of
from chunksmith.web.routing import Answer, Route

PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


class HealthOut(fields.AnswerSchema):
    status = fields.String()
    version = fields.String()


class FormatOut(fields.AnswerSchema):
    name = fields.String()
    extension = fields.String()
    media_type = fields.String()
    description = fields.String()


class BrokenPluginOut(fields.AnswerSchema):
    name = fields.String(metadata={"description": "What the format would be called."})
    plugin = fields.String(metadata={"description": "The package that it comes from."})
    problem = fields.String()


class FormatsOut(fields.AnswerSchema):
    formats = fields.List(fields.Nested(FormatOut))
    problems = fields.List(
        fields.Nested(BrokenPluginOut), metadata={"description": "Plugins that are installed and cannot be used."}
    )


class ModelOut(fields.AnswerSchema):
    name = fields.String()
    input_token_limit = fields.Integer(allow_none=True)
    output_token_limit = fields.Integer(allow_none=True)


class LimitsOut(fields.AnswerSchema):
    max_concurrency = fields.Integer()
    requests_per_minute = fields.Integer(allow_none=True)
    tokens_per_minute = fields.Integer(allow_none=True)


class ProviderOut(fields.AnswerSchema):
    name = fields.String()
    configured = fields.Boolean()
    reachable = fields.Boolean(allow_none=True, metadata={"description": "null: not asked, no key is set."})
    problem = fields.String(
        allow_none=True,
        metadata={"description": "Why it is not reachable, or who of it does not answer or lacks the default model."},
    )
    default_model = fields.String()
    models = fields.List(fields.Nested(ModelOut))
    limits = fields.Nested(LimitsOut)
    in_flight = fields.Integer()
    queued = fields.Integer()


class LimitsIn(fields.ChangeSchema):
    max_concurrency = fields.Integer(least=1, most=4096)
    requests_per_minute = fields.Integer(least=1, allow_none=True)
    tokens_per_minute = fields.Integer(least=1, allow_none=True)


class ProvidersOut(fields.AnswerSchema):
    providers = fields.List(fields.Nested(ProviderOut))


async def health(request: web.Request) -> web.StreamResponse:
    return json_response({"status": "ok", "version": request.app[READINESS].version})


async def ready(request: web.Request) -> web.StreamResponse:
    readiness = request.app[READINESS]
    if not readiness.ready or readiness.stopping:
        raise RunnerUnavailable("the server is stopping" if readiness.stopping else "the server is starting")
    return json_response({"status": "ready", "version": readiness.version})


async def metrics(request: web.Request) -> web.StreamResponse:
    return web.Response(body=await request.app[METRICS].text(), headers={"Content-Type": PROMETHEUS})


async def list_formats(request: web.Request) -> web.StreamResponse:
    formats = [form._asdict() for form in known_formats()]
    return json_response({"formats": formats, "problems": [one._asdict() for one in broken_plugins()]})


async def list_format_plugins(request: web.Request) -> web.StreamResponse:
    return await list_formats(request)


async def list_providers(request: web.Request) -> web.StreamResponse:
    found = [
        {
            "name": one.name,
            "configured": one.configured,
            "reachable": one.reachable,
            "problem": one.problem,
            "default_model": one.default_model,
            "models": [
                {
                    "name": model.name,
                    "input_token_limit": model.input_token_limit,
                    "output_token_limit": model.output_token_limit,
                }
                for model in one.models
            ],
            "limits": {
                "max_concurrency": one.max_concurrency,
                "requests_per_minute": one.requests_per_minute,
                "tokens_per_minute": one.tokens_per_minute,
            },
            "in_flight": one.in_flight,
            "queued": one.queued,
        }
        for one in await request.app[PROVIDERS].all()
    ]
    return json_response({"providers": found})


async def change_provider(request: web.Request) -> web.StreamResponse:
    return json_response(request.app[PROVIDERS].set_limits(request.match_info["provider"], body_of(request)))


async def _also_wrong(request: web.Request, _: dict[str, Any]) -> list[Fault]:
    request.app[PROVIDERS].check_known(request.match_info["provider"])
    return []


ROUTES = [
    Route("GET", "/health", health, "It lives", "Service", {200: Answer("Yes.", HealthOut)}, needs_key=False),
    Route(
        "GET",
        "/ready",
        ready,
        "It takes work",
        "Service",
        {200: Answer("Yes.", HealthOut)},
        errors=(RunnerUnavailable,),
        needs_key=False,
    ),
    Route(
        "GET", "/metrics", metrics, "Numbers for Prometheus", "Service", {200: Answer("All.", media=("text/plain",))}
    ),
    Route(
        "GET",
        "/api/v1/formats",
        list_formats,
        "Formats that datasets can be written in",
        "Service",
        {200: Answer("All of them.", FormatsOut)},
    ),
    Route(
        "GET",
        "/api/v1/plugins/dataset-formats",
        list_format_plugins,
        "The same, at its older address",
        "Service",
        {200: Answer("All of them.", FormatsOut)},
    ),
    Route(
        "GET",
        "/api/v1/providers",
        list_providers,
        "Providers of models, and whether they answer",
        "Service",
        {200: Answer("All of them; never a key.", ProvidersOut)},
    ),
    Route(
        "PATCH",
        "/api/v1/providers/{provider}",
        change_provider,
        "Change a provider's limits, also while jobs run",
        "Service",
        {
            200: Answer(
                "The limits as they are now. A restart takes them from the settings again. Where the provider wanted "
                "to be left alone for longer than `generation.give_up_after_s`, the next call asks it again.",
                LimitsOut,
            )
        },
        body=LimitsIn,
        also=_also_wrong,
        errors=(NotFound,),
    ),
]
