"""Encodings that a file does not name."""

import json
from pathlib import Path

import pytest

from chunksmith.ingest.parsers import parse_file
from chunksmith.ingest.parsers.encodings import decode

_TEXTS = {
    "Polish": "Wisła jest najdłuższą rzeką Polski. Źródła znajdują się w Beskidzie Śląskim, a ujście w Zatoce Gdańskiej.",
    "Czech": "Příbram leží nedaleko Prahy. Řeka Vltava je nejdelší řekou země a protéká několika městy, žije zde kůň.",
    "Hungarian": "A kikötőt kőből építették. Őszi viharok idején a hajók nem tudnak kifutni, sűrű ködben a kürt hangja szól.",
    "Turkish": "İstanbul Türkiye'nin en kalabalık şehridir. Boğaz iki kıtayı ayırır, köprüler bağlar. Çoğu kişi vapura biner.",
    "Turkish without vowels of its own": "Kışın rıhtım ışıklarla dolar, kapısı sabah açık kalır, bağ ıslanır.",
    "Lithuanian": "Vilnius yra didžiausias Lietuvos miestas ir sostinė. Šiame mieste gyvena šeši šimtai tūkstančių žmonių.",
    "German": "Über dem Fluß hängt große Kälte; die Brücke wurde für fünf Züge gebaut, sagt „Der Bote“ – 25 m² groß.",
    "French": "L’été dernier, la forêt brûlée a été replantée ; çà et là, des chênes naïfs et un cœur sûr, où Noël, là-bas.",
    "Spanish": "¿Dónde está el niño? El año pasado la canción sonó también aquí, según él: ¡qué pingüino más pequeño! 1.ª vez",
    "Portuguese": "As canções não são só do coração; o avião, às três, já pôs três limões à mão. Nº 5.",
    "Swedish": "Åarna rinner till sjön på våren. Där växer även små blåbär, och många åker dit på söndagar.",
    "Icelandic": "Það er eitt þorp við ána. Þar búa fáir menn og veðrið er kalt, en sjórinn er ríkur af fiski. Ýmsir fóru.",
    "English": "The café of Søren Müller in São Paulo holds 30 m³, 40 m³ and 50 m³ at 5° – naïve, says Ångström’s “Æon”.",
    "Japanese": "緑茶は日本で広く飲まれているお茶です。茶葉を蒸して作られます。",
}
_CASES = [
    *(("Polish", encoding) for encoding in ("cp1250", "iso8859-2")),
    *(("Czech", encoding) for encoding in ("cp1250", "iso8859-2")),
    ("Hungarian", "cp1250"),
    ("Turkish", "cp1254"),
    ("Turkish without vowels of its own", "cp1254"),
    ("Lithuanian", "cp1257"),
    *((name, "cp1252") for name in ("German", "French", "Spanish", "Portuguese", "Swedish", "Icelandic", "English")),
    *(("Japanese", encoding) for encoding in ("euc-jp", "shift_jis", "iso-2022-jp")),
]


@pytest.mark.parametrize(("name", "encoding"), _CASES)
def test_text_is_read_in_the_encoding_it_was_written_in(name: str, encoding: str) -> None:
    assert decode(_TEXTS[name].encode(encoding)).text == _TEXTS[name]


@pytest.mark.parametrize("name", ["a.txt", "a.rst", "a.md", "a.html", "a.csv"])
def test_guess_names_the_encoding_in_a_warning(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(_TEXTS["Polish"].encode("cp1250"))

    (warning,) = parse_file(path, name).warnings

    assert "cp1250" in warning


@pytest.mark.parametrize(("name", "lines"), [("a.json", 1), ("a.jsonl", 2)], ids=["one value", "a value a line"])
def test_guess_of_json_is_named_too(tmp_path: Path, name: str, lines: int) -> None:
    path = tmp_path / name
    path.write_bytes("\n".join([json.dumps({"text": _TEXTS["Polish"]}, ensure_ascii=False)] * lines).encode("cp1250"))

    (warning,) = parse_file(path, name).warnings

    assert "cp1250" in warning


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252"])
def test_text_in_a_common_encoding_has_no_warning(encoding: str) -> None:
    assert decode(_TEXTS["German"].encode(encoding)).warnings == ()
