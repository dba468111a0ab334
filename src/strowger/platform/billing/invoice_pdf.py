"""An invoice as PDF, made from what was kept when it was issued."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fpdf import FPDF

WIDTH = 170


def _latin(text: Any) -> str:
    """What the standard fonts of PDF can show; other characters become a question mark."""
    return str(text).encode("cp1252", "replace").decode("cp1252")


def address_lines(party: Mapping[str, str]) -> list[str]:
    """The lines of an address."""
    place = " ".join(filter(None, (party.get("postal_code"), party.get("city"))))
    lines = [party.get("company") or party.get("name", ""), *party.get("address", "").splitlines(), place,
             party.get("state", ""), party.get("country", "")]  # fmt: skip
    if party.get("tax_id"):
        lines.append(f"Tax id {party['tax_id']}")
    if party.get("tan"):
        lines.append(f"TAN {party['tan']}")
    return [line for line in lines if line]


def render_invoice(invoice: Mapping[str, Any]) -> bytes:
    """The PDF of an invoice row."""
    content: Mapping[str, Any] = invoice["content"]
    pdf = FPDF(format="A4")
    pdf.set_creation_date(invoice["issued_at"])
    pdf.set_title(_latin(f"Invoice {invoice['number']}"))
    pdf.set_margins(20, 20)
    pdf.add_page()
    pdf.set_font("Helvetica", size=9)
    for line in address_lines(content["issuer"]):
        pdf.cell(WIDTH, 5, _latin(line), new_x="LMARGIN", new_y="NEXT", align="R")
    pdf.ln(8)
    pdf.set_font("Helvetica", size=11)
    for line in address_lines(content["to"]):
        pdf.cell(WIDTH, 6, _latin(line), new_x="LMARGIN", new_y="NEXT")
    pdf.ln(10)
    pdf.set_font("Helvetica", "B", 16)
    kind = "Statement and invoice" if invoice["kind"] == "statement" else "Invoice"
    pdf.cell(WIDTH, 9, _latin(f"{kind} {invoice['number']}"), new_x="LMARGIN", new_y="NEXT")
    pdf.set_font("Helvetica", size=10)
    facts = [f"Date {invoice['issued_at']:%Y-%m-%d}", f"Account {content['to'].get('sid', '')}"]
    if invoice["month"]:
        facts.append(f"Month {invoice['month']:%Y-%m}")
    pdf.cell(WIDTH, 7, _latin("   ".join(facts)), new_x="LMARGIN", new_y="NEXT")
    pdf.ln(4)
    for line in content["lines"]:
        pdf.cell(WIDTH - 40, 8, _latin(line["text"]), border="B")
        pdf.cell(
            40,
            8,
            _latin(f"{line['amount']} {invoice['currency']}"),
            border="B",
            align="R",
            new_x="LMARGIN",
            new_y="NEXT",
        )
    pdf.set_font("Helvetica", "B", 11)
    pdf.cell(WIDTH - 40, 10, "Total")
    pdf.cell(40, 10, f"{invoice['total']:.2f} {invoice['currency']}", align="R", new_x="LMARGIN", new_y="NEXT")
    if content.get("paid"):
        pdf.set_font("Helvetica", size=10)
        pdf.ln(4)
        pdf.cell(WIDTH, 7, _latin(f"Paid ({content.get('method', '')})."), new_x="LMARGIN", new_y="NEXT")
    return bytes(pdf.output())
