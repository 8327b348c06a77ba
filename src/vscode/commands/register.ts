import * as vscode from 'vscode';
import type { Extension } from '../extensionParts.ts';
import { AdaptFlow } from './adaptChannels.ts';
import { chosenModels } from './chosenModels.ts';
import { compareCommand } from './compare.ts';
import { convertToGrayscale } from './convert.ts';
import { evaluateCommand } from './evaluate.ts';
import { verifyCommand } from './verify.ts';

/** What VS Code gives a command of a menu: what was clicked, and all that is selected. */
type Command = (clicked: unknown, selected: unknown) => Promise<void>;

/** Registers the commands of package.json that are for models; `memory` keeps what was chosen last. */
export function registerCommands(extension: Extension, memory: vscode.Memento): vscode.Disposable {
  const flow = new AdaptFlow(extension, memory);
  const commands: Readonly<Record<string, Command>> = {
    convertToGrayscale: (clicked, selected) => convertToGrayscale(extension, clicked, selected),
    adaptChannels: (clicked) => flow.run(clicked, 'write'),
    copyAsPython: (clicked) => flow.run(clicked, 'python'),
    compare: (clicked, selected) => compareCommand(extension, clicked, selected),
    evaluate: (clicked) => evaluateCommand(extension, clicked),
    verify: (clicked) => verifyCommand(extension, clicked),
    openPreview: async (clicked, selected) => {
      for (const uri of await chosenModels(clicked, selected)) await extension.models.open(uri);
    },
  };
  const registered = Object.entries(commands).map(([name, run]) =>
    vscode.commands.registerCommand(`channelwise.${name}`, run),
  );
  return vscode.Disposable.from(...registered);
}
