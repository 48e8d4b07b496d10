"""The certificate as a document: what it says, in which scripts, and that it is archivable and accessible."""

from __future__ import annotations

import hashlib
import io
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
import segno
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from collegium.features.certificates import document
from collegium.features.certificates.document import CertificateData, DoesNotFit, UnsupportedText, render

SAMPLE = CertificateData(
    number="CERT-2026-7KQ9XM4T",
    holder_name="Margaret O’Connell-Reyes",
    course_title="Advanced Risk Management",
    credits=Decimal("8.50"),
    credit_label="CE credits",
    completed_on=date(2026, 3, 12),
    issued_at=datetime(2026, 3, 13, 1, 30, tzinfo=UTC),
    issuer_name="Guild of Insurance Professionals",
    verify_url="https://learn.example.org/verify/CERT-2026-7KQ9XM4T",
    instructor_name="Dr. Samuel Whitaker, CLU",
)


def sample(**changes: Any) -> CertificateData:
    return msgspec.structs.replace(SAMPLE, **changes)


def read(pdf: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(pdf))


def text(pdf: bytes) -> str:
    """What stands on the page, every run of space as one."""
    return " ".join(read(pdf).pages[0].extract_text().split())


def fonts(pdf: bytes) -> set[str]:
    used = read(pdf).pages[0]["/Resources"]["/Font"]
    return {re.sub(r"^/[A-Z]{6}\+|-Identity-H$", "", used[name].get_object()["/BaseFont"]) for name in used}


def xmp(pdf: bytes) -> str:
    return read(pdf).trailer["/Root"]["/Metadata"].get_object().get_data().decode()


def elements(pdf: bytes) -> list[Any]:
    """The structure elements in reading order."""
    found: list[Any] = []

    def walk(node: Any) -> None:
        node = node.get_object() if hasattr(node, "get_object") else node
        if isinstance(node, list):
            for child in node:
                walk(child)
        elif isinstance(node, dict) and "/S" in node:
            found.append(node)
            walk(node.get("/K", []))

    walk(read(pdf).trailer["/Root"]["/StructTreeRoot"]["/K"])
    return found


def test_it_says_who_completed_what_and_how_to_check_it() -> None:
    page = text(render(SAMPLE))
    for expected in (
        "Guild of Insurance Professionals",
        "Certificate of completion",
        "This certifies that Margaret O’Connell-Reyes has completed the course Advanced Risk Management",
        "Certificate number CERT-2026-7KQ9XM4T",
        "Completed on 12 March 2026",
        "8.5 CE credits",
        "Instructor Dr. Samuel Whitaker, CLU",
        "Issued on 13 March 2026.",
        "https://learn.example.org/verify/CERT-2026-7KQ9XM4T",
    ):
        assert expected in page


def test_it_is_one_landscape_page_of_either_paper() -> None:
    for paper, (width, height) in {"a4": (841.89, 595.28), "us-letter": (792, 612)}.items():
        (page,) = read(render(SAMPLE, paper=paper)).pages
        assert float(page.mediabox.width) == pytest.approx(width, abs=0.1)
        assert float(page.mediabox.height) == pytest.approx(height, abs=0.1)


def test_it_claims_pdf_a_2a_and_pdf_ua_1_and_is_tagged() -> None:
    pdf = render(SAMPLE)
    packet = xmp(pdf)
    for name, value in {"pdfaid:part": "2", "pdfaid:conformance": "A", "pdfuaid:part": "1"}.items():
        assert f"<{name}>{value}</{name}>" in packet
    root = read(pdf).trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    kinds = [element["/S"] for element in elements(pdf)]
    assert kinds.count("/H1") == 1
    assert "/Span" not in kinds  # each line is a paragraph of its own to a screen reader
    (figure,) = [element for element in elements(pdf) if element["/S"] == "/Figure"]
    assert figure["/Alt"] == f"QR code that opens {SAMPLE.verify_url}"


def test_its_metadata_name_title_author_and_number() -> None:
    info = read(render(SAMPLE)).metadata
    assert info is not None
    assert info.title == "Certificate of completion – Advanced Risk Management – Margaret O’Connell-Reyes"
    assert info.author == SAMPLE.issuer_name
    assert info["/Keywords"] == SAMPLE.number
    assert info.creation_date == SAMPLE.issued_at
    assert f"<pdf:Keywords>{SAMPLE.number}</pdf:Keywords>" in xmp(render(SAMPLE))


