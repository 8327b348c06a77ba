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
function rows(i: RuleInput): Dim {
  const x = i.dims(0);
  if (!x) return null;
  return x.length > 1 ? (x[0] ?? null) : 1;
}

/** How many labels a classifier has, and of which type. */
function labels(i: RuleInput): number | null {
  const count = i.count('classlabels_strings') || i.count('classlabels_ints') || i.count('classlabels_int64s');
  return count || null;
}

const labelDtype: DtypeRule = (i) => (i.count('classlabels_strings') ? STRING : INT64);

/** A label and a score per class; a single label leaves it to the runtime whether both classes get one. */
const classifier: ShapeRule = (i) => {
  const n = labels(i);
  return [
    [rows(i)],
    n !== null && n > 1
      ? [rows(i), n]
      : new Unknown('how many scores there are depends on the runtime', [rows(i), null]),
  ];
};

/** Scores are per class with probabilities, else for each pair of classes or each class, as the runtime has it. */
const svmClassifier: ShapeRule = (i) => {
  const n = labels(i);
  return [
    [rows(i)],
    n !== null && n > 1 && ((i.count('prob_a') ?? 0) > 0 || n === 2)
      ? [rows(i), n]
      : new Unknown('how many scores there are depends on the runtime', [rows(i), null]),
  ];
};

/** As many numbers a row as the attribute says; `otherwise` where it is left out. */
const regressor =
  (attribute: string, otherwise: number | null): ShapeRule =>
  (i) => [[rows(i), i.attribute(attribute) ? i.int(attribute, 1) : otherwise]];

/** Words become numbers and numbers words, or as the lists of keys and values say. */
const encodedDtype: DtypeRule = (i) => {
  if (i.count('values_strings')) return STRING;
  if (i.count('values_int64s')) return INT64;
  if (i.count('values_floats')) return FLOAT;
  const table = i.attribute('values_tensor')?.tensor;
  if (table) return table.dtype;
  const from = i.dtype(0);
  if (from === null) return null;
  return from === STRING ? INT64 : STRING;
};

const CAST_MAP: Readonly<Record<string, number>> = { TO_FLOAT: FLOAT, TO_STRING: STRING, TO_INT64: INT64 };
/** Dense maps become as long as they are, sparse ones as long as said. */
const castMap: ShapeRule = (i) => [
  i.text('map_form', 'DENSE') === 'SPARSE'
    ? [1, i.int('max_map', 1)]
    : new Unknown('how many entries the map has depends on the data', [1, null]),
];

/** A map's values by the words of a vocabulary. */
const vocabulary: ShapeRule = (i) => [[1, i.count('string_vocabulary') ?? i.count('int64_vocabulary')]];
const mapValue: DtypeRule = (i) => {
  const map = i.inferred(0);
  return map?.kind === 'map' && map.element.kind === 'tensor' ? map.element.dtype : null;
};

/** The columns of all inputs: https://onnx.ai/onnx/operators/onnx_aionnxml_FeatureVectorizer.html */
const featureVector: ShapeRule = (i) => {
  const given = i.ints('inputdimensions');
  return [[rows(i), given ? sum(given) : sum(i.node.inputs.map((_, k) => i.dims(k)?.at(-1) ?? null))]];
};

/** Picks columns: https://onnx.ai/onnx/operators/onnx_aionnxml_ArrayFeatureExtractor.html */
const extract: ShapeRule = (i) => {
  const [x, y] = [i.dims(0), i.dims(1)];
  if (!x || !y) return [null];
  const picked = y.at(-1) ?? 1;
  return [x.length > 1 ? [...x.slice(0, -1), picked] : [1, picked]];
};

/** One column for each category: https://onnx.ai/onnx/operators/onnx_aionnxml_OneHotEncoder.html */
const oneHot: ShapeRule = (i): Shape[] => {
  const x = i.dims(0);
  return [x && [...x, i.count('cats_int64s') || i.count('cats_strings') || null]];
};

/** A list of maps from label to score. */
const zipMap: Rule = (i): Inferred[] => [
  {
    kind: 'sequence',
    element: { kind: 'map', key: i.count('classlabels_strings') ? STRING : INT64, element: inferredTensor(FLOAT, []) },
  },
];

const rules: Readonly<Record<string, Rule>> = {
  ArrayFeatureExtractor: tensors(extract, like(0)),
  Binarizer: tensors(sameAs(0), like(0)),
  Imputer: tensors(sameAs(0), like(0)),
  CastMap: tensors(castMap, (i) => CAST_MAP[i.text('cast_to', 'TO_FLOAT')] ?? null),
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
  SVMRegressor: tensors((i) => [[rows(i), 1]], fixed(FLOAT)),
  TreeEnsembleRegressor: tensors(regressor('n_targets', null), fixed(FLOAT)),
  TreeEnsemble: tensors(regressor('n_targets', null), like(0)),
  ZipMap: zipMap,
};

export const ML: Readonly<Record<string, Rule>> = Object.fromEntries(
  Object.entries(rules).map(([op, rule]) => [`ai.onnx.ml:${op}`, rule]),
);
