import { ChannelwiseError } from '../../bytes/errors.ts';
import { basename } from '../../files/paths.ts';
import { mapFromOptions } from '../../jobs/maps/mapOptions.ts';
import type { AdaptReply } from '../../page/workerMethods.ts';
import type { CallOptions } from '../../rpc/messages.ts';
import type { Extension } from '../extensionParts.ts';
import { workspacePath } from '../workspacePath.ts';
import type { ToolInput } from './toolInput.ts';

/** What an agent may ask. */
export interface ModelTool {
  /** What is said to the person while it runs. */
  readonly doing: (input: ToolInput) => string;
  /** What the person is asked before anything is written; null where nothing is. */
  readonly confirm?: (input: ToolInput) => { readonly title: string; readonly message: string } | null;
  /** The answer as plain data. */
  readonly run: (extension: Extension, input: ToolInput, options: CallOptions) => Promise<unknown>;
}

const inspect: ModelTool = {
  doing: (input) => `Inspecting ${fileName(input, 'path')}`,
  run: async ({ jobs }, input, options) => {
    const path = await workspacePath(input.text('path'));
    return jobs.run('inspect', { path, bind: input.sizes('sizes') }, options);
  },
};

const shapes: ModelTool = {
  doing: (input) => `Working out the shapes of ${fileName(input, 'path')}`,
  run: async ({ jobs }, input, options) => {
    const path = await workspacePath(input.text('path'));
    const found = await jobs.run('shapes', { path, bind: input.sizes('sizes') }, options);
    const wanted = input.textOr('names', '');
    return { ...found, tensors: found.tensors.filter(({ name }) => name.includes(wanted)) };
  },
};

const convert: ModelTool = {
  doing: (input) => `${input.flag('dryRun') ? 'Planning to adapt' : 'Adapting'} ${fileName(input, 'path')}`,
  confirm: (input) => {
    if (input.flag('dryRun')) return null;
    const message =
      `A new file appears beside ${input.text('path')}, adapted by the map ${presetOf(input)}. Nothing is ` +
      'overwritten.';
    return { title: 'Write an adapted model?', message };
  },
  run: async ({ jobs, proofs, conversions }, input, options) => {
    const path = await workspacePath(input.text('path'));
    const map = await mapFromOptions({
      map: presetOf(input),
      mean: input.numbers('mean'),
      std: input.numbers('std'),
      scale: input.numbers('scale'),
    });
    const args = { path, map, inputs: input.texts('inputs') };
    if (input.flag('dryRun')) {
      const { summary, plan } = await jobs.run('adapt', { ...args, dryRun: true }, options);
      return { summary, plan };
    }
    const write = (context: CallOptions): Promise<AdaptReply> => jobs.run('adapt', args, context);
    const written = await proofs.writeAndProve(path, write, options);
    await conversions.remember(written);
    const { outPath, summary, plan, proof } = written;
    return { written: outPath, summary, plan, verification: { verdict: proof.verdict, statement: proof.statement } };
  },
};

const verify: ModelTool = {
  doing: (input) => `Verifying ${fileName(input, 'adapted')} against ${fileName(input, 'original')}`,
  run: async ({ proofs }, input, options) => {
    const original = await workspacePath(input.text('original'));
    return proofs.prove(original, await workspacePath(input.text('adapted')), options);
  },
};

const compare: ModelTool = {
  doing: (input) => `Comparing ${fileName(input, 'first')} with ${fileName(input, 'second')}`,
  run: async ({ jobs }, input, options) => {
    const path = await workspacePath(input.text('first'));
    return jobs.run('differences', { path, other: await workspacePath(input.text('second')) }, options);
  },
};

/** By their names in package.json, behind `channelwise_`. */
export const MODEL_TOOLS: Readonly<Record<string, ModelTool>> = { inspect, shapes, convert, verify, compare };

function fileName(input: ToolInput, field: string): string {
  return basename(input.text(field));
}

const PRESET = /^(?:gray|bgr|rgb-from-gray|drop-alpha|normalize|bands:[1-9]\d{0,3})$/;

/** A map by name. A map in a file would be a path that nobody has checked. */
function presetOf(input: ToolInput): string {
  const map = input.textOr('map', 'gray');
  if (PRESET.test(map)) return map;
  throw new ChannelwiseError(
    'refused',
    'map',
    `There is no map \`${map}\`; use gray, bgr, rgb-from-gray, drop-alpha, normalize or bands:N.`,
  );
}
