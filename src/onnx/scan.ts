import type { ByteSource } from '../bytes/byteSource.ts';
import { ChannelwiseError } from './errors.ts';
import type { Attribute, Dim, FunctionDef, Graph, MessageRef, MetadataEntry, Model, Node, OpsetImport, SparseTensor, Tensor, TensorStorage, TypedPiece, ValueInfo, ValueType } from './model.ts';
import { FIXED32, LEN, VARINT, WireReader, malformed, type Field } from './wire.ts';

/** Protobuf's own readers stop at 100 nested messages; a subgraph level costs three. */
const MAX_GRAPH_DEPTH = 32;
/** The rank no runtime goes beyond; more dims than this are an attack or damage. */
const MAX_RANK = 64;

/**
 * Reads the structure of a model and leaves tensor data where it lies.
 * Throws `malformed` with a byte offset, or `unsupported` for what a splice could not keep.
 */
export async function scanModel(source: ByteSource, signal?: AbortSignal): Promise<Model> {
  if (source.size === 0) throw malformed('the file is empty', 0);
  return new Scanner(new WireReader(source, signal)).model({ start: 0, bodyStart: 0, end: source.size, parent: null });
}

class Scanner {
  private readonly wire: WireReader;

  constructor(wire: WireReader) {
    this.wire = wire;
  }

  async model(ref: MessageRef): Promise<Model> {
    let irVersion = 0;
    let producerName = '';
    let producerVersion = '';
    let domain = '';
    let modelVersion = 0n;
    let docString = '';
    let graph: Graph | null = null;
    const opsets: OpsetImport[] = [];
    const metadata: MetadataEntry[] = [];
    const functions: FunctionDef[] = [];
    await this.wire.forEachField(ref, async (f) => {
      switch (f.number) {
        case 1: irVersion = int(f); break;
        case 2: producerName = await this.wire.text(f); break;
        case 3: producerVersion = await this.wire.text(f); break;
        case 4: domain = await this.wire.text(f); break;
        case 5: modelVersion = BigInt.asIntN(64, f.value); break;
        case 6: docString = await this.wire.text(f); break;
        case 7:
          if (graph) throw new ChannelwiseError('unsupported', 'split-graph', `The graph is stored in two pieces (the second at byte ${f.start}); merge them first by loading and saving the model with the onnx package.`, { offset: f.start });
          graph = await this.graph(message(f, ref), 0);
          break;
        case 8: opsets.push(await this.opset(message(f, ref))); break;
        case 14: metadata.push(await this.metadata(message(f, ref))); break;
        case 25: functions.push(await this.functionDef(message(f, ref))); break;
      }
    });
    if (!graph) throw malformed('it holds no graph', 0);
    return { ref, irVersion, producerName, producerVersion, domain, modelVersion, docString, opsets, metadata, graph, functions };
  }

  private async opset(ref: MessageRef): Promise<OpsetImport> {
    let domain = '';
    let version = 0;
    await this.wire.forEachField(ref, async (f) => {
      if (f.number === 1) domain = standardDomain(await this.wire.text(f));
      if (f.number === 2) version = int(f);
    });
    return { domain, version };
  }

  private async metadata(ref: MessageRef): Promise<MetadataEntry> {
    let key = '';
    let value = '';
    await this.wire.forEachField(ref, async (f) => {
      if (f.number === 1) key = await this.wire.text(f);
      if (f.number === 2) value = await this.wire.text(f);
    });
    return { ref, key, value };
  }

  private async functionDef(ref: MessageRef): Promise<FunctionDef> {
    let name = '';
    let domain = '';
    let overload = '';
    const inputs: string[] = [];
    const outputs: string[] = [];
    const attributeNames: string[] = [];
    const opsets: OpsetImport[] = [];
    const nodes: Node[] = [];
    await this.wire.forEachField(ref, async (f) => {
      switch (f.number) {
        case 1: name = await this.wire.text(f); break;
        case 4: inputs.push(await this.wire.text(f)); break;
        case 5: outputs.push(await this.wire.text(f)); break;
        case 6: attributeNames.push(await this.wire.text(f)); break;
        case 7: nodes.push(await this.node(message(f, ref), 0)); break;
        case 9: opsets.push(await this.opset(message(f, ref))); break;
        case 10: domain = standardDomain(await this.wire.text(f)); break;
        case 13: overload = await this.wire.text(f); break;
      }
    });
    return { ref, name, domain, overload, inputs, outputs, attributeNames, opsets, nodes };
  }