def test_its_fonts_are_embedded_and_ours() -> None:
    pdf = render(SAMPLE)
    assert fonts(pdf) == {"SourceSerif4-Regular", "SourceSerif4-Italic", "Inter-Regular", "Inter-Medium"}
    used = read(pdf).pages[0]["/Resources"]["/Font"]
    for name in used:
        descriptor = used[name].get_object()["/DescendantFonts"][0].get_object()["/FontDescriptor"]
        assert {"/FontFile2", "/FontFile3"} & set(descriptor)


@pytest.mark.parametrize("url", [SAMPLE.verify_url, "http://127.0.0.1:8000/verify/CERT-2031-ZZZZ2222?lang=en"])
def test_the_code_on_the_page_is_the_address(url: str) -> None:
    content = read(render(sample(verify_url=url))).pages[0].get_contents()
    assert content is not None
    # One stroke a run of dark modules, in module units, from its left to its right end.
    runs = re.findall(rb"(?<![\d.])(\d+) (\d+)\.5 m (\d+) \2\.5 l", content.get_data().replace(b"\n", b" "))
    expected = [bytes(row) for row in segno.make(url, error="m", micro=False).matrix]
    drawn = [bytearray(len(expected)) for _ in expected]
    for left, row, right in runs:
        for column in range(int(left), int(right)):
            drawn[int(row)][column] = 1
    assert drawn == expected


def test_the_same_data_give_the_same_bytes_on_any_machine(tmp_path: Path) -> None:
    pdf = render(SAMPLE)
    assert render(SAMPLE) == pdf
    elsewhere = SAMPLE.issued_at.astimezone(timezone(timedelta(hours=-8)))
    assert render(sample(issued_at=elsewhere)) == pdf
    assert render(sample(issued_at=SAMPLE.issued_at + timedelta(days=1))) != pdf
    program = f"""
import hashlib, sys, msgspec
from collegium.features.certificates.document import CertificateData, render
data = msgspec.json.decode({msgspec.json.encode(SAMPLE)!r}, type=CertificateData)
sys.stdout.write(hashlib.sha256(render(data)).hexdigest())
"""
    env = {"PATH": os.defpath, "HOME": str(tmp_path), "TZ": "Asia/Kolkata", "LC_ALL": "C", "PYTHONHASHSEED": "7"}
    done = subprocess.run([sys.executable, "-c", program], env=env, cwd=tmp_path, capture_output=True, check=True)
    assert done.stdout.decode() == hashlib.sha256(pdf).hexdigest()


def test_threads_share_the_compiler() -> None:
    people = [sample(holder_name=f"Person {number}") for number in range(6)]
    alone = [render(person) for person in people]
    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(render, people)) == alone


def test_the_template_compiles_without_warnings() -> None:
    inputs, issued_at = document._inputs(SAMPLE, "a4")
    _, warnings = document._typesetter(None)._compiler.compile_with_warnings(
        format="pdf",
        sys_inputs={"data": msgspec.json.encode(inputs).decode()},
        pdf_standards=document.STANDARDS,
        timestamp=issued_at,
    )
    assert warnings == []


@pytest.mark.parametrize(
    "hostile",
    [
        '#import "@preview/x:1.0.0": *',
        '#read("/etc/passwd")',
        "#{ panic() }",
        "*bold* _italic_ `raw` $x^2$ <label> @ref",
        "= Heading - list + enum / term: x",
        '"quoted" \\ backslash \\u{41} \\n',
        "// comment /* comment */ ~ -- --- ...",
        "{{ name }} %s {0} {holder}",
        "](javascript:alert(1)) <b>&amp;</b>",
        "'; drop table certificates; --",
    ],
)
def test_markup_in_a_name_is_shown_as_typed(hostile: str) -> None:
    pdf = render(sample(holder_name=hostile, course_title=hostile, issuer_name=hostile, instructor_name=hostile))
    assert re.sub(r"\s", "", text(pdf)).count(re.sub(r"\s", "", hostile)) == 4
    info = read(pdf).metadata
    assert info is not None
    assert info.author == hostile


