import { FLOAT, INT64, STRING } from '../../tensors/dtypes.ts';
import type { Dim } from '../../formats/onnx/model.ts';
import { sum } from '../sizes/dims.ts';
import { inferredTensor, type Inferred } from '../shapes/inferred.ts';
import {
  Unknown,
  fixed,
  like,
  sameAs,
  tensors,
  type DtypeRule,
  type Rule,
  type RuleInput,
  type Shape,
  type ShapeRule,
} from '../shapes/shapeRule.ts';

/* Operators of classical machine learning: https://onnx.ai/onnx/operators/index.html#ai-onnx-ml */

/** Rows of samples: one vector alone is a row too. */
function rows(input: RuleInput): Dim {
  const x = input.dims(0);
  if (!x) return null;
  return x.length > 1 ? (x[0] ?? null) : 1;
}

/** How many labels a classifier has, and of which type. */
function labels(input: RuleInput): number | null {
  const count =
    input.count('classlabels_strings') || input.count('classlabels_ints') || input.count('classlabels_int64s');
  return count || null;
}

const labelDtype: DtypeRule = (input) => (input.count('classlabels_strings') ? STRING : INT64);

/** A label and a score per class; a single label leaves it to the runtime whether both classes get one. */
const classifier: ShapeRule = (input) => {
  const n = labels(input);
  return [
    [rows(input)],
    n !== null && n > 1
      ? [rows(input), n]
      : new Unknown('how many scores there are depends on the runtime', [rows(input), null]),
  ];
};

/** Scores are per class with probabilities, else for each pair of classes or each class, as the runtime has it. */
const svmClassifier: ShapeRule = (input) => {
  const n = labels(input);
  return [
    [rows(input)],
    n !== null && n > 1 && ((input.count('prob_a') ?? 0) > 0 || n === 2)
      ? [rows(input), n]
      : new Unknown('how many scores there are depends on the runtime', [rows(input), null]),
  ];
};

/** As many numbers a row as the attribute says; `otherwise` where it is left out. */
const regressor =
  (attribute: string, otherwise: number | null): ShapeRule =>
  (input) => [[rows(input), input.attribute(attribute) ? input.int(attribute, 1) : otherwise]];

/** Words become numbers and numbers words, or as the lists of keys and values say. */
const encodedDtype: DtypeRule = (input) => {
  if (input.count('values_strings')) return STRING;
  if (input.count('values_int64s')) return INT64;
  if (input.count('values_floats')) return FLOAT;
  const table = input.attribute('values_tensor')?.tensor;
  if (table) return table.dtype;
  const from = input.dtype(0);
  if (from === null) return null;
  return from === STRING ? INT64 : STRING;
};

const CAST_MAP: Readonly<Record<string, number>> = { TO_FLOAT: FLOAT, TO_STRING: STRING, TO_INT64: INT64 };
/** Dense maps become as long as they are, sparse ones as long as said. */
const castMap: ShapeRule = (input) => [
  input.text('map_form', 'DENSE') === 'SPARSE'
    ? [1, input.int('max_map', 1)]
    : new Unknown('how many entries the map has depends on the data', [1, null]),
];

/** A map's values by the words of a vocabulary. */
const vocabulary: ShapeRule = (input) => [[1, input.count('string_vocabulary') ?? input.count('int64_vocabulary')]];
const mapValue: DtypeRule = (input) => {
  const map = input.inferred(0);
  return map?.kind === 'map' && map.element.kind === 'tensor' ? map.element.dtype : null;
};

/** The columns of all inputs: https://onnx.ai/onnx/operators/onnx_aionnxml_FeatureVectorizer.html */
const featureVector: ShapeRule = (input) => {
  const given = input.ints('inputdimensions');
  return [[rows(input), given ? sum(given) : sum(input.node.inputs.map((_, k) => input.dims(k)?.at(-1) ?? null))]];
};

/** Picks columns: https://onnx.ai/onnx/operators/onnx_aionnxml_ArrayFeatureExtractor.html */
const extract: ShapeRule = (input) => {
  const [x, y] = [input.dims(0), input.dims(1)];
  if (!x || !y) return [null];
  const picked = y.at(-1) ?? 1;
  return [x.length > 1 ? [...x.slice(0, -1), picked] : [1, picked]];
};

/** One column for each category: https://onnx.ai/onnx/operators/onnx_aionnxml_OneHotEncoder.html */
const oneHot: ShapeRule = (input): Shape[] => {
  const x = input.dims(0);
  return [x && [...x, input.count('cats_int64s') || input.count('cats_strings') || null]];
};

/** A list of maps from label to score. */
const zipMap: Rule = (input): Inferred[] => [
  {
    kind: 'sequence',
    element: {
      kind: 'map',
      key: input.count('classlabels_strings') ? STRING : INT64,
      element: inferredTensor(FLOAT, []),
    },
  },
];

const rules: Readonly<Record<string, Rule>> = {
  ArrayFeatureExtractor: tensors(extract, like(0)),
  Binarizer: tensors(sameAs(0), like(0)),
  Imputer: tensors(sameAs(0), like(0)),
  CastMap: tensors(castMap, (input) => CAST_MAP[input.text('cast_to', 'TO_FLOAT')] ?? null),
  DictVectorizer: tensors(vocabulary, mapValue),
  CategoryMapper: tensors(sameAs(0), encodedDtype),
  LabelEncoder: tensors(sameAs(0), encodedDtype),
  FeatureVectorizer: tensors(featureVector, fixed(FLOAT)),
  Normalizer: tensors(sameAs(0), fixed(FLOAT)),
  Scaler: tensors(sameAs(0), fixed(FLOAT)),
  OneHotEncoder: tensors(oneHot, fixed(FLOAT)),
  LinearClassifier: tensors(classifier, labelDtype, fixed(FLOAT)),
  TreeEnsembleClassifier: tensors(classifier, labelDtype, fixed(FLOAT)),
  SVMClassifier: tensors(svmClassifier, labelDtype, fixed(FLOAT)),
  LinearRegressor: tensors(regressor('targets', 1), fixed(FLOAT)),
  SVMRegressor: tensors((input) => [[rows(input), 1]], fixed(FLOAT)),
  TreeEnsembleRegressor: tensors(regressor('n_targets', null), fixed(FLOAT)),
  TreeEnsemble: tensors(regressor('n_targets', null), like(0)),
  ZipMap: zipMap,
};

export const ML: Readonly<Record<string, Rule>> = Object.fromEntries(
  Object.entries(rules).map(([op, rule]) => [`ai.onnx.ml:${op}`, rule]),
);
