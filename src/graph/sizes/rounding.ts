import {
  add,
  atom,
  collect,
  constant,
  expressionText,
  gcd,
  scale,
  wholeNumber,
  type Expression,
  type Term,
} from './expression.ts';
import { choices, floored, type Extreme } from './readExpression.ts';
import { product } from '../../tensors/dims.ts';

/** Roundings inside roundings are merged; more steps than this are not tried. */
const MAX_MERGES = 32;

/**
 * ⌊e / divisor⌋ in one form for equal sizes: whole parts come out, and ⌊(⌊x⌋+a)/n⌋ becomes ⌊(x+a)/n⌋ for whole a and n
 * (Graham, Knuth, Patashnik, Concrete Mathematics, 3.11), so that five halvings of an image are ⌊(height+31)/32⌋. Null
 * where it gets too long.
 */
export function floorDivide(expression: Expression, divisor: number): Expression | null {
  // With a denominator it is a size that is known to divide: a whole number.
  if (divisor === 1) return expression;
  return floor(scale(expression, 1, divisor));
}

/** ⌊e⌋ of an expression whose coefficients may be fractions. */
export function floor(expression: Expression | null): Expression | null {
  let whole = constant(0);
  let rest = expression;
  for (let step = 0; step < MAX_MERGES; step++) {
    const parts: Expression | null = rest && split(rest);
    const out: Expression | null = parts && rest && add(rest, parts, -1);
    whole = out && whole && add(whole, out);
    if (!parts || !whole) return null;
    if (parts.terms.every((term) => term.atoms.length === 0)) return whole;
    const grouped = grouping(parts);
    const merged = grouped && merge(grouped);
    if (grouped && !merged) {
      const text = expressionText(grouped);
      return text === null ? null : add(whole, atom(`⌊${text}⌋`));
    }
    rest = merged;
  }
  return null;
}

/** The fractional part of every coefficient; what it leaves is whole. */
function split(expression: Expression): Expression | null {
  return collect(
    expression.terms.map(({ n, atoms }) => ({ n: ((n % expression.den) + expression.den) % expression.den, atoms })),
    expression.den,
  );
}

/** ⌊(g·y+c)/d⌋ is ⌊(y+⌊c/g⌋)/(d/g)⌋ where g divides d and y is whole. */
function grouping(expression: Expression): Expression | null {
  const g = expression.terms.reduce((total, term) => (term.atoms.length ? gcd(total, term.n) : total), expression.den);
  return collect(
    expression.terms.map((term) =>
      term.atoms.length ? { n: term.n / g, atoms: term.atoms } : { n: Math.floor(term.n / g), atoms: [] },
    ),
    expression.den / g,
  );
}

/** Puts the inside of one rounding in its place, where that changes nothing. Null where there is none. */
function merge(expression: Expression): Expression | null {
  const at = expression.terms.findIndex(
    (term) => term.n === 1 && term.atoms.length === 1 && floored(term.atoms[0] ?? '') !== null,
  );
  const inside = floored(expression.terms[at]?.atoms[0] ?? '');
  const others =
    inside &&
    collect(
      expression.terms.filter((_, i) => i !== at),
      1,
    );
  const sum = others && add(others, inside);
  return sum && scale(sum, 1, expression.den);
}

/** No size is smaller than this, if every named size is at least one; -Infinity where nothing is known. */
export function lowest(expression: Expression): number {
  const { terms, den } = expression;
  const plain = terms.reduce((sum, term) => sum + lowestTerm(term), 0) / den;
  const isRounded = terms.some(({ atoms }) => atoms.length === 1 && floored(atoms[0] ?? ''));
  if (plain > -Infinity || !isRounded) return plain;
  // x-1 < ⌊x⌋ ≤ x: without its roundings a difference may be decided.
  let relaxed: Expression | null = constant(0);
  for (const term of terms) relaxed = relaxed && addRelaxed(relaxed, term, den);
  const isBounded = relaxed?.terms.every(({ atoms, n }) => atoms.length === 0 || n >= 0);
  return relaxed && isBounded ? Math.ceil(lowest(relaxed)) : -Infinity;
}

