import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "vite";

/** What the reader of documents fetches by itself when a page needs it: character maps, standard fonts, decoders. */
const FOLDERS = ["cmaps", "standard_fonts", "wasm", "iccs"];

/**
 * Puts the worker of pdfjs-dist and what it fetches under `pdfjs/<version>/`. The folder is its own because the
 * worker, and nothing else, is served with leave to compile WebAssembly (its decoders of scanned pages).
 */
export function pdfjs(root: string): Plugin {
  return {
    name: "collegium-pdfjs",
    apply: "build",
    generateBundle() {
      const home = join(root, "node_modules", "pdfjs-dist");
      const { version } = JSON.parse(readFileSync(join(home, "package.json"), "utf8")) as { version: string };
      const put = (name: string, file: string) =>
        this.emitFile({ type: "asset", fileName: `pdfjs/${version}/${name}`, source: readFileSync(join(home, file)) });
      put("pdf.worker.min.mjs", "build/pdf.worker.min.mjs");
      for (const folder of FOLDERS) {
        for (const name of readdirSync(join(home, folder))) put(`${folder}/${name}`, `${folder}/${name}`);
      }
    },
  };
}
