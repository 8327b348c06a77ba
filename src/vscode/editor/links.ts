import * as vscode from 'vscode';
import { basename, isUri } from '../../files/paths.ts';
import { isModelName, placeOf, uriOf } from '../modelFiles.ts';
import { tell } from '../window/messages.ts';
import { workspacePath } from '../workspacePath.ts';
import { linkText, readLink } from './nodeLink.ts';
import type { OpenModels } from './openModels.ts';

/**
 * Opens links to nodes: an existing model in its editor, with the node selected. Nothing else, whatever the link says.
 */
export class Links implements vscode.UriHandler {
  private readonly models: Pick<OpenModels, 'open'>;

  constructor(models: Pick<OpenModels, 'open'>) {
    this.models = models;
  }

  async handleUri(uri: vscode.Uri): Promise<void> {
    const link = readLink(uri.path, uri.query, isModelName);
    if (!link) {
      void tell('warning', 'This link names no model on this machine.');
      return;
    }
    if (isUri(link.file) && !(await isInWorkspace(link.file))) {
      void tell(
        'warning',
        `${basename(link.file)} is in no folder that is open here; open the folder of the link first: ${link.file}`,
      );
      return;
    }
    const file = uriOf(link.file);
    if (!(await isFile(file))) {
      void tell('warning', `${basename(link.file)} is not where the link says: ${link.file}`);
      return;
    }
    const document = await this.models.open(file);
    if (link.node) document.show({ node: link.node });
  }
}

/** A file system on no disk may ask a network, so a link leads only to what the user opened himself. */
async function isInWorkspace(file: string): Promise<boolean> {
  return workspacePath(file).then(
    () => true,
    () => false,
  );
}

async function isFile(uri: vscode.Uri): Promise<boolean> {
  const { type } = await vscode.workspace.fs.stat(uri).then(
    (found) => found,
    () => ({ type: vscode.FileType.Unknown }),
  );
  return (type & vscode.FileType.File) !== 0;
}

/** Puts a link to a node of a model on the clipboard. */
export async function copyLink(model: vscode.Uri, node: string): Promise<void> {
  await vscode.env.clipboard.writeText(linkText(vscode.env.uriScheme, { file: placeOf(model), node }));
}