  private async graph(ref: MessageRef, depth: number): Promise<Graph> {
    if (depth > MAX_GRAPH_DEPTH) {
      throw new ChannelwiseError('unsupported', 'too-deep', `Subgraphs are nested more than ${MAX_GRAPH_DEPTH} deep (byte ${ref.start}).`, { offset: ref.start });
    }
    let name = '';
    const nodes: Node[] = [];
    const initializers: Tensor[] = [];
    const sparseInitializers: SparseTensor[] = [];
    const inputs: ValueInfo[] = [];
    const outputs: ValueInfo[] = [];
    const valueInfo: ValueInfo[] = [];
    await this.wire.forEachField(ref, async (f) => {
      switch (f.number) {
        case 1: nodes.push(await this.node(message(f, ref), depth)); break;
        case 2: name = await this.wire.text(f); break;
        case 5: initializers.push(await this.tensor(message(f, ref))); break;
        case 11: inputs.push(await this.valueInfo(message(f, ref))); break;
        case 12: outputs.push(await this.valueInfo(message(f, ref))); break;
        case 13: valueInfo.push(await this.valueInfo(message(f, ref))); break;
        case 15: sparseInitializers.push(await this.sparse(message(f, ref))); break;
      }
    });
    return { ref, name, nodes, initializers, sparseInitializers, inputs, outputs, valueInfo };
  }

  private async node(ref: MessageRef, depth: number): Promise<Node> {
    let name = '';
    let opType = '';
    let domain = '';
    const inputs: string[] = [];
    const outputs: string[] = [];
    const attributes: Attribute[] = [];
    await this.wire.forEachField(ref, async (f) => {
      switch (f.number) {
        case 1: inputs.push(await this.wire.text(f)); break;
        case 2: outputs.push(await this.wire.text(f)); break;
        case 3: name = await this.wire.text(f); break;
        case 4: opType = await this.wire.text(f); break;
        case 5: attributes.push(await this.attribute(message(f, ref), depth)); break;
        case 7: domain = standardDomain(await this.wire.text(f)); break;
      }
    });
    return { ref, name, opType, domain, inputs, outputs, attributes };
  }

  private async attribute(ref: MessageRef, depth: number): Promise<Attribute> {
    const a: { -readonly [K in keyof Attribute]: Attribute[K] } = { ref, name: '', type: 0 };
    const floats: number[] = [];
    const ints: bigint[] = [];
    const strings: Uint8Array[] = [];
    const tensors: Tensor[] = [];
    const graphs: Graph[] = [];
    await this.wire.forEachField(ref, async (f) => {
      switch (f.number) {
        case 1: a.name = await this.wire.text(f); break;
        case 2: a.float = (await this.float32s(f))[0] ?? 0; break;
        case 3: a.int = BigInt.asIntN(64, f.value); break;
        case 4: a.string = await this.wire.payload(f); break;
        case 5: a.tensor = await this.tensor(message(f, ref)); break;
        case 6: a.graph = await this.graph(message(f, ref), depth + 1); break;
        case 7: for (const v of await this.float32s(f)) floats.push(v); break;
        case 8: for (const v of await this.varints(f)) ints.push(v); break;
        case 9: strings.push(await this.wire.payload(f)); break;
        case 10: tensors.push(await this.tensor(message(f, ref))); break;
        case 11: graphs.push(await this.graph(message(f, ref), depth + 1)); break;
        case 20: a.type = int(f); break;
        case 21: a.refAttrName = await this.wire.text(f); break;
        case 22: a.sparseTensor = await this.sparse(message(f, ref)); break;
      }
    });
    if (floats.length || a.type === 6) a.floats = floats;
    if (ints.length || a.type === 7) a.ints = ints;
    if (strings.length || a.type === 8) a.strings = strings;
    if (tensors.length) a.tensors = tensors;
    if (graphs.length) a.graphs = graphs;
    return a;
  }

  private async tensor(ref: MessageRef): Promise<Tensor> {
    let name = '';
    let dtype = 0;
    let external = false;
    const dims: number[] = [];
    const pieces: TypedPiece[] = [];
    let typedField = 0;
    let raw: { start: number; end: number } | null = null;
    const entries = new Map<string, string>();
    await this.wire.forEachField(ref, async (f) => {
      switch (f.number) {
        case 1:
          for (const v of await this.varints(f)) dims.push(dimension(v, f));
          if (dims.length > MAX_RANK) throw malformed(`a tensor has more than ${MAX_RANK} dimensions`, f.start);
          break;
        case 2: dtype = int(f); break;
        case 4: case 5: case 6: case 7: case 10: case 11:
          typedField = f.number;
          pieces.push({ start: f.wireType === VARINT ? f.start : f.bodyStart, end: f.end, packed: f.wireType === LEN && f.number !== 6 });
          break;
        case 8: name = await this.wire.text(f); break;
        case 9: raw = { start: f.bodyStart, end: f.end }; break;
        case 13: {
          const entry = await this.metadata(message(f, ref));
          entries.set(entry.key, entry.value);
          break;
        }
        case 14: external = int(f) === 1; break;
      }
    });
    const storage: TensorStorage = external ? externalStorage(entries, ref)
      : raw ? { kind: 'raw', ...(raw as { start: number; end: number }) }
      : pieces.length ? { kind: 'typed', field: typedField, pieces } : { kind: 'none' };
    return { ref, name, dtype, dims, storage };
  }

