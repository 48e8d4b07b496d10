import { fileURLToPath } from "node:url";
import tailwindcss from "@tailwindcss/vite";
import { defineConfig } from "vitest/config";
import { entries } from "./build/entries.ts";
import { icons } from "./build/icons.ts";
import { licences } from "./build/licences.ts";
import { pdfjs } from "./build/pdfjs.ts";

const root = fileURLToPath(new URL(".", import.meta.url));

export default defineConfig({
  root,
  base: "/static/dist/",
  plugins: [tailwindcss(), icons(root), licences(root), pdfjs(root)],
  // Ours have no encryption, no second sound track and no captions inside: the small build of hls.js plays them.
  resolve: { alias: { "hls.js/dist/hls.mjs": "hls.js/dist/hls.light.mjs" } },
  build: {
    outDir: "../src/collegium/web/static/dist",
    emptyOutDir: true,
    manifest: "manifest.json",
    target: "es2022",
    // A font or picture inside the style sheet would delay the first paint of every page.
    assetsInlineLimit: 0,
    // The polyfill is an inline script, which the content security policy forbids.
    modulePreload: { polyfill: false },
    rollupOptions: {
      input: entries(root),
      output: {
        entryFileNames: "assets/[name]-[hash].js",
        chunkFileNames: "assets/[name]-[hash].js",
        assetFileNames: "assets/[name]-[hash][extname]",
      },
    },
  },
  test: {
    pool: "threads",
    // To make a page and load the modules anew for each file takes longer than the tests. Files share both, so each leaves
    // the page, its storage and its clock as it found them; nothing of a run-time keeps anything between tests.
    isolate: false,
    projects: [
      { extends: true, test: { name: "page", environment: "happy-dom", include: ["test/**/*.test.ts", "islands/**/*.test.ts"] } },
      { extends: true, test: { name: "runtime", environment: "node", include: ["runtime/**/*.test.ts"] } },
    ],
  },
});
