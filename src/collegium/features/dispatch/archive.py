"""What a partner gets: a SCORM 1.2 package whose page opens the real one here and hands on what comes of it."""

from __future__ import annotations

import io
import json
import zipfile
from importlib.resources import files
from xml.sax.saxutils import escape, quoteattr

_MANIFEST = """<?xml version="1.0" encoding="UTF-8"?>
<manifest identifier={identifier} version="1.0" xmlns="http://www.imsproject.org/xsd/imscp_rootv1p1p2"
  xmlns:adlcp="http://www.adlnet.org/xsd/adlcp_rootv1p2">
  <metadata><schema>ADL SCORM</schema><schemaversion>1.2</schemaversion></metadata>
  <organizations default="organization">
    <organization identifier="organization">
      <title>{title}</title>
      <item identifier="item" identifierref="launch"><title>{title}</title></item>
    </organization>
  </organizations>
  <resources>
    <resource identifier="launch" type="webcontent" adlcp:scormtype="sco" href="launch.html">
      <file href="launch.html"/>
    </resource>
  </resources>
</manifest>
"""


def archive_of(identifier: str, title: str, address: str, origin: str) -> bytes:
    """The archive. ``address`` is where learners are sent, ``origin`` the only one whose messages its page takes."""
    page = files("collegium.features.dispatch").joinpath("launch.html").read_text("utf-8")
    # Within a script "<" could end it, whatever stands in the title.
    given = json.dumps({"title": title, "address": address, "origin": origin}).replace("<", "\\u003c")
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        # XML has no way to write these, escaped or not.
        clean = "".join(sign for sign in title if sign in "\t\n" or (ord(sign) >= 32 and sign not in "\ufffe\uffff"))
        manifest = _MANIFEST.format(identifier=quoteattr("D-" + identifier), title=escape(clean))
        archive.writestr("imsmanifest.xml", manifest)
        archive.writestr("launch.html", page.replace("/*GIVEN*/ null", given))
    return made.getvalue()
