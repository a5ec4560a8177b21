"""What the application holds for the handlers of taxonomies, typed."""

from aiohttp import web

from chunksmith.services.taxonomies import TaxonomyService
from chunksmith.services.taxonomy_making import TaxonomyMaking

TAXONOMIES = web.AppKey("taxonomies", TaxonomyService)
TAXONOMY_MAKING = web.AppKey("taxonomy_making", TaxonomyMaking)
