const OPENS = new Set('([{');
const CLOSES = new Set(')]}');

/** A piece of a line, from `start` to before `end`. */
export interface TextSpan {
  readonly start: number;
  readonly end: number;
}

/** The brackets around a piece of code, and which argument in them it is. */
export interface Enclosing extends TextSpan {
  /** What is called: `torch.relu`, `(conv1).forward`; '' of brackets behind nothing. */
  readonly callee: string;
  /** Where what is called begins. */
  readonly calleeStart: number;
  readonly index: number;
  readonly arguments: readonly string[];
  /** The piece is the whole argument. */
  readonly isWhole: boolean;
}

/** The same line with blanks in place of what stands in strings, so that brackets and names in it are code. */
export function withoutStrings(line: string): string {
  return line.replaceAll(/"(?:[^"\\]|\\.)*"/g, (text) => `"${' '.repeat(text.length - 2)}"`);
}

/** Arguments of a call, between its brackets; a comma behind the last one adds none. */
export function textArguments(text: string): string[] {
  const code = withoutStrings(text);
  const found: string[] = [];
  let [depth, start] = [0, 0];
  for (let at = 0; at <= code.length; at++) {
    const character = code[at] ?? ',';
    if (OPENS.has(character)) depth++;
    if (CLOSES.has(character)) depth--;
    if (character !== ',' || depth > 0) continue;
    found.push(text.slice(start, at).trim());
    start = at + 1;
  }
  return found.at(-1) === '' ? found.slice(0, -1) : found;
}

/** The innermost brackets around a piece of a line; null where there are none. */
export function enclosingCall(line: string, piece: TextSpan): Enclosing | null {
  const code = withoutStrings(line);
  const open = openBefore(code, piece.start);
  const close = closeBehind(code, piece.end);
  if (open < 0 || close < 0) return null;
  const found = textArguments(line.slice(open + 1, close));
  const index = textArguments(`${line.slice(open + 1, piece.start)}_`).length - 1;
  const callee = code[open] === '(' ? calleeBefore(code, open) : '';
  return {
    ...{ start: open, end: close + 1, callee, calleeStart: open - callee.length, index, arguments: found },
    isWhole: code[open] === '(' && found[index] === line.slice(piece.start, piece.end),
  };
}

function openBefore(code: string, from: number): number {
  let depth = 0;
  for (let at = from - 1; at >= 0; at--) {
    const character = code[at] ?? '';
    if (CLOSES.has(character)) depth++;
    if (!OPENS.has(character)) continue;
    if (depth === 0) return at;
    depth--;
  }
  return -1;
}

function closeBehind(code: string, from: number): number {
  let depth = 0;
  for (let at = from; at < code.length; at++) {
    const character = code[at] ?? '';
    if (OPENS.has(character)) depth++;
    if (!CLOSES.has(character)) continue;
    if (depth === 0) return at;
    depth--;
  }
  return -1;
}

/** `torch.relu`, `(conv1).forward`: what stands directly in front of an opening bracket. */
function calleeBefore(code: string, open: number): string {
  const name = /[\w.]*$/.exec(code.slice(0, open))?.[0] ?? '';
  const start = open - name.length;
  const isMethod = name.startsWith('.') && code[start - 1] === ')';
  return code.slice(isMethod ? openBefore(code, start - 1) : start, open);
}
