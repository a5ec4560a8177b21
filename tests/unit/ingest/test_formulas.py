"""Formulas of pages, books, Word documents and slides are TeX between dollar signs."""

from pathlib import Path

import docx
import pytest
from docx.oxml import parse_xml
from pptx import Presentation

from chunksmith.ingest.parsers import parse_file
from chunksmith.ingest.parsers.html import markdown_from_html

M = 'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'
MC = "http://schemas.openxmlformats.org/markup-compatibility/2006"
A14 = "http://schemas.microsoft.com/office/drawing/2010/main"
TEX = '<annotation encoding="application/x-tex">E=mc^{2}</annotation>'
ENERGY = "<mi>E</mi><mo>=</mo><mi>m</mi><msup><mi>c</mi><mn>2</mn></msup>"


def line(formula: str) -> str:
    """The words that stand for ``formula`` in a paragraph of a page."""
    text = markdown_from_html(f"<html><body><p>It is {formula}, he said.</p></body></html>").text
    return text.removeprefix("It is ").removesuffix(", he said.")


@pytest.mark.parametrize(
    ("formula", "wanted"),
    [
        pytest.param(f"<math><semantics><mrow>{ENERGY}</mrow>{TEX}</semantics></math>", "$E=mc^{2}$", id="annotated"),
        pytest.param(f'<math alttext="E=mc^{{2}}"><mrow>{ENERGY}</mrow></math>', "$E=mc^{2}$", id="alternative text"),
        pytest.param(
            f'<math alttext="{{\\displaystyle E=mc^{{2}}}}">{ENERGY}</math>', "$E=mc^{2}$", id="size of the whole"
        ),
        pytest.param(f'<math alttext="energy"><mrow>{ENERGY}</mrow></math>', "$E = mc^2$", id="words beside it"),
        pytest.param(
            f'<span class="katex"><span class="katex-mathml"><math>{TEX}</math></span>'
            '<span class="katex-html" aria-hidden="true">E=mc2</span></span>',
            "$E=mc^{2}$",
            id="drawn beside it",
        ),
        pytest.param(
            f'<span style="display: none"><math>{ENERGY}</math></span>'
            '<img class="mwe-math-fallback-image-inline" alt="{\\displaystyle E=mc^{2}}" src="x.svg">',
            "$E=mc^{2}$",
            id="hidden behind a picture",
        ),
        pytest.param('<img class="latex" alt="$E=mc^2$" src="x.png">', "$E=mc^2$", id="picture of TeX"),
        pytest.param(f'<math display="block">{ENERGY}</math>', "$$E = mc^2$$", id="of its own"),
        pytest.param(f"<m:math>{ENERGY}</m:math>", "$E = mc^2$", id="prefix of a namespace"),
    ],
)
def test_a_formula_is_written_once(formula: str, wanted: str) -> None:
    assert line(formula) == wanted


@pytest.mark.parametrize(
    ("mathml", "tex"),
    [
        ("<mfrac><mn>1</mn><mrow><mi>x</mi><mo>+</mo><mn>1</mn></mrow></mfrac>", r"\frac{1}{x + 1}"),
        ("<msqrt><mi>x</mi><mo>-</mo><mn>1</mn></msqrt>", r"\sqrt{x - 1}"),
        ("<mroot><mi>x</mi><mn>3</mn></mroot>", r"\sqrt[3]{x}"),
        ("<msub><mi>x</mi><mi>i</mi></msub>", "x_i"),
        ("<msubsup><mi>x</mi><mi>i</mi><mn>12</mn></msubsup>", "x_i^{12}"),
        ("<msup><mrow><mi>a</mi><mo>+</mo><mi>b</mi></mrow><mn>2</mn></msup>", "{a + b}^2"),
        ("<msup><mrow><mo>(</mo><mi>a</mi><mo>)</mo></mrow><mn>2</mn></msup>", "(a)^2"),
        ("<munderover><mo>∑</mo><mrow><mi>i</mi><mo>=</mo><mn>1</mn></mrow><mi>n</mi></munderover>", "∑_{i = 1}^n"),
        ("<munder><mi>lim</mi><mi>n</mi></munder><mi>a</mi>", r"\lim_na"),
        ("<mi>sin</mi><mo>\u2061</mo><mi>x</mi>", r"\sin x"),
        ("<mi>rate</mi>", r"\mathrm{rate}"),
        ("<mover><mi>x</mi><mo>¯</mo></mover>", r"\bar{x}"),
        ("<mover><mo>=</mo><mi>d</mi></mover>", r"\overset{d}{ = }"),
        ("<mtext>if </mtext><mi>x</mi>", r"\text{if }x"),
        ('<mfenced open="["><mi>a</mi><mi>b</mi></mfenced>', "[a, b)"),
        (
            "<mtable><mtr><mtd><mn>1</mn></mtd><mtd><mn>0</mn></mtd></mtr><mtr><mtd><mn>0</mn></mtd></mtr></mtable>",
            r"\begin{matrix}1 & 0 \\ 0\end{matrix}",
        ),
        ("<mn>5</mn><mo>%</mo>", r"5\%"),
        ("<mphantom><mi>x</mi></mphantom><mi>y</mi>", "y"),
    ],
)
def test_elements_of_mathml_are_commands_of_tex(mathml: str, tex: str) -> None:
    assert line(f"<math>{mathml}</math>") == f"${tex}$"


