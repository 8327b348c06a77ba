import * as vscode from 'vscode';
import { WorkerClient } from './node/workerClient.ts';
import { adaptChannels } from './vscode/adaptChannels.ts';
import { convertToGrayscale, openModel } from './vscode/convert.ts';
import { ModelEditor } from './vscode/editor.ts';
import { chosenModels } from './vscode/files.ts';

export function activate(context: vscode.ExtensionContext): void {
  const worker = new WorkerClient(vscode.Uri.joinPath(context.extensionUri, 'dist', 'worker.cjs').fsPath);
  const command = (name: string, run: (clicked: unknown, selected: unknown) => Promise<void>): vscode.Disposable => vscode.commands.registerCommand(`channelwise.${name}`, run);
  context.subscriptions.push(
    { dispose: () => void worker.dispose() },
    ModelEditor.register(worker, context),
    command('convertToGrayscale', (clicked, selected) => convertToGrayscale(worker, clicked, selected)),
    command('adaptChannels', (clicked) => adaptChannels(worker, clicked)),
    command('openPreview', async (clicked, selected) => {
      for (const uri of await chosenModels(clicked, selected)) await openModel(uri);
    }),
  );
}
