import * as vscode from 'vscode';
import { inertText } from './inertText.ts';
import { tell } from './messages.ts';

/** Ends a flow, or goes to the step before. */
export const LEAVE = Symbol('leave');
export const BACK = Symbol('back');
type Left = typeof LEAVE | typeof BACK;

/** Where a step stands: how many came before it, and how many it knows to follow. */
export interface Place {
  readonly before: number;
  readonly after: number;
}

/** A step asks one thing and gives the next step, or null when the flow is done. */
export type Step = (before: number) => Promise<Step | null | Left>;

/**
 * Runs steps one after the other. Back returns to the step before; Escape ends the flow. Gives true when it came to its
 * end.
 */
export async function runSteps(first: Step): Promise<boolean> {
  const steps = [first];
  for (let step = steps.at(-1); step; step = steps.at(-1)) {
    const next = await step(steps.length - 1);
    if (next === LEAVE) return false;
    if (next === null) return true;
    if (next === BACK) steps.pop();
    else steps.push(next);
  }
  return false;
}

interface Asked {
  readonly title?: string;
  readonly placeholder?: string | undefined;
  /** Absent for a question that stands alone. */
  readonly place?: Place;
}

/** A line of a list. Its texts may come from a model; the icon is the name of one of VS Code's, and ours. */
export interface ListItem {
  readonly label: string;
  readonly icon?: string;
  readonly description?: string;
  readonly detail?: string;
  /** A title over the lines that follow; it can't be chosen. */
  readonly heading?: boolean;
  /** false: of a list with several choices this one is not chosen at first. */
  readonly isLikely?: boolean;
}

/** So many letters of a line are seen in a list; the rest is cut. */
const LINE = 80;

export interface PickAsked<T extends ListItem> extends Asked {
  /** Why it is asked. What is longer than a line of the list stands in a message beside it. */
  readonly why?: string | undefined;
  readonly items: readonly T[];
  readonly active?: T | undefined;
  /** Items that can be chosen; others stay in the list and say why not. */
  readonly allowed?: (item: T) => boolean;
}

/** One item of a list. */
export async function pickOne<T extends ListItem>(asked: PickAsked<T>): Promise<T | Left> {
  const picked = await pick(asked, { many: false });
  return Array.isArray(picked) ? (picked[0] ?? LEAVE) : picked;
}

/** One or more items of a list; at first the likely ones are chosen, all where none is called so. */
export function pickSome<T extends ListItem>(asked: PickAsked<T>): Promise<readonly T[] | Left> {
  return pick(asked, { many: true });
}

interface Shown<T> extends vscode.QuickPickItem {
  readonly item: T;
}

function shown<T extends ListItem>(item: T): Shown<T> {
  const { label, icon, description, detail, heading } = item;
  return {
    item,
    label: icon === undefined ? inertText(label) : `$(${icon}) ${inertText(label)}`,
    ...(description === undefined ? {} : { description: inertText(description) }),
    ...(detail === undefined ? {} : { detail: inertText(detail) }),
    ...(heading ? { kind: vscode.QuickPickItemKind.Separator } : {}),
  };
}

async function pick<T extends ListItem>(
  { items, active, allowed = () => true, why = '', ...asked }: PickAsked<T>,
  { many }: { readonly many: boolean },
): Promise<T[] | Left> {
  if (why.length > LINE) void tell('warning', why);
  const box = vscode.window.createQuickPick<Shown<T>>();
  const lines = items.map(shown);
  box.items = lines;
  box.canSelectMany = many;
  box.matchOnDescription = true;
  box.matchOnDetail = true;
  if (many) box.selectedItems = lines.filter(({ item }) => item.isLikely !== false);
  if (active) box.activeItems = lines.filter(({ item }) => item === active);
  return ask(box, asked, (done) => {
    const marked = many ? box.selectedItems : box.activeItems;
    const chosen = marked.map(({ item }) => item).filter(allowed);
    if (chosen.length > 0) done(chosen);
  });
}

export interface InputAsked extends Asked {
  readonly prompt: string;
  readonly value: string;
  /** What the text means, or the sentence that is wrong with it. */
  readonly check: (text: string) => Promise<{ readonly means: string } | { readonly wrong: string }>;
}

/** A line of text, checked while it is typed. Enter takes it only when nothing is wrong with it. */
export async function inputLine({ prompt, value, check, ...asked }: InputAsked): Promise<string | Left> {
  const box = vscode.window.createInputBox();
  box.prompt = inertText(prompt);
  box.value = value;
  let turn = 0;
  const show = async (): Promise<boolean> => {
    const now = ++turn;
    const found = await check(box.value);
    if (now !== turn) return false;
    const good = 'means' in found;
    // A validation message would stand in place of the prompt.
    box.prompt = inertText(good ? `${prompt}. ${found.means}` : prompt);
    box.validationMessage = good ? undefined : inertText(found.wrong);
    return good;
  };
  box.onDidChangeValue(() => void show());
  void show();
  return ask(box, asked, async (done) => {
    const text = box.value;
    if (await show()) done(text);
  });
}

/** Shows a box with its step number, and Back where there is a way back, until it is accepted, left or hidden. */
function ask<T>(
  box: vscode.QuickPick<vscode.QuickPickItem> | vscode.InputBox,
  { title, placeholder, place }: Asked,
  accept: (done: (value: T) => void) => void | Promise<void>,
): Promise<T | Left> {
  box.title = title === undefined ? undefined : inertText(title);
  box.placeholder = inertText(placeholder ?? '');
  if (place) {
    box.step = place.before + 1;
    box.totalSteps = place.before + 1 + place.after;
    box.ignoreFocusOut = true;
    box.buttons = place.before > 0 ? [vscode.QuickInputButtons.Back] : [];
  }
  return new Promise<T | Left>((resolve) => {
    box.onDidAccept(() => void accept(resolve));
    box.onDidTriggerButton((button) => {
      if (button === vscode.QuickInputButtons.Back) resolve(BACK);
    });
    box.onDidHide(() => resolve(LEAVE));
    box.show();
  }).finally(() => box.dispose());
}
