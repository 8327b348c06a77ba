import * as vscode from 'vscode';

/** A text that VS Code was given to show, and where. */
export interface Shown {
  readonly where: string;
  readonly text: string;
}

type AnyFunction = (...args: never[]) => unknown;
type Patch = Readonly<Record<string, AnyFunction>>;

/**
 * Listens at every place of VS Code's window that shows texts, until `stop`. Messages are closed at once, behind their
 * Report where they offer one; dialogs are left. Quick inputs and progress go on as they are.
 */
export function recordShown(): { readonly shown: readonly Shown[]; readonly stop: () => void } {
  const shown: Shown[] = [];
  const window = vscode.window as unknown as Record<string, AnyFunction>;
  const note = (where: string, value: unknown): void => {
    for (const text of textsIn(value)) shown.push({ where, text });
  };
  const reported = new Set<string>();
  const message = (where: string, text: string, ...rest: unknown[]): Promise<string | undefined> => {
    note(where, [text, ...rest]);
    const first = rest.includes('Report') && !reported.has(text);
    reported.add(text);
    return Promise.resolve(first ? 'Report' : undefined);
  };
  const dialog = (where: string, options: { title?: string }): Promise<undefined> => {
    note(where, options.title ?? '');
    return Promise.resolve(undefined);
  };
  const original = Object.fromEntries(Object.keys(PLACES).map((name) => [name, window[name]])) as Patch;
  const call = (name: string, ...args: unknown[]): unknown => original[name]?.apply(vscode.window, args as never[]);
  const patches: Patch = {
    showInformationMessage: (text: string, ...rest: unknown[]) => message('message', text, ...rest),
    showWarningMessage: (text: string, ...rest: unknown[]) => message('message', text, ...rest),
    showErrorMessage: (text: string, ...rest: unknown[]) => message('message', text, ...rest),
    showOpenDialog: (options: { title?: string }) => dialog('dialog', options),
    showSaveDialog: (options: { title?: string }) => dialog('dialog', options),
    createQuickPick: () => listening(call('createQuickPick') as object, (_, value) => note('quick pick', value)),
    createInputBox: () => listening(call('createInputBox') as object, (_, value) => note('input box', value)),
    createStatusBarItem: (...args: unknown[]) =>
      listening(call('createStatusBarItem', ...args) as object, (_, value) => note('status bar', value)),
    withProgress: (options: { title?: string }, work: unknown) => {
      note('progress', options.title ?? '');
      return call('withProgress', options, work);
    },
    showTextDocument: (document: vscode.TextDocument, ...rest: unknown[]) => {
      note('tab', [document.uri.path, ...document.getText().split('\n')]);
      return call('showTextDocument', document, ...rest);
    },
  };
  Object.assign(window, patches);
  return { shown, stop: () => void Object.assign(window, original) };
}

/** The functions that are listened to. */
const PLACES = {
  showInformationMessage: true,
  showWarningMessage: true,
  showErrorMessage: true,
  showOpenDialog: true,
  showSaveDialog: true,
  createQuickPick: true,
  createInputBox: true,
  createStatusBarItem: true,
  withProgress: true,
  showTextDocument: true,
};

/** The same object; `heard` is told of every property that is set. */
function listening<T extends object>(target: T, heard: (name: string, value: unknown) => void): T {
  return new Proxy(target, {
    get: (of, name) => {
      const value: unknown = Reflect.get(of, name, of);
      return typeof value === 'function' ? (value as AnyFunction).bind(of) : value;
    },
    set: (of, name, value) => {
      heard(String(name), value);
      return Reflect.set(of, name, value, of);
    },
  });
}

/** The texts of a value that VS Code shows: itself, or of an item its label, description and detail. */
function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) return value.flatMap(textsIn);
  if (typeof value !== 'object' || value === null) return [];
  const { label, description, detail, tooltip } = value as Record<string, unknown>;
  return [label, description, detail, tooltip].flatMap(textsIn);
}
