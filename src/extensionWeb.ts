import * as vscode from 'vscode';
import { webThread } from './jobs/threads/webThread.ts';
import { startExtension } from './vscode/startExtension.ts';

let closeJobs: (() => Promise<void>) | null = null;

/** The extension in a browser. */
export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const file = vscode.Uri.joinPath(context.extensionUri, 'dist', 'web', 'worker.js');
  // A worker may come from the page's own origin alone; the extension's files often lie elsewhere.
  const script = new Blob([new Uint8Array(await vscode.workspace.fs.readFile(file))], { type: 'text/javascript' });
  const url = URL.createObjectURL(script);
  context.subscriptions.push({ dispose: () => URL.revokeObjectURL(url) });
  closeJobs = startExtension(context, () => webThread(url));
}

export async function deactivate(): Promise<void> {
  await closeJobs?.();
}
