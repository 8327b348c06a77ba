import type { ReactiveController, ReactiveControllerHost } from 'lit';
import type { PageAction } from '../../../src/protocol/actions.ts';
import type { PageWishes } from '../../../src/protocol/messages.ts';
import { onAct, onHost, onShow, request } from '../../state/host/host.ts';

/** The page that commands, links and menus outside it speak to. */
export interface WishedPage extends ReactiveControllerHost {
  readonly hasModel: boolean;
  takeWishes(wishes: PageWishes): void;
}

/** What is done with things of the page. */
export interface WishedActions {
  showNamed(name: string): Promise<void>;
  act(action: PageAction, target: string | null): Promise<void>;
}

const NOTHING_ASKED: PageWishes = { view: null, asked: { compare: 0, evaluate: 0 } };

/** What VS Code asks of the page: a view, a node that a link names, an action of a menu. */
export class HostWishes implements ReactiveController {
  readonly #page: WishedPage;
  readonly #actions: WishedActions;
  /** A node that a link asks for, until the model is here. */
  #node: string | null = null;

  #stops: (() => void)[] = [];

  constructor(page: WishedPage, actions: WishedActions) {
    this.#page = page;
    this.#actions = actions;
    page.addController(this);
  }

  hostConnected(): void {
    this.#stops = [
      onHost('wanted', () => void this.#askWishes()),
      onShow((node) => {
        this.#node = node;
        void this.#showNode();
      }),
      onAct((action, target) => void this.#actions.act(action, target)),
    ];
  }

  hostDisconnected(): void {
    for (const stop of this.#stops) stop();
  }

  /** What was asked for before the model was here. */
  async catchUp(): Promise<void> {
    await this.#showNode();
    await this.#askWishes();
  }

  async #showNode(): Promise<void> {
    const node = this.#node;
    if (node === null || !this.#page.hasModel) return;
    this.#node = null;
    await this.#actions.showNamed(node);
  }

  async #askWishes(): Promise<void> {
    if (!this.#page.hasModel) return;
    this.#page.takeWishes((await request('wanted', null).catch(() => null)) ?? NOTHING_ASKED);
  }
}
