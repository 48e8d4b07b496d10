"use strict";
const pages = [...document.querySelectorAll("section")];
const kept = Number.parseInt(scorm.get("cmi.location"), 10);
let page = Number.isInteger(kept) && kept < pages.length ? kept : 0;

function show() {
  pages.forEach((section, at) => (section.hidden = at !== page));
  document.getElementById("where").textContent = `Page ${page + 1} of ${pages.length}`;
  document.getElementById("done").style.width = `${((page + 1) / pages.length) * 100}%`;
  document.getElementById("back").disabled = page === 0;
  const last = page === pages.length - 1;
  document.getElementById("on").textContent = last ? "On to the questions" : "Go on";
  scorm.set("cmi.location", page);
  scorm.set("cmi.progress_measure", ((page + 1) / pages.length).toFixed(2));
  if (last) {
    scorm.set("cmi.completion_status", "completed");
    scorm.set("cmi.success_status", "passed");
  }
  scorm.save();
}

document.getElementById("back").addEventListener("click", () => {
  page = Math.max(0, page - 1);
  show();
});
document.getElementById("on").addEventListener("click", () => {
  if (page === pages.length - 1) {
    scorm.set("adl.nav.request", "continue");
    scorm.end();
    return;
  }
  page++;
  show();
  scrollTo(0, 0);
});
show();
