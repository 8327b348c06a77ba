import type { ImageUses } from '../../format.ts';
import { MethodUses, type ScriptCall, type ScriptValue } from './methodUses.ts';
import { ScriptCode, type ReadCode } from './scriptCode.ts';
import type { ScriptMethod } from './scriptSource.ts';

/** Some ten methods of some kilobytes lie between a network's input and its first layer; more is made to harm. */
const MAX_CALLS = 1000;
const MAX_CHARACTERS = 1_000_000;
/** Each tensor that a network takes is followed by itself. */
const MAX_PARAMETERS = 100;
/** Some are enough to see what the code does. */
const MAX_OTHERS = 3;

/**
 * Follows the image from `forward` of the network, a class by its whole name, through the modules that it is handed to,
 * to the convolutions that read it. Only what is known to keep channels apart is passed by; every other statement with
 * the image is told of, and so is what can't be followed.
 */
export async function imageUses(network: string, read: ReadCode): Promise<ImageUses> {
  const code = new ScriptCode(read);
  const weights = new Set<string>();
  const others = new Set<string>();
  const seen = new Set<string>();
  let characters = 0;
  const todo = await firstCalls(network, code);
  for (let call = todo.pop(); call && others.size < MAX_OTHERS; call = todo.pop()) {
    const key = JSON.stringify(call);
    if (seen.has(key)) continue;
    seen.add(key);
    const method = await methodOf(call, code);
    characters += method?.lines.reduce((sum, line) => sum + line.length, 0) ?? 0;
    if (!method || seen.size > MAX_CALLS || characters > MAX_CHARACTERS) {
      others.add(`the code of ${call.method} can't be followed`);
      continue;
    }
    for (const use of await new MethodUses(code, method, call.values).follow()) {
      if (use.kind === 'layer') weights.add(use.weight);
      else if (use.kind === 'call') todo.push(use.call);
      else others.add(use.statement);
    }
  }
  if (weights.size === 0 && others.size === 0) others.add(`the code of ${network} can't be followed`);
  return { weights: [...weights], others: [...others].slice(0, MAX_OTHERS) };
}

/** `forward` of the whole network, once for each of its tensors: any of them may be the image. */
async function firstCalls(network: string, code: ScriptCode): Promise<ScriptCall[]> {
  const self: ScriptValue = { kind: 'attribute', type: network, path: '' };
  const parameters = (await code.classOf(network))?.methods.get('forward')?.parameters ?? [];
  if (parameters.length > MAX_PARAMETERS) return [];
  const calls = parameters.flatMap(({ type }, image): ScriptCall[] => {
    if (image === 0 || !type.includes('Tensor')) return [];
    const values = parameters.map((_, i): ScriptValue | null => (i === image ? { kind: 'image' } : null));
    return [{ owner: network, method: 'forward', values: values.with(0, self) }];
  });
  // The last one is followed first, and the image mostly stands first.
  return calls.toReversed();
}

async function methodOf({ owner, method }: ScriptCall, code: ScriptCode): Promise<ScriptMethod | null> {
  if (owner === null) return code.functionOf(method);
  return (await code.classOf(owner))?.methods.get(method) ?? null;
}
