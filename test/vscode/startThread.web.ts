import * as vscode from 'vscode';
import { webThread } from '../../src/jobs/threads/webThread.ts';
import type { Thread } from '../../src/rpc/thread.ts';

/** How the extension in this folder starts a worker in a browser. */
export async function threadsOf(extension: vscode.Uri): Promise<() => Thread> {
  const worker = vscode.Uri.joinPath(extension, 'dist', 'web', 'worker.js');
  const script = new Uint8Array(await vscode.workspace.fs.readFile(worker));
  const url = URL.createObjectURL(new Blob([script], { type: 'text/javascript' }));
  return () => webThread(url);
}
