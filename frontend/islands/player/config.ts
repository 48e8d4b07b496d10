import { isIntervals, type Interval } from "./intervals";
import { isProvider, type Provider } from "./provider";

export interface Caption {
  src: string;
  lang: string;
  label: string;
}

/** What the page says about the video, read from `data-config`. Times are seconds. */
export interface Config {
  videoId: string;
  lessonId: string;
  enrollmentId: string | null;
  userId: string;
  duration: number;
  resumeAt: number;
  maxRate: number;
  goalSeconds: number;
  watched: Interval[];
  src: string;
  /** Whose player shows it, where the video does not lie here. */
  provider: Provider | undefined;
  poster: string;
  /** WebVTT with small pictures for the slider; empty where there is none. */
  storyboard: string;
  captions: Caption[];
  openUrl: string;
  heartbeatUrl: string;
  csrf: string;
  statusUrl: string;
  signInUrl: string;
  tracked: boolean;
}

function text(raw: Record<string, unknown>, key: string): string {
  const value = raw[key];
  return typeof value === "string" && value !== "null" ? value : "";
}

function number(raw: Record<string, unknown>, key: string, otherwise: number): number {
  const value = raw[key];
  return typeof value === "number" && Number.isFinite(value) ? value : otherwise;
}

function captions(value: unknown): Caption[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((item: unknown) => {
    if (typeof item !== "object" || item === null) return [];
    const raw = item as Record<string, unknown>;
    const src = text(raw, "src");
    const lang = text(raw, "lang") || "en";
    return src === "" ? [] : [{ src, lang, label: text(raw, "label") || lang }];
  });
}

/**
 * Reads the island's `data-config`.
 * @throws Error where it is not JSON or names no video to play.
 */
export function readConfig(json: string): Config {
  const parsed: unknown = JSON.parse(json);
  if (typeof parsed !== "object" || parsed === null) throw new Error("the player's configuration is not an object");
  const raw = parsed as Record<string, unknown>;
  const watched = raw["watched"];
  const config: Config = {
    videoId: text(raw, "videoId"),
    lessonId: text(raw, "lessonId"),
    enrollmentId: text(raw, "enrollmentId") || null,
    userId: text(raw, "userId"),
    duration: Math.max(0, number(raw, "duration", 0)),
    resumeAt: Math.max(0, number(raw, "resumeAt", 0)),
    maxRate: Math.max(0.5, number(raw, "maxRate", 2)),
    goalSeconds: Math.max(0, number(raw, "goalSeconds", 0)),
    watched: isIntervals(watched) ? watched : [],
    src: text(raw, "src"),
    provider: undefined,
    poster: text(raw, "poster"),
    storyboard: text(raw, "storyboard"),
    captions: captions(raw["captions"]),
    openUrl: text(raw, "openUrl"),
    heartbeatUrl: text(raw, "heartbeatUrl"),
    csrf: text(raw, "csrf"),
    statusUrl: text(raw, "statusUrl"),
    signInUrl: text(raw, "signInUrl") || "/sign-in",
    tracked: raw["tracked"] === true,
  };
  const provider = text(raw, "provider");
  if (isProvider(provider)) config.provider = provider;
  if (config.src === "") throw new Error("the player's configuration names no video");
  config.tracked &&= config.openUrl !== "" && config.heartbeatUrl !== "" && config.userId !== "" && config.videoId !== "";
  return config;
}
