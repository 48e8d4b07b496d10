import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** Every style sheet that pages load by itself. */
const STYLES = [
  "styles/app.css",
  "styles/studio.css",
  "styles/quiz.css",
  "styles/cohorts.css",
  "styles/marking.css",
  "styles/handin.css",
  "styles/peers.css",
  "styles/grades.css",
  "styles/scorm.css",
  "styles/scormlesson.css",
  "styles/dispatchopen.css",
];

/**
 * What Vite builds: the style sheets, and every folder of `islands/` that has a `main.ts`.
 * A folder without one is a library of its neighbours and makes no file of its own.
 */
export function entries(root: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of STYLES) found[name.replace(/\.css$/, "")] = join(root, name);
  const islands = join(root, "islands");
  for (const name of readdirSync(islands).sort()) {
    const main = join(islands, name, "main.ts");
    if (existsSync(main)) found[`islands/${name}`] = main;
  }
  return found;
}