@pytest.mark.parametrize(
    ("name", "font"),
    [
        ("Zoë Ångström-Łukasiewicz", "SourceSerif4-Regular"),
        ("Nguyễn Thị Thuỷ Tiên", "SourceSerif4-Regular"),
        ("Αλέξανδρος Παπαδόπουλος", "SourceSerif4-Regular"),
        ("Наталья Цветкова, Ђорђе Џонић", "SourceSerif4-Regular"),
        ("Ὀδυσσεύς", "NotoSerif"),
        ("محمد عبد الرحمن", "NotoNaskhArabic"),
        ("פנינה רוזנברג", "NotoSerifHebrew-Regular"),
        ("Արամ Խաչատրյան", "NotoSerifArmenian-Regular"),
        ("ნინო ბერიძე", "NotoSerifGeorgian-Regular"),
        ("अनुष्का क्षत्रिय", "NotoSerifDevanagari"),
        ("রবীন্দ্রনাথ ঠাকুর", "NotoSerifBengali"),
        ("નરસિંહ મહેતા", "NotoSerifGujarati"),
        ("ਅਮ੍ਰਿਤਾ ਪ੍ਰੀਤਮ", "NotoSerifGurmukhi"),
        ("சுப்பிரமணிய பாரதி", "NotoSerifTamil"),
        ("శ్రీనివాస్ రావు", "NotoSerifTelugu"),
        ("ಕುವೆಂಪು", "NotoSerifKannada"),
        ("ശ്രീജിത്ത്", "NotoSerifMalayalam"),
        ("මාර්ටින් වික්‍රමසිංහ", "NotoSerifSinhala"),
        ("สมชาย ใจดี", "NotoSerifThai"),
        ("ສົມຊາຍ", "NotoSerifLao"),
        ("សុខា ចាន់", "NotoSerifKhmer"),
        ("အောင်ဆန်း", "NotoSerifMyanmar"),
        ("አበበ ቢቂላ", "NotoSerifEthiopic"),
        ("王堃珺", "NotoSansCJKsc"),
        ("陳喆龍", "NotoSansCJKsc"),
        ("渡邊さくら", "NotoSansCJKsc"),
        ("김철수", "NotoSansCJKsc"),
    ],
)
def test_names_in_many_scripts(name: str, font: str) -> None:
    pdf = render(sample(holder_name=name, course_title=name, instructor_name=name, issuer_name=name))
    assert any(used.startswith(font.removesuffix("-Regular")) for used in fonts(pdf)), fonts(pdf)
    info = read(pdf).metadata
    assert info is not None
    assert info.author == name


@pytest.mark.parametrize(
    ("name", "characters"),
    [
        ("Ann 😀 Lee ꭰ", ("😀", "ꭰ")),
        ("Ann \ue000", ("\ue000",)),
        ("Ann\x00Lee\x07", ("\x00", "\x07")),
        ("Ann \u202elive", ("\u202e",)),
        ("Ann \ud800", ("\ud800",)),
        ("Ann \ufeffLee", ("\ufeff",)),
        ("Ann ᚠ", ("ᚠ",)),
    ],
)
@pytest.mark.parametrize("field", ["holder_name", "course_title", "issuer_name", "instructor_name", "credit_label"])
def test_a_character_that_cannot_be_shown_is_named(field: str, name: str, characters: tuple[str, ...]) -> None:
    with pytest.raises(UnsupportedText) as raised:
        render(sample(**{field: name}))
    assert raised.value.characters == characters
    for character in characters:
        assert f"U+{ord(character):04X}" in str(raised.value)


def test_a_font_of_the_sites_own_brings_what_ours_lack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    few, more = tmp_path / "few", tmp_path / "more"
    few.mkdir()
    more.mkdir()
    for path in document.FONTS.iterdir():
        if path.name.startswith(("SourceSerif4", "Inter")):
            shutil.copy(path, few)
        elif path.name.startswith("NotoSansCJK"):
            shutil.copy(path, more)
    monkeypatch.setattr(document, "FONTS", few)
    document._typesetter.cache_clear()
    try:
        with pytest.raises(UnsupportedText) as raised:
            render(sample(holder_name="王 Wang"))
        assert raised.value.characters == ("王",)
        assert "NotoSansCJKsc-Regular" in fonts(render(sample(holder_name="王 Wang"), extra_fonts=more))
    finally:
        document._typesetter.cache_clear()


