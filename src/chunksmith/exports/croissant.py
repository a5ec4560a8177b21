"""Croissant 1.0: the folder described for machines, in JSON-LD. Source: mlcommons.org/croissant/1.0, read 2026-11."""

from typing import Any

from chunksmith.exports.columns import Column, DatasetHeader, columns
from chunksmith.exports.folder import Contents, DataFile

_CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
_EVIDENCE = (("quote", "sc:Text"), ("start", "sc:Integer"), ("end", "sc:Integer"), ("match", "sc:Text"))
_PARQUET = "application/x-parquet"


def croissant(header: DatasetHeader, contents: Contents) -> dict[str, Any]:
    splits = contents.splits()
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": header.name,
        "description": f"{contents.rows} entries of the mode {header.mode}, written by models from documents.",
        "license": header.license,
        "url": f"urn:chunksmith:{header.dataset_id or 'dataset'}",
        "version": header.version or "1.0.0",
        "datePublished": header.updated_at,
        "citeAs": f"{header.name}. Made with Chunksmith, {header.updated_at[:4]}.",
        "distribution": [_file(file) for file in contents.files],
        "recordSet": [
            # A record set has one source: a split of several files has one for each of them.
            _records(split if len(files) == 1 else f"{split}_{number}", file, header)
            for split, files in splits.items()
            for number, file in enumerate(files)
        ],
    }


def _file(file: DataFile) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": _file_id(file),
        "name": _file_id(file),
        "contentUrl": file.path,
        "contentSize": f"{file.size_bytes} B",
        "encodingFormat": _PARQUET,
        "sha256": file.sha256,
    }


def _records(name: str, file: DataFile, header: DatasetHeader) -> dict[str, Any]:
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "description": f"{file.rows} entries of the split {file.split}.",
        "field": [_field(name, file, column) for column in columns(header)],
    }


def _field(records: str, file: DataFile, column: Column) -> dict[str, Any]:
    found = {"@type": "cr:Field", "@id": f"{records}/{column.name}", "name": column.name}
    if column.kind == "evidence":
        parts = [_part(found["@id"], file, column.name, name, kind) for name, kind in _EVIDENCE]
        return {**found, "repeated": True, "subField": parts}
    kind = "sc:Float" if column.kind == "number" else "sc:Text"
    repeated = {"repeated": True} if column.kind == "texts" else {}
    return {**found, "dataType": kind, **repeated, "source": _source(file, column.name)}


def _part(parent: str, file: DataFile, column: str, name: str, kind: str) -> dict[str, Any]:
    source = {**_source(file, column), "transform": {"jsonPath": name}}
    return {"@type": "cr:Field", "@id": f"{parent}/{name}", "name": name, "dataType": kind, "source": source}


def _source(file: DataFile, column: str) -> dict[str, Any]:
    return {"fileObject": {"@id": _file_id(file)}, "extract": {"column": column}}


def _file_id(file: DataFile) -> str:
    return file.path.removeprefix("data/").removesuffix(".parquet")
