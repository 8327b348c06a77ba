import * as vscode from 'vscode';
import { base64 } from '../../bytes/base64.ts';
import type { PackedModel } from '../../protocol/packed.ts';
import { asRequest } from '../../rpc/messages.ts';
import type { Extension } from '../extensionParts.ts';
import { EDITOR_TYPES, uriOf } from '../modelFiles.ts';
import { StatusLine } from '../window/statusLine.ts';
import { ActivePage } from './activePage.ts';
import { onGraphSettings } from './graphSettings.ts';
import { Links } from './links.ts';
import type { ModelDocument, ModelPage } from './modelDocument.ts';
import { registerPageActions } from './pageActions.ts';
import { pageAnswers } from './pageAnswers.ts';
import { pageHtml } from './pageHtml.ts';
import { watchFile } from './watchFile.ts';

/** The read-only editor for models: a page, and answers to what it asks. */
export class ModelEditor implements vscode.CustomReadonlyEditorProvider<ModelDocument> {
  private readonly extension: Extension;
  private readonly dist: vscode.Uri;
  private readonly active: ActivePage;

  constructor(extension: Extension, dist: vscode.Uri, active: ActivePage) {
    this.extension = extension;
    this.dist = dist;
    this.active = active;
  }

  static register(extension: Extension, context: vscode.ExtensionContext): vscode.Disposable {
    const status = new StatusLine('channelwise.model', 'Channelwise model', 'circuit-board');
    const dist = vscode.Uri.joinPath(context.extensionUri, 'dist');
    const active = new ActivePage(status);
    const editor = new ModelEditor(extension, dist, active);
    const options = { supportsMultipleEditorsPerDocument: true };
    return vscode.Disposable.from(
      status,
      registerPageActions(active),
      vscode.window.registerUriHandler(new Links(extension.models)),
      ...EDITOR_TYPES.map((type) => vscode.window.registerCustomEditorProvider(type, editor, options)),
    );
  }

  openCustomDocument(uri: vscode.Uri): ModelDocument {
    return this.extension.models.add(uri);
  }

  resolveCustomEditor(document: ModelDocument, panel: vscode.WebviewPanel): void {
    const { webview } = panel;
    const page: ModelPage = { post: (message) => void webview.postMessage(message) };
    const changed = (): void => page.post({ type: 'changed' });
    const dataFile = new OtherFilesWatch(changed);
    const original = new OtherFilesWatch(changed);
    const proofFiles = new OtherFilesWatch(changed);
    const opened = (model: PackedModel | null): void => {
      this.active.hasRead(panel, model);
      dataFile.watch([model?.head.dataTrouble?.path ?? []].flat());
      original.watch([model?.head.adaptation?.original.path ?? []].flat());
      if (model) document.pageHasRead(page);
    };
    const proved = (dataFiles: readonly string[]): void => proofFiles.watch(dataFiles);
    const answers = pageAnswers({ extension: this.extension, document, opened, proved }, page);
    webview.options = { enableScripts: true, localResourceRoots: [this.dist] };
    webview.onDidReceiveMessage((value: unknown) => {
      const request = asRequest(value);
      if (request) void answers.take(request);
    });
    const parts = vscode.Disposable.from(
      answers,
      dataFile,
      original,
      proofFiles,
      document.add(page),
      watchFile(document.uri, changed),
      onGraphSettings((settings) => page.post({ type: 'settings', settings })),
      panel.onDidChangeViewState(() => {
        if (!panel.visible) document.pageIsHidden(page);
        this.active.update(panel);
      }),
    );
    panel.onDidDispose(() => {
      parts.dispose();
      this.active.closed(panel);
    });
    webview.html = this.html(webview);
  }

  private html(webview: vscode.Webview): string {
    const asset = (name: string): string => webview.asWebviewUri(vscode.Uri.joinPath(this.dist, name)).toString();
    return pageHtml({
      source: webview.cspSource,
      nonce: base64(crypto.getRandomValues(new Uint8Array(18))),
      script: asset('webview.js'),
      style: asset('webview.css'),
    });
  }
}

/** A proof of more data files than these is still old when one changes, but its page does not hear of it at once. */
const MAX_WATCHED = 64;

/**
 * Watches other files that a page speaks of. When a data file that was missing comes, weights can be read; when the
 * original or a data file of a proof changes, what was found about the two models is old.
 */
class OtherFilesWatch implements vscode.Disposable {
  private readonly changed: () => void;
  private paths: readonly string[] = [];
  private watching: readonly vscode.Disposable[] = [];

  constructor(changed: () => void) {
    this.changed = changed;
  }

  watch(paths: readonly string[]): void {
    if (paths.length === this.paths.length && paths.every((path, i) => path === this.paths[i])) return;
    this.dispose();
    this.paths = paths;
    this.watching = paths.slice(0, MAX_WATCHED).map((path) => watchFile(uriOf(path), this.changed));
  }

  dispose(): void {
    for (const watcher of this.watching) watcher.dispose();
    this.watching = [];
  }
}
