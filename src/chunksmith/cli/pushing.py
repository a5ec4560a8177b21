"""A dataset on the Hugging Face Hub: what the server exports as a folder, sent by the Hub's own client."""

import contextlib
import os
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from chunksmith import __version__
from chunksmith.cli.exits import ExitCode, Failure

TOKEN = "HF_TOKEN"  # noqa: S105 - the name of a variable
# Files of an earlier push that this one does not have would still be read as part of the data.
REPLACED = "data/*.parquet"
_REPO = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}", re.ASCII)


class Pushed(NamedTuple):
    repo_id: str
    url: str
    commit: str


class Hub:
    """One repository of data. Everything that can be wrong before a byte is sent is told when this is made.

    Errors: Failure, which never has the token in it.
    """

    def __init__(self, repo_id: str) -> None:
        if not _REPO.fullmatch(repo_id):
            raise Failure(f"{repo_id!r} is not a repository of the Hub: name it ORG/NAME", ExitCode.INVALID)
        self._repo_id = repo_id
        self._library = _library()
        self._token = os.environ.get(TOKEN, "").strip()
        if not self._token:
            raise Failure(f"{TOKEN} is not set: make a token that may write, and set the variable", ExitCode.KEY)

    def push(self, archive: Path, folder: Path, *, private: bool, message: str) -> Pushed:
        """Unpack ``archive`` into ``folder`` and make it the content of the repository, in one commit.

        ``private`` counts when the repository is new; one that exists stays as it is.
        """
        with zipfile.ZipFile(archive) as packed:
            packed.extractall(folder)
        with self._told():
            api = self._library.HfApi(token=self._token, library_name="chunksmith", library_version=__version__)
            api.create_repo(self._repo_id, repo_type="dataset", private=private, exist_ok=True)
            done = api.upload_folder(
                repo_id=self._repo_id,
                repo_type="dataset",
                folder_path=folder,
                commit_message=message,
                delete_patterns=REPLACED,
            )
        return Pushed(self._repo_id, f"{api.endpoint}/datasets/{self._repo_id}", str(done.oid))

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """Errors: Failure in the Hub's own words."""
        self._library.utils.disable_progress_bars()
        try:
            yield
        except self._library.errors.HfHubHTTPError as exc:
            status = exc.response.status_code if exc.response is not None else 0
            code = ExitCode.KEY if status in (401, 403) else ExitCode.FAILED
            raise Failure(f"the Hub refused: {self._safe(exc)}", code) from None
        except RuntimeError as exc:  # what the library says of an upload; its cause has the reason
            raise Failure(f"the Hub refused: {self._safe(exc)} {self._safe(exc.__cause__ or exc)}") from None
        except Exception as exc:  # noqa: BLE001 - its HTTP library's errors, whichever that is, pass through it as they are
            raise Failure(f"the Hub was not reached: {self._safe(exc)}", ExitCode.UNAVAILABLE) from None

    def _safe(self, exc: BaseException) -> str:
        return " ".join(str(exc).replace(self._token, "…").split()) or type(exc).__name__


def _library() -> Any:
    try:
        import huggingface_hub  # noqa: PLC0415 - an extra that only this needs
        import huggingface_hub.errors  # noqa: PLC0415 - see above
        import huggingface_hub.utils  # noqa: PLC0415 - see above
    except ImportError as exc:
        raise Failure(
            "pushing needs the extra `hub`: pip install 'chunksmith[hub]' into this environment", ExitCode.INVALID
        ) from exc
    return huggingface_hub
