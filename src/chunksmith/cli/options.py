"""Options that several commands share."""

from typing import Annotated

import typer

Server = Annotated[str, typer.Option("--server", envvar="CHUNKSMITH_URL", metavar="URL", help="Address of the server.")]
ServerIfAny = Annotated[
    str | None,
    typer.Option(
        "--server",
        envvar="CHUNKSMITH_URL",
        metavar="URL",
        show_default="where the settings let it run",
        help="Address of the server.",
    ),
]
Key = Annotated[
    str | None,
    typer.Option(
        "--api-key",
        envvar="CHUNKSMITH_API_KEY",
        metavar="KEY",
        show_default=False,
        help="API key. Rather set the variable: other users of this machine can see options.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else, on standard output.")]
ProjectName = Annotated[str, typer.Option("--project", "-p", metavar="NAME", help="Name, id or UUID of the project.")]
Watch = Annotated[bool, typer.Option("--watch", "-w", help="Stay until the job has ended or is paused.")]
JobId = Annotated[str, typer.Argument(metavar="JOB", help="Id of the job.", show_default=False)]
DatasetId = Annotated[
    str,
    typer.Argument(metavar="DATASET", help="Id of the dataset, or of the job that made it.", show_default=False),
]