@pytest.mark.parametrize(
    "changes",
    [
        {"holder_name": "Maximiliana Alexandrovna " * 8},
        {"course_title": ("Underwriting and Administration of Group Health Programmes, " * 5)[:255]},
        {"course_title": "风险管理基础与实务入门" * 18, "lang": "zh-CN"},
        {"issuer_name": "Association of Associations of Professionals " * 4},
        {"instructor_name": "Professor Konstantinos Papadimitriou-Alexandropoulos, CLU, ChFC, REBC, RHU " * 2},
        {"credit_label": "continuing education credits of the national board"},
        {"verify_url": "https://learn.example.org/" + "very-long-path/" * 8},
    ],
)
def test_long_texts_become_smaller_and_stay_on_the_page(changes: dict[str, Any]) -> None:
    pdf = render(sample(**changes))
    (page,) = read(pdf).pages
    shown = re.sub(r"\s", "", page.extract_text())
    for value in changes.values():
        assert re.sub(r"\s", "", value) in shown or value == "zh-CN"
    edges: list[float] = []

    def note(_text: str, _cm: Any, matrix: list[float], _font: Any, _size: Any) -> None:
        if _text.strip():
            edges.append(matrix[4])

    page.extract_text(visitor_text=note)
    assert edges
    assert min(edges) >= 0


@pytest.mark.parametrize(
    "changes",
    [{"holder_name": "W" * 80}, {"course_title": "word " * 400}, {"instructor_name": "X" * 100}],
)
def test_texts_beyond_measure_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(DoesNotFit):
        render(sample(**changes))


def test_what_does_not_apply_is_left_out() -> None:
    page = text(render(sample(credits=Decimal(0), instructor_name=None)))
    for absent in ("Credit", "CE credits", "Instructor"):
        assert absent not in page.replace("Certificate", "")


@pytest.mark.parametrize(
    ("amount", "shown"), [("8", "8 CE"), ("12.00", "12 CE"), ("0.25", "0.25 CE"), ("100", "100 CE"), ("1E+2", "100 CE")]
)
def test_credits_are_written_plainly(amount: str, shown: str) -> None:
    assert f"Credit {shown} credits" in text(render(sample(credits=Decimal(amount))))


@pytest.mark.parametrize(
    ("lang", "expected"),
    [
        ("de", ("Abschlusszertifikat", "Abgeschlossen am 1. März 2026", "8,5 CE")),
        ("fr-CA", ("Certificat de réussite", "Terminée le 1er mars 2026", "8,5 CE")),
        ("es", ("Certificado de finalización", "1 de marzo de 2026", "8,5 CE")),
        ("en-GB", ("Certificate of completion", "Completed on 1 March 2026", "8.5 CE")),
    ],
)
def test_fixed_words_follow_the_language(lang: str, expected: tuple[str, ...]) -> None:
    pdf = render(sample(lang=lang, completed_on=date(2026, 3, 1)))
    assert read(pdf).trailer["/Root"]["/Lang"].startswith(lang[:2])
    for words in expected:
        assert words in text(pdf)


def test_a_language_without_words_marks_the_title_only() -> None:
    pdf = render(sample(lang="zh-Hans-CN", course_title="风险管理"))
    assert read(pdf).trailer["/Root"]["/Lang"] == "en"
    assert "Certificate of completion" in text(pdf)
    assert [element["/Lang"] for element in elements(pdf) if "/Lang" in element] == ["zh-CN"]


@pytest.mark.parametrize(
    "changes",
    [
        {"number": "CERT-26-1"},
        {"number": "CERT-2026-7KQ9XM4T\n"},
        {"holder_name": " \t\n"},
        {"holder_name": "\u200b"},
        {"course_title": ""},
        {"issuer_name": ""},
        {"instructor_name": ""},
        {"credits": Decimal(-1)},
        {"credits": Decimal("NaN")},
        {"issued_at": datetime(2026, 3, 12, 18, 30)},  # noqa: DTZ001
        {"verify_url": "/verify/CERT-2026-7KQ9XM4T"},
        {"verify_url": "javascript:alert(1)"},
        {"verify_url": "https://learn.example.org/a b"},
        {"lang": "english"},
        {"lang": "e"},
    ],
)
def test_data_that_make_no_certificate_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        render(sample(**changes))


def test_spaces_and_line_ends_become_one_space() -> None:
    assert "Ann Lee" in text(render(sample(holder_name="  Ann\r\n\t  Lee ")))
    assert "Ann\u00a0Lee" in read(render(sample(issuer_name="Ann\u00a0Lee"))).metadata.author  # type: ignore[union-attr]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(name=st.text(max_size=60), title=st.text(max_size=120))
def test_any_text_is_shown_or_refused(name: str, title: str) -> None:
    try:
        pdf = render(sample(holder_name=name, course_title=title))
    except ValueError:
        return
    info = read(pdf).metadata
    assert info is not None
    assert info.title is not None
    assert document.SPACES.sub(" ", name).strip() in info.title
