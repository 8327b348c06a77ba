import * as vscode from 'vscode';
import { nodeThread } from './jobs/threads/nodeThread.ts';
import { startExtension } from './vscode/startExtension.ts';

let closeJobs: (() => Promise<void>) | null = null;

export function activate(context: vscode.ExtensionContext): void {
  const worker = vscode.Uri.joinPath(context.extensionUri, 'dist', 'worker.js').fsPath;
  // VS Code waits for what `deactivate` gives, not for what it disposes of.
  closeJobs = startExtension(context, () => nodeThread(worker));
}

export async function deactivate(): Promise<void> {
  await closeJobs?.();
}
