import { Connection } from "./connection";
import { clock, pageTimers } from "./clock";
import { readConfig, type Config } from "./config";
import { playerControls, shownCaptions, showCaptions } from "./controls";
import { CoverageStrip } from "./coverage";
import { el } from "./dom";
import { attachHls, defineHls, isHls, type Trouble } from "./hls";
import { keysDialog } from "./keys-dialog";
import { pageLeases } from "./leases";
import { leftPosition } from "./leftovers";
import { STANDS } from "./outside";
import { readPrefs, writePrefs } from "./prefs";
import { consent, defineProvider, providerName, ProviderMedia, type Provider } from "./provider";
import { Session, type Media } from "./session";
import { listenForKeys } from "./shortcuts";
import { pageStore, type KeyStore } from "./store";
import { Transcript } from "./transcript";
import { fetchPost } from "./transport";
import { tellers } from "./telling";
import { buildView, type View } from "./view";

const NEXT = "next";

declare global {
  interface Window {
    collegiumPlayer?: {
      /** Things that wait for an acknowledgement; 0 says that the server has everything. */
      readonly queueLength: number;
      /** The last sequence number that the server acknowledged. */
      readonly lastSeq: number;
      /** The seconds that the server has said are watched. */
      readonly watched: readonly (readonly [number, number])[];
    };
  }
}

/** Keeps speed, volume and captions as they were chosen here before, and remembers what is chosen now. */
function keepPrefs(view: View, store: KeyStore, maxRate: () => number): void {
  const { video } = view;
  const prefs = readPrefs(store);
  video.volume = prefs.volume;
  video.muted = prefs.muted;
  const applyRate = (): void => {
    video.playbackRate = Math.min(readPrefs(store).rate, maxRate());
  };
  applyRate();
  // A new source puts the speed back.
  video.addEventListener("loadedmetadata", applyRate);
  video.addEventListener("volumechange", () => writePrefs(store, { volume: video.volume, muted: video.muted }));
  let restored = false;
  video.addEventListener("ratechange", () => {
    const chosen = restored && video.readyState > 0 && video.playbackRate > 0 && video.playbackRate <= maxRate();
    if (chosen) writePrefs(store, { rate: video.playbackRate });
  });
  video.addEventListener("loadedmetadata", () => {
    if (!restored) showCaptions(video, readPrefs(store).captions);
    restored = true;
  });
  video.textTracks?.addEventListener("change", () => {
    if (restored) writePrefs(store, { captions: shownCaptions(video) });
  });
}

/** Starts where the person left, and says so. */
function resume(view: View, at: number, length: number): void {
  const { video, notices } = view;
  if (!(at > 3 && at < length - 3)) return;
  const go = (): void => {
    video.currentTime = at;
  };
  if (video.duration > 0) go();
  else video.addEventListener("loadedmetadata", go, { once: true });
  notices.show("resumed", {
    text: `Resumed at ${clock(at)}.`,
    closes: true,
    actions: [{ label: "Start over", run: () => (video.currentTime = 0) }],
  });
  video.addEventListener("play", () => pageTimers.after(8000, () => notices.hide("resumed")), { once: true });
}

function trouble(view: View): Trouble {
  const { notices } = view;
  return {
    lost: () =>
      notices.show("media", { tone: "warning", text: "The video is not arriving. It goes on by itself when the connection is back." }),
    back: () => notices.hide("media"),
    expired: () =>
      view.cover("trouble", "The link to this video has run out. Your progress is kept. Reload the page to go on.", [
        { label: "Reload", primary: true, run: () => location.reload() },
      ]),
    broken: () =>
      view.cover("trouble", "This video could not be played. Your progress is kept. Reload the page, or try another browser.", [
        { label: "Reload", primary: true, run: () => location.reload() },
      ]),
  };
}

/** Milliseconds after which a provider that has said nothing is taken to be out of reach. */
const PATIENCE = 15_000;

/** Loads a provider's player; says so when nothing comes of it. */
function showProvider(view: View, provider: Provider, src: string): void {
  const { video } = view;
  const name = providerName(provider);
  const again = [{ label: "Reload", primary: true, run: () => location.reload() }];
  const silent = pageTimers.after(PATIENCE, () =>
    view.cover("trouble", `${name} does not answer. Your network may block it, or ${name} may be down. Your progress is kept.`, again),
  );
  video.addEventListener("loadedmetadata", () => {
    silent();
    view.uncover("trouble");
  });
  video.addEventListener("error", () => {
    silent();
    view.cover("trouble", `${name} says that this video cannot be played here. It may have been removed or made private there.`, again);
  });
  video.setAttribute("src", src);
}

