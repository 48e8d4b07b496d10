/** Opens the dialog that `data-dialog-open` names; a click beside it closes it. Esc and focus are the browser's own. */
export function openDialog(id: string): void {
  const dialog = document.getElementById(id);
  if (dialog instanceof HTMLDialogElement && !dialog.open) dialog.showModal();
}

export function dialogs(): void {
  document.addEventListener("click", (event) => {
    const target = event.target;
    if (!(target instanceof Element)) return;
    const opener = target.closest<HTMLElement>("[data-dialog-open]");
    if (opener?.dataset.dialogOpen) {
      event.preventDefault();
      openDialog(opener.dataset.dialogOpen);
    } else if (target instanceof HTMLDialogElement && outside(target, event)) {
      target.close();
    }
  });
}

function outside(dialog: HTMLDialogElement, { clientX, clientY }: MouseEvent): boolean {
  const { left, right, top, bottom } = dialog.getBoundingClientRect();
  return clientX < left || clientX > right || clientY < top || clientY > bottom;
}
