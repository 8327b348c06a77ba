import { randomBytes } from 'node:crypto';
import { basename, dirname } from 'node:path';
import * as vscode from 'vscode';
import { asPageMessage, type HostMessage } from '../protocol/messages.ts';
import type { PackedModel } from '../protocol/packed.ts';
import type { Workers } from './convert.ts';
import { EDITOR_TYPE } from './files.ts';
import { Links } from './links.ts';
import { PageAnswers } from './pageAnswers.ts';

/** A file that is being written changes many times; the page reads it when it rests. */
const SETTLE_MS = 300;

/** The read-only editor for .onnx files: a page, and answers to what it asks. */
export class ModelEditor implements vscode.CustomReadonlyEditorProvider {
  private readonly workers: Workers;
  private readonly dist: vscode.Uri;
  private readonly status: vscode.StatusBarItem;
  /** Of each open model the newest page, and nodes wanted of models that no page has read since. */
  private readonly pages = new Map<string, vscode.WebviewPanel>();
  private readonly wanted = new Map<string, string>();

  /** The page that the status bar speaks of. */
  private told: vscode.WebviewPanel | null = null;

  constructor(workers: Workers, dist: vscode.Uri, status: vscode.StatusBarItem) {
    this.workers = workers;
    this.dist = dist;
    this.status = status;
  }

  static register(workers: Workers, context: vscode.ExtensionContext): vscode.Disposable {
    const status = vscode.window.createStatusBarItem('channelwise.model', vscode.StatusBarAlignment.Right, 90);
    status.name = 'Channelwise model';
    const editor = new ModelEditor(workers, vscode.Uri.joinPath(context.extensionUri, 'dist'), status);
    return vscode.Disposable.from(
      status,
      vscode.window.registerUriHandler(new Links(editor)),
      vscode.window.registerCustomEditorProvider(EDITOR_TYPE, editor, { supportsMultipleEditorsPerDocument: true }),
    );
  }

  openCustomDocument(uri: vscode.Uri): vscode.CustomDocument {
    return { uri, dispose: () => undefined };
  }

  resolveCustomEditor(document: vscode.CustomDocument, panel: vscode.WebviewPanel): void {
    const { webview } = panel;
    const { uri } = document;
    const post = (message: HostMessage): void => void webview.postMessage(message);
    let line = '';
    const key = uri.toString();
    const changed = (): void => post({ type: 'changed' });
    let lookout: vscode.Disposable | undefined;
    let missed: string | null = null;
    // A data file that comes, or comes whole, lets weights be read.
    const lookOut = (path: string | null): void => {
      if (path === missed) return;
      lookout?.dispose();
      missed = path;
      lookout = path === null ? undefined : watch(vscode.Uri.file(path), changed);
    };
    const showStatus = (): void => this.showStatus(panel, line);
    webview.options = { enableScripts: true, localResourceRoots: [this.dist] };
    const opened = (model: PackedModel | null): void => {
      line = model ? statusLine(model) : '';
      showStatus();
      lookOut(model?.head.dataTrouble?.path ?? null);
      if (!model) return;
      const node = this.wanted.get(key);
      this.wanted.delete(key);
      if (node !== undefined) post({ type: 'show', node });
    };
    this.pages.set(key, panel);
    const answers = new PageAnswers({ workers: this.workers, uri, opened }, post);
    webview.onDidReceiveMessage((value: unknown) => {
      const message = asPageMessage(value);
      if (message) void answers.take(message);
    });
    const page = this.workers.views.add(uri, post);
    const watching = watch(uri, changed);
    const viewState = panel.onDidChangeViewState(showStatus);
    panel.onDidDispose(() => {
      if (this.pages.get(key) === panel) this.pages.delete(key);
      answers.dispose();
      page.dispose();
      watching.dispose();
      lookout?.dispose();
      viewState.dispose();
      if (this.told === panel) this.status.hide();
    });
    webview.html = this.html(webview);
  }

  /** Shows the line of the page that is in front. Others, which may read their models again behind it, change nothing. */
  private showStatus(panel: vscode.WebviewPanel, line: string): void {
    if (panel.active) {
      this.told = panel;
      this.status.text = line;
    } else if (this.told !== panel) return;
    if (panel.active && line) this.status.show();
    else this.status.hide();
  }

  /** Has the page of a model select a node: now where it is open, else when it has read the model. */
  show(uri: vscode.Uri, node: string): void {
    const page = this.pages.get(uri.toString());
    // The page of a hidden tab is gone; it reads the model again when it comes back.
    if (page?.visible) void page.webview.postMessage({ type: 'show', node } satisfies HostMessage);
    else this.wanted.set(uri.toString(), node);
  }

  private html(webview: vscode.Webview): string {
    const nonce = randomBytes(18).toString('base64');
    const asset = (name: string): string => webview.asWebviewUri(vscode.Uri.joinPath(this.dist, name)).toString();
    const csp = `default-src 'none'; img-src data: blob:; font-src ${webview.cspSource}; style-src ${webview.cspSource}; script-src 'nonce-${nonce}'; worker-src blob:`;
    return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${csp}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="${asset('webview.css')}">
<title>Channelwise</title>
</head>
<body>
<cw-app></cw-app>
<script nonce="${nonce}" src="${asset('webview.js')}"></script>
</body>
</html>`;
  }
}

/** Calls `changed` when the file was written, replaced or deleted, once it rests. Works outside the workspace too. */
function watch(uri: vscode.Uri, changed: () => void): vscode.Disposable {
  const pattern = new vscode.RelativePattern(
    vscode.Uri.file(dirname(uri.fsPath)),
    basename(uri.fsPath).replace(/[[\]{}*?]/g, '?'),
  );
  const watcher = vscode.workspace.createFileSystemWatcher(pattern);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const later = (changedUri: vscode.Uri): void => {
    if (changedUri.fsPath !== uri.fsPath) return;
    clearTimeout(timer);
    timer = setTimeout(changed, SETTLE_MS);
  };
  watcher.onDidChange(later);
  watcher.onDidCreate(later);
  watcher.onDidDelete(later);
  return {
    dispose: () => {
      clearTimeout(timer);
      watcher.dispose();
    },
  };
}

/** What the model takes, and how large it is. */
function statusLine({ head, count }: PackedModel): string {
  return `$(circuit-board) ${head.inputs.map((i) => (i.dims?.length ? i.dims.join('×') : i.name)).join(', ')} · ${count.toLocaleString('en')} nodes · ${head.parameterCount.toLocaleString('en')} parameters${work(head)}`;
}

const UNITS = [
  [1e9, ' G'],
  [1e6, ' M'],
  [1e3, ' k'],
  [1, ''],
] as const;

/** ` · 4.09 G multiply-adds`, where they are known. */
function work({ sizes }: PackedModel['head']): string {
  const macs = sizes?.cost.macs ?? 0;
  const [size, unit] = UNITS.find(([least]) => macs >= least) ?? [1, ''];
  return macs ? ` · ${size === 1 ? macs : (macs / size).toPrecision(3)}${unit} multiply-adds` : '';
}
