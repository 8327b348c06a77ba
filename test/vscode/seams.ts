import * as vscode from 'vscode';
import type { HostMessage } from '../../src/protocol/envelope.ts';

/** Puts other parts into an object of VS Code's, until what it gives is called. */
export function replaced<T extends object>(target: T, parts: Partial<T>): () => void {
  const before = Object.keys(parts).map((name) => [name, Object.getOwnPropertyDescriptor(target, name)] as const);
  for (const [name, value] of Object.entries(parts))
    Object.defineProperty(target, name, { value, configurable: true, writable: true, enumerable: true });
  return () => {
    for (const [name, was] of before) {
      if (was) Object.defineProperty(target, name, was);
      else Reflect.deleteProperty(target, name);
    }
  };
}

/** Takes what is put on the clipboard and what is opened outside, until `stop`. */
export function recordEnv(): {
  readonly copied: string[];
  readonly opened: string[];
  readonly stop: () => void;
} {
  const copied: string[] = [];
  const opened: string[] = [];
  const clipboard = {
    readText: () => Promise.resolve(copied.at(-1) ?? ''),
    writeText: async (text: string) => void copied.push(text),
  };
  const openExternal = (target: vscode.Uri): Promise<boolean> => {
    opened.push(target.toString());
    return Promise.resolve(true);
  };
  const stop = replaced(vscode.env, { clipboard, openExternal });
  return { copied, opened, stop };
}

/** Answers notifications and the save dialog as a person would, in this order, until `stop`; keeps what each offered. */
export function answering(
  target: vscode.Uri,
  buttons: readonly string[],
): { readonly said: string[]; readonly offered: string[][]; readonly stop: () => void } {
  const said: string[] = [];
  const offered: string[][] = [];
  const open = [...buttons];
  const message = (text: string, ...buttonsOffered: string[]): Promise<string | undefined> => {
    said.push(text);
    offered.push(buttonsOffered);
    const wanted = open.find((button) => buttonsOffered.includes(button));
    if (wanted !== undefined) open.splice(open.indexOf(wanted), 1);
    return Promise.resolve(wanted);
  };
  const stop = replaced(vscode.window, {
    showErrorMessage: message,
    showInformationMessage: message,
    showWarningMessage: message,
    showSaveDialog: () => Promise.resolve(target),
  } as unknown as Partial<typeof vscode.window>);
  return { said, offered, stop };
}

const NOTHING = { dispose: () => undefined };

/** A panel for a page that is not drawn: it takes what the page would ask, and keeps what the page would be told. */
export class TestPanel {
  readonly posted: HostMessage[] = [];
  /** What the page asks. */
  receive: (message: unknown) => void = () => undefined;
  /** Closes the tab. */
  close: () => void = () => undefined;

  get panel(): vscode.WebviewPanel {
    const webview = {
      options: {},
      html: '',
      cspSource: 'none',
      asWebviewUri: (file: vscode.Uri) => file,
      postMessage: (message: HostMessage) => this.posted.push(message),
      onDidReceiveMessage: (listener: (message: unknown) => void) => {
        this.receive = listener;
        return NOTHING;
      },
    };
    const onDidDispose = (listener: () => void): vscode.Disposable => {
      this.close = listener;
      return NOTHING;
    };
    const panel = { webview, active: false, visible: true, onDidChangeViewState: () => NOTHING, onDidDispose };
    return panel as unknown as vscode.WebviewPanel;
  }
}
