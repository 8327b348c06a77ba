import { concat, replaceBody, type Edit } from './edit.ts';
import { encodeAttribute, encodeField, encodeText, type NewAttribute } from './encode.ts';
import type { Node } from './model.ts';
import type { WireReader } from './wire.ts';

/** What to change in a node; what isn't named stays. An attribute that is set replaces the one of its name. */
export interface NodeChanges {
  readonly opType?: string;
  readonly inputs?: readonly string[];
  readonly outputs?: readonly string[];
  readonly attributes?: { readonly set?: readonly NewAttribute[]; readonly remove?: readonly string[] };
}

const INPUT = 1;
const OUTPUT = 2;
const OP_TYPE = 4;
const ATTRIBUTE = 5;

/** Rewrites a node in place. Its doc_string, metadata, overload and unknown fields come through byte for byte, in their order. */
export async function rewriteNode(wire: WireReader, node: Node, changes: NodeChanges): Promise<Edit> {
  const texts = new Map<number, readonly string[]>();
  if (changes.inputs) texts.set(INPUT, changes.inputs);
  if (changes.outputs) texts.set(OUTPUT, changes.outputs);
  if (changes.opType !== undefined) texts.set(OP_TYPE, [changes.opType]);
  const set = new Map((changes.attributes?.set ?? []).map((attribute) => [attribute.name, attribute]));
  const removed = new Set(changes.attributes?.remove ?? []);
  const names = new Map(node.attributes.map((attribute) => [attribute.ref.start, attribute.name]));
  const parts: Uint8Array[] = [];
  const written = new Set<string>();
  for (const field of await wire.fields(node.ref)) {
    const replacement = texts.get(field.number);
    const attribute = field.number === ATTRIBUTE ? names.get(field.start) : undefined;
    const value = attribute === undefined ? undefined : set.get(attribute);
    if (replacement) {
      parts.push(...replacement.map((text) => encodeText(field.number, text)));
      texts.set(field.number, []);
    } else if (value) {
      if (!written.has(value.name)) parts.push(encodeField(ATTRIBUTE, encodeAttribute(value)));
      written.add(value.name);
    } else if (attribute === undefined || !removed.has(attribute)) parts.push(await wire.bytes(field.start, field.end));
  }
  for (const [number, values] of texts) parts.push(...values.map((text) => encodeText(number, text)));
  for (const value of set.values()) if (!written.has(value.name)) parts.push(encodeField(ATTRIBUTE, encodeAttribute(value)));
  return replaceBody(node.ref, concat(parts));
}
