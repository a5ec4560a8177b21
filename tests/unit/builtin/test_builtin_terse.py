"""Short English with few function words: notes, orders, headlines; and what only looks like it."""

import pytest

from chunksmith.domain.calls import Task
from chunksmith.providers.builtin.generator import generate
from chunksmith.providers.builtin.languages import detect

ENGLISH = [
    "Install packages. Restart nginx. Check logs.",
    "Close valve. Drain tank. Remove filter. Clean housing. Fit new filter. Open valve slowly.",
    "Back up databases nightly. Keep seven copies. Test restores monthly.",
    "Quarterly sales rose sharply. Margins shrank. Management expects slower growth next year.",
    "Bees collect nectar. Drones mate. Workers build combs. Queens lay eggs.",
    "Add no salt. Wear gloves. Lift boxes slowly. Leave doors open, no smoking.",
]
OTHER = {
    "german": [
        "Pakete installieren. Dienst neu starten. Protokolle prüfen.",
        "Ventil schließen. Tank leeren. Filter wechseln. Gehäuse reinigen.",
        "Server Backup nachts starten. Logs in Ordner Test kopieren. Browser Cache leeren.",
        "Patient fieberfrei. Blutdruck stabil. Lunge frei. Therapie fortsetzen.",
    ],
    "french": [
        "Installer paquets. Redémarrer nginx. Vérifier journaux.",
        "Fermer vanne. Vider réservoir. Changer filtre. Nettoyer boîtier.",
        "Patient stable. Tension normale. Continuer traitement trois jours.",
    ],
    "spanish": [
        "Instalar paquetes. Reiniciar nginx. Revisar registros.",
        "Mezclar harina, agua, sal. Amasar diez minutos. Dejar reposar.",
        "Paciente estable. Control normal. Continuar tratamiento tres días.",
    ],
    "italian": [
        "Installare pacchetti. Riavviare nginx. Controllare registri.",
        "Mescolare farina, acqua, sale. Impastare dieci minuti.",
        "Paziente stabile. Pressione normale. Continuare terapia tre giorni.",
    ],
    "dutch": [
        "Pakketten installeren. Nginx herstarten. Logboeken controleren.",
        "Meel, water, zout mengen. Tien minuten kneden. Deeg laten rusten.",
        "Klep sluiten. Tank legen. Filter vervangen. Behuizing reinigen.",
    ],
    "portuguese": [
        "Instalar pacotes. Reiniciar nginx. Verificar registros.",
        "Fechar válvula. Esvaziar tanque. Trocar filtro.",
        "Paciente estável. Pressão normal. Continuar tratamento três dias.",
    ],
    "swedish": [
        "Installera paket. Starta om nginx. Kontrollera loggar.",
        "Blanda mjöl, vatten, salt. Knåda tio minuter. Låt degen vila.",
        "Stäng ventil. Töm tank. Byt filter. Rengör hus.",
    ],
    "polish": [
        "Zainstaluj pakiety. Uruchom ponownie nginx. Sprawdź logi.",
        "Zamknij zawór. Opróżnij zbiornik. Wymień filtr.",
        "Pacjent stabilny. Temperatura normalna. Test negatywny. Kontrola jutro.",
    ],
    "turkish": [
        "Paketleri kurun. Nginx yeniden başlatın. Günlükleri kontrol edin.",
        "Vanayı kapatın. Depoyu boşaltın. Filtreyi değiştirin.",
        "Bir hasta geldi. Test sonucu normal. Kontrol yarın.",
    ],
    "latin": [
        "Gallia est omnis divisa in partes tres. Horum omnium fortissimi sunt Belgae.",
        "Veni, vidi, vici. Alea iacta est.",
        "Carthago delenda. Divide, impera. Dominus regnat, populus servit.",
    ],
    "code": [
        "import os\nimport sys\nclass Reader(object):\n    def open(self, path): self.file = open(path)",
        "git add .; git commit -m fix; git push origin main",
        "int main(void) { int total = 0; while (read(fd, buf, size) > 0) total += size; return total; }",
    ],
    "lists of words": [
        "red green blue yellow orange black white brown",
        "accept act add agree allow answer appear apply ask avoid call change close cook copy.",
        "Home Products Services Contact Login Register Search Help.",
        "Overview. Installation. Configuration. Usage. License.",
        "Test Mode. Boot Menu. Network Card.",
    ],
}


@pytest.mark.parametrize("text", ENGLISH)
def test_english_without_function_words_is_english(text: str) -> None:
    assert detect(text) == "en"


@pytest.mark.parametrize(
    "text", [pytest.param(text, id=f"{kind}: {text[:20]}") for kind in OTHER for text in OTHER[kind]]
)
def test_neither_other_languages_nor_code_nor_lists_are_english(text: str) -> None:
    assert detect(text) != "en"


REPORT = (
    "Quarterly sales rose sharply. Margins shrank because freight costs doubled. Online orders exceeded store sales. "
    "Two warehouses closed in June. Suppliers raised prices."
)


def test_a_report_without_articles_is_asked_open_questions() -> None:
    items = generate(Task("default", REPORT, 3))
    assert {"Why did margins shrink?", "What did online orders exceed?"} <= {item["question"] for item in items}


BAD = [
    pytest.param("Farmer promised generous help yesterday. Workers build combs.", "farmer promise", id="no article"),
    pytest.param("Anna writes report, Tom checks figures. Workers build combs.", "Anna write", id="two statements"),
    pytest.param("Inspectors arrive next Monday. Workers build combs now.", "inspectors arrive", id="a time as object"),
]


@pytest.mark.parametrize(("text", "asked"), BAD)
def test_a_note_is_not_asked_what_reads_badly(text: str, asked: str) -> None:
    items = generate(Task("default", text, 3))
    assert not [item for item in items if item["kind"] != "cloze" and asked in str(item["question"])]


def test_statements_of_notes_are_filled_in_where_nothing_can_be_asked() -> None:
    items = generate(Task("default", "Lighthouse keepers trimmed wicks, polished lenses, wound clockwork.", 3))
    assert [item["kind"] for item in items] == ["cloze", "cloze"]


def test_orders_of_notes_are_not_filled_in() -> None:
    assert generate(Task("default", "Mix flour, water, salt. Bake hot, cool before slicing.", 3)) == []
