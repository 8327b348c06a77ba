import * as vscode from 'vscode';
import { inertText } from './inertText.ts';

export type Severity = 'info' | 'warning' | 'error';

/** VS Code shows a notification without buttons as one line of about so many letters, and cuts the rest. */
const ONE_LINE = 50;
const COPY = 'Copy Message';

/**
 * Shows a notification and gives the button that was pressed; undefined when it was closed. Buttons are words of ours.
 * A longer text without any gets one that copies it, so that all of it is seen.
 */
export async function tell<B extends string>(
  severity: Severity,
  text: string,
  buttons: readonly B[] = [],
): Promise<B | undefined> {
  const said = inertText(text);
  if (buttons.length > 0 || said.length <= ONE_LINE) return show(severity, said, buttons);
  if ((await show(severity, said, [COPY])) === COPY) await vscode.env.clipboard.writeText(said);
  return undefined;
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