  private async sparse(ref: MessageRef): Promise<SparseTensor> {
    let values: Tensor | null = null;
    let indices: Tensor | null = null;
    const dims: number[] = [];
    await this.wire.forEachField(ref, async (f) => {
      if (f.number === 1) values = await this.tensor(message(f, ref));
      if (f.number === 2) indices = await this.tensor(message(f, ref));
      if (f.number === 3) for (const v of await this.varints(f)) dims.push(dimension(v, f));
    });
    if (!values || !indices) throw malformed('a sparse tensor lacks its values or indices', ref.start);
    return { ref, values, indices, dims };
  }

  private async valueInfo(ref: MessageRef): Promise<ValueInfo> {
    let name = '';
    let type: ValueType | null = null;
    await this.wire.forEachField(ref, async (f) => {
      if (f.number === 1) name = await this.wire.text(f);
      if (f.number === 2) type = await this.valueType(message(f, ref));
    });
    return { ref, name, type };
  }

  private async valueType(ref: MessageRef): Promise<ValueType | null> {
    let type: ValueType | null = null;
    const others: Record<number, 'sequence' | 'map' | 'optional' | 'sparse' | 'opaque'> = { 4: 'sequence', 5: 'map', 7: 'opaque', 8: 'sparse', 9: 'optional' };
    await this.wire.forEachField(ref, async (f) => {
      const what = others[f.number];
      if (what) type = { kind: 'other', what };
      if (f.number !== 1) return;
      let dtype = 0;
      let dims: Dim[] | null = null;
      const tensorRef = message(f, ref);
      await this.wire.forEachField(tensorRef, async (g) => {
        if (g.number === 1) dtype = int(g);
        if (g.number === 2) dims = await this.shape(message(g, tensorRef));
      });
      type = { kind: 'tensor', dtype, dims };
    });
    return type;
  }

  private async shape(ref: MessageRef): Promise<Dim[]> {
    const dims: Dim[] = [];
    await this.wire.forEachField(ref, async (f) => {
      if (f.number !== 1) return;
      let dim: Dim = null;
      await this.wire.forEachField(message(f, ref), async (g) => {
        // Some exporters write -1 or 0 for "any size".
        if (g.number === 1) dim = BigInt.asIntN(64, g.value) > 0n ? int(g) : null;
        if (g.number === 2) dim = (await this.wire.text(g)) || null;
      });
      dims.push(dim);
    });
    return dims;
  }

  private async float32s(f: Field): Promise<number[]> {
    if (f.wireType !== LEN && f.wireType !== FIXED32) throw malformed('a float has the wrong wire type', f.start);
    const bytes = await this.wire.bytes(f.bodyStart, f.end);
    if (bytes.length % 4) throw malformed('a list of floats is cut short', f.start);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    return Array.from({ length: bytes.length / 4 }, (_, i) => view.getFloat32(4 * i, true));
  }

  private async varints(f: Field): Promise<bigint[]> {
    if (f.wireType === VARINT) return [BigInt.asIntN(64, f.value)];
    const values: bigint[] = [];
    let value = 0n;
    let shift = 0n;
    for (const byte of await this.wire.payload(f)) {
      value |= BigInt(byte & 0x7f) << shift;
      shift += 7n;
      if (shift > 70n) throw malformed('a number is longer than ten bytes', f.start);
      if (byte >= 0x80) continue;
      values.push(BigInt.asIntN(64, value));
      value = 0n;
      shift = 0n;
    }
    if (shift) throw malformed('a list of numbers is cut short', f.start);
    return values;
  }
}

function standardDomain(domain: string): string {
  return domain === 'ai.onnx' ? '' : domain;
}

function message(f: Field, parent: MessageRef): MessageRef {
  if (f.wireType !== LEN) throw malformed(`field ${f.number} should hold a message`, f.start);
  return { start: f.start, bodyStart: f.bodyStart, end: f.end, parent };
}

function int(f: Field): number {
  if (f.wireType !== VARINT) throw malformed(`field ${f.number} should hold a number`, f.start);
  const value = Number(BigInt.asIntN(64, f.value));
  if (!Number.isSafeInteger(value)) throw malformed(`the number ${f.value} is too large`, f.start);
  return value;
}

function dimension(value: bigint, f: Field): number {
  if (value < 0n || value > BigInt(Number.MAX_SAFE_INTEGER)) throw malformed(`a tensor dimension of ${value} is not possible`, f.start);
  return Number(value);
}

function externalStorage(entries: Map<string, string>, ref: MessageRef): TensorStorage {
  const number = (key: string): number | null => {
    const text = entries.get(key);
    if (text === undefined) return null;
    const value = Number(text);
    if (!/^\d+$/.test(text) || !Number.isSafeInteger(value)) throw malformed(`external data has the ${key} "${text}"`, ref.start);
    return value;
  };
  return { kind: 'external', location: entries.get('location') ?? '', offset: number('offset') ?? 0, length: number('length') };
}
