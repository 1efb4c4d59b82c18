"""PDF and Word files made by hand, so that tests know what is in them."""

import io
import zipfile
from collections.abc import Sequence

# Left and bottom in points, the size of the letters, and the text.
Placed = tuple[float, float, float, str]
_A4 = "[0 0 595 842]"
_LOCKED = "/Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O <{0}> /U <{0}> >> /ID [<00> <00>]"


def placed(lines: Sequence[str], top: float = 780, size: float = 12) -> list[Placed]:
    """Lines one below the other, as a page of a book has them."""
    return [(72, top - number * size * 1.2, size, line) for number, line in enumerate(lines)]


def pdf(pages: Sequence[Sequence[Placed]], title: str = "", locked: bool = False) -> bytes:
    """A PDF with these pages; one that is `locked` asks for a password that nobody knows."""
    kids = " ".join(f"{5 + 2 * index} 0 R" for index in range(len(pages)))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        f"<< /Title ({title}) >>",
    ]
    for index, lines in enumerate(pages):
        drawn = "".join(f"BT /F1 {size} Tf {x} {y} Td ({_escaped(text)}) Tj ET\n" for x, y, size, text in lines)
        page = f"<< /Type /Page /Parent 2 0 R /MediaBox {_A4} /Resources << /Font << /F1 3 0 R >> >>"
        objects.append(f"{page} /Contents {6 + 2 * index} 0 R >>")
        objects.append(f"<< /Length {len(drawn.encode('cp1252'))} >>\nstream\n{drawn}endstream")
    content, places = b"%PDF-1.4\n", []
    for number, value in enumerate(objects, start=1):
        places.append(len(content))
        content += f"{number} 0 obj\n{value}\nendobj\n".encode("cp1252")
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    last = f"/Size {len(objects) + 1} /Root 1 0 R /Info 4 0 R {_LOCKED.format('00' * 32) if locked else ''}"
    head = f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    return content + head + table + f"trailer << {last} >>\nstartxref\n{len(content)}\n%%EOF\n".encode()


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")


_WORD = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_TYPES = """<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml"
ContentType="application/xml"/><Default Extension="rels"
ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/word/document.xml"
ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>"""
_RELATIONS = """<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship
Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
Target="word/document.xml"/></Relationships>"""
_STYLES = "".join(
    f'<w:style w:type="paragraph" w:styleId="Heading{level}"><w:name w:val="heading {level}"/></w:style>'
    for level in (1, 2, 3)
)


def paragraph(text: str, heading: int = 0) -> str:
    """A paragraph of a Word document, or a heading of some level."""
    style = f'<w:pPr><w:pStyle w:val="Heading{heading}"/></w:pPr>' if heading else ""
    return f'<w:p>{style}<w:r><w:t xml:space="preserve">{text}</w:t></w:r></w:p>'


def table(rows: Sequence[Sequence[str]]) -> str:
    """A table of a Word document."""
    cells = ("".join(f"<w:tc>{paragraph(cell)}</w:tc>" for cell in row) for row in rows)
    return f"<w:tbl>{''.join(f'<w:tr>{row}</w:tr>' for row in cells)}</w:tbl>"


def docx(*body: str, title: str = "") -> bytes:
    """A Word document with this body."""
    dublin = "http://purl.org/dc/elements/1.1/"
    files = {
        "[Content_Types].xml": _TYPES,
        "_rels/.rels": _RELATIONS,
        "word/document.xml": f"<w:document {_WORD}><w:body>{''.join(body)}</w:body></w:document>",
        "word/styles.xml": f"<w:styles {_WORD}>{_STYLES}</w:styles>",
        "docProps/core.xml": f'<c xmlns:dc="{dublin}"><dc:title>{title}</dc:title></c>',
    }
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as made:
        for name, value in files.items():
            made.writestr(name, value)
    return content.getvalue()
