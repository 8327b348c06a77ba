import { joined } from '../../../bytes/joined.ts';
import { type Edit } from './edit.ts';
import { encodeAttribute, encodeField, encodeText, type NewAttribute } from './encode.ts';
import type { Node } from '../model.ts';
import type { Field, WireReader } from '../scan/wire.ts';
import { NODE } from '../fields.ts';

/** What to change in a node; what isn't named stays. An attribute that is set replaces the one of its name. */
export interface NodeChanges {
  readonly opType?: string;
  readonly inputs?: readonly string[];
  readonly outputs?: readonly string[];
  readonly attributes?: { readonly set?: readonly NewAttribute[]; readonly remove?: readonly string[] };
}

const NOTHING = new Uint8Array(0);

/**
 * Changes a node in place, field by field: everything else in it stays byte for byte, and subgraphs inside can have
 * edits of their own.
 */
export async function rewriteNode(wire: WireReader, node: Node, changes: NodeChanges): Promise<Edit[]> {
  const texts = new Map<number, readonly string[]>();
  if (changes.inputs) texts.set(NODE.input, changes.inputs);
  if (changes.outputs) texts.set(NODE.output, changes.outputs);
  if (changes.opType !== undefined) texts.set(NODE.opType, [changes.opType]);
  const fields = await wire.fields(node.ref, (field) => texts.has(field.number) || field.number === NODE.attribute);
  const edits: Edit[] = [];
  for (const [number, values] of texts) {
    const old = fields.filter((field) => field.number === number);
    for (const edit of await changeTexts(wire, node, old, { number, values })) edits.push(edit);
  }
  return [...edits, ...changeAttributes(node, fields, changes.attributes ?? {})];
}

/** Field by field what differs; texts beyond the last one go behind it, or to the end of the node. */
async function changeTexts(
  wire: WireReader,
  node: Node,
  fields: readonly Field[],
  { number, values }: { readonly number: number; readonly values: readonly string[] },
): Promise<Edit[]> {
  const edits: Edit[] = [];
  for (const [i, field] of fields.entries()) {
    const value = values[i];
    if (value !== undefined && value === (await wire.text(field))) continue;
    edits.push({
      parent: node.ref,
      start: field.start,
      end: field.end,
      bytes: value === undefined ? new Uint8Array(0) : encodeText(number, value),
    });
  }
  const end = fields.at(-1)?.end ?? node.ref.end;
  const rest = values.slice(fields.length);
  if (rest.length)
    edits.push({ parent: node.ref, start: end, end, bytes: joined(rest.map((value) => encodeText(number, value))) });
  return edits;
}

function changeAttributes(
  node: Node,
  fields: readonly Field[],
  { set = [], remove = [] }: NonNullable<NodeChanges['attributes']>,
): Edit[] {
  const names = new Map(node.attributes.map((attribute) => [attribute.ref.start, attribute.name]));
  const values = new Map(
    set.map((attribute) => [attribute.name, encodeField(NODE.attribute, encodeAttribute(attribute))]),
  );
  const gone = new Set(remove);
  const edits: Edit[] = [];
  for (const field of fields) {
    const name = field.number === NODE.attribute ? names.get(field.start) : undefined;
    const bytes = name === undefined ? undefined : (values.get(name) ?? (gone.has(name) ? NOTHING : undefined));
    if (name === undefined || !bytes) continue;
    edits.push({ parent: node.ref, start: field.start, end: field.end, bytes });
    // An attribute that stands twice is set once.
    if (values.has(name)) values.set(name, NOTHING);
  }
  const added = joined([...values.values()]);
  return added.length ? [...edits, { parent: node.ref, start: node.ref.end, end: node.ref.end, bytes: added }] : edits;
}
