import { cutText } from '../../../text/cutText.ts';
import { enclosingCall, withoutStrings, type Enclosing, type TextSpan } from './callText.ts';
import type { ScriptCode } from './scriptCode.ts';
import type { ScriptMethod } from './scriptSource.ts';
import { isOtherAxis, sizeUse } from './sizeUses.ts';

/** What a name in the code stands for: the image, the sizes of all its axes, or an attribute of a module. */
export type ScriptValue = { readonly kind: 'image' } | { readonly kind: 'sizes' } | ScriptAttribute;

export interface ScriptAttribute {
  readonly kind: 'attribute';
  /** Of a module its class with its whole name. */
  readonly type: string;
  /** The names that lead to it from the network, as its tensors have them; '' of the network itself. */
  readonly path: string;
}

/** A method of a module, or a function, and what its parameters are. */
export interface ScriptCall {
  /** The module's class with its whole name; null of a function. */
  readonly owner: string | null;
  /** Of a function its whole name. */
  readonly method: string;
  readonly values: readonly (ScriptValue | null)[];
}

/**
 * What a statement does with the image: a convolution with this weight reads it, it is handed on or back, or something
 * else.
 */
export type ImageUse =
  | { readonly kind: 'layer'; readonly weight: string }
  | { readonly kind: 'call'; readonly call: ScriptCall }
  | { readonly kind: 'returned'; readonly statement: string }
  /** A tensor is read, or a method of a module run, without the image. */
  | { readonly kind: 'apart'; readonly path: string; readonly method: string | null; readonly statement: string }
  | { readonly kind: 'other'; readonly statement: string };

/** What is known beside a method. */
export interface Around {
  readonly code: ScriptCode;
  /** Whether a call may give the image back. */
  readonly givesBack: (call: ScriptCall) => Promise<boolean>;
}

