import type { ImageUses } from '../../format.ts';
import { apartKey, MethodUses, type ImageUse, type ScriptCall, type ScriptValue } from './methodUses.ts';
import { ScriptCode, type ReadCode } from './scriptCode.ts';
import type { ScriptMethod } from './scriptSource.ts';

/** Some ten methods of some kilobytes lie between a network's input and its input layer; more is made to harm. */
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
  const calls = new Calls(code);
  const weights = new Set<string>();
  const others = new Set<string>();
  const seen = new Set<string>();
  const apart = new Map<string, string>();
  const modulesApart = new Map<string, string>();
  const methods = new Set<string>();
  const todo = await firstCalls(network, code);
  const first = new Set(todo);
  for (let call = todo.pop(); call && others.size < MAX_OTHERS; call = todo.pop()) {
    const key = JSON.stringify(call);
    if (seen.has(key)) continue;
    seen.add(key);
    const [module] = call.values;
    if (module?.kind === 'attribute') methods.add(apartKey(module.path, call.method));
    const uses = await calls.follow(call);
    if (!uses) others.add(`the code of ${call.method} can't be followed`);
    for (const use of uses ?? []) {
      if (use.kind === 'layer') weights.add(use.weight);
      else if (use.kind === 'call') todo.push(use.call);
      else if (use.kind === 'apart') {
        apart.set(apartKey(use.path, use.method), use.statement);
        if (use.method !== null) modulesApart.set(use.path, use.statement);
      }
      // What is given back is followed in the method that called.
      else if (use.kind === 'other' || first.has(call)) others.add(use.statement);
    }
  }
  // A weight that loses channels can't be used for anything else, nor can its layer or a method that reads the image.
  const owners = [...weights].map((weight) => weight.slice(0, Math.max(0, weight.lastIndexOf('.'))));
  const keys = [...[...weights].map((weight) => apartKey(weight, null)), ...methods];
  const again = [...keys.map((key) => apart.get(key)), ...owners.map((owner) => owner && modulesApart.get(owner))];
  for (const statement of again) if (statement) others.add(statement);
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

/** The methods that are called with the image, each followed once. */
class Calls {
  private readonly code: ScriptCode;
  /** By the call; absent while it is followed. */
  private readonly followed = new Map<string, readonly ImageUse[] | null>();
  private readonly begun = new Set<string>();
  private characters = 0;

  constructor(code: ScriptCode) {
    this.code = code;
  }

  /** null where the code is not there, or more than is followed. */
  async follow(call: ScriptCall): Promise<readonly ImageUse[] | null> {
    const key = JSON.stringify(call);
    const known = this.followed.get(key);
    if (known !== undefined) return known;
    this.begun.add(key);
    const method = await this.methodOf(call);
    this.characters += method?.lines.reduce((sum, line) => sum + line.length, 0) ?? 0;
    const isLeft = !method || this.begun.size > MAX_CALLS || this.characters > MAX_CHARACTERS;
    const around = { code: this.code, givesBack: (inner: ScriptCall) => this.givesBack(inner) };
    const uses = isLeft ? null : await new MethodUses(around, method, call.values).follow();
    this.followed.set(key, uses);
    return uses;
  }

  /** Whether a call may give the image back: one that calls itself may. */
  private async givesBack(call: ScriptCall): Promise<boolean> {
    const key = JSON.stringify(call);
    if (this.begun.has(key) && !this.followed.has(key)) return true;
    const uses = await this.follow(call);
    return uses?.some(({ kind }) => kind === 'returned') ?? false;
  }

  private async methodOf({ owner, method }: ScriptCall): Promise<ScriptMethod | null> {
    if (owner === null) return this.code.functionOf(method);
    return (await this.code.classOf(owner))?.methods.get(method) ?? null;
  }
}
