import "media-chrome/media-controller";
import "media-chrome/media-control-bar";
import "media-chrome/media-fullscreen-button";
import "media-chrome/media-loading-indicator";
import "media-chrome/media-mute-button";
import "media-chrome/media-pip-button";
import "media-chrome/media-play-button";
import "media-chrome/media-seek-backward-button";
import "media-chrome/media-seek-forward-button";
import "media-chrome/media-time-display";
import "media-chrome/media-time-range";
import "media-chrome/media-volume-range";
import "media-chrome/menu/media-captions-menu";
import "media-chrome/menu/media-captions-menu-button";
import "media-chrome/menu/media-chrome-menu-item";
import "media-chrome/menu/media-playback-rate-menu";
import "media-chrome/menu/media-playback-rate-menu-button";
import type { Config } from "./config";
import { el } from "./dom";
import { isHls, type VideoElement } from "./hls";
import { icon } from "./icons";
import { actionElement, Notices, type Action } from "./notices";
import { providerTag } from "./provider";

const RATES = [0.5, 0.75, 1, 1.25, 1.5, 1.75, 2];
/** Seconds of the buttons beside play. */
export const SKIP = 10;

/** The speeds that are offered where the course allows at most `maxRate`. */
export function ratesUpTo(maxRate: number): number[] {
  const rates = RATES.filter((rate) => rate <= maxRate + 0.001);
  return rates.length > 0 ? rates : [Math.min(maxRate, 1)];
}

/** What the player consists of on the page. */
export interface View {
  controller: HTMLElement;
  video: VideoElement;
  notices: Notices;
  save: HTMLElement;
  keysButton: HTMLElement;
  /** Says something to people who listen to the page. */
  announce(words: string): void;
  setMaxRate(rate: number): void;
  /** Lays a message over the picture until it is hidden. */
  cover(reason: string, text: string, actions: Action[]): void;
  uncover(reason: string): void;
}

function videoElement(config: Config): VideoElement {
  if (config.provider !== undefined) {
    return el(providerTag(config.provider), { slot: "media", playsinline: true, tabindex: -1 }) as unknown as VideoElement;
  }
  const video = el(isHls(config.src) ? "hls-video" : "video", {
    slot: "media",
    playsinline: true,
    preload: "metadata",
    tabindex: -1,
  }) as unknown as VideoElement;
  if (config.storyboard !== "") {
    video.append(el("track", { kind: "metadata", label: "thumbnails", src: config.storyboard, default: true }));
  }
  for (const caption of config.captions) {
    video.append(el("track", { kind: "captions", src: caption.src, srclang: caption.lang, label: caption.label }));
  }
  return video;
}

function button(tag: string, attributes: Record<string, string | number | boolean>, icons: [string, Element][]): HTMLElement {
  const element = el(tag, attributes);
  for (const [slot, drawing] of icons) {
    drawing.setAttribute("slot", slot);
    element.append(drawing);
  }
  return element;
}

/** The button shows a speed such as "1.5x", which its name must have in it. */
function nameSpeedButton(element: HTMLElement): HTMLElement {
  const name = (): void => {
    const label = `Speed ${element.getAttribute("mediaplaybackrate") ?? "1"}x`;
    if (element.getAttribute("aria-label") !== label) element.setAttribute("aria-label", label);
  };
  new MutationObserver(name).observe(element, { attributeFilter: ["aria-label", "mediaplaybackrate"] });
  name();
  return element;
}

/** A menu of one level: its button back to an upper one leads nowhere. */
function menu(tag: string): HTMLElement {
  const element = el(tag, { hidden: true, anchor: "auto" });
  const title = element.shadowRoot?.querySelector("slot[name=title]");
  title?.closest("button")?.replaceWith(title);
  return element;
}

