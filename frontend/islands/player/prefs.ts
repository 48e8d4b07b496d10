import type { KeyStore } from "./store";

/** What this browser remembers of how its person likes to watch. */
export interface Prefs {
  rate: number;
  volume: number;
  muted: boolean;
  /** The language of the captions that are shown, or an empty string for none. */
  captions: string;
  /** Whether single keys control the player. */
  shortcuts: boolean;
}

const KEY = "collegium.player";
const USUAL: Prefs = { rate: 1, volume: 1, muted: false, captions: "", shortcuts: true };

export function readPrefs(store: KeyStore): Prefs {
  try {
    const raw = JSON.parse(store.get(KEY) ?? "{}") as Partial<Record<keyof Prefs, unknown>>;
    const { rate, volume, muted, captions, shortcuts } = raw;
    return {
      rate: typeof rate === "number" && rate >= 0.25 && rate <= 4 ? rate : USUAL.rate,
      volume: typeof volume === "number" && volume >= 0 && volume <= 1 ? volume : USUAL.volume,
      muted: muted === true,
      captions: typeof captions === "string" ? captions : USUAL.captions,
      shortcuts: shortcuts !== false,
    };
  } catch {
    return { ...USUAL };
  }
}

export function writePrefs(store: KeyStore, change: Partial<Prefs>): Prefs {
  const prefs = { ...readPrefs(store), ...change };
  store.set(KEY, JSON.stringify(prefs));
  return prefs;
}
