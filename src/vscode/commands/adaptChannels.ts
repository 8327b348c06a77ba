import * as vscode from 'vscode';
import { isCancel } from '../../bytes/cancel.ts';
import { basename } from '../../files/paths.ts';
import { mapFromSteps, mapWords, type MapStep } from '../../jobs/maps/mapSteps.ts';
import { variantOf } from '../../jobs/variantName.ts';
import type { AdaptArgs, AdaptReply, WorkerMethods } from '../../page/workerMethods.ts';
import { messageOf } from '../../text/messageOf.ts';
import type { Extension } from '../extensionParts.ts';
import { placeOf } from '../modelFiles.ts';
import { tell } from '../window/messages.ts';
import { withLateProgress } from '../window/progress.ts';
import { BACK, LEAVE, pickOne, pickSome, runSteps, type ListItem, type Step } from '../window/quickSteps.ts';
import { announce, planLines, showFailure, showProblem } from './announce.ts';
import { chosenModels } from './chosenModels.ts';
import { writeAndProve } from './convert.ts';
import { layerItem, mustChoose, whyAsked } from './layerChoices.ts';
import { mapChoices, type MapChoice, type Wanted } from './mapChoices.ts';
import { askFor } from './mapNumbers.ts';

type Input = WorkerMethods['imageInputs']['result'][number];
type Framework = WorkerMethods['pythonFrameworks']['result'][number];
type PythonArgs = Omit<WorkerMethods['asPython']['args'], 'framework'>;

const LAST_MAP = 'channelwise.lastMap';
const WRITE = 'Write';
const BACK_TO_PLAN = 'Back to the Plan';

/** What a flow is for: a new file, or code on the clipboard. */
type Goal = 'write' | 'python';

/** What the flow knows while it goes on. Steps never change it, so that Back finds it as it was. */
interface State {
  readonly uri: vscode.Uri;
  readonly goal: Goal;
  readonly inputs: readonly Input[];
  /** The inputs a person picked; null where there was no choice. */
  readonly picked: readonly Input[] | null;
  readonly map: readonly MapStep[];
}

interface Planned {
  readonly args: AdaptArgs;
  readonly reply: AdaptReply;
}

/**
 * Adapt Channels… and Copy as Python: inputs if there are several, map, numbers, then the plan to look at before it is
 * written, or the code.
 */
export class AdaptFlow {
  private readonly extension: Extension;
  private readonly memory: vscode.Memento;

  constructor(extension: Extension, memory: vscode.Memento) {
    this.extension = extension;
    this.memory = memory;
  }

  async run(clicked: unknown, goal: Goal): Promise<void> {
    const [uri] = await chosenModels(clicked, undefined);
    if (!uri) return;
    try {
      const path = placeOf(uri);
      const made = goal === 'python' ? await this.extension.jobs.run('madeFrom', { path }) : null;
      if (made) return await this.repeat(uri, made);
      const all = await this.extension.jobs.run('imageInputs', { path });
      const inputs = all.filter((i) => i.why === null);
      if (inputs.length === 0) return showProblem(uri, noImages(all));
      const state: State = { uri, goal, inputs, picked: null, map: [] };
      const last = goal === 'write' ? this.preview : this.framework;
      await runSteps(mustChoose(inputs) ? this.chooseInputs(state, last) : this.chooseMap(state, last));
    } catch (error) {
      showFailure(uri, error);
    }
  }

  private chooseInputs(state: State, last: (state: State) => Step): Step {
    return async (before) => {
      const items = state.inputs.map((input) => ({ ...layerItem(input), input }));
      const picked = await pickSome({
        title: title(state),
        placeholder: 'Which inputs take the new images?',
        place: { before, after: 2 },
        why: whyAsked(state.inputs),
        items,
      });
      if (typeof picked === 'symbol') return picked;
      return this.chooseMap({ ...state, picked: picked.map((i) => i.input) }, last);
    };
  }

