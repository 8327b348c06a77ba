import type * as vscode from 'vscode';
import type { HostMessage, PageView } from '../protocol/messages.ts';

/** Lets commands ask pages for a view: pages that are open are told, and one that opens later asks. */
export class Views {
  private readonly wanted = new Map<string, PageView>();
  private readonly pages = new Map<string, Set<(message: HostMessage) => void>>();

  /** Registers an open page; returns what ends that. */
  add(uri: vscode.Uri, post: (message: HostMessage) => void): vscode.Disposable {
    const key = uri.toString();
    const pages = this.pages.get(key) ?? new Set();
    this.pages.set(key, pages.add(post));
    return {
      dispose: () => {
        pages.delete(post);
        if (!pages.size) this.pages.delete(key);
      },
    };
  }

  show(uri: vscode.Uri, view: PageView): void {
    this.wanted.set(uri.toString(), view);
    for (const post of this.pages.get(uri.toString()) ?? []) post({ type: 'wanted' });
  }

  /** What was asked for and not shown yet. */
  take(uri: vscode.Uri): PageView | null {
    const view = this.wanted.get(uri.toString()) ?? null;
    this.wanted.delete(uri.toString());
    return view;
  }
}
