"""Archives of packages as tests import them: manifests made of a few words, zips made in memory."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

PAGE = b"<!DOCTYPE html><title>Page</title><p>Page</p>"
HEAD_12 = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<manifest identifier="M" version="1" xmlns="http://www.imsproject.org/xsd/imscp_rootv1p1p2"'
    ' xmlns:adlcp="http://www.adlnet.org/xsd/adlcp_rootv1p2">\n'
    "<metadata><schema>ADL SCORM</schema><schemaversion>1.2</schemaversion></metadata>\n"
)
HEAD_2004 = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<manifest identifier="M" version="1" xmlns="http://www.imsglobal.org/xsd/imscp_v1p1"'
    ' xmlns:adlcp="http://www.adlnet.org/xsd/adlcp_v1p3" xmlns:adlseq="http://www.adlnet.org/xsd/adlseq_v1p3"'
    ' xmlns:adlnav="http://www.adlnet.org/xsd/adlnav_v1p3" xmlns:imsss="http://www.imsglobal.org/xsd/imsss">\n'
    "<metadata><schema>ADL SCORM</schema><schemaversion>{version}</schemaversion></metadata>\n"
)


def manifest_12(items: str, resources: str, title: str = "Fire safety") -> str:
    """A manifest of SCORM 1.2 around items and resources."""
    return (
        f'{HEAD_12}<organizations default="ORG"><organization identifier="ORG"><title>{title}</title>\n{items}\n'
        f"</organization></organizations>\n<resources>\n{resources}\n</resources></manifest>"
    )


def manifest_2004(items: str, resources: str, rest: str = "", version: str = "2004 4th Edition", org: str = "") -> str:
    """A manifest of SCORM 2004 around items and resources; ``rest`` follows, such as a sequencingCollection."""
    return (
        f"{HEAD_2004.format(version=version)}"
        f'<organizations default="ORG"><organization identifier="ORG"{org}><title>Fire safety</title>\n{items}\n'
        f"</organization></organizations>\n<resources>\n{resources}\n</resources>{rest}</manifest>"
    )


def sco_12(name: str = "R1", href: str = "index.html", kind: str = "sco") -> str:
    """A resource of SCORM 1.2 with one file."""
    return (
        f'<resource identifier="{name}" type="webcontent" adlcp:scormtype="{kind}" href="{href}">'
        f'<file href="{href}"/></resource>'
    )


def sco_2004(name: str = "R1", href: str = "index.html", kind: str = "sco") -> str:
    """A resource of SCORM 2004 with one file."""
    return sco_12(name, href, kind).replace("scormtype", "scormType")


def item(name: str = "I1", resource: str = "R1", inside: str = "", title: str = "Lesson") -> str:
    """An item that opens a resource."""
    return f'<item identifier="{name}" identifierref="{resource}"><title>{title}</title>{inside}</item>'


def small_12(title: str = "Fire safety") -> dict[str, bytes]:
    """The files of a package of SCORM 1.2 with one SCO."""
    return {"imsmanifest.xml": manifest_12(item(), sco_12(), title).encode(), "index.html": PAGE}


def aicc(units: str = '"A1","","","00:30:00","C,N","index.html",100,80,"","x=1","a=b",""') -> dict[str, bytes]:
    """The files of an AICC course with a block that holds a unit."""
    return {
        "course.crs": b"[Course]\r\nCourse_ID=C1\r\nCourse_Title=Fire safety\r\nVersion=4.0\r\n"
        b"[Course_Description]\r\nWhat to do.\r\n",
        "course.au": b'"System_ID","Type","Command_Line","Max_Time_Allowed","Time_Limit_Action","File_Name","Max_Score",'
        b'"Mastery_Score","System_Vendor","Core_Vendor","Web_Launch","AU_Password"\r\n' + units.encode() + b"\r\n",
        "course.des": b'"System_ID","Developer_ID","Title","Description"\r\n"A1","1","Alarm","x"\r\n"B1","2","Part","y"\r\n',
        "course.cst": b'"Block","Member"\r\n"ROOT","B1"\r\n"B1","A1"\r\n',
        "index.html": PAGE,
    }


def packed(files: Mapping[str, bytes], folder: str = "") -> bytes:
    """A zip of files."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(folder + name, data)
    return sink.getvalue()