  private chooseMap(state: State, last: (state: State) => Step): Step {
    return async (before) => {
      const wanted = await this.wanted(state);
      const { items, fits } = mapChoices(wanted);
      const remembered = this.memory.get<string>(LAST_MAP);
      const picked = await pickOne({
        title: title(state),
        place: { before, after: 1 },
        items,
        allowed: fits,
        active: items.find((item) => item.id === remembered && fits(item)),
        placeholder: state.map.length ? 'What do the new pixels go through first?' : 'What will the images be?',
      });
      if (typeof picked === 'symbol') return picked;
      await this.memory.update(LAST_MAP, picked.id);
      return this.numbers(state, picked, wanted, last);
    };
  }

  /** What the chosen map asks for, then the last step. */
  private numbers(state: State, picked: MapChoice, wanted: Wanted, last: (state: State) => Step): Step {
    const done = (steps: readonly MapStep[]): Step => last({ ...state, map: [...state.map, ...steps, ...picked.then] });
    if (picked.asks === 'nothing') return done(picked.steps);
    const channels = typeof picked.needs === 'number' ? picked.needs : (wanted.channels[0] ?? null);
    return askFor[picked.asks]({ title: title(state), memory: this.memory, channels, done });
  }

  /** The plan to look at. Nothing is written before it is accepted. */
  private preview =
    (state: State): Step =>
    async (before) => {
      const planned = await this.plan(state);
      if (planned === null) return LEAVE;
      if ('refused' in planned) return showRefusal(state, planned.refused, before);
      return this.chooseAction(state, planned, before);
    };

  private async chooseAction(state: State, { args, reply }: Planned, before: number): ReturnType<Step> {
    const write: ListItem = { icon: 'check', label: 'Write the adapted model', description: reply.summary };
    const more: ListItem = { icon: 'add', label: 'Add another map in front…', description: mapWords(args.map) };
    const python: ListItem = { icon: 'code', label: 'Copy as Python…' };
    const text: ListItem = { icon: 'list-unordered', label: 'Show the plan as text' };
    const actions = [write, more, python, text];
    for (;;) {
      const picked = await pickOne({
        title: title(state),
        placeholder: 'Look at the plan, then write it',
        place: { before, after: 0 },
        items: [...actions, ...planItems(reply)],
        active: write,
        allowed: (item) => actions.includes(item),
      });
      if (typeof picked === 'symbol') return picked;
      if (picked === more) return this.chooseMap(state, this.preview);
      if (picked === python) return this.framework(state);
      if (picked === text) {
        const wanted = await this.readPlan(state, reply);
        if (wanted === BACK_TO_PLAN) continue;
        if (wanted !== WRITE) return LEAVE;
      }
      await this.write(args);
      return null;
    }
  }

  /** The plan in a tab. The list would cover it, so a message waits for what comes next. */
  private async readPlan({ uri }: State, reply: AdaptReply): Promise<string | undefined> {
    const name = basename(uri.path);
    await this.extension.tabs.show(`Plan for ${name}`, planLines(reply));
    return tell('info', `The plan for ${name} is open; nothing is written yet.`, [WRITE, BACK_TO_PLAN]);
  }

  private async write(args: AdaptArgs): Promise<void> {
    const done = await writeAndProve(this.extension, `Adapting ${basename(args.path)}`, {
      path: args.path,
      variant: variantOf(args.map),
      write: (out, options) => this.extension.jobs.run('adapt', { ...args, out }, options),
    });
    if (done) void announce(this.extension, done);
  }

  private async plan(state: State): Promise<Planned | { readonly refused: string } | null> {
    try {
      const args = await this.args(state);
      const reply = await withLateProgress('Planning', (signal, onProgress) =>
        this.extension.jobs.run('adapt', { ...args, dryRun: true }, { signal, onProgress }),
      );
      return { args, reply };
    } catch (error) {
      return isCancel(error) ? null : { refused: messageOf(error) };
    }
  }

  private framework =
    (state: State): Step =>
    async (before) => {
      const picked = await this.pickFramework(placeOf(state.uri), title({ ...state, goal: 'python' }), before);
      if (typeof picked === 'symbol') return picked;
      await this.copy(state.uri, await this.args(state), picked);
      return null;
    };

