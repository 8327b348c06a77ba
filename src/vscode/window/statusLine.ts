import * as vscode from 'vscode';
import { inertText } from './inertText.ts';

/** Left of what the editor itself says about a file. */
const PRIORITY = 90;

/** One entry of the status bar: an icon of ours and a text from a model. */
export class StatusLine implements vscode.Disposable {
  private readonly item: vscode.StatusBarItem;
  private readonly icon: string;

  constructor(id: string, name: string, icon: string) {
    this.item = vscode.window.createStatusBarItem(id, vscode.StatusBarAlignment.Right, PRIORITY);
    this.item.name = name;
    this.icon = icon;
  }

  show(text: string): void {
    this.item.text = `$(${this.icon}) ${inertText(text)}`;
    this.item.show();
  }

  hide(): void {
    this.item.hide();
  }

  dispose(): void {
    this.item.dispose();
  }
}
