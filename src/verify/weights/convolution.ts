import {
  encodeField,
  encodeNode,
  encodeText,
  encodeTensorInfo,
  encodeNumber,
  encodeOpset,
} from '../../formats/onnx/edit/encode.ts';
import { FLOAT } from '../../tensors/dtypes.ts';
import { openSession, type Session } from '../session.ts';
import { numbersOf, type Value } from '../values.ts';
import { joined } from '../../bytes/joined.ts';
import { GRAPH, MODEL } from '../../formats/onnx/fields.ts';

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

/** A model of one Conv, whose weight is an input. */
function convolutionModel(): Uint8Array {
  const node = encodeNode({ name: 'conv', opType: 'Conv', inputs: INPUTS, outputs: [OUTPUT] });
  const graph = joined([
    encodeField(GRAPH.node, node),
    encodeText(GRAPH.name, 'convolution'),
    ...INPUTS.map((name) => encodeField(GRAPH.input, encodeTensorInfo(name, FLOAT, null))),
    encodeField(GRAPH.output, encodeTensorInfo(OUTPUT, FLOAT, null)),
  ]);
  return joined([encodeNumber(MODEL.irVersion, IR_VERSION), encodeField(MODEL.graph, graph), encodeOpset('', OPSET)]);
}
