import { ChannelwiseError } from '../errors.ts';

/**
 * A JSON value with the place of its text, so that it can be changed there and everything else stays as it was written.
 */
export interface Json {
  readonly start: number;
  readonly end: number;
  readonly value: JsonValue;
}

export type JsonValue = string | number | boolean | null | readonly Json[] | ReadonlyMap<string, Json>;

/** A configuration has some 100 values for each layer; the largest networks have some 10,000 layers. */
const MAX_VALUES = 5_000_000;
const MAX_DEPTH = 1000;

const WORDS: readonly (readonly [string, JsonValue])[] = [
  ['true', true],
  ['false', false],
  ['null', null],
];
/** Python writes these three, which are no JSON. */
const PYTHON_WORDS: typeof WORDS = [
  ['NaN', NaN],
  ['Infinity', Infinity],
  ['-Infinity', -Infinity],
];
const NUMBER = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y;
const TEXT = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const SPACE = /[ \t\r\n]*/y;

/** A container that is still being read. */
type OpenContainer =
  | { readonly kind: 'list'; readonly start: number; readonly items: Json[] }
  | { readonly kind: 'map'; readonly start: number; readonly items: Map<string, Json>; key: string };

/** What a text may hold, and how its faults are told. */
export interface JsonRules {
  readonly maxDepth: number;
  readonly hasPythonWords: boolean;
  /** A name that comes twice is refused. */
  readonly uniqueNames: boolean;
  /** The error for a fault: its code a clause such as `a name is not followed by a value`, and the character. */
  fault(code: 'json' | 'json-depth', clause: string, at: number): ChannelwiseError;
}

/**
 * Reads a JSON text as Python's json module writes it. `what` begins the message where it can't be read; with
 * `uniqueNames` a name that comes twice is refused.
 */
export function parseJson(text: string, what: string, { uniqueNames = false } = {}): Json {
  const fault = (code: string, clause: string, at: number): ChannelwiseError =>
    new ChannelwiseError('malformed', code, `${what} is no readable JSON: ${clause} (character ${at}).`);
  return readJson(text, { maxDepth: MAX_DEPTH, hasPythonWords: true, uniqueNames, fault });
}

/** Reads a JSON text by these rules, without recursion. */
export function readJson(text: string, rules: JsonRules): Json {
  return new Parser(text, rules).run();
}

class Parser {
  private readonly text: string;
  private readonly rules: JsonRules;
  private readonly words: typeof WORDS;
  private readonly open: OpenContainer[] = [];
  private at = 0;
  private count = 0;

  constructor(text: string, rules: JsonRules) {
    this.text = text;
    this.rules = rules;
    this.words = rules.hasPythonWords ? [...WORDS, ...PYTHON_WORDS] : WORDS;
  }

  run(): Json {
    for (;;) {
      let done = this.begin();
      // A value that is complete may complete the containers around it.
      while (done) {
        const around = this.open.at(-1);
        if (!around) return this.last(done);
        if (around.kind === 'list') around.items.push(done);
        else around.items.set(around.key, done);
        done = this.next(around);
      }
    }
  }

  /**
   * Begins a value: a whole one, an empty container, or null where a container was opened and its first value follows.
   */
  private begin(): Json | null {
    this.space();
    if (++this.count > MAX_VALUES) throw this.error('it has too many values');
    const start = this.at;
    if (this.take('[')) return this.opened({ kind: 'list', start, items: [] });
    if (this.take('{')) return this.opened({ kind: 'map', start, items: new Map(), key: '' });
    const word = this.words.find(([name]) => this.text.startsWith(name, start));
    if (word) {
      this.at += word[0].length;
      return { start, end: this.at, value: word[1] };
    }
    if (this.text[start] === '"') {
      const value = this.string();
      return { start, end: this.at, value };
    }
    return { start, value: Number(this.match(NUMBER)), end: this.at };
  }

  private opened(container: OpenContainer): Json | null {
    if (this.open.length >= this.rules.maxDepth)
      throw this.error(`it is nested more than ${this.rules.maxDepth} levels deep`, 'json-depth');
    this.space();
    if (this.take(container.kind === 'list' ? ']' : '}'))
      return { start: container.start, end: this.at, value: container.items };
    this.open.push(container);
    if (container.kind === 'map') this.key(container);
    return null;
  }

  /** Behind a value in a container: null where another one follows, the container where it ends. */
  private next(container: OpenContainer): Json | null {
    this.space();
    if (this.take(',')) {
      if (container.kind === 'map') this.key(container);
      return null;
    }
    if (!this.take(container.kind === 'list' ? ']' : '}')) throw this.error('a value is followed by something else');
    this.open.pop();
    return { start: container.start, end: this.at, value: container.items };
  }

  private key(container: Extract<OpenContainer, { kind: 'map' }>): void {
    this.space();
    container.key = this.string();
    if (this.rules.uniqueNames && container.items.has(container.key))
      throw this.error(`the name ${container.key} comes twice`);
    this.space();
    if (!this.take(':')) throw this.error('a name is not followed by a value');
  }

  private last(value: Json): Json {
    this.space();
    if (this.at < this.text.length) throw this.error('something follows behind its end');
    return value;
  }

  private string(): string {
    return JSON.parse(this.match(TEXT)) as string;
  }

  private match(pattern: RegExp): string {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0];
    if (found === undefined) throw this.error('there is no value where one should be');
    this.at += found.length;
    return found;
  }

  private space(): void {
    SPACE.lastIndex = this.at;
    this.at += SPACE.exec(this.text)?.[0].length ?? 0;
  }

  private take(sign: string): boolean {
    if (this.text[this.at] !== sign) return false;
    this.at += 1;
    return true;
  }

  private error(why: string, code: 'json' | 'json-depth' = 'json'): ChannelwiseError {
    return this.rules.fault(code, why, this.at);
  }
}

/** The value under a name; undefined where there is none, or where this is no map. */
export function member(json: Json | undefined, name: string): Json | undefined {
  return json?.value instanceof Map ? json.value.get(name) : undefined;
}

/** The value under names one inside the other. */
export function memberAt(json: Json | undefined, ...names: readonly string[]): Json | undefined {
  return names.reduce<Json | undefined>(member, json);
}

/** The entries of a list; none where it is no list. */
export function items(json: Json | undefined): readonly Json[] {
  return Array.isArray(json?.value) ? (json.value as readonly Json[]) : [];
}

/** The members of an object, in their order; none where it is none. */
export function entries(json: Json | undefined): ReadonlyMap<string, Json> {
  return json?.value instanceof Map ? json.value : new Map<string, Json>();
}

/** A text; undefined where it is something else. */
export function text(json: Json | undefined): string | undefined {
  return typeof json?.value === 'string' ? json.value : undefined;
}

/** A number; undefined where it is something else. */
export function number(json: Json | undefined): number | undefined {
  return typeof json?.value === 'number' ? json.value : undefined;
}

/** True or false; undefined where it is something else. */
export function flag(json: Json | undefined): boolean | undefined {
  return typeof json?.value === 'boolean' ? json.value : undefined;
}

/** A list of numbers; undefined where it is anything else. */
export function numbers(json: Json | undefined): number[] | undefined {
  if (!Array.isArray(json?.value)) return undefined;
  const found = (json.value as readonly Json[]).map((item) => item.value);
  return found.every((n) => typeof n === 'number') ? found : undefined;
}
