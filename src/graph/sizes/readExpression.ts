import { add, atom, constant, multiply, scale, type Expression } from './expression.ts';

/** What stands in expressions as it is. Other names come in ‹›. */
const PLAIN_NAME = /[\p{L}_][\p{L}\p{N}_.:]*/uy;
const WHOLE_PLAIN_NAME = /^[\p{L}_][\p{L}\p{N}_.:]*$/u;
const OPENING: Readonly<Record<string, string>> = { '⌊': '⌋', '‹': '›', '(': ')' };
/** Texts repeat on every layer; the cache is emptied when it has grown to this. */
const MAX_CACHED = 20_000;
const cache = new Map<string, Expression>();

/** A name from a file as it stands in expressions: `batch`, but ‹past + new›, which is one name and no sum. */
export function nameText(name: string): string {
  return WHOLE_PLAIN_NAME.test(name) ? name : `‹${name.replaceAll('‹', '<').replaceAll('›', '>')}›`;
}

/** The reverse of `nameText` for a size that is a single name; other texts stay. */
export function bareName(text: string): string {
  return text.startsWith('‹') && text.indexOf('›') === text.length - 1 ? text.slice(1, -1) : text;
}

/** Reads what `expressionText` writes. Any other text is one name. */
export function readExpression(text: string): Expression {
  const cached = cache.get(text);
  if (cached) return cached;
  const found = new Reader(text).whole() ?? atom(nameText(text));
  if (cache.size >= MAX_CACHED) cache.clear();
  cache.set(text, found);
  return found;
}

/** What is inside ⌊…⌋; null for other atoms. */
export function floored(text: string): Expression | null {
  return text.startsWith('⌊') ? readExpression(text.slice(1, -1)) : null;
}

/** Which of several sizes an atom is. */
export type Extreme = 'max' | 'min';

/** `max(…)` or `min(…)`. */
export interface Choice {
  readonly which: Extreme;
  readonly of: readonly Expression[];
}

/** The sizes that an atom chooses among; null for other atoms. */
export function choices(text: string): Choice | null {
  const match = /^(max|min)\((.*)\)$/su.exec(text);
  return match ? { which: match[1] === 'max' ? 'max' : 'min', of: splitTop(match[2] ?? '').map(readExpression) } : null;
}

/** Cuts at the commas that are in no brackets. */
function splitTop(text: string): string[] {
  const parts: string[] = [];
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    const close = OPENING[text[at] ?? ''];
    if (close) at = closing(text, at, close);
    else if (text.startsWith(', ', at)) {
      parts.push(text.slice(from, at));
      from = at + 2;
    }
  }
  return [...parts, text.slice(from)];
}

/** Where the bracket at `at` closes; the end where it doesn't. */
function closing(text: string, at: number, close: string): number {
  const open = text[at];
  for (let depth = 0, i = at; i < text.length; i++) {
    if (text[i] === '‹' && open !== '‹') i = Math.max(i, text.indexOf('›', i));
    else if (text[i] === open) depth++;
    else if (text[i] === close && --depth === 0) return i;
  }
  return text.length;
}

/** Nothing recurses: what is in brackets is an atom, read when someone asks for its inside. */
class Reader {
  private readonly text: string;
  private at = 0;

  constructor(text: string) {
    this.text = text;
  }

  whole(): Expression | null {
    const bracket = this.text.startsWith('(') ? closing(this.text, 0, ')') : -1;
    if (bracket > 0) {
      const inside = new Reader(this.text.slice(1, bracket)).sum();
      this.at = bracket + 1;
      return inside && this.divided(inside);
    }
    const sum = this.sum(true);
    return sum && this.divided(sum);
  }

  private divided(expression: Expression): Expression | null {
    if (this.at === this.text.length) return expression;
    const by = /^\/(\d+)$/.exec(this.text.slice(this.at));
    return by && Number(by[1]) > 0 ? scale(expression, 1, Number(by[1])) : null;
  }

  private sum(mayDivide = false): Expression | null {
    let total = constant(0);
    do {
      const sign = this.text[this.at] === '-' ? -1 : 1;
      if (this.text[this.at] === '-' || this.text[this.at] === '+') this.at++;
      const term = this.term();
      total = term && total && add(total, term, sign);
    } while (total && (this.text[this.at] === '+' || this.text[this.at] === '-'));
    return this.at === this.text.length || (mayDivide && this.text[this.at] === '/') ? total : null;
  }

  private term(): Expression | null {
    let product = this.factor();
    while (product && this.text[this.at] === '·') {
      this.at++;
      const next = this.factor();
      product = next && multiply(product, next);
    }
    return product;
  }

  private factor(): Expression | null {
    const start = this.at;
    const first = this.text[start] ?? '';
    if (first === '⌊' || first === '‹') return this.take(closing(this.text, start, OPENING[first] ?? '') + 1);
    const digits = /^\d{1,16}/.exec(this.text.slice(start, start + 16))?.[0];
    if (digits) {
      this.at += digits.length;
      return constant(Number(digits));
    }
    PLAIN_NAME.lastIndex = start;
    const name = PLAIN_NAME.exec(this.text)?.[0];
    if (!name) return null;
    const end = start + name.length;
    return this.take(
      (name === 'max' || name === 'min') && this.text[end] === '(' ? closing(this.text, end, ')') + 1 : end,
    );
  }

  private take(end: number): Expression | null {
    if (end > this.text.length) return null;
    const text = this.text.slice(this.at, end);
    this.at = end;
    return atom(text);
  }
}
