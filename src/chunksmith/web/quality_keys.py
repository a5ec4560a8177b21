"""What the application holds for the handlers of quality, typed."""

from aiohttp import web

from chunksmith.services.analyzing import AnalysisService
from chunksmith.services.quality_reports import QualityReports

ANALYSIS = web.AppKey("analysis", AnalysisService)
QUALITY_REPORTS = web.AppKey("quality_reports", QualityReports)
