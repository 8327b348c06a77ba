import { basename } from 'node:path';
import * as vscode from 'vscode';
import { linkText, readLink } from '../protocol/links.ts';
import type { ModelEditor } from './editor.ts';
import { EDITOR_TYPE, localPath } from './files.ts';

/** Opens links to nodes: an existing .onnx file in its editor, with the node selected. Nothing else, whatever the link says. */
export class Links implements vscode.UriHandler {
  private readonly editor: ModelEditor;

  constructor(editor: ModelEditor) {
    this.editor = editor;
  }

  async handleUri(uri: vscode.Uri): Promise<void> {
    const link = readLink(uri.path, uri.query);
    if (!link) {
      void vscode.window.showWarningMessage('This link names no model on this machine.');
      return;
    }
    const file = vscode.Uri.file(link.file);
    const found = await vscode.workspace.fs.stat(file).then(
      (s) => (s.type & vscode.FileType.File) !== 0,
      () => false,
    );
    if (!found) {
      void vscode.window.showWarningMessage(`${basename(link.file)} is not where the link says: ${link.file}`);
      return;
    }
    if (link.node) this.editor.show(file, link.node);
    await vscode.commands.executeCommand('vscode.openWith', file, EDITOR_TYPE);
  }
}

/** Puts a link to a node of a model on the clipboard. */
export async function copyLink(model: vscode.Uri, node: string): Promise<void> {
  await vscode.env.clipboard.writeText(linkText(vscode.env.uriScheme, { file: localPath(model), node }));
}
