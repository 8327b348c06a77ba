import * as vscode from 'vscode';
import { ChannelwiseError } from '../../bytes/errors.ts';
import { basename, isUri } from '../../files/paths.ts';
import { isModelName, placeOf, uriOf } from '../modelFiles.ts';
import { tell } from '../window/messages.ts';
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
    const file = uriOf(link.file);
    if (!(await isFile(file))) {
      void tell('warning', `${basename(link.file)} is not where the link says: ${link.file}`);
      return;
    }
    const document = await this.models.open(file);
    if (link.node) document.show({ node: link.node });
  }
}

async function isFile(uri: vscode.Uri): Promise<boolean> {
  const { type } = await vscode.workspace.fs.stat(uri).then(
    (found) => found,
    () => ({ type: vscode.FileType.Unknown }),
  );
  return (type & vscode.FileType.File) !== 0;
}

/**
 * Puts a link to a node of a model on the clipboard. Throws `refused` for a model that lies on no disk: the system opens
 * links in the desktop's VS Code, where nothing has that name.
 */
export async function copyLink(model: vscode.Uri, node: string): Promise<void> {
  const file = placeOf(model);
  if (isUri(file))
    throw new ChannelwiseError('refused', 'no-link', 'A link names a file on a disk, and this one lies on none.');
  await vscode.env.clipboard.writeText(linkText(vscode.env.uriScheme, { file, node }));
}
