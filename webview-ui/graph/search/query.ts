/** Sizes in brackets; the closing one may be missing. */
const BRACKETS = /[[(]([^\])]*)([\])])?/g;
/** A comma between two digits, with or without spaces. */
const COMMA_IN_SHAPE = /(?<=\d)\s*,\s*(?=\d)/g;
/** What people type for × between two sizes; `?` is a size that is not known. */
const TIMES_IN_SHAPE = /(?<=[\d?])(?:x|\s*[*×]\s*)(?=\d)/g;

/**
 * The words of a query, each sought by itself. `64x112`, `64*112` and `64, 112` mean the shape 64×112; `[64, 3` one
 * that starts with 64×3; `kernel_shape=3` an attribute.
 */
export function queryWords(query: string): string[] {
  const bracketsApart = query
    .trim()
    .toLowerCase()
    .replace(/\s*=\s*/g, '=')
    .replace(BRACKETS, (_, inside: string, closing?: string) => ` ${bracketWord(inside, closing !== undefined)} `);
  return bracketsApart
    .replace(/=\s+/g, '=')
    .replace(COMMA_IN_SHAPE, '×')
    .replace(TIMES_IN_SHAPE, '×')
    .split(/\s+/)
    .filter((word) => word !== '');
}

function bracketWord(inside: string, isClosed: boolean): string {
  const sizes = inside.split(/[\s,x*×]+/).filter((size) => size !== '');
  return `[${sizes.join('×')}${isClosed ? ']' : ''}`;
}

/**
 * Finds a word in an entry's text: one line per field, of what it is, a tab and its text. In a shape a number is a
 * whole size: 64 is not in 164. Elsewhere a word may stand anywhere.
 */
export function wordPattern(word: string): RegExp {
  const attribute = /^([^=]+)=(.*)$/.exec(word);
  if (attribute) return attributePattern(attribute[1]!, attribute[2]!);
  if (word.startsWith('[')) return bracketPattern(word);
  if (/^[\d×]+$/.test(word)) return sizesPattern(word);
  return new RegExp(`^[^\\t\\n]*\\t.*${escape(word)}`, 'mi');
}

/** Finds an entry whose operator, name or place in the graph's inputs and outputs is exactly these words. */
export function exactPattern(words: readonly string[]): RegExp {
  return new RegExp(`^(?:operator|name|graph (?:in|out)put)\\t${escape(words.join(' '))}$`, 'mi');
}

function attributePattern(name: string, value: string): RegExp {
  return new RegExp(`^attribute\\t[^=\\n]*${escape(name)}[^=\\n]* = ${valuePattern(value)}`, 'mi');
}

/** Numbers of a list in order, from its first on; one number also anywhere in a list. */
function valuePattern(value: string): string {
  const bare = value.replace(/^\[|\]$/g, '');
  if (bare.includes('×') || value.startsWith('[')) return `\\[${bare.split('×').map(escape).join(', ')}(?:,|\\])`;
  if (/^-?[\d.]+$/.test(bare)) return `(?:${escape(bare)}$|\\[(?:.*, )?${escape(bare)}(?:,|\\]))`;
  return escape(bare);
}

/** The shape, or an attribute's list, that starts with these sizes; with a closing bracket it has no others. */
function bracketPattern(word: string): RegExp {
  const isClosed = word.endsWith(']');
  const inside = word.slice(1, isClosed ? -1 : undefined);
  const sizes = inside.split('×').map(escape);
  const shape = `^shape\\t${sizes.join('×')}${isClosed ? '$' : '(?:×|$)'}`;
  const list = `^attribute\\t.*\\[${sizes.join(', ')}${isClosed ? '\\]' : '(?:,|\\])'}`;
  return new RegExp(`${shape}|${list}`, 'mi');
}

/** Whole sizes that follow each other in a shape; in any other field the text as it is. */
function sizesPattern(sizes: string): RegExp {
  return new RegExp(`^shape\\t(?:.*×)?${sizes}(?:×|$)|^(?!shape)[^\\t\\n]*\\t.*${sizes}`, 'mi');
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}
