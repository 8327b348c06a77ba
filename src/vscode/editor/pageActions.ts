import * as vscode from 'vscode';
import { PAGE_ACTIONS } from '../../protocol/actions.ts';
import type { ActivePage } from './activePage.ts';

/**
 * Commands of the page's context menus. VS Code hands over the menu's context; without one, as from a key, a command
 * acts on what is selected.
 */
export function registerPageActions(active: Pick<ActivePage, 'post'>): vscode.Disposable {
  const registered = PAGE_ACTIONS.map((action) =>
    vscode.commands.registerCommand(`channelwise.page.${action}`, (context: unknown) => {
      active.post({ type: 'act', action, target: targetOf(context) });
    }),
  );
  return vscode.Disposable.from(...registered);
}

function targetOf(context: unknown): string | null {
  const target = (context as { target?: unknown } | null | undefined)?.target;
  return typeof target === 'string' ? target : null;
}
