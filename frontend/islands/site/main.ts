/** What every page needs in the browser. All of it listens on the document, so swapped-in parts work too. */
import htmx from "htmx.org";
import { dialogs } from "./dialogs";
import { forms } from "./forms";
import { keys } from "./keys";
import { menus } from "./menus";
import { theme } from "./theme";
import { times } from "./times";
import { tips } from "./tips";
import { toasts } from "./toasts";
import { csrfToken } from "./csrf";

document.addEventListener("htmx:configRequest", (event) => {
  const { detail } = event as CustomEvent<{ headers: Record<string, string> }>;
  detail.headers["x-csrf-token"] = csrfToken();
});

/** Buttons that are of use only where scripts run are hidden until now. */
function reveal(root: ParentNode): void {
  for (const element of root.querySelectorAll<HTMLElement>("[data-needs-script]")) element.hidden = false;
}

for (const start of [dialogs, forms, keys, menus, theme, tips, toasts]) start();
htmx.onLoad((element) => {
  const root = (element as Element).parentElement ?? document;
  reveal(root);
  times(root);
});
reveal(document);
times(document);

// On a narrow screen the side list is one line: it begins at the page that one is on.
// So do tabs, which are one line too.
for (const here of document.querySelectorAll<HTMLElement>(":is(.side, .tabs) [aria-current=page]"))
  if (here.parentElement) here.parentElement.scrollLeft = here.offsetLeft - here.parentElement.offsetLeft - 48;
