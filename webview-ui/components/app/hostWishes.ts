import type { PageAction } from '../../../src/protocol/actions.ts';
import type { PageWishes } from '../../../src/protocol/messages.ts';
import { onAct, onHost, onShow, request } from '../../state/host.ts';

/** The page that commands, links and menus outside it speak to. */
export interface WishedPage {
  readonly hasModel: boolean;
  takeWishes(wishes: PageWishes): void;
  showNamed(name: string): Promise<void>;
  act(action: PageAction, target: string | null): Promise<void>;
}

const NOTHING_ASKED: PageWishes = { view: null, asked: { compare: 0, evaluate: 0 } };

/** What VS Code asks of the page: a view, a node that a link names, an action of a menu. */
export class HostWishes {
  readonly #page: WishedPage;
  /** A node that a link asks for, until the model is here. */
  #node: string | null = null;

  constructor(page: WishedPage) {
    this.#page = page;
  }

  /** Begins to listen; returns the function that ends it. */
  listen(): () => void {
    const stops = [
      onHost('wanted', () => void this.#askWishes()),
      onShow((node) => {
        this.#node = node;
        void this.#showNode();
      }),
      onAct((action, target) => void this.#page.act(action, target)),
    ];
    return () => stops.forEach((stop) => stop());
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
    await this.#page.showNamed(node);
  }

  async #askWishes(): Promise<void> {
    if (!this.#page.hasModel) return;
    this.#page.takeWishes((await request('wanted', null).catch(() => null)) ?? NOTHING_ASKED);
  }
}
