/**
 * Sizes as polynomials over atoms, with rational coefficients: Σ n·atom·atom… / den. An atom is its own text: a name,
 * `⌊…⌋`, `max(…)` or `min(…)`, and stands for a whole number. Terms are kept in one order and reduced, so that two
 * expressions are equal exactly when their texts are. A whole expression with a denominator is a size that is known to
 * divide.
 */
export interface Expression {
  readonly terms: readonly Term[];
  readonly den: number;
}

export interface Term {
  readonly n: number;
  /** Sorted; none for a plain number. */
  readonly atoms: readonly string[];
}

/** Longer sums say nothing to a reader and cost time; their sizes get a name of their own. */
const MAX_TERMS = 12;
const MAX_DEGREE = 8;
const MAX_TEXT = 96;

/** The greatest common divisor, by Euclid; of a number and 0 that number. */
export function gcd(a: number, b: number): number {
  let [x, y] = [Math.abs(a), Math.abs(b)];
  while (y) [x, y] = [y, x % y];
  return x;
}

/** Collects like terms and reduces; null where a number leaves the safe integers or the expression gets too long. */
export function collect(terms: readonly Term[], den: number): Expression | null {
  const sums = new Map<string, Term>();
  for (const { n, atoms } of terms) {
    const key = atoms.join('·');
    sums.set(key, { n: (sums.get(key)?.n ?? 0) + n, atoms });
  }
  const kept = [...sums.values()].filter(({ n }) => n !== 0);
  const divisor = kept.reduce((g, { n }) => gcd(g, n), den);
  if (
    kept.length > MAX_TERMS ||
    !Number.isSafeInteger(den) ||
    kept.some(({ n, atoms }) => !Number.isSafeInteger(n) || atoms.length > MAX_DEGREE)
  )
    return null;
  const reduced = kept.map(({ n, atoms }) => ({ n: n / divisor, atoms }));
  return { terms: reduced.sort(before), den: den / divisor };
}

/** Sums begin with what is added, higher products first. */
function before(a: Term, b: Term): number {
  const [x, y] = [a.atoms.join('·'), b.atoms.join('·')];
  return Number(a.n < 0) - Number(b.n < 0) || b.atoms.length - a.atoms.length || (x < y ? -1 : Number(x > y));
}

/** A plain number; null where it leaves the safe integers. */
export function constant(n: number): Expression | null {
  return collect([{ n, atoms: [] }], 1);
}

/** A size by its own text. */
export function atom(text: string): Expression {
  return { terms: [{ n: 1, atoms: [text] }], den: 1 };
}

/** a + b, or a − b; null where it gets too long. */
export function add(a: Expression, b: Expression, sign: 1 | -1 = 1): Expression | null {
  const terms = [
    ...a.terms.map((term) => ({ n: term.n * b.den, atoms: term.atoms })),
    ...b.terms.map((term) => ({ n: sign * term.n * a.den, atoms: term.atoms })),
  ];
  return collect(terms, a.den * b.den);
}

/** a · b; null where it gets too long. */
export function multiply(a: Expression, b: Expression): Expression | null {
  const terms = a.terms.flatMap((term) =>
    b.terms.map((u) => ({ n: term.n * u.n, atoms: [...term.atoms, ...u.atoms].sort() })),
  );
  return collect(terms, a.den * b.den);
}

/** The expression times n/den; null where a number leaves the safe integers. */
export function scale(expression: Expression, n: number, den: number): Expression | null {
  return collect(
    expression.terms.map((term) => ({ n: term.n * n, atoms: term.atoms })),
    expression.den * den,
  );
}

/** a / b where b divides a as a polynomial; null where it doesn't. */
export function divide(a: Expression, b: Expression): Expression | null {
  const [lead] = b.terms;
  if (!lead) return null;
  let rest: Expression | null = a;
  let quotient: Expression | null = constant(0);
  // Every step takes the terms of one product away; a division that works out needs no more steps than terms it may
  // have.
  for (let step = 0; rest?.terms.length && step < 2 * MAX_TERMS; step++) {
    const found = firstQuotient(rest, lead);
    if (!found || !quotient) return null;
    const part = collect([{ n: found.n * b.den, atoms: found.atoms }], rest.den * lead.n);
    const taken = part && multiply(part, b);
    quotient = part && add(quotient, part);
    rest = taken && add(rest, taken, -1);
  }
  return rest && !rest.terms.length && quotient ? positiveDen(quotient) : null;
}

function firstQuotient(of: Expression, by: Term): Term | null {
  for (const term of of.terms) {
    const atoms = [...term.atoms];
    const fits = by.atoms.every((a) => {
      const at = atoms.indexOf(a);
      if (at >= 0) atoms.splice(at, 1);
      return at >= 0;
    });
    if (fits) return { n: term.n, atoms };
  }
  return null;
}

function positiveDen(expression: Expression): Expression | null {
  return expression.den > 0
    ? expression
    : collect(
        expression.terms.map((term) => ({ n: -term.n, atoms: term.atoms })),
        -expression.den,
      );
}

/**
 * The canonical text, which `readExpression` reads back: `height/2`, `⌊(h+1)/2⌋`, `3·h·w-2`. Null where it would be too
 * long.
 */
export function expressionText(expression: Expression): string | null {
  const [first, ...more] = expression.terms;
  if (!first) return '0';
  const [head = '', ...tail] = expression.terms.map(termText);
  const signs = expression.terms.map((term) => (term.n < 0 ? '-' : '+'));
  const sum = tail.reduce((text, term, i) => `${text}${signs[i + 1]}${term}`, first.n < 0 ? `-${head}` : head);
  const text = expression.den === 1 ? sum : `${more.length ? `(${sum})` : sum}/${expression.den}`;
  return text.length > MAX_TEXT ? null : text;
}

function termText({ n, atoms }: Term): string {
  const size = Math.abs(n);
  const isPlain = atoms.length === 0 || size !== 1;
  return [...(isPlain ? [size] : []), ...atoms].join('·');
}

/** The number an expression is; null where it holds names, or is no whole number. */
export function wholeNumber(expression: Expression): number | null {
  const [first, ...more] = expression.terms;
  if (!first) return 0;
  return more.length === 0 && first.atoms.length === 0 && expression.den === 1 ? first.n : null;
}