  /** The likely one stands first. */
  private async pickFramework(
    path: string,
    name: string,
    before: number,
  ): Promise<Framework | typeof BACK | typeof LEAVE> {
    const frameworks = await this.extension.jobs.run('pythonFrameworks', { path });
    const items = frameworks.map((framework) => ({ label: framework.title, framework }));
    const picked = await pickOne({
      title: name,
      placeholder: 'Which framework?',
      place: { before, after: 0 },
      items,
    });
    return typeof picked === 'symbol' ? picked : picked.framework;
  }

  private async copy(uri: vscode.Uri, args: PythonArgs, { id, title: name }: Framework): Promise<void> {
    try {
      await vscode.env.clipboard.writeText(await this.extension.jobs.run('asPython', { ...args, framework: id }));
      void tell('info', `Copied as Python: ${name}.`);
    } catch (error) {
      showFailure(uri, error);
    }
  }

  /** An adapted file repeats its own last step, which needs the original's names and shapes. */
  private async repeat(uri: vscode.Uri, made: NonNullable<WorkerMethods['madeFrom']['result']>): Promise<void> {
    const { original, map, inputs } = made;
    if (!map)
      return showProblem(uri, `what the file records about its adaptation is damaged, so there is no code for it.`);
    if (!original.path)
      return showProblem(
        uri,
        `the code needs the names and shapes of ${original.name || 'the original'}, which is not beside it any more.`,
      );
    const name = basename(uri.path);
    const framework = await this.pickFramework(original.path, `Copy as Python: ${name}`, 0);
    if (typeof framework === 'symbol') return;
    await this.copy(uri, { path: original.path, map, inputs, adapted: name }, framework);
  }

  private async args({ uri, map, picked, inputs }: State): Promise<AdaptArgs> {
    const first = wantedOf(picked ?? inputs);
    const needs = first.channels.length > 1 ? await this.rows(map, first.channels) : (first.channels[0] ?? null);
    return { path: placeOf(uri), map: await mapFromSteps(map, needs), inputs: picked?.map((i) => i.name) };
  }

  /** Of several counts that the dims allow, the first that the map fits. */
  private async rows(map: readonly MapStep[], channels: readonly number[]): Promise<number | null> {
    for (const channel of channels) {
      const made = await mapFromSteps(map, channel).catch(() => null);
      if (made?.matrix.length === channel) return channel;
    }
    return channels[0] ?? null;
  }

  private async wanted(state: State): Promise<Wanted> {
    if (!state.map.length) return wantedOf(state.picked ?? state.inputs);
    const width = (await this.args(state)).map.matrix[0]?.length;
    return { channels: width === undefined ? [] : [width], open: false };
  }
}

function title({ uri, goal, map }: State): string {
  const name = basename(uri.path);
  const maps = map.length > 1 ? ` (${map.length} maps)` : '';
  return goal === 'python' ? `Copy as Python: ${name}${maps}` : `Adapt Channels of ${name}${maps}`;
}

/** Why there is no plan; only Back and Escape lead on. */
async function showRefusal(state: State, refused: string, before: number): ReturnType<Step> {
  const item: ListItem = { icon: 'circle-slash', label: 'This can’t be done', detail: refused };
  const picked = await pickOne({
    title: title(state),
    placeholder: 'Nothing was written. Go back to choose another map, or press Escape.',
    place: { before, after: 0 },
    items: [item],
    why: refused,
    allowed: () => false,
  });
  return typeof picked === 'symbol' ? picked : LEAVE;
}

function planItems({ plan }: AdaptReply): ListItem[] {
  return plan.flatMap((section): ListItem[] => [
    { label: section.title, heading: true },
    ...section.lines.map((line) => ({ label: line })),
  ]);
}

function noImages(all: readonly Input[]): string {
  // A file of weights alone has no inputs to name.
  const reasons = all.map(({ name, type, why }) => (type === '' ? why : `\`${name}\` is ${type} (${why})`)).join(', ');
  return `no input takes images: ${reasons || 'the model has no inputs'}.`;
}

/** The channel counts that all inputs share. */
function wantedOf(inputs: readonly Input[]): Wanted {
  const [first, ...rest] = inputs;
  const fixed = inputs.filter((input) => !input.open);
  const shared = (first?.channels ?? []).filter((channel) => rest.every((i) => i.open || i.channels.includes(channel)));
  return { channels: shared, open: fixed.length === 0 };
}