function controls(config: Config): HTMLElement[] {
  // Over a frame of somebody else nothing of ours can be laid; its own captions are in its own player.
  const hasCaptions = config.captions.length > 0 && config.provider === undefined;
  const bar = el("media-control-bar", { class: "player-controls" });
  bar.append(
    button("media-play-button", {}, [["play", icon("play")], ["pause", icon("pause")]]),
    button("media-seek-backward-button", { seekoffset: SKIP }, [["icon", icon("back", undefined, String(SKIP))]]),
    button("media-seek-forward-button", { seekoffset: SKIP }, [["icon", icon("forward", undefined, String(SKIP))]]),
    button("media-mute-button", {}, [
      ["off", icon("volume-off")],
      ["low", icon("volume-low")],
      ["medium", icon("volume-low")],
      ["high", icon("volume-high")],
    ]),
    el("media-volume-range"),
    el("media-time-display", { showduration: true, notoggle: true }),
    el("span", { class: "player-gap" }),
  );
  if (hasCaptions) {
    bar.append(button("media-captions-menu-button", {}, [["on", icon("captions")], ["off", icon("captions-off")]]));
  }
  bar.append(
    nameSpeedButton(el("media-playback-rate-menu-button")),
    ...(config.provider === undefined ? [button("media-pip-button", {}, [["icon", icon("pip")]])] : []),
    button("media-fullscreen-button", {}, [["enter", icon("maximize")], ["exit", icon("minimize")]]),
  );
  const menus = [menu("media-playback-rate-menu")];
  if (hasCaptions) menus.push(menu("media-captions-menu"));
  const scrub = el("media-control-bar", { class: "player-scrub" }, el("media-time-range"));
  return [...menus, scrub, bar];
}

function frame(config: Config): HTMLElement {
  return el("media-controller", {
    class: "player-frame",
    // Over moving pictures the controls are light on dark in both themes.
    "data-theme": "collegium-dark",
    defaultduration: config.duration,
    nohotkeys: true,
    novolumepref: true,
    nomutedpref: true,
    nosubtitleslangpref: true,
    noautoseektolive: true,
  });
}

/** Builds the player in `stage`, in place of what the server put there. */
export function buildView(stage: HTMLElement, config: Config): View {
  const video = videoElement(config);
  const notices = new Notices();
  const overlay = el("div", { class: "player-cover", slot: "centered-chrome", noautohide: true, hidden: true, role: "status" });
  const said = el("p", { class: "player-sr", role: "status" });
  const save = el("span", { class: "player-save", "data-save-state": "idle" });
  const keysButton = el("button", { class: "player-keys", type: "button" });
  keysButton.append(icon("keyboard"), el("span", {}, "Keyboard shortcuts"));

  const controller = frame(config);
  controller.append(video);
  if (config.poster !== "") controller.append(el("img", { slot: "poster", src: config.poster, alt: "" }));
  const begin = el("div", { class: "player-begin", slot: "centered-chrome", noautohide: true, "aria-hidden": true }, icon("play"));
  controller.append(
    el("media-loading-indicator", { slot: "centered-chrome", noautohide: true }),
    begin,
    overlay,
    notices.element,
    ...controls(config),
  );
  stage.replaceChildren(controller, el("div", { class: "player-foot" }, save, keysButton), said);
  stage.dataset["ready"] = "";

  const view: View = {
    controller,
    video,
    notices,
    save,
    keysButton,
    announce(words) {
      said.textContent = "";
      // Emptied first, so that the same words are said again.
      requestAnimationFrame(() => {
        said.textContent = words;
      });
    },
    setMaxRate(rate) {
      controller.querySelector("media-playback-rate-menu")?.setAttribute("rates", ratesUpTo(rate).join(" "));
    },
    cover(reason, text, actions) {
      overlay.replaceChildren(
        el("p", {}, text),
        ...actions.map((action) => actionElement(action, () => view.uncover(reason))),
      );
      overlay.dataset["reason"] = reason;
      overlay.hidden = false;
    },
    uncover(reason) {
      if (overlay.dataset["reason"] !== reason) return;
      overlay.hidden = true;
      overlay.replaceChildren();
    },
  };
  view.setMaxRate(config.maxRate);
  return view;
}
