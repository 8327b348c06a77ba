import type { ReactiveController, ReactiveControllerHost } from 'lit';

/** Where the keyboard goes on the page. */
export interface FocusPlaces {
  /** Whether another part of the page does something on this key by itself. */
  readonly isTaken: (event: KeyboardEvent) => boolean;
  /** What takes the keys in the view that is open; null for a view without such a place. */
  readonly keyPlace: () => HTMLElement | null;
  /** Puts the focus where it belongs when what had it is gone. */
  readonly focusView: () => void;
}

/** Keys that move the focus, or are half of another key. */
const NOT_FOR_A_VIEW = /^(Tab|Shift|Control|Alt|Meta|F\d+)$/;

/**
 * The focus of a page in a frame. When VS Code takes it, for a menu, a list or a message of its own, the browser
 * forgets which element had it, and gives it back to none. Here it returns to that element; and keys that are pressed
 * while nothing has the focus, as in a page that was just opened, go to the view.
 */
export class FocusKeeper implements ReactiveController {
  readonly #places: FocusPlaces;
  #last: HTMLElement | null = null;
  #isPressed = false;

  constructor(host: ReactiveControllerHost, places: FocusPlaces) {
    this.#places = places;
    host.addController(this);
  }

  hostConnected(): void {
    document.addEventListener('focusout', this.#left);
    document.addEventListener('pointerdown', this.#pressed, { capture: true });
    window.addEventListener('focus', this.#returned);
    window.addEventListener('keydown', this.#key);
  }

  hostDisconnected(): void {
    document.removeEventListener('focusout', this.#left);
    document.removeEventListener('pointerdown', this.#pressed, { capture: true });
    window.removeEventListener('focus', this.#returned);
    window.removeEventListener('keydown', this.#key);
  }

  /** Where the focus goes on to another element, this one is not the last. */
  readonly #left = (event: FocusEvent): void => {
    const [target] = event.composedPath();
    if (event.relatedTarget === null && target instanceof HTMLElement) this.#last = target;
  };

  /** A press decides itself where the focus goes, also when it brings the window's focus with it. */
  readonly #pressed = (): void => {
    this.#isPressed = true;
    setTimeout(() => (this.#isPressed = false));
  };

  readonly #returned = (): void => {
    const last = this.#last;
    if (this.#isPressed || last === null || hasFocusedElement()) return;
    if (last.isConnected && last.checkVisibility()) last.focus({ preventScroll: true });
    if (!hasFocusedElement()) this.#places.focusView();
  };

  readonly #key = (event: KeyboardEvent): void => {
    const { key, ctrlKey, metaKey, defaultPrevented } = event;
    const isForView = !ctrlKey && !metaKey && !defaultPrevented && !NOT_FOR_A_VIEW.test(key);
    if (!isForView || hasFocusedElement() || this.#places.isTaken(event)) return;
    const place = this.#places.keyPlace();
    if (!place) return;
    place.focus();
    // It stays in the view's own root: VS Code has heard the key that was pressed already.
    const again = new KeyboardEvent('keydown', { ...heldKeys(event), key, bubbles: true, cancelable: true });
    if (!place.dispatchEvent(again)) event.preventDefault();
  };
}

function hasFocusedElement(): boolean {
  return document.activeElement !== null && document.activeElement !== document.body;
}

function heldKeys({ altKey, shiftKey }: KeyboardEvent): Pick<KeyboardEvent, 'altKey' | 'shiftKey'> {
  return { altKey, shiftKey };
}
