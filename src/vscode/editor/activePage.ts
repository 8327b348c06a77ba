import * as vscode from 'vscode';
import type { HostMessage } from '../../protocol/envelope.ts';
import type { PackedModel } from '../../protocol/packed.ts';
import type { StatusLine } from '../window/statusLine.ts';
import { statusText } from './statusText.ts';

/**
 * What the status bar says of a model, and which commands apply to it: names of context keys, without `channelwise.`
 */
interface ModelFacts {
  readonly status: string;
  readonly keys: Readonly<Record<'takesImages' | 'takesColour' | 'isAdapted', boolean>>;
}

const NOTHING: ModelFacts = { status: '', keys: { takesImages: false, takesColour: false, isAdapted: false } };

function factsOf(model: PackedModel): ModelFacts {
  const { imageInputs, adaptation } = model.head;
  return {
    status: statusText(model),
    keys: {
      takesImages: imageInputs.length > 0,
      takesColour: imageInputs.some(({ channels }) => channels[0] !== 1),
      isAdapted: adaptation !== null,
    },
  };
}

/**
 * Keeps the status bar, and the keys by which package.json shows commands in the title bar, at the page that is in
 * front. Others, which may read their models again behind it, change nothing.
 */
export class ActivePage {
  private readonly status: StatusLine;
  private readonly facts = new WeakMap<vscode.WebviewPanel, ModelFacts>();
  private told: vscode.WebviewPanel | null = null;

  constructor(status: StatusLine) {
    this.status = status;
  }

  /** Called with what a page has read, null where it can't. */
  hasRead(panel: vscode.WebviewPanel, model: PackedModel | null): void {
    this.facts.set(panel, model ? factsOf(model) : NOTHING);
    this.update(panel);
  }

  /** Called when a page comes to the front or leaves it. */
  update(panel: vscode.WebviewPanel): void {
    if (panel.active) this.told = panel;
    else if (this.told !== panel) return;
    const { status, keys } = (panel.active && this.facts.get(panel)) || NOTHING;
    if (status) this.status.show(status);
    else this.status.hide();
    if (!panel.active) return;
    for (const [key, value] of Object.entries(keys))
      void vscode.commands.executeCommand('setContext', `channelwise.${key}`, value);
  }

  /** Tells the page that is in front, or was last. */
  post(message: HostMessage): void {
    void this.told?.webview.postMessage(message);
  }

  closed(panel: vscode.WebviewPanel): void {
    if (this.told !== panel) return;
    this.status.hide();
    this.told = null;
  }
}
