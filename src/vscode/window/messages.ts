import * as vscode from 'vscode';
import { inertText } from './inertText.ts';

export type Severity = 'info' | 'warning' | 'error';

/**
 * Shows a notification and gives the button that was pressed; undefined when it was closed. Buttons are words of ours.
 */
export function tell<B extends string>(
  severity: Severity,
  text: string,
  buttons: readonly B[] = [],
): Promise<B | undefined> {
  const said = inertText(text);
  return Promise.resolve(show(severity, said, buttons));
}

function show<B extends string>(severity: Severity, said: string, buttons: readonly B[]): Thenable<B | undefined> {
  switch (severity) {
    case 'info':
      return vscode.window.showInformationMessage(said, ...buttons);
    case 'warning':
      return vscode.window.showWarningMessage(said, ...buttons);
    case 'error':
      return vscode.window.showErrorMessage(said, ...buttons);
  }
}

/** A text for places that take Markdown: nothing in it is markup. */
export function plainMarkdown(text: string): vscode.MarkdownString {
  return new vscode.MarkdownString().appendText(inertText(text));
}
