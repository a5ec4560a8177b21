"""What the application holds for the handlers of benchmarks, typed."""

from aiohttp import web

from chunksmith.services.benchmarking import BenchmarkService

BENCHMARKS = web.AppKey("benchmarks", BenchmarkService)
