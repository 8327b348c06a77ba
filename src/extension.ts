import * as vscode from 'vscode';
import { WorkerClient } from './page/workerClient.ts';
import { AdaptFlow } from './vscode/adaptChannels.ts';
import { openModel } from './vscode/announce.ts';
import { Comparisons, compareCommand } from './vscode/compare.ts';
import { convertToGrayscale } from './vscode/convert.ts';
import { ModelEditor } from './vscode/editor.ts';
import { Evaluations, evaluateCommand } from './vscode/evaluate.ts';
import { chosenModels } from './vscode/files.ts';
import { Proofs, verifyCommand } from './vscode/prove.ts';
import { TextTabs } from './vscode/textTabs.ts';
import { Views } from './vscode/views.ts';

let closeWorker: (() => Promise<void>) | null = null;

export function activate(context: vscode.ExtensionContext): void {
  const file = vscode.Uri.joinPath(context.extensionUri, 'dist', 'worker.mjs').fsPath;
  const worker = new WorkerClient(file);
  const prover = new WorkerClient(file);
  // VS Code waits for what `deactivate` gives, not for what it disposes of.
  closeWorker = () => worker.close();
  const workers = {
    worker,
    prover,
    proofs: new Proofs(prover),
    tabs: new TextTabs(),
    views: new Views(),
    comparisons: new Comparisons(),
    evaluations: new Evaluations(),
  };
  const flow = new AdaptFlow(workers, context.globalState);
  const command = (name: string, run: (clicked: unknown, selected: unknown) => Promise<void>): vscode.Disposable =>
    vscode.commands.registerCommand(`channelwise.${name}`, run);
  context.subscriptions.push(
    { dispose: () => void prover.dispose() },
    workers.tabs.register(),
    ModelEditor.register(workers, context),
    command('convertToGrayscale', (clicked, selected) => convertToGrayscale(workers, clicked, selected)),
    command('adaptChannels', (clicked) => flow.run(clicked, 'write')),
    command('copyAsPython', (clicked) => flow.run(clicked, 'python')),
    command('compare', (clicked, selected) => compareCommand(workers, clicked, selected)),
    command('evaluate', (clicked) => evaluateCommand(workers, clicked)),
    command('verify', (clicked) => verifyCommand(workers, clicked)),
    command('openPreview', async (clicked, selected) => {
      for (const uri of await chosenModels(clicked, selected)) await openModel(uri);
    }),
  );
}

export async function deactivate(): Promise<void> {
  await closeWorker?.();
}
