import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "vite";

/** The drawing inside an icon's `<svg>`, with the blanks between its shapes taken out. */
export function drawing(svg: string): string {
  const inner = /<svg[^>]*>([\s\S]*)<\/svg>/.exec(svg)?.[1];
  if (inner === undefined) throw new Error("not an SVG file");
  return inner.trim().replace(/>\s+</g, "><").replace(/ \/>/g, "/>");
}

/**
 * Writes `icons.json`, name to drawing, which the server reads to put icons into pages. All of lucide's
 * icons are in it: a template may then ask for any of them without a new build.
 */
export function icons(root: string): Plugin {
  return {
    name: "collegium-icons",
    apply: "build",
    generateBundle() {
      const folder = join(root, "node_modules/lucide-static/icons");
      const drawings: Record<string, string> = {};
      for (const file of readdirSync(folder).sort()) {
        if (file.endsWith(".svg")) drawings[file.slice(0, -4)] = drawing(readFileSync(join(folder, file), "utf8"));
      }
      this.emitFile({ type: "asset", fileName: "icons.json", source: JSON.stringify(drawings) });
    },
  };
}
