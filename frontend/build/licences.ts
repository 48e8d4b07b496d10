import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "vite";

interface Manifest {
  version: string;
  license?: string;
  dependencies?: Record<string, string>;
}

function read(root: string, name: string): Manifest {
  return JSON.parse(readFileSync(join(root, "node_modules", name, "package.json"), "utf8")) as Manifest;
}

/** The names of the packages whose code, fonts or drawings reach a browser: ours and theirs in turn. */
export function shipped(root: string): string[] {
  const own = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Manifest;
  const found = new Set(["lucide-static", "daisyui", "tailwindcss"]);
  const queue = Object.keys(own.dependencies ?? {});
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    if (found.has(name) || !existsSync(join(root, "node_modules", name, "package.json"))) continue;
    found.add(name);
    queue.push(...Object.keys(read(root, name).dependencies ?? {}));
  }
  return [...found].sort();
}

/** Writes `licences.txt`: what others' licences ask to be carried along with their work. */
export function licences(root: string): Plugin {
  return {
    name: "collegium-licences",
    apply: "build",
    generateBundle() {
      const parts = shipped(root).map((name) => {
        const { version, license } = read(root, name);
        const folder = join(root, "node_modules", name);
        const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
        const text = file ? readFileSync(join(folder, file), "utf8").trim() : "";
        return `${name} ${version} (${license ?? "see below"})\n\n${text}\n`;
      });
      this.emitFile({ type: "asset", fileName: "licences.txt", source: parts.join(`\n${"-".repeat(72)}\n\n`) });
    },
  };
}
