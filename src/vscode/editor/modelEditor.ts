import * as vscode from 'vscode';
import { base64 } from '../../bytes/base64.ts';
import { asPageMessage } from '../../protocol/envelope.ts';
import type { PackedModel } from '../../protocol/packed.ts';
import type { Extension } from '../extensionParts.ts';
import { EDITOR_TYPES, uriOf } from '../modelFiles.ts';
import { StatusLine } from '../window/statusLine.ts';
import { ActivePage } from './activePage.ts';
import { onGraphSettings } from './graphSettings.ts';
import { Links } from './links.ts';
import { registerPageActions } from './pageActions.ts';
import type { ModelDocument, ModelPage } from './modelDocument.ts';
import { PageAnswers } from './pageAnswers.ts';
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
    const dataFile = new OtherFileWatch(changed);
    const original = new OtherFileWatch(changed);
    const opened = (model: PackedModel | null): void => {
      this.active.hasRead(panel, model);
      dataFile.watch(model?.head.dataTrouble?.path ?? null);
      original.watch(model?.head.adaptation?.original.path ?? null);
      if (model) document.pageHasRead(page);
    };
    const answers = new PageAnswers({ extension: this.extension, document, opened }, page);
    webview.options = { enableScripts: true, localResourceRoots: [this.dist] };
    webview.onDidReceiveMessage((value: unknown) => {
      const message = asPageMessage(value);
      if (message) void answers.take(message);
    });
    const parts = vscode.Disposable.from(
      answers,
      dataFile,
      original,
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

/**
 * Watches another file that a page speaks of. When a data file that was missing comes, weights can be read; when the
 * original changes, what was found about the two is old.
 */
class OtherFileWatch implements vscode.Disposable {
  private readonly changed: () => void;
  private path: string | null = null;
  private watching: vscode.Disposable | null = null;

  constructor(changed: () => void) {
    this.changed = changed;
  }

  watch(path: string | null): void {
    if (path === this.path) return;
    this.dispose();
    this.path = path;
    if (path !== null) this.watching = watchFile(uriOf(path), this.changed);
  }

  dispose(): void {
    this.watching?.dispose();
    this.watching = null;
  }
}
