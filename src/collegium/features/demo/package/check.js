"use strict";
const QUESTIONS = [
  ["breach", "When is it a breach?", { a: "When the wrong person has complained", b: "When what is personal has reached somebody whom it does not concern", c: "When harm was done" }, "b"],
  ["when", "When does Priya tell the person in charge?", { a: "The same day", b: "When she knows everything", c: "At the end of the month" }, "a"],
  ["whom", "Who else is told?", { a: "Nobody, for Mr Keene was friendly", b: "Both gentlemen’s employers", c: "Mr Keane, because it is his" }, "c"],
];
const form = document.getElementById("questions");
const result = document.getElementById("result");
const began = Date.now();

for (const [id, text, answers] of QUESTIONS) {
  const field = document.createElement("fieldset");
  const legend = document.createElement("legend");
  legend.textContent = text;
  field.append(legend);
  for (const [key, words] of Object.entries(answers)) {
    const label = document.createElement("label");
    const input = document.createElement("input");
    Object.assign(input, { type: "radio", name: id, value: key, required: true });
    label.append(input, words);
    field.append(label);
  }
  form.append(field);
}
const button = document.createElement("button");
button.className = "main";
button.textContent = "Answer";
form.append(button);

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const given = new FormData(form);
  let right = 0;
  let at = Number(scorm.get("cmi.interactions._count")) || 0;
  for (const [id, text, , answer] of QUESTIONS) {
    const good = given.get(id) === answer;
    right += good ? 1 : 0;
    const base = `cmi.interactions.${at++}.`;
    scorm.set(base + "id", id);
    scorm.set(base + "type", "choice");
    scorm.set(base + "description", text);
    scorm.set(base + "correct_responses.0.pattern", answer);
    scorm.set(base + "learner_response", given.get(id));
    scorm.set(base + "result", good ? "correct" : "incorrect");
    scorm.set(base + "latency", `PT${((Date.now() - began) / 1000).toFixed(2)}S`);
    form.elements[id].forEach((input) => {
      input.closest("label").className = input.value === answer ? "good" : input.checked ? "bad" : "";
    });
  }
  scorm.set("cmi.score.min", 0);
  scorm.set("cmi.score.max", QUESTIONS.length);
  scorm.set("cmi.score.raw", right);
  scorm.set("cmi.score.scaled", (right / QUESTIONS.length).toFixed(4));
  const passed = right >= 2;
  scorm.set("cmi.success_status", passed ? "passed" : "failed");
  scorm.set("cmi.completion_status", "completed");
  scorm.save();
  result.className = `result ${passed ? "good" : "bad"}`;
  result.textContent = `${right} of ${QUESTIONS.length} are right. ${passed ? "You have passed." : "Read the story again and answer once more."}`;
});
