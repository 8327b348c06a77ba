import * as vscode from 'vscode';
import { inertLine, inertText } from './inertText.ts';

const SCHEME = 'channelwise-text';
/** Its defaults in package.json wrap long lines, and mark no × as a letter that looks like another. */
const LANGUAGE = 'channelwise-report';
/** Texts of tabs long closed; more are forgotten. */
const MAX_KEPT = 50;

/** Whether the open editor shows a text of ours. */
export function isTextOpen(): boolean {
  return vscode.window.activeTextEditor?.document.uri.scheme === SCHEME;
}

/** Read-only tabs for plans and reports: nothing to save, nothing asked when they close. */
export class TextTabs implements vscode.TextDocumentContentProvider {
  private readonly texts = new Map<string, string>();
  private count = 0;

  register(): vscode.Disposable {
    return vscode.workspace.registerTextDocumentContentProvider(SCHEME, this);
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.texts.get(uri.query) ?? 'This text is not kept any longer.';
  }

  /** Opens lines of text under a name. */
  async show(name: string, lines: readonly string[]): Promise<void> {
    const key = String(++this.count);
    this.texts.set(key, `${lines.map(inertLine).join('\n')}\n`);
    for (const old of this.texts.keys()) {
      if (this.texts.size <= MAX_KEPT) break;
      this.texts.delete(old);
    }
    const uri = vscode.Uri.from({ scheme: SCHEME, path: `/${inertText(name).replace(/[\\/]/g, '_')}`, query: key });
    const document = await vscode.workspace.openTextDocument(uri);
    // The name ends as the model's does, from which VS Code would take the text for a model.
    await vscode.languages.setTextDocumentLanguage(document, LANGUAGE);
    await vscode.window.showTextDocument(document, { preview: true });
  }
}
