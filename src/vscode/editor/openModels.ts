import * as vscode from 'vscode';
import { ChannelwiseError } from '../../bytes/errors.ts';
import { EDITOR_TYPE, uriOf } from '../modelFiles.ts';
import { ModelDocument } from './modelDocument.ts';

/** The models that are open in editors now, by their URIs. A model leaves with its last tab. */
export class OpenModels {
  private readonly documents = new Map<string, ModelDocument>();

  /** Called by the editor when VS Code opens a model's first tab. */
  add(uri: vscode.Uri): ModelDocument {
    const key = uri.toString();
    const document = new ModelDocument(uri, () => {
      if (this.documents.get(key) === document) this.documents.delete(key);
    });
    this.documents.set(key, document);
    return document;
  }

  get(uri: vscode.Uri): ModelDocument | null {
    return this.documents.get(uri.toString()) ?? null;
  }

  /** What the extension knows of a file changed: the pages that show it are told. */
  findingsChanged(path: string): void {
    this.get(uriOf(path))?.findingsChanged();
  }

  /** Closes a model's tabs: a page of a file that is gone has nothing to show. */
  async close(path: string): Promise<void> {
    const uri = uriOf(path).toString();
    const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs);
    const shown = tabs.filter(({ input }) => input instanceof vscode.TabInputCustom && input.uri.toString() === uri);
    await vscode.window.tabGroups.close(shown);
  }

  /** Opens a model in its editor, or brings its tab to the front. */
  async open(uri: vscode.Uri): Promise<ModelDocument> {
    await vscode.commands.executeCommand('vscode.openWith', uri, EDITOR_TYPE);
    const document = this.get(uri);
    if (!document) throw new ChannelwiseError('io', 'not-opened', 'VS Code could not open the model in an editor.');
    return document;
  }
}
