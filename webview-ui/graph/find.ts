import type { PageModel, PageNode } from '../../src/protocol/messages.ts';
import { nodeLabel, shapeText } from '../state/format.ts';
import type { SelectionKey } from './graphModel.ts';

export interface Found {
  key: SelectionKey;
  title: string;
  /** What matched, in words, with the text it was found in. */
  why: string;
}

interface Field {
  what: string;
  text: string;
  lower: string;
}

interface Entry {
  key: SelectionKey;
  title: string;
  fields: Field[];
}

/** Looks through names, operators, tensors, dtypes, shapes and attributes. Words are sought separately; all must be found. */
export class Finder {
  #entries: Entry[];

  constructor(model: PageModel) {
    this.#entries = [
      ...model.inputs.map((v, i) => ({ key: `i${i}`, title: v.name, fields: fields([['graph input', v.name], ['type', v.dtype], ['shape', shapeText(v.dims)]]) })),
      ...model.nodes.filter((n) => n.opType !== 'Constant').map((n) => ({ key: `n${n.id}`, title: nodeLabel(n), fields: nodeFields(n) })),
      ...model.outputs.map((v, i) => ({ key: `o${i}`, title: v.name, fields: fields([['graph output', v.name], ['type', v.dtype], ['shape', shapeText(v.dims)]]) })),
    ];
  }

  /** Matches in file order; those whose operator or name is exactly the query come first. */
  find(query: string): Found[] {
    const words = normalQuery(query);
    if (words.length === 0) return [];
    const exact: Found[] = [];
    const rest: Found[] = [];
    for (const { key, title, fields: all } of this.#entries) {
      const hits = words.map((word) => all.find((f) => matches(f, word)));
      const first = hits[0];
      if (!first || hits.includes(undefined)) continue;
      const whole = all.some((f) => (f.what === 'operator' || f.what === 'name') && f.lower === words.join(' '));
      (whole ? exact : rest).push({ key, title, why: `${first.what}: ${first.text}` });
    }
    return [...exact, ...rest];
  }
}

/** `64x112`, `64*112` and `[64, 112]` all mean the shape 64×112. */
function normalQuery(query: string): string[] {
  return query.trim().toLowerCase().replace(/[[\]()]/g, ' ').replace(/(\d)\s*,\s*(?=\d)/g, '$1×').replace(/(\w)\s*[x*×]\s*(?=\d)/g, (_, before: string) => (/[\d?]/.test(before) ? `${before}×` : `${before}x`))
    .split(/\s+/).filter((w) => w !== '');
}

function matches(field: Field, word: string): boolean {
  if (field.what !== 'shape' || !/^[\d×]+$/.test(word)) return field.lower.includes(word);
  // In a shape a number is a whole dimension: 64 is not in 164.
  return `×${field.lower}×`.includes(`×${word}×`);
}

function fields(list: readonly (readonly [string, string])[]): Field[] {
  return list.filter(([, text]) => text !== '').map(([what, text]) => ({ what, text, lower: text.toLowerCase() }));
}

function nodeFields(node: PageNode): Field[] {
  const list: [string, string][] = [['operator', node.opType], ['name', node.name], ['domain', node.domain]];
  for (const t of node.outputs) list.push(['output', t.name], ['shape', shapeText(t.dims)]);
  for (const t of node.inputs) {
    list.push([t.weight ? 'weight' : 'input', t.name], ['shape', shapeText(t.weight?.dims ?? t.dims)]);
    if (t.weight) list.push(['type', t.weight.dtype]);
  }
  for (const a of node.attributes) list.push(['attribute', `${a.name} = ${a.value}`]);
  return fields(list);
}
