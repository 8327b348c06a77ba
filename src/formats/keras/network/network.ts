import { items, member, memberAt, text, type Json } from '../../../bytes/json/json.ts';

/** A layer as the configuration has it. A layer that is called several times is one layer with several calls. */
export interface Layer {
  /** Its name behind those of the models around it, with slashes between. */
  readonly path: string;
  readonly name: string;
  readonly className: string;
  /** 'keras.layers' or where else Keras finds the class; '' in configurations before Keras 3. */
  readonly module: string;
  /** The whole entry: class, configuration, inbound nodes, build configuration. */
  readonly json: Json;
  readonly config: Json | undefined;
  /** Its group in a Keras 3 weights file, such as 'layers/functional/layers/conv2d_1'. */
  readonly group: string;
  /** The layer of the outermost model that it lies in, or itself: how older files group weights. */
  readonly outermost: string;
}

/** One use of a layer. Values are named by who makes them. */
export interface Call {
  readonly layer: Layer;
  /** The layer's path, with a number from its second call on. */
  readonly name: string;
  readonly inputs: readonly string[];
  /** What the call was given, as the configuration has it: for operations, whose arguments may be numbers. */
  readonly given: Json | undefined;
  /** Of a layer that applies another one to each step: what comes in front of that one, and behind it. */
  readonly part?: 'steps' | 'together';
}

/** A layer or model whose configuration says the shape of a value it is given. */
export interface Declared {
  readonly layer: Layer;
  readonly value: string;
}

/** A network with models inside it written out, in the order in which it runs. */
export interface Network {
  readonly name: string;
  readonly className: string;
  readonly inputs: readonly Layer[];
  readonly calls: readonly Call[];
  readonly outputs: readonly string[];
  /** Where else the shape of a value is written: in input layers and in models, the outermost one included. */
  readonly declared: readonly Declared[];
}

/** Models whose layers stand one behind the other. */
const SEQUENTIAL = new Set(['Sequential']);
/** Models whose layers say what they are called with. */
const FUNCTIONAL = new Set(['Functional', 'Model']);

/** True for a layer's or model's entry that is a model of layers, which is written out. */
export function isModel(json: Json | undefined): boolean {
  const name = text(member(json, 'class_name')) ?? '';
  return SEQUENTIAL.has(name) || (FUNCTIONAL.has(name) && items(memberAt(json, 'config', 'layers')).length > 0);
}

/** True for a model that is a plain sequence; its layers need not say what they read. */
export function isSequence({ className }: Pick<Layer, 'className'>): boolean {
  return SEQUENTIAL.has(className);
}

/** The value that a call makes; several outputs are told apart by number. */
export function valueName(call: string, output: number): string {
  return output === 0 ? call : `${call}:${output}`;
}

/** Snake case as Keras makes it (keras/src/utils/naming.py). */
export function snakeCase(className: string): string {
  return className
    .replace(/\W+/g, '')
    .replace(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();
}
