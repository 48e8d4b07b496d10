import captions from "lucide-static/icons/captions.svg?raw";
import captionsOff from "lucide-static/icons/captions-off.svg?raw";
import keyboard from "lucide-static/icons/keyboard.svg?raw";
import maximize from "lucide-static/icons/maximize.svg?raw";
import minimize from "lucide-static/icons/minimize.svg?raw";
import pause from "lucide-static/icons/pause.svg?raw";
import pip from "lucide-static/icons/picture-in-picture-2.svg?raw";
import play from "lucide-static/icons/play.svg?raw";
import back from "lucide-static/icons/rotate-ccw.svg?raw";
import forward from "lucide-static/icons/rotate-cw.svg?raw";
import volumeLow from "lucide-static/icons/volume-1.svg?raw";
import volumeHigh from "lucide-static/icons/volume-2.svg?raw";
import volumeOff from "lucide-static/icons/volume-x.svg?raw";
import close from "lucide-static/icons/x.svg?raw";

const DRAWINGS = {
  captions,
  "captions-off": captionsOff,
  keyboard,
  maximize,
  minimize,
  pause,
  pip,
  play,
  back,
  forward,
  "volume-low": volumeLow,
  "volume-high": volumeHigh,
  "volume-off": volumeOff,
  close,
} as const;

/** An icon for decoration; the control that holds it has the name. `slot` puts it into a media-chrome button. */
export function icon(name: keyof typeof DRAWINGS, slot?: string, figure?: string): Element {
  const template = document.createElement("template");
  template.innerHTML = DRAWINGS[name];
  const svg = template.content.querySelector("svg");
  if (svg === null) throw new Error(`the icon ${name} is not an SVG file`);
  svg.setAttribute("class", "player-icon");
  svg.setAttribute("stroke-width", "1.5");
  svg.setAttribute("aria-hidden", "true");
  if (slot !== undefined) svg.setAttribute("slot", slot);
  if (figure !== undefined) {
    const text = document.createElementNS("http://www.w3.org/2000/svg", "text");
    text.setAttribute("x", "12");
    text.setAttribute("y", "15.5");
    text.textContent = figure;
    svg.append(text);
  }
  return svg;
}
