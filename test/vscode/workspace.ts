import * as vscode from 'vscode';
import { PATIENCE_MS } from '../../scripts/patience.mjs';
import { inParts } from '../../src/files/virtual/heldFiles.ts';
import { useHostFiles } from '../../src/files/virtual/virtualFiles.ts';
import type { Thread } from '../../src/rpc/thread.ts';
import { extensionParts, type Extension } from '../../src/vscode/extensionParts.ts';
import { HOST_FILES } from '../../src/vscode/hostFiles.ts';
import { ModelJobs } from '../../src/vscode/modelJobs.ts';
import assert from './assert.ts';
import { threadsOf } from './startThread.ts';

/** Where the extension's own files lie. */
function home(): vscode.Uri {
  const extension = vscode.extensions.getExtension('channelwise.channelwise');
  assert.ok(extension, 'the extension is there');
  return extension.extensionUri;
}

let startThread: () => Thread = () => assert.fail('prepareThreads was not called');

/** Done once, before any test: a browser has to fetch the worker's script first. */
export async function prepareThreads(): Promise<void> {
  startThread = await threadsOf(home());
}

let jobs: ModelJobs | null = null;

/** As in the extension itself, all that is asked goes to the same two threads. */
function suiteJobs(): ModelJobs {
  if (jobs) return jobs;
  const files = inParts(HOST_FILES);
  useHostFiles(files);
  const runtime = vscode.Uri.joinPath(home(), 'dist', 'ort', 'ort-wasm-simd-threaded.wasm');
  jobs = new ModelJobs({ startThread, files, runtime: runtime.toString() });
  return jobs;
}

/** What the extension's commands work with, on threads of the suite's own. */
export function ownExtension(): Extension {
  return extensionParts(suiteJobs());
}

/** Behind the last test. */
export async function endThreads(): Promise<void> {
  await jobs?.close();
}

/** Ends before its test does, so that the test can say what it waited for. */
const ONE_WAIT_MS = PATIENCE_MS / 2;

/** Waits for something to become true; fails with `what` when it never does. */
export async function until(what: string, holds: () => boolean): Promise<void> {
  for (const end = Date.now() + ONE_WAIT_MS; Date.now() < end;) {
    if (holds()) return;
    await pause(50);
  }
  assert.fail(`never: ${what}`);
}

/** Changes a file, again every second until it holds: a watcher takes a while to be there, and tells nothing of before. */
export async function writeUntil(
  what: string,
  change: () => Promise<void>,
  holds: () => Promise<boolean>,
): Promise<void> {
  for (const end = Date.now() + ONE_WAIT_MS; Date.now() < end;) {
    await change();
    await pause(1000);
    if (await holds()) return;
  }
  assert.fail(`never: ${what}`);
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
