// The ways a file takes: small ones go with the form, large zips by the library's uploads, large texts are refused in words.
import { beforeEach, expect, test, vi } from "vitest";

const upload = vi.hoisted(() => vi.fn());
vi.mock("../uploads/client", () => ({ upload }));

const FORM = `<form data-question-file data-most="10" data-library><input type="hidden" data-file-id>
  <div data-drop><input type="file" data-file></div>
  <div data-sending hidden><progress data-bar max="100" value="0"></progress><span data-words></span><button type="button" data-stop></button></div>
  <p data-error hidden></p></form>`;
const CHOICE = `<form data-choose><div data-choose-all hidden><button type="button" data-tick="all"></button>
  <button type="button" data-tick="new"></button><button type="button" data-tick="none"></button></div><p data-chosen></p>
  <input type="checkbox" name="n" value="1" checked><input type="checkbox" name="n" value="2" data-known></form>`;

function find<T extends Element>(selector: string): T {
  const found = document.querySelector<T>(selector);
  if (!found) throw new Error(selector);
  return found;
}

async function start(html: string): Promise<void> {
  document.body.innerHTML = html;
  vi.resetModules();
  await import("./main");
}

function choose(name: string, size: number): boolean {
  const input = find<HTMLInputElement>("[data-file]");
  const file = new File(["x".repeat(size)], name);
  Object.defineProperty(input, "files", { value: [file], configurable: true });
  return find<HTMLFormElement>("form").dispatchEvent(new Event("submit", { cancelable: true }));
}

beforeEach(() => {
  upload.mockReset();
});

test("a small file goes with the form", async () => {
  await start(FORM);
  expect(choose("a.gift", 5)).toBe(true);
  expect(upload).not.toHaveBeenCalled();
});

test("a large zip goes piece by piece, then the form with its id", async () => {
  await start(FORM);
  upload.mockResolvedValue({ id: "the-id" });
  const submit = vi.fn();
  find<HTMLFormElement>("form").submit = submit;
  expect(choose("a.zip", 50)).toBe(false);
  await vi.waitFor(() => {
    expect(submit).toHaveBeenCalledOnce();
  });
  expect(find<HTMLInputElement>("[data-file-id]").value).toBe("the-id");
  expect(find<HTMLInputElement>("[data-file]").disabled).toBe(true);
});

test("an upload that fails says why and lets one choose again", async () => {
  await start(FORM);
  upload.mockRejectedValue(new Error("The disk is full."));
  choose("a.zip", 50);
  await vi.waitFor(() => {
    expect(find("[data-error]").textContent).toBe("The disk is full.");
  });
  expect(find<HTMLInputElement>("[data-file]").disabled).toBe(false);
});

test("a large text is refused in words", async () => {
  await start(FORM);
  expect(choose("a.xml", 50)).toBe(false);
  expect(find("[data-error]").textContent).toContain("Pack it as a zip");
});

test("many are ticked at once, and counted", async () => {
  await start(CHOICE);
  expect(find("[data-chosen]").textContent).toBe("1 of 2 chosen");
  find<HTMLButtonElement>('[data-tick="all"]').click();
  expect(find("[data-chosen]").textContent).toBe("2 of 2 chosen");
  find<HTMLButtonElement>('[data-tick="new"]').click();
  expect(find("[data-chosen]").textContent).toBe("1 of 2 chosen");
});

test("who has no library imports a large file in parts", async () => {
  await start(FORM.replace(" data-library", ""));
  expect(choose("all.zip", 11)).toBe(false);
  expect(find("[data-error]").textContent).toBe("This file is larger than 7 MB. Import it in parts.");
  expect(upload).not.toHaveBeenCalled();
});