def test_a_formula_in_a_cell_stays_on_the_line_of_its_row() -> None:
    rows = (
        f"<tr><th>Law</th><th>Formula</th></tr><tr><td>Energy</td><td><math display='block'>{ENERGY}</math></td></tr>"
    )
    assert "| Energy | $E = mc^2$ |" in markdown_from_html(f"<html><body><table>{rows}</table></body></html>").text


def test_a_formula_without_characters_leaves_no_marks() -> None:
    assert line("nothing<math><mspace/></math>") == "nothing"


def test_a_formula_nested_deeper_than_any_is_gives_its_characters() -> None:
    assert line(f"<math>{'<mrow>' * 5000}<mi>x</mi>{'</mrow>' * 5000}</math>") == "$x$"


def run(text: str) -> str:
    return f"<m:r><m:t>{text}</m:t></m:r>"


@pytest.mark.parametrize(
    ("inside", "tex"),
    [
        (f"{run('E=m')}<m:sSup><m:e>{run('c')}</m:e><m:sup>{run('2')}</m:sup></m:sSup>", "E = mc^2"),
        (f"<m:f><m:fPr/><m:num>{run('1')}</m:num><m:den>{run('x')}</m:den></m:f>", r"\frac{1}{x}"),
        (f"<m:rad><m:deg/><m:e>{run('x')}</m:e></m:rad>", r"\sqrt{x}"),
        (f"<m:rad><m:deg>{run('3')}</m:deg><m:e>{run('x')}</m:e></m:rad>", r"\sqrt[3]{x}"),
        (
            f'<m:nary><m:naryPr><m:chr m:val="∑"/></m:naryPr><m:sub>{run("i=1")}</m:sub><m:sup>{run("n")}</m:sup>'
            f"<m:e>{run('i')}</m:e></m:nary>",
            "∑_{i = 1}^n i",
        ),
        (
            f'<m:d><m:dPr><m:begChr m:val="["/><m:endChr m:val="]"/></m:dPr><m:e>{run("a")}</m:e></m:d>',
            "[a]",
        ),
        (f"<m:func><m:fName>{run('sin')}</m:fName><m:e>{run('x')}</m:e></m:func>", r"\sin x"),
        (f"<m:acc><m:e>{run('x')}</m:e></m:acc>", r"\hat{x}"),
        (f"<m:sPre><m:sub>{run('1')}</m:sub><m:sup>{run('2')}</m:sup><m:e>{run('H')}</m:e></m:sPre>", "{}_1^2H"),
        (
            f"<m:m><m:mr><m:e>{run('1')}</m:e><m:e>{run('0')}</m:e></m:mr></m:m>",
            r"\begin{matrix}1 & 0\end{matrix}",
        ),
    ],
)
def test_formulas_of_word_are_tex(tmp_path: Path, inside: str, tex: str) -> None:
    document = docx.Document()
    paragraph = document.add_paragraph("It is ")
    paragraph._p.append(parse_xml(f"<m:oMath {M}>{inside}</m:oMath>"))
    paragraph.add_run(", he said.")
    path = tmp_path / "law.docx"
    document.save(str(path))
    assert parse_file(path, path.name).text == f"It is ${tex}$, he said."


def test_formulas_of_word_between_paragraphs_are_blocks(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_paragraph("The law is")
    one = f"<m:oMath>{run('a<b')}</m:oMath>".replace("a<b", "a&lt;b")
    settings = '<m:oMathParaPr><m:jc m:val="left"/></m:oMathParaPr>'
    document.add_paragraph()._p.append(parse_xml(f"<m:oMathPara {M}>{settings}{one}</m:oMathPara>"))
    path = tmp_path / "law.docx"
    document.save(str(path))
    assert parse_file(path, path.name).text == "The law is\n\n$$a < b$$"


def test_formulas_of_slides_are_tex_in_their_sentence(tmp_path: Path) -> None:
    deck = Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[1])
    slide.shapes.title.text = "Energy"
    box = slide.placeholders[1]
    box.text_frame.text = "It is "
    paragraph = box.text_frame.paragraphs[0]
    energy = f"{run('E=m')}<m:sSup><m:e>{run('c')}</m:e><m:sup>{run('2')}</m:sup></m:sSup>"
    held = f'<a14:m xmlns:a14="{A14}" {M}><m:oMath>{energy}</m:oMath></a14:m>'
    paragraph._p.append(parse_xml(held))
    paragraph.add_run().text = ", he said."
    choices = parse_xml(
        f'<mc:AlternateContent xmlns:mc="{MC}"><mc:Choice Requires="a14"/><mc:Fallback/></mc:AlternateContent>'
    )
    tree = slide.shapes.element
    tree.replace(box.element, choices)
    choices[0].append(box.element)
    path = tmp_path / "law.pptx"
    deck.save(str(path))
    assert parse_file(path, path.name).text == "## Energy\n\nIt is $E = mc^2$, he said."
