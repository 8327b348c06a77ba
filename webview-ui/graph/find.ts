import type { PageModel, PageNode, PageValue } from '../../src/protocol/pageModel.ts';
import { nodeLabel, shapeText } from '../text/format.ts';
import type { SelectionKey } from './graphModel.ts';
import { allNodes } from './items.ts';

export interface Found {
  key: SelectionKey;
  title: string;
  /** What matched, in words, with the text it was found in. */
  why: string;
}

interface Entry {
  key: SelectionKey;
  title: string;
  /** One line per field: what it is, a tab, its text. */
  text: string;
}

/**
 * Looks through names, operators, tensors, dtypes, shapes and attributes. Words are sought separately; all must be
 * found.
 */
export class Finder {
  readonly #model: PageModel;
  #entries: Entry[] | null = null;

  constructor(model: PageModel) {
    this.#model = model;
  }

  /** Matches in file order; those whose operator or name is exactly the query come first. */
  find(query: string): Found[] {
    const words = normalQuery(query);
    if (words.length === 0) return [];
    const [first, ...others] = words.map(pattern);
    const whole = new RegExp(`^(?:operator|name|graph (?:in|out)put)\\t${escape(words.join(' '))}$`, 'mi');
    const exact: Found[] = [];
    const rest: Found[] = [];
    for (const { key, title, text } of (this.#entries ??= entriesOf(this.#model))) {
      const hit = first!.exec(text);
      if (!hit || !others.every((other) => other.test(text))) continue;
      const [what, where] = lineAt(text, hit.index).split('\t');
      (whole.test(text) ? exact : rest).push({ key, title, why: `${what ?? ''}: ${where ?? ''}` });
    }
    return [...exact, ...rest];
  }
}

/**
 * `64x112`, `64*112` and `64, 112` mean the shape 64×112; `[64, 3` one that starts with 64×3; `kernel_shape=3` an
 * attribute.
 */
function normalQuery(query: string): string[] {
  return query
    .trim()
    .toLowerCase()
    .replace(/\s*=\s*/g, '=')
    .replace(
      /[[(]([^\])]*)([\])])?/g,
      (_, inside: string, end?: string) =>
        ` [${inside
          .split(/[\s,x*×]+/)
          .filter(Boolean)
          .join('×')}${end ? ']' : ''} `,
    )
    .replace(/=\s+/g, '=')
    .replace(/(\d)\s*,\s*(?=\d)/g, '$1×')
    .replace(/(^|[\s=×\d?])x(?=\d)|(?<=[\d?])\s*[*×]\s*(?=\d)/g, (hit, before?: string) =>
      before !== undefined && !/[\d?]/.test(before) ? hit : `${before ?? ''}×`,
    )
    .split(/\s+/)
    .filter((w) => w !== '');
}

/** In a shape a number is a whole size: 64 is not in 164. Elsewhere a word may stand anywhere. */
function pattern(word: string): RegExp {
  const attribute = /^([^=]+)=(.*)$/.exec(word);
  if (attribute)
    return new RegExp(`^attribute\\t[^=\\n]*${escape(attribute[1]!)}[^=\\n]* = ${valuePattern(attribute[2]!)}`, 'mi');
  if (word.startsWith('[')) {
    const closed = word.endsWith(']');
    const sizes = word
      .slice(1, closed ? -1 : undefined)
      .split('×')
      .map(escape);
    return new RegExp(
      `^shape\\t${sizes.join('×')}${closed ? '$' : '(?:×|$)'}|^attribute\\t.*\\[${sizes.join(', ')}${closed ? '\\]' : '(?:,|\\])'}`,
      'mi',
    );
  }
  if (/^[\d×]+$/.test(word))
    return new RegExp(`^shape\\t(?:.*×)?${word}(?:×|$)|^(?!shape)[^\\t\\n]*\\t.*${word}`, 'mi');
  return new RegExp(`^[^\\t\\n]*\\t.*${escape(word)}`, 'mi');
}

function valuePattern(value: string): string {
  const bare = value.replace(/^\[|\]$/g, '');
  if (bare.includes('×') || value.startsWith('[')) return `\\[${bare.split('×').map(escape).join(', ')}(?:,|\\])`;
  if (/^-?[\d.]+$/.test(bare)) return `(?:${escape(bare)}$|\\[(?:.*, )?${escape(bare)}(?:,|\\]))`;
  return escape(bare);
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}

function lineAt(text: string, index: number): string {
  const end = text.indexOf('\n', index);
  return text.slice(index, end < 0 ? undefined : end);
}

function entriesOf(model: PageModel): Entry[] {
  const value =
    (what: string, letter: string) =>
    (v: PageValue, i: number): Entry => ({
      key: `${letter}${i}`,
      title: v.name,
      text: lines([
        [what, v.name],
        ['type', v.dtype],
        ['shape', shapeText(v.dims)],
      ]),
    });
  return [
    ...model.inputs.map(value('graph input', 'i')),
    ...allNodes(model)
      .filter((allNode) => allNode.opType !== 'Constant')
      .map((allNode) => ({ key: `n${allNode.id}`, title: nodeLabel(allNode), text: nodeText(allNode) })),
    ...model.outputs.map(value('graph output', 'o')),
  ];
}

function lines(list: readonly (readonly [string, string])[]): string {
  let text = '';
  for (const [what, value] of list)
    if (value !== '')
      text += `${text === '' ? '' : '\n'}${what}\t${/[\n\t]/.test(value) ? value.replace(/[\n\t]+/g, ' ') : value}`;
  return text;
}

function nodeText(node: PageNode): string {
  const list: [string, string][] = [
    ['operator', node.opType],
    ['name', node.name],
    ['domain', node.domain],
  ];
  for (const output of node.outputs) list.push(['output', output.name], ['shape', shapeText(output.dims)]);
  for (const input of node.inputs) {
    list.push(
      [input.weight ? 'weight' : 'input', input.name],
      ['shape', shapeText(input.weight?.stored ?? input.weight?.dims ?? input.dims)],
    );
    if (input.weight) list.push(['type', input.weight.dtype]);
  }
  for (const attribute of node.attributes) list.push(['attribute', `${attribute.name} = ${attribute.value}`]);
  return lines(list);
}
