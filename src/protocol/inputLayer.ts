import { fieldsOf, isIndex } from './checked.ts';

/** What the page may ask about an input layer, by its place in PageModel.inputLayers. */

/** An input that an input layer's pixels come from, and what the graph says about it. */
export interface PageLayerInput {
  readonly name: string;
  readonly dtype: string;
  readonly dims: readonly string[] | null;
  /** Such as NCHW; null where it is not clear. */
  readonly layout: string | null;
  /**
   * What the model does to the pixels first: `raw` says that it takes 0 to 255 and normalises by itself, `zero-to-one`
   * 0 to 1, null nothing of the kind.
   */
  readonly range: 'raw' | 'zero-to-one' | null;
  /** `(x − mean) / std`, one number or one per channel, and the nodes that do it; null where none were found. */
  readonly normalisation: {
    readonly mean: readonly number[];
    readonly std: readonly number[];
    readonly nodes: readonly string[];
  } | null;
}

export interface PageField {
  readonly size: readonly number[];
  readonly step: readonly number[];
}

export interface PageFilterSet {
  readonly count: number;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

export interface PageInputLayerFacts {
  readonly inputs: readonly PageLayerInput[];
  /** In pixels of the layer's input; null for what is no plain convolution. */
  readonly field: PageField | null;
  /** Where the image first gets smaller, when a chain without branches leads there from a layer that keeps its size. */
  readonly downsampling: (PageField & { readonly node: string }) | null;
  readonly filters: PageFilterSet | null;
  /** Why there are no pictures. */
  readonly why: string | null;
  /** The stored tensor, and a remark about its values. */
  readonly stored: string;
  readonly note: string | null;
  /** Of an adapted model: the same layer of the file it was made from, or why that can't be shown. */
  readonly original: {
    readonly file: string;
    readonly filters: PageFilterSet | null;
    readonly why: string | null;
  } | null;
}

export interface InputLayerMethods {
  inputLayerFacts: { args: { layer: number }; result: PageInputLayerFacts };
  /**
   * Filters from `from` on, as many as fit: little-endian float32 in base64, in the order filter, channel, row, column.
   */
  layerFilters: {
    args: { layer: number; from: number; of: 'file' | 'original' };
    result: { from: number; to: number; values: string };
  };
}

export const INPUT_LAYER_ARGS: {
  readonly [M in keyof InputLayerMethods]: (value: unknown) => InputLayerMethods[M]['args'] | undefined;
} = {
  inputLayerFacts: (value) => {
    const { layer } = fieldsOf(value);
    return isIndex(layer) ? { layer } : undefined;
  },
  layerFilters: (value) => {
    const { layer, from, of } = fieldsOf(value);
    return isIndex(layer) && isIndex(from) && (of === 'file' || of === 'original') ? { layer, from, of } : undefined;
  },
};
