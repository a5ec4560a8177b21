"""Everything that reads and writes rows and files, over one database and one data directory."""

from dataclasses import dataclass, field
from pathlib import Path

from chunksmith.settings import LedgerSettings
from chunksmith.storage.benchmarks import BenchmarkStore
from chunksmith.storage.calls import CallStore
from chunksmith.storage.chunk_imports import ImportStore
from chunksmith.storage.chunks import ChunkStore
from chunksmith.storage.coverage import CoverageStore
from chunksmith.storage.curation import CurationStore
from chunksmith.storage.database import Database
from chunksmith.storage.datasets import DatasetStore
from chunksmith.storage.documents import DocumentStore
from chunksmith.storage.entries import EntryStore
from chunksmith.storage.extraction import ExtractionStore
from chunksmith.storage.extraction_material import ExtractionMaterial
from chunksmith.storage.feedback import FeedbackStore
from chunksmith.storage.files import UploadStore
from chunksmith.storage.frozen_entries import FrozenEntryStore
from chunksmith.storage.jobs import JobStore
from chunksmith.storage.keys import KeyStore
from chunksmith.storage.project_moving import ProjectMover
from chunksmith.storage.projects import ProjectStore
from chunksmith.storage.prompts import PromptStore
from chunksmith.storage.purge import PurgeStore
from chunksmith.storage.reading import ReadingStore
from chunksmith.storage.references import ReferenceStore
from chunksmith.storage.regenerations import RegenerationStore
from chunksmith.storage.taxonomies import TaxonomyStore
from chunksmith.storage.taxonomy_work import TaxonomyWorkStore
from chunksmith.storage.units import UnitStore
from chunksmith.storage.versions import VersionStore

DATABASE_FILE = "chunksmith.db"


@dataclass
class Rows:
    root: Path
    ledger: LedgerSettings
    database: Database = field(init=False)

    def __post_init__(self) -> None:
        database = self.database = Database(self.root / DATABASE_FILE, self.ledger.group_commit_max)
        self.calls = CallStore(database, self.ledger.compress_level)
        self.jobs = JobStore(database)
        self.units = UnitStore(database)
        self.projects = ProjectStore(database)
        self.curation = CurationStore(database)
        self.coverage = CoverageStore(database)
        self.references = ReferenceStore(database)
        self.imports = ImportStore(database)
        self.documents = DocumentStore(database, self.imports)
        self.files = UploadStore(self.root)
        self.chunks = ChunkStore(database)
        self.prompts = PromptStore(database)
        self.reading = ReadingStore(database)
        self.datasets = DatasetStore(database)
        self.entries = EntryStore(database)
        self.feedback = FeedbackStore(database)
        self.regenerations = RegenerationStore(database)
        self.taxonomies = TaxonomyStore(database)
        self.taxonomy_work = TaxonomyWorkStore(database)
        self.extraction = ExtractionStore(database)
        self.extraction_material = ExtractionMaterial(database)
        self.benchmarks = BenchmarkStore(database)
        self.versions = VersionStore(database)
        self.frozen = FrozenEntryStore(database)
        self.keys = KeyStore(database)
        self.moving = ProjectMover(database, self.root / DATABASE_FILE, self.root, self.files, self.calls)
        self.purge = PurgeStore(database)
