/** What two people changed at once, side by side: for each part yours, theirs, or both. */
import { button, el } from "./dom";
import type { Choice, Clash } from "./merge";
import { type Block, fileAddress, NAMES, words, youtubeId } from "./types";

const CHOICES: [Choice, string][] = [["both", "Keep both"], ["mine", "Take yours"], ["theirs", "Take theirs"]];

/** Shows the clashes; `decided` gets a choice for each. */
export function showClashes(place: HTMLElement, who: string, clashes: Clash[], decided: (choices: Map<string, Choice>) => void): void {
  const choices = new Map<string, Choice>(clashes.map((clash) => [clash.id, "both"]));
  const save = button("Save this", () => {
    place.replaceChildren();
    decided(choices);
  }, { kind: "primary" });
  const section = el(
    "section",
    { class: "editor-clash", "aria-labelledby": "clash-title", tabindex: "-1" },
    el("h2", { id: "clash-title" }, `You and ${who} changed the same part`),
    el("p", {}, `${who} saved first. What you wrote is kept here and in the history: nothing is lost. Choose what the lesson shall hold.`),
    ...clashes.map((clash, at) => clashPart(clash, at + 1, who, choices)),
    el("div", { class: "editor-clash-foot" }, save),
  );
  place.replaceChildren(section);
  section.focus();
}

function clashPart(clash: Clash, number: number, who: string, choices: Map<string, Choice>): HTMLElement {
  const group = el("fieldset", { class: "editor-clash-part" }, el("legend", {}, NAMES[(clash.mine ?? clash.theirs)?.type ?? "rich_text"]));
  group.append(
    el(
      "div",
      { class: "editor-clash-sides" },
      side("Yours", clash.mine),
      side(`Theirs (${who})`, clash.theirs),
    ),
  );
  const options = el("div", { class: "editor-clash-choice" });
  for (const [value, label] of CHOICES) {
    const input = el("input", { type: "radio", class: "radio", name: `clash-${number}`, id: `clash-${number}-${value}`, value, checked: value === "both" });
    input.addEventListener("change", () => choices.set(clash.id, value));
    options.append(el("div", { class: "tick" }, input, el("label", { for: input.id }, label)));
  }
  group.append(options);
  return group;
}

function side(title: string, block: Block | null): HTMLElement {
  return el("div", { class: "editor-clash-side", tabindex: "0", role: "region", "aria-label": title }, el("h3", {}, title), ...(block ? shown(block) : [el("p", { class: "soft" }, "Removed")]));
}

function shown(block: Block): Node[] {
  const { content } = block;
  if (block.type === "rich_text") {
    const body = el("div", { class: "prose" });
    body.innerHTML = words(content, "html");
    return [body];
  }
  const address = fileAddress(content.url);
  if (block.type === "image" && address) return [el("img", { src: address, alt: words(content, "alt_text") }), el("p", {}, words(content, "caption"))];
  const name = words(content, "filename") || words(content, "title") || youtubeId(words(content, "video_id")) || "";
  return [el("p", {}, name)];
}