function lowestTerm({ n, atoms }: Term): number {
  if (atoms.length === 0) return n;
  const lows = atoms.map(lowestAtom);
  return n > 0 && (lows.length === 1 || lows.every((low) => low >= 0)) ? n * product(lows) : -Infinity;
}

function addRelaxed(sum: Expression, term: Term, den: number): Expression | null {
  const inside = term.atoms.length === 1 ? floored(term.atoms[0] ?? '') : null;
  if (!inside) return add(sum, { terms: [term], den });
  const value = term.n < 0 ? inside : add(inside, { terms: [{ n: inside.den - 1, atoms: [] }], den: inside.den }, -1);
  const scaled = value && scale(value, term.n, den);
  return scaled && add(sum, scaled);
}

function lowestAtom(text: string): number {
  const inside = floored(text);
  if (inside) return Math.floor(lowest(inside));
  const picked = choices(text);
  if (!picked) return 1;
  const all = picked.of.map(lowest);
  return Math[picked.which](...all);
}

/** -1, 0 or 1 where a is always smaller than, equal to or larger than b; null where it depends on named sizes. */
export function compare(a: Expression, b: Expression): -1 | 0 | 1 | null {
  const difference = add(a, b, -1);
  if (!difference) return null;
  if (wholeNumber(difference) === 0) return 0;
  if (lowest(difference) > 0) return 1;
  const opposite = scale(difference, -1, 1);
  return opposite && lowest(opposite) > 0 ? -1 : null;
}

/** True where a is never smaller than b. */
function atLeast(a: Expression, b: Expression): boolean {
  const difference = add(a, b, -1);
  return difference !== null && lowest(difference) >= 0;
}

/** The larger or the smaller of two, decided where it can be; null where the text would get too long. */
export function choose(a: Expression, b: Expression, which: Extreme): Expression | null {
  if (atLeast(a, b)) return which === 'max' ? a : b;
  if (atLeast(b, a)) return which === 'max' ? b : a;
  const of = [a, b].flatMap((expression) => inner(expression, which));
  const texts = of.map(expressionText).filter((text) => text !== null);
  if (texts.length < of.length) return null;
  const text = `${which}(${[...new Set(texts)].sort().join(', ')})`;
  return expressionText(atom(text)) === null ? null : atom(text);
}

/** What an expression that is such a choice already chooses among; else itself. */
function inner(expression: Expression, which: Extreme): readonly Expression[] {
  const [only, ...more] = expression.terms;
  const picked =
    only && !more.length && only.n === 1 && expression.den === 1 && only.atoms.length === 1
      ? choices(only.atoms[0] ?? '')
      : null;
  return picked?.which === which ? picked.of : [expression];
}

/**
 * The number an expression is for given sizes of names; null where one is missing. Brackets nest no deeper than a text
 * is long.
 */
export function evaluate(expression: Expression, sizes: ReadonlyMap<string, number>): number | null {
  let total = 0;
  for (const { n, atoms } of expression.terms) {
    let product = n;
    for (const a of atoms) product *= evaluateAtom(a, sizes) ?? NaN;
    total += product;
  }
  return Number.isNaN(total) ? null : total / expression.den;
}

function evaluateAtom(text: string, sizes: ReadonlyMap<string, number>): number | null {
  const given = sizes.get(text);
  if (given !== undefined) return given;
  const inside = floored(text);
  if (inside) {
    const value = evaluate(inside, sizes);
    return value === null ? null : Math.floor(value);
  }
  const picked = choices(text);
  const values = picked?.of.map((expression) => evaluate(expression, sizes)) ?? [null];
  if (!values.every((value) => value !== null)) return null;
  return Math[picked?.which ?? 'min'](...values);
}
