import type { ReactiveController, ReactiveControllerHost } from 'lit';
import { onFold } from '../../state/kept/folds.ts';
import { keepState } from '../../state/host/host.ts';
import { keptHeat } from '../../state/kept/keptHeat.ts';
import type { Saved } from '../../state/kept/saved.ts';

/** In milliseconds: a picture that is dragged changes with every frame, and is kept when it rests. */
const DELAY = 250;

/** The page whose reader's place is kept. */
export interface PlacedHost extends ReactiveControllerHost {
  /** Where the reader is now. */
  readonly place: Saved;
  /** Whether the model is shown; before, its reader is nowhere yet. */
  readonly isShown: boolean;
}

/** Keeps where the reader is, for when the tab comes back: a moment after it has changed. */
export class KeptPlace implements ReactiveController {
  readonly #host: PlacedHost;
  #timer = 0;
  #stop: () => void = () => undefined;

  constructor(host: PlacedHost) {
    this.#host = host;
    host.addController(this);
  }

  hostConnected(): void {
    this.#stop = onFold(() => this.changed());
  }

  hostDisconnected(): void {
    this.#stop();
  }

  hostUpdated(): void {
    this.changed();
  }

  /** Called for what changes without an update of the page. */
  changed(): void {
    window.clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => {
      const { place, isShown } = this.#host;
      if (isShown) keepState({ ...place, heat: keptHeat(place.heat) });
    }, DELAY);
  }
}
