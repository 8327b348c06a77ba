import * as vscode from 'vscode';
import { nodeThread } from '../../src/jobs/threads/nodeThread.ts';
import type { Thread } from '../../src/rpc/thread.ts';

/** How the extension in this folder starts a worker on this host. */
export function threadsOf(extension: vscode.Uri): Promise<() => Thread> {
  const worker = vscode.Uri.joinPath(extension, 'dist', 'worker.js').fsPath;
  return Promise.resolve(() => nodeThread(worker));
}
