import * as vscode from 'vscode';
import type { Written } from '../../files/written.ts';
import type { EvaluatedModels } from '../../page/evaluateArgs.ts';
import type { HostMessage } from '../../protocol/envelope.ts';
import type { PageEvaluated } from '../../protocol/evaluation.ts';
import type { PageView, PageWishes } from '../../protocol/messages.ts';

/** A page that shows a model. */
export interface ModelPage {
  readonly post: (message: HostMessage) => void;
}

/** What a page is asked to show: one of its views, or a node by its name or by a tensor it makes. */
export type Wanted = { readonly view: PageView } | { readonly node: string };

/** The folder of images a model is evaluated on, against which model, and a line per image of the last result. */
export interface EvaluatedOn {
  readonly models: EvaluatedModels;
  readonly folder: string;
  readonly csv: string | null;
  /** What the last run found, and the models as they were then. */
  readonly last?: { readonly found: PageEvaluated; readonly of: readonly Written[] };
}

/** A model that is open, and what the extension knows about it until its last tab is closed. */
export class ModelDocument implements vscode.CustomDocument {
  readonly uri: vscode.Uri;
  /** The path of the model it is compared with. */
  comparedWith: string | null = null;
  evaluatedOn: EvaluatedOn | null = null;
  private readonly pages = new Set<ModelPage>();
  /** Those that have read the model and are there to be told, the latest last. */
  private readonly readers = new Set<ModelPage>();
  private view: PageView | null = null;
  private readonly asked: Record<PageView, number> = { compare: 0, evaluate: 0 };
  private node: string | null = null;
  private readonly closed: () => void;

  constructor(uri: vscode.Uri, closed: () => void) {
    this.uri = uri;
    this.closed = closed;
  }

  /** Registers a page; what it gives ends that. */
  add(page: ModelPage): vscode.Disposable {
    this.pages.add(page);
    return {
      dispose: () => {
        this.pages.delete(page);
        this.readers.delete(page);
      },
    };
  }

  /** Has the model's pages show something: now, or when one has read the model. */
  show(wanted: Wanted): void {
    if ('node' in wanted) {
      this.node = wanted.node;
      return this.tellNode();
    }
    this.view = wanted.view;
    this.asked[wanted.view]++;
    for (const page of this.pages) page.post({ type: 'wanted' });
  }

  /** Has the model's pages ask again what the extension found out about it. */
  findingsChanged(): void {
    for (const page of this.pages) page.post({ type: 'findings' });
  }

  /** What was asked for; a view that was not shown yet is told once. */
  takeWishes(): PageWishes {
    const { view } = this;
    this.view = null;
    return { view, asked: { ...this.asked } };
  }

  pageHasRead(page: ModelPage): void {
    this.readers.delete(page);
    this.readers.add(page);
    this.tellNode();
  }

  /** The page of a hidden tab is gone. It reads the model again when the tab comes back. */
  pageIsHidden(page: ModelPage): void {
    this.readers.delete(page);
  }

  dispose(): void {
    this.closed();
  }

  private tellNode(): void {
    const page = [...this.readers].at(-1);
    if (!page || this.node === null) return;
    page.post({ type: 'show', node: this.node });
    this.node = null;
  }
}
