"""What the application holds for the handlers of reviewing, typed."""

from aiohttp import web

from chunksmith.services.feedback import FeedbackService
from chunksmith.services.preview import PreviewService
from chunksmith.services.regeneration import RegenerationService
from chunksmith.services.restoring import RestoreService

FEEDBACK = web.AppKey("feedback", FeedbackService)
REGENERATION = web.AppKey("regeneration", RegenerationService)
RESTORING = web.AppKey("restoring", RestoreService)
PREVIEWS = web.AppKey("previews", PreviewService)
