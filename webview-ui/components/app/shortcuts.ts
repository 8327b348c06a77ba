import type { ReactiveController, ReactiveControllerHost } from 'lit';

/** What a key does wherever the focus is on the page. */
export type Shortcut = 'find' | 'back' | 'forward' | 'panel' | 'bookmark';

/** Keys that do something by themselves, where the reader doesn't type. */
const PLAIN: Readonly<Record<string, Shortcut>> = { d: 'panel', b: 'bookmark' };

/** What each shortcut does. */
export type ShortcutActions = Readonly<Record<Shortcut, () => void>>;

/** Hears the page's shortcuts, wherever the focus is. */
export class Shortcuts implements ReactiveController {
  readonly #actions: ShortcutActions;

  constructor(host: ReactiveControllerHost, actions: ShortcutActions) {
    this.#actions = actions;
    host.addController(this);
  }

  hostConnected(): void {
    window.addEventListener('keydown', this.#press);
  }

  hostDisconnected(): void {
    window.removeEventListener('keydown', this.#press);
  }

  readonly #press = (event: KeyboardEvent): void => {
    const shortcut = shortcutOf(event);
    if (!shortcut) return;
    event.preventDefault();
    this.#actions[shortcut]();
  };
}

/** The shortcut that a key is, if any. A dialog keeps its keys for itself: what is behind it can't be reached. */
export function shortcutOf(event: KeyboardEvent): Shortcut | null {
  if (event.composedPath().some((around) => around instanceof HTMLDialogElement)) return null;
  const { key, altKey } = event;
  const command = event.ctrlKey || event.metaKey;
  if ((command && key.toLowerCase() === 'f') || key === 'F3') return 'find';
  if (altKey && key === 'ArrowLeft') return 'back';
  if (altKey && key === 'ArrowRight') return 'forward';
  if (command || altKey || isTyping(event) || !Object.hasOwn(PLAIN, key)) return null;
  return PLAIN[key] ?? null;
}

/** Whether a key belongs to a field that the reader types into. */
function isTyping(event: KeyboardEvent): boolean {
  const [target] = event.composedPath();
  return target instanceof HTMLElement && /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName);
}
