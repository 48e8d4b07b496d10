import { playerMedia } from "../player/outside";
import { Editor } from "./editor";

const form = document.querySelector<HTMLFormElement>("form[data-island=captions]");
if (form !== null) {
  const editor = new Editor(form);
  const player = document.querySelector<HTMLElement>("[data-island=player]");
  if (player !== null) void playerMedia(player).then((media) => editor.follow(media));
}
