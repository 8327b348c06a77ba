import * as vscode from 'vscode';
import { registerCommands } from './vscode/commands/register.ts';
import { ModelEditor } from './vscode/editor/modelEditor.ts';
import { OpenModels } from './vscode/editor/openModels.ts';
import type { Extension } from './vscode/extensionParts.ts';
import { ModelJobs } from './vscode/modelJobs.ts';
import { Proofs } from './vscode/proofs.ts';
import { registerTools } from './vscode/tools/registerTools.ts';
import { TextTabs } from './vscode/window/textTabs.ts';

let closeJobs: (() => Promise<void>) | null = null;

export function activate(context: vscode.ExtensionContext): void {
  const jobs = new ModelJobs(vscode.Uri.joinPath(context.extensionUri, 'dist', 'worker.mjs').fsPath);
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