/** Operators that read an image with a weight, their second argument. */
const CONVOLUTIONS = new Set(
  ['_convolution', '_convolution_mode', 'convolution', 'conv2d', 'conv3d'].map((name) => `torch.${name}`),
);
/** Of those that may be transposed: their weights have the image's channels on another axis. */
const TRANSPOSED_AT = 6;
/** They tell of an image without reading it. */
const QUESTIONS = new Set([
  ...['len', 'dim', 'is_floating_point', 'is_complex'].map((name) => `torch.${name}`),
  ...['device', 'dtype', 'is_cuda', 'layout'].map((name) => `ops.prim.${name}`),
]);
const ANY = /^/;
const OTHER_AXIS = /^[0234], /;
const NUMBER = /^-?\d+(\.\d*)?(e[+-]?\d+)?\.?$/;
/** Of at most two axes: a third one may be the channels'. */
const PADDING = /^\[[^,\]]*(, [^,\]]*){0,3}(, 0, 0)*\](, ("(constant|reflect|replicate|circular)"|None|0|0\.))*$/;
/** What gives each channel of an image from the same channel, linearly, with what their other arguments must be. */
const PASSING: ReadonlyMap<string, RegExp> = new Map([
  ...['to', 'contiguous', 'detach', 'clone', 'alias', 'float', 'half', 'adaptive_avg_pool2d', 'avg_pool2d']
    .concat(['upsample_nearest2d', 'upsample_bilinear2d', 'upsample_bicubic2d', '_upsample_bilinear2d_aa'])
    .concat(['reflection_pad2d', 'replication_pad2d'])
    .map((name): [string, RegExp] => [`torch.${name}`, ANY]),
  ['torch.slice', OTHER_AXIS],
  ['torch.dropout', /, False$/],
  ...['mul', 'div'].map((name): [string, RegExp] => [`torch.${name}`, NUMBER]),
  ...['pad', 'constant_pad_nd'].map((name): [string, RegExp] => [`torch.${name}`, PADDING]),
]);
const ASSIGNMENT = /^([\w, ]+?),? = (.*)$/;
const NAME = /(?<![\w.])(CONSTANTS\.c\d+|[A-Za-z_]\w*(\.\w+(?![\w(]))?)/g;
const MODULE_CALL = /\((\w+(?:\.\w+)?)\)\.(\w+)\(/g;
const RETURNED = /^return (.*)$/;
/** Longer statements are written by nobody. */
const MAX_LINE = 2000;
/** So does no statement name the image more often: 16 slices put it into blocks of 4 by 4. */
const MAX_PIECES = 32;
/** Convolutions have 13. */
const MAX_ARGUMENTS = 64;
const MAX_SHOWN = 120;

interface Place {
  readonly statement: string;
  /** What the statement names so. */
  readonly target: string;
  readonly expression: string;
}

/** Follows the image through the statements of one method. */
export class MethodUses {
  private readonly around: Around;
  private readonly names = new Map<string, ScriptValue>();
  private readonly lines: readonly string[];
  /** Names that stand for one thing in one branch and for another in the other one. */
  private readonly ambiguous: ReadonlySet<string>;
  private readonly uses: ImageUse[] = [];
  private readonly parameters: ReadonlySet<string>;
  private readonly apart = new Set<string>();
  /** Where calls with the image begin in the statement that is looked at. */
  private imageCalls = new Set<number>();

  constructor(around: Around, method: ScriptMethod, values: ScriptCall['values']) {
    this.around = around;
    this.lines = method.lines;
    this.ambiguous = setAgain(method);
    this.parameters = new Set(method.parameters.map(({ name }) => name).slice(1));
    for (const [i, { name }] of method.parameters.entries()) {
      const value = values[i];
      if (value && (value.kind === 'image' || !this.ambiguous.has(name))) this.names.set(name, value);
    }
  }

  /** What the method does with the image, in the order of its lines. */
  async follow(): Promise<readonly ImageUse[]> {
    for (const statement of this.lines) {
      const place = placeOf(statement);
      const { target, expression } = place;
      const attribute = await this.attribute(expression);
      if (attribute && !this.ambiguous.has(target)) this.names.set(target, attribute);
      this.imageCalls = new Set();
      const images = this.pieces('image', expression);
      if (images.length > MAX_PIECES) this.uses.push(other(statement));
      else for (const piece of images) await this.use(piece, place);
      for (const piece of this.pieces('sizes', expression)) this.useSizes(piece, place);
      if (!attribute && expression.length <= MAX_LINE) await this.findApart(place);
    }
    return this.uses;
  }

  /** Tensors that are read, and modules that are run, without the image. */
  private async findApart({ expression, statement }: Place): Promise<void> {
    const code = withoutStrings(expression);
    for (const { 0: name, index } of code.matchAll(NAME)) {
      const tensor = await this.attribute(name);
      if (!tensor?.type.includes('Tensor') || this.apart.has(apartKey(tensor.path, null))) continue;
      const isApart = !this.isReadWithImage(expression, { start: index, end: index + name.length });
      if (isApart) this.pushApart(tensor.path, null, statement);
    }
    for (const { 0: text, 1: receiver = '', 2: method = '', index } of code.matchAll(MODULE_CALL)) {
      const module = await this.attribute(receiver);
      if (!module || this.apart.has(apartKey(module.path, method))) continue;
      const inside = index + text.length;
      const call = enclosingCall(expression, { start: inside, end: inside });
      if (!call || this.imageCalls.has(call.calleeStart)) continue;
      // Another input of the network is followed by itself.
      const isOfAnother = call.arguments.some((argument) => this.parameters.has(argument));
      if (!isOfAnother) this.pushApart(module.path, method, statement);
    }
  }

  /** Of what is read or run several times, the first statement says enough. */
  private pushApart(path: string, method: string | null, statement: string): void {
    this.apart.add(apartKey(path, method));
    this.uses.push({ kind: 'apart', path, method, statement: cutText(statement, MAX_SHOWN) });
  }

  /** Together with the image, or only for its type or the size of its kernel. */
  private isReadWithImage(expression: string, tensor: TextSpan): boolean {
    const call = enclosingCall(expression, tensor);
    if (!call) return false;
    if (this.imageCalls.has(call.calleeStart) || isQuestion(call)) return true;
    if (!call.isWhole || call.callee !== 'torch.size') return false;
    return sizeUse(expression, { start: call.calleeStart, end: call.end }) === 'other-axes';
  }

  /** Where the image, or its sizes, stand in an expression. */
  private pieces(kind: 'image' | 'sizes', expression: string): TextSpan[] {
    const words = withoutStrings(expression).matchAll(/(?<![\w.])[A-Za-z_]\w*/g);
    return [...words]
      .filter(([word]) => this.names.get(word)?.kind === kind)
      .map(({ index, 0: word }) => ({ start: index, end: index + word.length }));
  }

  /** Goes outwards from the image as long as what is made of it is the image still. */
  private async use(piece: TextSpan, place: Place): Promise<void> {
    const { target, expression, statement } = place;
    let image = piece;
    let call = expression.length > MAX_LINE ? null : enclosingCall(expression, image);
    let reader = call && (await this.reader(call));
    while (call && (isPassed(call) || (await this.isGivenBack(reader)))) {
      this.push(reader, call);
      image = { start: call.calleeStart, end: call.end };
      call = enclosingCall(expression, image);
      reader = call && (await this.reader(call));
    }
    const isAll = image.start === 0 && image.end === expression.length;
    if (isAll && RETURNED.test(statement)) this.uses.push({ kind: 'returned', statement });
    else if (isAll && /^\w+$/.test(target)) this.names.set(target, { kind: 'image' });
    else if (call?.isWhole && call.callee === 'torch.size' && call.arguments.length === 1)
      this.useSizes({ start: call.calleeStart, end: call.end }, place);
    else if (reader) this.push(reader, call);
    else if (!call || !isQuestion(call)) this.uses.push(other(statement));
  }

  private push(reader: ImageUse | null, call: Enclosing | null): void {
    if (!reader || !call) return;
    this.imageCalls.add(call.calleeStart);
    this.uses.push(reader);
  }

  private isGivenBack(reader: ImageUse | null): Promise<boolean> {
    return reader?.kind === 'call' ? this.around.givesBack(reader.call) : Promise.resolve(false);
  }

  private useSizes(piece: TextSpan, { target, expression, statement }: Place): void {
    const use = sizeUse(expression, piece);
    if (use === 'other-axes') return;
    if (use === 'kept' && /^\w+$/.test(target)) this.names.set(target, { kind: 'sizes' });
    else if (use === 'channels' || target === '' || this.usesChannels(target)) this.uses.push(other(statement));
  }

  /** Whether the second of the sizes that a statement names is looked at in another one. */
  private usesChannels(target: string): boolean {
    const channels = target.split(', ')[1];
    if (channels === undefined) return false;
    const name = new RegExp(`(?<![\\w.])${channels}(?!\\w)`);
    return this.lines.some((line) => name.test(line) && !line.startsWith(target));
  }

  /** A convolution or a method that is given the image; null where neither is known. */
  private async reader(call: Enclosing): Promise<ImageUse | null> {
    if (!call.isWhole || call.arguments.length > MAX_ARGUMENTS) return null;
    if (CONVOLUTIONS.has(call.callee)) {
      const weight = await this.attribute(call.arguments[1] ?? '');
      const isTransposed = call.arguments[TRANSPOSED_AT] === 'True';
      return call.index === 0 && weight && !isTransposed ? { kind: 'layer', weight: weight.path } : null;
    }
    const isFunction = call.callee.startsWith('__torch__.');
    const [, receiver = '', method = ''] = /^\((.*)\)\.(\w+)$/.exec(call.callee) ?? [];
    const module = await this.attribute(receiver);
    if (!isFunction && !module) return null;
    const given = call.arguments.map(async (text, i) =>
      i === call.index ? ({ kind: 'image' } as const) : this.attribute(text),
    );
    const values = await Promise.all(given);
    if (!module) return { kind: 'call', call: { owner: null, method: call.callee, values } };
    return { kind: 'call', call: { owner: module.type, method, values: [module, ...values] } };
  }

  /** What `conv1`, `self.conv1`, `getattr(self, "0")` and `CONSTANTS.c0` stand for; null for any other expression. */
  private async attribute(expression: string): Promise<ScriptAttribute | null> {
    const known = this.names.get(expression);
    if (known) return known.kind === 'attribute' ? known : null;
    const constant = /^CONSTANTS\.c(\d+)$/.exec(expression)?.[1];
    if (constant !== undefined) return { kind: 'attribute', type: 'Tensor', path: `constants.${constant}` };
    const parts = /^getattr\((\w+), "([^"]+)"\)$/.exec(expression) ?? /^(\w+)\.(\w+)$/.exec(expression);
    const [, owner = '', name = ''] = parts ?? [];
    const module = this.names.get(owner);
    if (module?.kind !== 'attribute') return null;
    const type = (await this.around.code.classOf(module.type))?.attributes.get(name);
    return type === undefined ? null : { kind: 'attribute', type, path: module.path + (module.path && '.') + name };
  }
}

/** The names that a method sets more than once, its parameters among them. */
function setAgain({ parameters, lines }: ScriptMethod): Set<string> {
  const set = new Set(parameters.map(({ name }) => name));
  const again = new Set<string>();
  for (const line of lines) {
    const targets = ASSIGNMENT.exec(line)?.[1]?.split(', ') ?? [];
    for (const name of targets) (set.has(name) ? again : set).add(name);
  }
  return again;
}

function isPassed({ callee, isWhole, index, arguments: [, ...others] }: Enclosing): boolean {
  return isWhole && index === 0 && (PASSING.get(callee)?.test(others.join(', ')) ?? false);
}

/** Asks for a type, or for the size of another axis than the channels'. */
function isQuestion(call: Enclosing): boolean {
  if (!call.isWhole) return false;
  return QUESTIONS.has(call.callee) || (call.callee === 'torch.size' && isOtherAxis(call));
}

function placeOf(statement: string): Place {
  const returned = RETURNED.exec(statement)?.[1];
  if (returned !== undefined) return { statement, target: '', expression: returned };
  const [, target = '', expression = statement] = ASSIGNMENT.exec(statement) ?? [];
  return { statement, target, expression };
}

/** One text for a tensor, or for a method of a module. */
export function apartKey(path: string, method: string | null): string {
  return `${path} ${method ?? ''}`;
}

function other(statement: string): ImageUse {
  return { kind: 'other', statement: cutText(statement, MAX_SHOWN) };
}
