import * as vscode from 'vscode';
import { basename } from '../../files/paths.ts';

/** A file that is being written changes many times; it is read when it rests. */
const SETTLE_MS = 300;

/** Calls `changed` when the file was written, replaced or deleted, once it rests. Works outside the workspace too. */
export function watchFile(uri: vscode.Uri, changed: () => void): vscode.Disposable {
  const name = basename(uri.path).replace(/[[\]{}*?]/g, '?');
  const pattern = new vscode.RelativePattern(vscode.Uri.joinPath(uri, '..'), name);
  const watcher = vscode.workspace.createFileSystemWatcher(pattern);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const later = (changedUri: vscode.Uri): void => {
    if (changedUri.toString() !== uri.toString()) return;
    clearTimeout(timer);
    timer = setTimeout(changed, SETTLE_MS);
  };
  watcher.onDidChange(later);
  watcher.onDidCreate(later);
  watcher.onDidDelete(later);
  return {
    dispose: () => {
      clearTimeout(timer);
      watcher.dispose();
    },
  };
}
