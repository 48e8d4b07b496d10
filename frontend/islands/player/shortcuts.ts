/** What a key does to the player. */
export interface Controls {
  togglePlay(): void;
  seekBy(seconds: number): void;
  seekToTenth(tenth: number): void;
  seekToStart(): void;
  seekToEnd(): void;
  changeVolume(by: number): void;
  toggleMute(): void;
  toggleCaptions(): void;
  toggleFullscreen(): void;
  changeSpeed(steps: 1 | -1): void;
}

/** Each key and what it does, as the list of shortcuts shows it. */
export const KEYS: readonly (readonly [keys: string, meaning: string])[] = [
  ["Space or K", "Play or pause"],
  ["J and L", "10 seconds back and forward"],
  ["← and →", "5 seconds back and forward"],
  ["0 to 9", "Jump to a tenth of the video"],
  ["Home and End", "Jump to the start and the end"],
  ["↑ and ↓", "Volume up and down"],
  ["M", "Sound off and on"],
  ["C", "Captions on and off"],
  ["F", "Full screen"],
  ["< and >", "Slower and faster"],
];

const FIELDS = "input, textarea, select, [contenteditable]:not([contenteditable=false]), [role=textbox], [role=searchbox], [role=combobox]";
const PRESSABLE = "button, a[href], summary, [role=button], [role=link], [role=tab], [role=switch], [role=checkbox], [role=radio]";
const SLIDERS = "[role=slider], media-time-range, media-volume-range";
const LISTS = "[role=menu], [role=menuitem], [role=menuitemradio], [role=listbox], [role=option], [role=tree], [role=tablist], [role=grid]";
const SCROLLING = new Set(["ArrowUp", "ArrowDown", "Home", "End"]);

function path(event: KeyboardEvent): Element[] {
  return event.composedPath().filter((node): node is Element => node instanceof Element);
}

function dialogOpen(): boolean {
  return document.querySelector("dialog[open], [aria-modal=true]:not([hidden])") !== null;
}

function action(key: string, controls: Controls): (() => void) | undefined {
  if (/^[0-9]$/.test(key)) return () => controls.seekToTenth(Number(key));
  switch (key.length === 1 ? key.toLowerCase() : key) {
    case " ":
    case "k":
      return () => controls.togglePlay();
    case "j":
      return () => controls.seekBy(-10);
    case "l":
      return () => controls.seekBy(10);
    case "ArrowLeft":
      return () => controls.seekBy(-5);
    case "ArrowRight":
      return () => controls.seekBy(5);
    case "ArrowUp":
      return () => controls.changeVolume(0.1);
    case "ArrowDown":
      return () => controls.changeVolume(-0.1);
    case "m":
      return () => controls.toggleMute();
    case "c":
      return () => controls.toggleCaptions();
    case "f":
      return () => controls.toggleFullscreen();
    case "<":
      return () => controls.changeSpeed(-1);
    case ">":
      return () => controls.changeSpeed(1);
    case "Home":
      return () => controls.seekToStart();
    case "End":
      return () => controls.seekToEnd();
    default:
      return undefined;
  }
}

/**
 * Gives the page its keys. They are silent while somebody types, while a dialog is open, and where the focused
 * control has the key for itself. The keys that scroll a page are the player's only after it was last used.
 */
export function listenForKeys(player: HTMLElement, controls: Controls, enabled: () => boolean): void {
  let used = false;
  const notice = (event: Event): void => {
    used = event.composedPath().includes(player);
  };
  document.addEventListener("pointerdown", notice, true);
  document.addEventListener("focusin", notice, true);

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const nodes = path(event);
    const inPlayer = nodes.includes(player);
    const on = (selector: string): boolean => nodes.some((node) => node.matches(selector));
    const work = action(event.key, controls);
    if (work === undefined || !enabled() || dialogOpen() || on(LISTS)) return;
    if (on(SLIDERS)) {
      // A slider in the player hides a native range field, which is no place to type.
      if (event.key.startsWith("Arrow") || event.key === "Home" || event.key === "End") return;
    } else if (on(FIELDS)) return;
    if (event.key === " " && (event.repeat || on(PRESSABLE))) return;
    if (SCROLLING.has(event.key) && !inPlayer && !used) return;
    event.preventDefault();
    work();
  });
}
