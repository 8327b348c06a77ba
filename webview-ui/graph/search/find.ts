import type { PageModel, PageNode, PageValue } from '../../../src/protocol/pageModel.ts';
import { nodeLabel, shapeText } from '../../text/format.ts';
import type { SelectionKey } from '../graphModel.ts';
import { allNodes } from '../items.ts';
import { exactPattern, queryWords, wordPattern } from './query.ts';

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
    const words = queryWords(query);
    if (words.length === 0) return [];
    const [first, ...others] = words.map(wordPattern);
    const whole = exactPattern(words);
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
      .filter((node) => node.opType !== 'Constant')
      .map((node) => ({ key: `n${node.id}`, title: nodeLabel(node), text: nodeText(node) })),
    ...model.outputs.map(value('graph output', 'o')),
  ];
}

/** One line per field that holds something. A tab or a line break in a field would begin another one. */
function lines(fields: readonly (readonly [string, string])[]): string {
  return fields
    .filter(([, value]) => value !== '')
    .map(([what, value]) => `${what}\t${value.replace(/[\n\t]+/g, ' ')}`)
    .join('\n');
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
