/** The editor of a lesson. */
import { csrfToken } from "../site/csrf";
import { toast } from "../site/toasts";
import { type Answer, Autosave, type Sent, type State, stateWords, type Theirs } from "./autosave";
import { showClashes } from "./clash";
import { button, el } from "./dom";
import { Drafts, newEditor } from "./drafts";
import { BlockList } from "./list";
import { merge } from "./merge";
import { othersWords, presence } from "./presence";
import { type Block, type Config, copyOf, missing, newBlock, sameBlocks } from "./types";

const KEEPALIVE_MOST = 60_000;

async function start(root: HTMLElement): Promise<void> {
  const config = JSON.parse(root.dataset.config ?? "{}") as Config;
  const part = (name: string): HTMLElement => root.querySelector<HTMLElement>(`[data-${name}]`) as HTMLElement;
  const notices = part("notices");
  const drafts = new Drafts(config.lessonId, config.userId);
  const left = await drafts.adopt();
  const known = new Map(config.blocks.map((block) => [block.id, block]));
  let saving: Autosave | null = null;

  const list = new BlockList({
    config,
    place: part("blocks"),
    changed: () => saving?.changed(),
    left: () => void saving?.flush(),
  });
  /** What goes to the server: a part that is not whole stays there as it was, a new one waits. */
  const whole = (): Block[] =>
    list.blocks.flatMap((block) => {
      if (block.type === "rich_text" && !block.content.html && !known.has(block.id)) return [];
      return missing(block) === null ? [block] : (known.get(block.id) ?? []);
    });

  const autosave = new Autosave({
    editor: left?.editor ?? (await newEditor()),
    base: left?.base ?? config.revision,
    origin: left?.origin ?? config.blocks,
    read: whole,
    all: () => list.blocks,
    drafts,
    send: async (sent, last) => {
      const answer = await send(config, sent, last);
      if (answer.kind === "saved") for (const block of sent.blocks) known.set(block.id, block);
      return answer;
    },
    shown: (state) => showState(part("state"), state),
    clash: (theirs, origin) => settle(theirs, origin),
  });
  saving = autosave;

  function settle(theirs: Theirs, origin: Block[]): void {
    for (const block of theirs.blocks) known.set(block.id, block);
    const merged = merge(origin, copyOf(whole()), theirs.blocks);
    const go = (blocks: Block[]): void => {
      part("blocks").hidden = false;
      list.show(blocks);
      autosave.goOnFrom(theirs);
      void autosave.flush();
    };
    if (merged.clashes.length === 0) {
      go(merged.decide(new Map()));
      toast(`${theirs.savedBy} changed other parts of this lesson. Both changes are in it now.`, "info");
      return;
    }
    part("blocks").hidden = true;
    showClashes(notices, theirs.savedBy, merged.clashes, (choices) => go(merged.decide(choices)));
  }

  const begun = left?.blocks ?? config.blocks;
  list.show(begun.length === 0 && config.isText ? [newBlock("rich_text")] : begun);
  showState(part("state"), autosave.state);
  root.hidden = false;
  if (left && !sameBlocks(left.blocks, config.blocks)) {
    toast("What could not be saved last time was kept in this browser and is here again.", "info");
    autosave.changed();
  } else if (left) drafts.forget(left.editor);

  window.addEventListener("online", () => void autosave.flush());
  window.addEventListener("pagehide", () => void autosave.flush(true));
  document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && void autosave.flush());
  window.addEventListener("beforeunload", (event) => {
    // What is kept in this browser comes back by itself; only what is nowhere else is worth a question.
    if (autosave.state.kind === "conflict" || (autosave.state.kind === "offline" && !autosave.state.kept)) event.preventDefault();
  });
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key === "s") {
      event.preventDefault();
      void autosave.flush();
    }
  });
  presence(config.presenceUrl, ({ others, revision, savedBy }) => {
    part("others").textContent = othersWords(others);
    if (revision > autosave.base && !autosave.unsaved && autosave.state.kind === "saved") offerTheirs(savedBy);
  });

  /** Nothing of one's own is unsaved, so the newer text can simply be shown. */
  function offerTheirs(savedBy: string): void {
    const show = button("Show it", () => void readAgain(), { kind: "primary" });
    notices.replaceChildren(
      el("div", { class: "notice notice-info", role: "status" }, el("div", {}, el("p", {}, `${savedBy} has changed this lesson.`), show)),
    );
  }

  async function readAgain(): Promise<void> {
    const answer = await fetch(config.saveUrl, { headers: { accept: "application/json" } }).catch(() => null);
    if (!answer?.ok) {
      toast("The newer text could not be read. Try again in a moment.", "error");
      return;
    }
    const found = (await answer.json()) as { revision: number; blocks: Block[]; savedAt: string | null };
    for (const block of found.blocks) known.set(block.id, block);
    list.show(found.blocks);
    autosave.take(found.revision, found.blocks, found.savedAt ? new Date(found.savedAt) : null);
    notices.replaceChildren();
  }
}

function showState(place: HTMLElement, state: State): void {
  place.textContent = stateWords(state);
  place.dataset.kind = state.kind;
}

async function send(config: Config, sent: Sent, last: boolean): Promise<Answer> {
  // What the server derives itself need not travel.
  const blocks = sent.blocks.map(({ id, type, content, metadata }) => ({ id, type, content, metadata }));
  const body = JSON.stringify({ base: sent.base, editor: sent.editor, blocks });
  const answer = await fetch(config.saveUrl, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json", "x-csrf-token": csrfToken() },
    body,
    keepalive: last && body.length < KEEPALIVE_MOST,
  });
  if (answer.status === 401) return { kind: "signed-out" };
  if (answer.status >= 500 || answer.status === 429) return { kind: "unreachable" };
  const said = (await answer.json()) as Record<string, unknown>;
  if (answer.ok) {
    const cleaned = (said.blocks as Pick<Block, "id" | "content">[] | undefined) ?? [];
    return { kind: "saved", revision: said.revision as number, savedAt: said.savedAt as string | null, blocks: cleaned };
  }
  if (said.code === "edited_meanwhile") return { kind: "conflict", theirs: said.theirs as Theirs };
  if (said.code === "busy") return { kind: "unreachable" };
  return { kind: "refused", words: String(said.detail ?? "the server did not take it.") };
}

const root = document.querySelector<HTMLElement>("[data-island='editor']");
if (root) void start(root);

