import type { MenuContext } from '../../src/protocol/actions.ts';

/**
 * VS Code reads what a context menu is for from the nearest `data-vscode-context` around the event's target, and sees
 * no targets inside shadow roots. So the body carries it, for one menu at a time: what was pressed sets it on its way
 * up.
 */
export function offerMenu(context: MenuContext): void {
  document.body.dataset.vscodeContext = JSON.stringify({ ...context, preventDefaultContextMenuItems: true });
}

/** No menu opens, not even VS Code's own one: there is nothing to cut or to paste. */
export function offerNoMenu(): void {
  document.body.dataset.vscodeContext = JSON.stringify({ preventDefaultContextMenuItems: true });
}

/** Where nothing offers a menu, VS Code's own one for texts stays. Returns the function that ends this. */
export function clearMenus(): () => void {
  const clear = (): void => {
    delete document.body.dataset.vscodeContext;
  };
  window.addEventListener('contextmenu', clear, { capture: true });
  return () => window.removeEventListener('contextmenu', clear, { capture: true });
}
