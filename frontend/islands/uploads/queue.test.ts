import { describe, expect, it } from "vitest";
import { CHUNK, fingerprint, Stopped, wordsOf, worthAnotherTry, type Options, type Uploaded } from "./client.ts";
import { AT_ONCE, purposeOf, Queue } from "./queue.ts";

function file(name: string, type = "video/mp4"): File {
  return new File(["x".repeat(10)], name, { type, lastModified: 5 });
}

const MADE: Uploaded = { id: "1", url: "/files/1", filename: "a", kind: "video", mime: "video/mp4", bytes: 10 };

/** A server of which a test decides when each upload ends. */
function server() {
  const begun: { options: Options; done: (made?: Uploaded) => void; fail: (words: string) => void }[] = [];
  const send = (_file: File, options: Options) =>
    new Promise<Uploaded>((resolve, reject) => {
      options.onId?.(String(begun.length + 1));
      options.signal?.addEventListener("abort", () => reject(new Stopped(options.signal?.reason === "pause")));
      begun.push({ options, done: (made = MADE) => resolve(made), fail: (words) => reject(new Error(words)) });
    });
  return { begun, send };
}

const turn = () => new Promise((resolve) => setTimeout(resolve));

describe("several uploads", () => {
  it("sends a few at once and the rest after them", async () => {
    const { begun, send } = server();
    const queue = new Queue(() => undefined, send);
    for (const name of ["a", "b", "c"]) queue.add(file(name), "lesson_video");
    expect(begun).toHaveLength(AT_ONCE);
    begun[0]?.done();
    await turn();
    expect(begun).toHaveLength(3);
    expect(queue.items.map((item) => item.standing)).toEqual(["done", "sending", "sending"]);
    expect(queue.busy).toBe(true);
  });

  it("pauses, resumes, and lets another go first meanwhile", async () => {
    const { begun, send } = server();
    const queue = new Queue(() => undefined, send);
    const [a, , c] = ["a", "b", "c"].map((name) => queue.add(file(name), "lesson_video"));
    queue.pause(a!);
    await turn();
    expect([a!.standing, c!.standing]).toEqual(["paused", "sending"]);
    begun[1]?.done();
    await turn();
    queue.resume(a!);
    expect(a!.standing).toBe("sending");
  });

  it("says why one failed, and tries it again when asked", async () => {
    const { begun, send } = server();
    const queue = new Queue(() => undefined, send);
    const item = queue.add(file("a"), "lesson_video");
    begun[0]?.fail("This is a web page.");
    await turn();
    expect([item.standing, item.words]).toEqual(["failed", "This is a web page."]);
    queue.resume(item);
    expect([item.standing, item.words]).toEqual(["sending", ""]);
  });

  it("cancels for good, also one that was paused", async () => {
    const { send } = server();
    const queue = new Queue(() => undefined, send);
    const item = queue.add(file("a"), "lesson_video");
    queue.pause(item);
    await turn();
    const removed: string[] = [];
    await queue.cancel(item, (id) => Promise.resolve(removed.push(id)));
    expect([item.standing, removed]).toEqual(["cancelled", ["1"]]);
    expect(queue.busy).toBe(false);
  });
});

describe("what a file is for", () => {
  it.each([
    ["a.png", "image/png", "lesson_image"],
    ["a.MKV", "", "lesson_video"],
    ["en.vtt", "text/vtt", "captions"],
    ["course.zip", "application/zip", "package"],
    ["plan.pdf", "application/pdf", "attachment"],
    ["notes", "", "attachment"],
  ])("%s", (name, type, purpose) => {
    expect(purposeOf({ name, type })).toBe(purpose);
  });
});

describe("the client", () => {
  it("knows a file again, and not for another course", () => {
    expect(fingerprint(file("a"), "lesson_video", "1")).toBe(fingerprint(file("a"), "lesson_video", "1"));
    expect(fingerprint(file("a"), "lesson_video", "1")).not.toBe(fingerprint(file("a"), "lesson_video", "2"));
  });

  it("passes on the site's own words, and finds some where a machine in between answered", () => {
    expect(wordsOf(422, '{"detail":"This is a web page.","code":"refused_file"}')).toBe("This is a web page.");
    expect(wordsOf(413, "<html>nginx</html>")).toMatch(/does not let files of this size through/);
    expect(wordsOf(401, "")).toMatch(/^You were signed out/);
  });

  it("tries again only what may become better", () => {
    expect([0, 409, 423, 460, 500, 502, 503].every(worthAnotherTry)).toBe(true);
    expect([400, 401, 403, 404, 410, 413, 415, 422].some(worthAnotherTry)).toBe(false);
    expect(CHUNK).toBeLessThanOrEqual(10 * 1024 * 1024);
  });
});
