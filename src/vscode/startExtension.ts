import * as vscode from 'vscode';
import { inParts } from '../files/virtual/heldFiles.ts';
import { useHostFiles } from '../files/virtual/virtualFiles.ts';
import type { Thread } from '../rpc/thread.ts';
import { registerCommands } from './commands/register.ts';
import { ModelEditor } from './editor/modelEditor.ts';
import { extensionParts } from './extensionParts.ts';
import { HOST_FILES } from './hostFiles.ts';
import { ModelJobs } from './modelJobs.ts';
import { registerTools } from './tools/registerTools.ts';

/** Registers all that the extension is; `startThread` starts a worker. What it gives ends the workers. */
export function startExtension(context: vscode.ExtensionContext, startThread: () => Thread): () => Promise<void> {
  const files = inParts(HOST_FILES);
  useHostFiles(files);
  const runtime = vscode.Uri.joinPath(context.extensionUri, 'dist', 'ort', 'ort-wasm-simd-threaded.wasm');
  const jobs = new ModelJobs({ startThread, files, runtime: runtime.toString() });
  const extension = extensionParts(jobs);
  context.subscriptions.push(
    extension.tabs.register(),
    ModelEditor.register(extension, context),
    registerCommands(extension, context.globalState),
    registerTools(extension),
  );
  return () => jobs.close();
}
