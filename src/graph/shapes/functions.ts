import { calledFunction } from '../operatorKey.ts';
import type { Attribute, FunctionDef, Model, Node } from '../../formats/onnx/model.ts';
import type { Inferring } from './inferring.ts';
import { valueText } from './join.ts';
import type { GraphScope, InnerScope, Passed } from './graphScope.ts';

/** The results of a call, to be used again where a function is called with the same inputs. */
interface Called {
  readonly scope: GraphScope;
  readonly outputs: readonly Passed[];
}

/** A call of a function, and where its results go. */
interface Call {
  readonly node: Node;
  readonly scope: GraphScope;
  readonly body: FunctionDef;
  readonly keep: (inner: readonly InnerScope[]) => void;
}

/** The functions of a model. A call is inferred by going inside, once for each kind of inputs. */
export class Functions {
  private readonly bodies: readonly FunctionDef[];
  private readonly calls = new Map<FunctionDef, Map<string, Called>>();
  private readonly open = new Set<FunctionDef>();

  constructor(model: Model) {
    this.bodies = model.functions;
  }

  /** The function a node calls, null where it calls none. */
  find(node: Node): FunctionDef | null {
    return calledFunction(this.bodies, node);
  }

  /** The outputs of a call; a text where they can't be followed. */
  call(inference: Inferring, { node, scope, body, keep }: Call): readonly Passed[] | string {
    if (this.open.has(body)) return `the function ${body.name} calls itself`;
    const inputs = body.inputs.map((_, i) => (node.inputs[i] ? inference.passed(scope, node.inputs[i]) : null));
    const signature = signatureOf(inputs, node.attributes);
    const known = signature === null ? undefined : this.calls.get(body)?.get(signature);
    const found = known ?? this.enter(inference, { node, scope, body }, inputs, signature);
    keep([{ label: body.name, body, shapes: found.scope, runs: 1, either: false }]);
    return found.outputs;
  }

  private enter(
    inference: Inferring,
    { node, scope: outer, body }: Omit<Call, 'keep'>,
    inputs: readonly (Passed | null)[],
    signature: string | null,
  ): Called {
    const before = inference.symbols.count;
    this.open.add(body);
    const scope = inference.call(body, { node, scope: outer }, inputs);
    this.open.delete(body);
    const called = { scope, outputs: body.outputs.map((name) => inference.passed(scope, name)) };
    // A size with a name of its own belongs to one call: another call's data decide anew.
    if (signature !== null && inference.symbols.count === before) {
      const calls = this.calls.get(body) ?? new Map<string, Called>();
      this.calls.set(body, calls.set(signature, called));
    }
    return called;
  }
}

/** A text that is the same for calls that give the same shapes; null where attributes hold tensors or graphs. */
function signatureOf(inputs: readonly (Passed | null)[], attributes: readonly Attribute[]): string | null {
  if (attributes.some((a) => a.tensor ?? a.sparseTensor ?? a.graph ?? a.tensors ?? a.graphs)) return null;
  const given = attributes.map((attribute) => {
    const { name, int, float, string, ints, floats, strings } = attribute;
    const fields = [int, float, string, ints, floats, strings];
    return `${name}=${fields.map((field) => field?.toString() ?? '').join(';')}`;
  });
  return [
    ...inputs.map((input) => (input ? `${valueText(input.value)} ${input.small?.values.join() ?? ''}` : '')),
    ...given,
  ].join('\n');
}
