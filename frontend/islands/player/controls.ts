import type { VideoElement } from "./hls";
import type { Controls } from "./shortcuts";
import { SKIP, ratesUpTo, type View } from "./view";

const SHOWING = "showing";

function captionTracks(video: VideoElement): TextTrack[] {
  return Array.from(video.textTracks ?? []).filter((track) => track.kind === "captions" || track.kind === "subtitles");
}

/** The language of the captions on show, or an empty string. */
export function shownCaptions(video: VideoElement): string {
  return captionTracks(video).find((track) => track.mode === SHOWING)?.language ?? "";
}

/** Shows the captions in `language`, or none where there are none. */
export function showCaptions(video: VideoElement, language: string): void {
  for (const track of captionTracks(video)) {
    track.mode = language !== "" && track.language === language ? SHOWING : "disabled";
  }
}

/** What the keys do to `view`; each change that cannot be heard or seen at once is said. */
export function playerControls(view: View, maxRate: () => number, preferredCaptions: () => string): Controls {
  const { video, controller } = view;
  const end = (): number => (Number.isFinite(video.duration) ? video.duration : 0);
  const seek = (time: number): void => {
    if (end() > 0) video.currentTime = Math.min(Math.max(0, time), end());
  };
  const request = (name: string): void => {
    controller.dispatchEvent(new CustomEvent(name, { bubbles: true, composed: true }));
  };
  return {
    togglePlay() {
      if (video.paused) void video.play()?.catch(() => undefined);
      else video.pause();
    },
    seekBy: (seconds) => seek(video.currentTime + seconds),
    seekToTenth: (tenth) => seek((end() * tenth) / SKIP),
    seekToStart: () => seek(0),
    seekToEnd: () => seek(end()),
    changeVolume(by) {
      video.volume = Math.round(Math.min(1, Math.max(0, video.volume + by)) * 10) / 10;
      video.muted = video.volume === 0;
      view.announce(`Volume ${Math.round(video.volume * 100)} percent`);
    },
    toggleMute() {
      video.muted = !video.muted;
      view.announce(video.muted ? "Sound off" : "Sound on");
    },
    toggleCaptions() {
      const tracks = captionTracks(video);
      if (tracks.length === 0) {
        view.announce("This video has no captions");
        return;
      }
      const wanted = tracks.find((track) => track.language === preferredCaptions()) ?? tracks[0];
      const on = shownCaptions(video) === "";
      showCaptions(video, on ? (wanted?.language ?? "") : "");
      view.announce(on ? "Captions on" : "Captions off");
    },
    toggleFullscreen() {
      request(document.fullscreenElement === null ? "mediaenterfullscreenrequest" : "mediaexitfullscreenrequest");
    },
    changeSpeed(steps) {
      const rates = ratesUpTo(maxRate());
      const next =
        steps > 0
          ? rates.find((rate) => rate > video.playbackRate + 0.001)
          : rates.findLast((rate) => rate < video.playbackRate - 0.001);
      if (next !== undefined) video.playbackRate = next;
      view.announce(`Speed ${video.playbackRate}`);
    },
  };
}
