import assert from 'node:assert/strict';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { useVirtualDisk } from '../../src/files/disk.ts';
import { inParts } from '../../src/files/virtual/heldFiles.ts';
import { virtualDisk } from '../../src/files/virtual/virtualDisk.ts';
import { nodeThread } from '../../src/jobs/nodeThread.ts';
import { extensionParts, type Extension } from '../../src/vscode/extensionParts.ts';
import { HOST_FILES } from '../../src/vscode/hostFiles.ts';
import { ModelJobs } from '../../src/vscode/modelJobs.ts';

export const folder = (): string => vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? '';
export const uri = (name: string): vscode.Uri => vscode.Uri.file(join(folder(), name));

/** What the extension's commands work with, on threads of the test's own. Close its jobs in the end. */
export function ownExtension(): Extension {
  const home = vscode.extensions.getExtension('channelwise.channelwise')?.extensionPath ?? '';
  const files = inParts(HOST_FILES);
  useVirtualDisk(virtualDisk(files));
  const jobs = new ModelJobs({
    startThread: () => nodeThread(join(home, 'dist', 'worker.mjs')),
    files,
    runtime: '',
  });
  return extensionParts(jobs);
}

/** Waits for something to become true; fails with `what` when it doesn't in ten seconds. */
export async function until(what: string, holds: () => boolean): Promise<void> {
  for (let i = 0; i < 200; i++) {
    if (holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail(`never: ${what}`);
}
