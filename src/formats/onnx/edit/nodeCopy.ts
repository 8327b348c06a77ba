import { joined } from '../../../bytes/joined.ts';
import { encodeAttribute, encodeField, encodeText, type NewAttribute } from './encode.ts';
import type { Attribute, Node } from '../model.ts';
import type { WireReader } from '../scan/wire.ts';
import { NODE, ATTRIBUTE } from '../fields.ts';

const REPLACED: ReadonlySet<number> = new Set([NODE.input, NODE.output, NODE.name]);

/** How a copy differs from the node it is made from. */
export interface NodeCopy {
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** By name: an attribute from elsewhere in the file, a new one, or null for one that is left out. */
  readonly attributes: ReadonlyMap<string, Attribute | NewAttribute | null>;
}

/**
 * The body of a node to be written at another place: doc_string, metadata, unknown fields and other attributes come
 * byte for byte.
 */
export async function copyNode(wire: WireReader, node: Node, copy: NodeCopy): Promise<Uint8Array> {
  const parts = [
    ...copy.inputs.map((text) => encodeText(NODE.input, text)),
    ...copy.outputs.map((text) => encodeText(NODE.output, text)),
    encodeText(NODE.name, copy.name),
  ];
  const names = new Map(node.attributes.map((attribute) => [attribute.ref.start, attribute.name]));
  const kept = await wire.ranges(node.ref, (field) => {
    if (REPLACED.has(field.number)) return false;
    const name = field.number === NODE.attribute ? names.get(field.start) : undefined;
    return name === undefined || !copy.attributes.has(name);
  });
  for (const { start, end } of kept) parts.push(await wire.bytes(start, end));
  for (const [name, value] of copy.attributes)
    if (value)
      parts.push(
        encodeField(NODE.attribute, 'ref' in value ? await underName(wire, value, name) : encodeAttribute(value)),
      );
  return joined(parts);
}

async function underName(wire: WireReader, attribute: Attribute, name: string): Promise<Uint8Array> {
  const parts = [encodeText(ATTRIBUTE.name, name)];
  for (const { start, end } of await wire.ranges(attribute.ref, (field) => field.number !== ATTRIBUTE.name))
    parts.push(await wire.bytes(start, end));
  return joined(parts);
}
