import * as vscode from 'vscode';
import { useVirtualDisk } from './files/disk.ts';
import { virtualDisk } from './files/virtual/virtualDisk.ts';
import { nodeThread } from './jobs/nodeThread.ts';
import { registerCommands } from './vscode/commands/register.ts';
import { ModelEditor } from './vscode/editor/modelEditor.ts';
import { OpenModels } from './vscode/editor/openModels.ts';
import type { Extension } from './vscode/extensionParts.ts';
import { HOST_FILES } from './vscode/hostFiles.ts';
import { ModelJobs } from './vscode/modelJobs.ts';
import { Proofs } from './vscode/proofs.ts';
import { registerTools } from './vscode/tools/registerTools.ts';
import { TextTabs } from './vscode/window/textTabs.ts';

let closeJobs: (() => Promise<void>) | null = null;

export function activate(context: vscode.ExtensionContext): void {
  const worker = vscode.Uri.joinPath(context.extensionUri, 'dist', 'worker.mjs').fsPath;
  useVirtualDisk(virtualDisk(HOST_FILES));
  const jobs = new ModelJobs(() => nodeThread(worker), HOST_FILES);
  // VS Code waits for what `deactivate` gives, not for what it disposes of.
  closeJobs = () => jobs.close();
  const extension: Extension = { jobs, models: new OpenModels(), proofs: new Proofs(jobs), tabs: new TextTabs() };
  context.subscriptions.push(
    extension.tabs.register(),
    ModelEditor.register(extension, context),
    registerCommands(extension, context.globalState),
    registerTools(extension),
  );
}

export async function deactivate(): Promise<void> {
  await closeJobs?.();
}
