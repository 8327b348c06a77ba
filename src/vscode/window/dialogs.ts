import * as vscode from 'vscode';
import { inertText } from './inertText.ts';

/** Asks for files or a folder; empty when the person left. */
export async function askToOpen(options: vscode.OpenDialogOptions): Promise<readonly vscode.Uri[]> {
  return (await vscode.window.showOpenDialog(titled(options))) ?? [];
}

/** Asks where to save; undefined when the person left. */
export async function askToSave(options: vscode.SaveDialogOptions): Promise<vscode.Uri | undefined> {
  return vscode.window.showSaveDialog(titled(options));
}

function titled<T extends { title?: string }>(options: T): T {
  return options.title === undefined ? options : { ...options, title: inertText(options.title) };
}
