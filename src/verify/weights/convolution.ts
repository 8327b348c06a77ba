import { encodeField, encodeNode, encodeText, encodeVarint, tag } from '../../formats/onnx/edit/encode.ts';
import { VARINT } from '../../formats/onnx/scan/wire.ts';
import { FLOAT } from '../../tensors/dtypes.ts';
import { openSession, type Session } from '../session.ts';
import { numbersOf, type Value } from '../values.ts';
import { joined } from '../../bytes/joined.ts';

/** Versions that every runtime of today reads. */
const IR_VERSION = 8;
const OPSET = 13;
const INPUTS = ['x', 'w', 'b'];
const OUTPUT = 'y';

/** Numbers with their dims. */
export interface Numbers {
  readonly dims: readonly number[];
  readonly values: Float64Array;
}

/** One convolution without padding, strides of 1, in float32, that runs in ONNX Runtime. */
export class Convolution {
  private readonly session: Session;

  private constructor(session: Session) {
    this.session = session;
  }

  /** Loads the runtime. Throws what it throws; `close` frees its memory. */
  static async open(): Promise<Convolution> {
    return new Convolution(await openSession(convolutionModel()));
  }

  /** What a convolution of these weights, [outputs, channels, …kernel], makes of an image: [1, outputs, …]. */
  async run(image: Numbers, weight: Numbers, bias: Numbers): Promise<Float64Array> {
    const feeds = new Map([
      ['x', value(image)],
      ['w', value(weight)],
      ['b', value(bias)],
    ]);
    const output = (await this.session.run(feeds)).get(OUTPUT);
    return output ? Float64Array.from(numbersOf(output)) : new Float64Array(0);
  }

  /** Frees the runtime's memory of it. */
  close(): Promise<void> {
    return this.session.close();
  }
}

function value({ dims, values }: Numbers): Value {
  return { dtype: FLOAT, dims, data: Float32Array.from(values) };
}

/** A ModelProto of one Conv, whose weight is an input. Field numbers are those of onnx.proto. */
function convolutionModel(): Uint8Array {
  const node = encodeNode({ name: 'conv', opType: 'Conv', inputs: INPUTS, outputs: [OUTPUT] });
  const graph = joined([
    encodeField(1, node),
    encodeText(2, 'convolution'),
    ...INPUTS.map((name) => encodeField(11, valueInfo(name))),
    encodeField(12, valueInfo(OUTPUT)),
  ]);
  return joined([
    number(1, IR_VERSION),
    encodeField(7, graph),
    encodeField(8, joined([encodeText(1, ''), number(2, OPSET)])),
  ]);
}

/** A float tensor whose shape is not told. */
function valueInfo(name: string): Uint8Array {
  const tensorType = number(1, FLOAT);
  return joined([encodeText(1, name), encodeField(2, encodeField(1, tensorType))]);
}

function number(field: number, value: number): Uint8Array {
  return joined([encodeVarint(tag(field, VARINT)), encodeVarint(value)]);
}