function signInUrl(config: Config): string {
  const url = new URL(config.signInUrl, location.href);
  url.searchParams.set(NEXT, location.pathname + location.search);
  return url.pathname + url.search;
}

function startSession(root: HTMLElement, view: View, config: Config, store: KeyStore): void {
  const line =
    document.querySelector<HTMLElement>("[data-connection]") ??
    root.appendChild(el("div", { "data-connection": true, role: "status", "aria-live": "polite" }));
  const connection = new Connection(line, view.save, signInUrl(config), pageTimers);
  const strip = new CoverageStrip(document, config.duration);
  const session: Session = new Session({
    config,
    media: config.provider === undefined ? (view.video as unknown as Media) : new ProviderMedia(view.video),
    store,
    leases: pageLeases(store),
    post: fetchPost(config.csrf),
    timers: pageTimers,
    now: () => performance.now(),
    wall: () => Date.now(),
    random: Math.random,
    hooks: tellers({ view, config, strip, connection, session: () => session }),
  });
  window.collegiumPlayer = {
    get queueLength() {
      return session.queueLength;
    },
    get lastSeq() {
      return session.lastSeq;
    },
    get watched() {
      return session.watched;
    },
  };
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") session.leave();
    else session.returned();
  });
  window.addEventListener("pagehide", () => session.leave());
  window.addEventListener("online", () => session.returned());
  void session.start();
}

function startKeys(root: HTMLElement, view: View, config: Config, store: KeyStore): void {
  const controls = playerControls(view, () => config.maxRate, () => readPrefs(store).captions);
  listenForKeys(root, controls, () => readPrefs(store).shortcuts);
  let dialog: HTMLDialogElement | undefined;
  view.keysButton.addEventListener("click", () => {
    dialog ??= root.appendChild(keysDialog(readPrefs(store).shortcuts, (shortcuts) => writePrefs(store, { shortcuts })));
    dialog.showModal();
  });
}

/**
 * Before a provider's video was asked for, a line of the transcript leads to the button that loads it, and the video begins
 * there. Answers what ends that.
 */
function beforeItIsLoaded(stage: HTMLElement, panel: HTMLElement, choose: (seconds: number) => void): () => void {
  const words = el("p", { role: "status" });
  const listen = (event: Event): void => {
    const line = (event.target as Element).closest<HTMLElement>("[data-start]");
    const seconds = Number(line?.dataset["start"]);
    if (line === null || !Number.isFinite(seconds)) return;
    choose(seconds);
    words.textContent = `It begins at ${clock(seconds)} once it is loaded.`;
    const load = stage.querySelector<HTMLElement>("[data-provider-load]");
    load?.before(words);
    load?.focus();
  };
  panel.addEventListener("click", listen);
  return () => panel.removeEventListener("click", listen);
}

/** Brings the player in `root` to life. Rejects where its libraries cannot be loaded or its configuration is none. */
export async function start(root: HTMLElement): Promise<void> {
  const stage = root.querySelector<HTMLElement>("[data-player-stage]");
  if (stage === null) throw new Error("the player has no stage");
  const config = readConfig(root.dataset["config"] ?? "");
  const store = pageStore();
  const { provider } = config;
  const panel = document.querySelector<HTMLElement>("[data-transcript]");
  let wanted: number | undefined;
  if (provider !== undefined) {
    const early = panel === null ? undefined : beforeItIsLoaded(stage, panel, (seconds) => (wanted = seconds));
    await consent(stage, provider);
    await defineProvider(provider);
    early?.();
  } else if (isHls(config.src)) await defineHls();
  const kept = config.tracked ? leftPosition(store, config.userId, config.videoId) : undefined;

  const view = buildView(stage, config);
  const { video } = view;
  root.dispatchEvent(new CustomEvent(STANDS));
  keepPrefs(view, store, () => config.maxRate);
  startKeys(root, view, config, store);
  if (config.tracked) startSession(root, view, config, store);
  resume(view, wanted ?? kept ?? config.resumeAt, config.duration);

  if (panel !== null) {
    const still = (): boolean => matchMedia("(prefers-reduced-motion: reduce)").matches;
    const transcript = new Transcript(panel, (seconds) => (video.currentTime = seconds), () => performance.now(), still);
    for (const name of ["timeupdate", "seeking", "loadedmetadata"]) {
      video.addEventListener(name, () => transcript.show(video.currentTime));
    }
  }

  const problems = trouble(view);
  if (provider !== undefined) {
    showProvider(view, provider, config.src);
    return;
  }
  if (isHls(config.src) && (await attachHls(video, config.src, problems, pageTimers))) return;
  video.addEventListener("error", () => problems.broken());
  if (!isHls(config.src)) video.setAttribute("src", config.src);
}
