/** Dragging with a mouse or a finger. The rows themselves move, so what is dropped is what is saved. */
import type { Arrangement } from "./arrangement";
import { save } from "./saving";
import { announce, outline, shown, titleOf, whereIs } from "./tree";

interface Made {
  destroy(): void;
}
let made: Made[] = [];

export async function drag(): Promise<void> {
  const { default: Sortable } = await import("sortablejs");
  for (const one of made) one.destroy();
  made = [];
  let before: Arrangement = [];
  const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  const shared = {
    handle: "[data-grip]",
    animation: still ? 0 : 120,
    delay: 150,
    delayOnTouchOnly: true,
    ghostClass: "ol-ghost",
    chosenClass: "ol-chosen",
    onStart: () => {
      before = shown();
    },
    onEnd: ({ item }: { item: HTMLElement }) => {
      announce(`${titleOf(item)} is at ${whereIs(item)}.`);
      save(before);
    },
  };
  const list = outline().querySelector<HTMLElement>("[data-modules]");
  if (list) made.push(Sortable.create(list, { ...shared, group: "modules", draggable: ".ol-module" }));
  for (const lessons of outline().querySelectorAll<HTMLElement>("[data-lessons]")) {
    made.push(Sortable.create(lessons, { ...shared, group: "lessons", draggable: ".ol-lesson", emptyInsertThreshold: 12 }));
  }
}
