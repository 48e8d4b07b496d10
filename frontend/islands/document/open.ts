/** Opens a PDF so that nothing in it becomes code. */
import type { PDFDocumentProxy } from "pdfjs-dist";

type Pdfjs = typeof import("pdfjs-dist");

/** `pieces`: only what is looked at is fetched, for documents whose sizes are known; else the whole. */
export async function openPdf(url: string, pieces: boolean): Promise<{ lib: Pdfjs; pdf: PDFDocumentProxy }> {
  const lib = await import("pdfjs-dist");
  const home = `/static/dist/pdfjs/${lib.version}/`;
  lib.GlobalWorkerOptions.workerSrc = `${home}pdf.worker.min.mjs`;
  const pdf = await lib.getDocument({
    url,
    rangeChunkSize: 256 * 1024,
    disableAutoFetch: pieces,
    disableStream: pieces,
    cMapUrl: `${home}cmaps/`,
    standardFontDataUrl: `${home}standard_fonts/`,
    wasmUrl: `${home}wasm/`,
    iccUrl: `${home}iccs/`,
    // A PDF comes from anybody: nothing in it becomes code or a form that acts.
    isEvalSupported: false,
    enableXfa: false,
    maxImageSize: 100_000_000,
  }).promise;
  return { lib, pdf };
}
