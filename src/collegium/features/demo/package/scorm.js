"use strict";
// What both parts need of SCORM 2004: the API, a beginning, an end, and the time between them.
const scorm = (() => {
  let at = window;
  while (!at.API_1484_11 && at.parent && at.parent !== at) at = at.parent;
  const api = at.API_1484_11 || null;
  const began = Date.now();
  let open = api !== null && api.Initialize("") === "true";
  const set = (element, value) => open && api.SetValue(element, String(value));
  const get = (element) => (open ? api.GetValue(element) : "");
  if (open && get("cmi.completion_status") === "unknown") set("cmi.completion_status", "incomplete");
  function end() {
    if (!open) return;
    set("cmi.session_time", `PT${((Date.now() - began) / 1000).toFixed(2)}S`);
    if (get("cmi.completion_status") !== "completed") set("cmi.exit", "suspend");
    api.Terminate("");
    open = false;
  }
  addEventListener("pagehide", end);
  return { get, set, end, save: () => open && api.Commit("") };
})();
