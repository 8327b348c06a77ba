import type * as vscode from 'vscode';
import { mapFromSteps, mapWords, type MapStep } from '../../jobs/maps/mapSteps.ts';
import { messageOf } from '../../text/messageOf.ts';
import { countOf } from '../../text/numbers.ts';
import { placeOf } from '../modelFiles.ts';
import { askToOpen } from '../window/dialogs.ts';
import { BACK, inputLine, type Step } from '../window/quickSteps.ts';
import { IMAGENET, type Asks } from './mapChoices.ts';

export interface Asking {
  readonly title: string;
  readonly memory: vscode.Memento;
  /** Channels the map must give; null where any number will do. */
  readonly channels: number | null;
  /** The step that follows. */
  readonly done: (steps: readonly MapStep[]) => Step;
}

/** What a map asks for, by kind: each gives the first step of the questions. */
export const askFor: Readonly<Record<Exclude<Asks, 'nothing'>, (asking: Asking) => Step>> = {
  bands,
  normalisation,
  matrix,
  file,
};

const BANDS = /^[1-9]\d{0,3}$/;

function bands(asking: Asking): Step {
  return question(asking, {
    key: 'bands',
    fallback: '4',
    prompt: 'Number of bands',
    after: 1,
    step: (n) => ({ kind: 'preset', name: `bands:${n}` }),
    wrong: (n) => (BANDS.test(n.trim()) && Number(n) <= 4096 ? null : 'A whole number from 1 to 4096.'),
    next: (n, steps) => asking.done(steps(n)),
  });
}

function normalisation(asking: Asking): Step {
  const { memory } = asking;
  const per =
    asking.channels === null || asking.channels === 1
      ? 'one number per channel'
      : `one number, or ${asking.channels} for the channels`;
  const fallback =
    asking.channels === 3 || asking.channels === null ? IMAGENET : { mean: '0.5', std: '0.5', scale: IMAGENET.scale };
  const lastScale = (): string => recalled(memory, 'scale', fallback.scale);
  const make = (mean: string, std: string, scale: string): MapStep => ({ kind: 'normalize', mean, std, scale });
  const scaleStep = (mean: string, std: string): Step =>
    question(asking, {
      key: 'scale',
      fallback: fallback.scale,
      prompt: 'Scale that pixels are multiplied with first',
      after: 1,
      words: normalisationWords,
      step: (scale) => make(mean, std, scale),
      next: (scale, steps) => asking.done(steps(scale)),
    });
  const stdStep = (mean: string): Step =>
    question(asking, {
      key: 'std',
      fallback: fallback.std,
      prompt: `Standard deviation, ${per}`,
      after: 2,
      words: normalisationWords,
      step: (std) => make(mean, std, lastScale()),
      next: (std) => scaleStep(mean, std),
    });
  return question(asking, {
    key: 'mean',
    fallback: fallback.mean,
    prompt: `Mean, ${per}`,
    after: 3,
    words: normalisationWords,
    step: (mean) => make(mean, '1', lastScale()),
    next: (mean) => stdStep(mean),
  });
}

function normalisationWords(step: MapStep): string {
  if (step.kind !== 'normalize') return '';
  const shifted = `(pixel · ${step.scale.trim()} − ${listed(step.mean)})`;
  return step.std === '1' ? `Inside: ${shifted}` : `Inside: ${shifted} / ${listed(step.std)}`;
}

/** `[0.5, 0.4]`, or a single number as it is. */
function listed(typed: string): string {
  const parts = typed.split(/[\s,]+/).filter(Boolean);
  return parts.length === 1 ? (parts[0] ?? '') : `[${parts.join(', ')}]`;
}

function matrix(asking: Asking): Step {
  const { channels } = asking;
  const rows = channels === null ? 'one row per model channel' : `${countOf(channels, 'row')}, one per model channel`;
  const fallback = new Array<string>(channels ?? 3).fill('1').join('; ');
  const shiftStep = (typed: string): Step =>
    question(asking, {
      key: 'shift',
      fallback: '0',
      prompt: 'Shift added behind the matrix: one number, or one per row',
      after: 1,
      step: (shift) => ({ kind: 'matrix', matrix: typed, shift }),
      next: (shift, steps) => asking.done(steps(shift)),
    });
  return question(asking, {
    key: 'matrix',
    fallback,
    prompt: `Matrix: ${rows}, separated by ";"; one column per new channel`,
    after: 2,
    step: (typed) => ({ kind: 'matrix', matrix: typed, shift: '0' }),
    next: (typed) => shiftStep(typed),
  });
}

function file(asking: Asking): Step {
  return async () => {
    const [picked] = await askToOpen({
      filters: { 'Channel map': ['json'] },
      title: 'A file with {"matrix": …, "shift": …}',
      openLabel: 'Use This Map',
    });
    // Nothing to come back to: from the next step, Back opens the dialog again.
    return picked ? asking.done([{ kind: 'file', path: placeOf(picked) }]) : BACK;
  };
}

interface Question {
  /** Under which the last answer is remembered. */
  readonly key: string;
  readonly fallback: string;
  readonly prompt: string;
  readonly after: number;
  readonly step: (text: string) => MapStep;
  /** What the step means, where the map's own words don't say it best. */
  readonly words?: (step: MapStep) => string;
  readonly wrong?: (text: string) => string | null;
  readonly next: (text: string, steps: (text: string) => readonly MapStep[]) => Step;
}

function question(
  { title, memory, channels }: Asking,
  { key, fallback, prompt, after, step, words, wrong = () => null, next }: Question,
): Step {
  const check = async (typed: string): Promise<{ means: string } | { wrong: string }> => {
    const bad = wrong(typed);
    if (bad) return { wrong: bad };
    try {
      const made = step(typed);
      const map = await mapFromSteps([made], channels);
      return { means: words?.(made) || `Inside: ${mapWords(map)}` };
    } catch (error) {
      return { wrong: messageOf(error) };
    }
  };
  return async (before) => {
    const last = recalled(memory, key, fallback);
    // What was right for the last model may not be for this one.
    const value = 'means' in (await check(last)) ? last : fallback;
    const text = await inputLine({ title, prompt, place: { before, after }, value, check });
    if (typeof text === 'symbol') return text;
    await memory.update(`channelwise.last.${key}`, text);
    return next(text, (typed) => [step(typed)]);
  };
}

/** The last answer, as long as it is text; a memory may be anything. */
function recalled(memory: vscode.Memento, key: string, fallback: string): string {
  const value = memory.get<unknown>(`channelwise.last.${key}`);
  return typeof value === 'string' ? value : fallback;
}
