import * as vscode from 'vscode';
import { WorkerClient } from './node/workerClient.ts';
import { adaptChannels } from './vscode/adaptChannels.ts';
import { convertToGrayscale, openModel } from './vscode/convert.ts';
import { ModelEditor } from './vscode/editor.ts';
import { chosenModels } from './vscode/files.ts';
import { verifyCommand } from './vscode/prove.ts';

export function activate(context: vscode.ExtensionContext): void {
  const file = vscode.Uri.joinPath(context.extensionUri, 'dist', 'worker.mjs').fsPath;
  const worker = new WorkerClient(file);
  const prover = new WorkerClient(file);
  const workers = { worker, prover };
  const command = (name: string, run: (clicked: unknown, selected: unknown) => Promise<void>): vscode.Disposable => vscode.commands.registerCommand(`channelwise.${name}`, run);
  context.subscriptions.push(
    { dispose: () => void Promise.all([worker.dispose(), prover.dispose()]) },
    ModelEditor.register(workers, context),
    command('convertToGrayscale', (clicked, selected) => convertToGrayscale(workers, clicked, selected)),
    command('adaptChannels', (clicked) => adaptChannels(workers, clicked)),
    command('verify', (clicked) => verifyCommand(prover, clicked)),
    command('openPreview', async (clicked, selected) => {
      for (const uri of await chosenModels(clicked, selected)) await openModel(uri);
    }),
  );
}
