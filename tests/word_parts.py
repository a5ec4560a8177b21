"""Word documents for tests."""

import docx
from docx.document import Document
from docx.enum.style import WD_STYLE_TYPE


def word_document() -> Document:
    """An empty one, without the hundred styles of tables in the library's template: reading them takes the longest."""
    document = docx.Document()
    for style in list(document.styles):
        if style.type == WD_STYLE_TYPE.TABLE and style != document.styles.default(WD_STYLE_TYPE.TABLE):
            style.delete()
    return document
