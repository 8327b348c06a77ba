import { BOOL, FLOAT, INT64, STRING } from '../../tensors/dtypes.ts';
import { broadcasting } from './arithmetic/elementwise.ts';
import { Unknown, fixed, sameAs, tensors, type Rule, type ShapeRule } from '../shapes/shapeRule.ts';

/** Stop words are dropped, so the last axis may shrink: https://onnx.ai/onnx/operators/onnx__StringNormalizer.html */
const normalized: ShapeRule = (input) => {
  const x = input.dims(0);
  if (!x || (input.count('stopwords') ?? 0) === 0) return [x];
  return [new Unknown('how many words it drops depends on the text', [...x.slice(0, -1), null])];
};

/** One column for each index that the n-grams have: https://onnx.ai/onnx/operators/onnx__TfIdfVectorizer.html */
const tfIdf: ShapeRule = (input) => {
  const x = input.dims(0);
  const columns = (input.ints('ngram_indexes') ?? []).reduce((most, int) => Math.max(most, int + 1), 0);
  return [x && (x.length > 1 ? [x[0] ?? null, columns] : [columns])];
};

/** Parts of each text, and how many: https://onnx.ai/onnx/operators/onnx__StringSplit.html */
const split: ShapeRule = (input) => {
  const x = input.dims(0);
  return [x && new Unknown('into how many parts a text falls depends on the text', [...x, null]), x];
};

export const TEXT: Readonly<Record<string, Rule>> = {
  StringNormalizer: tensors(normalized, fixed(STRING)),
  TfIdfVectorizer: tensors(tfIdf, fixed(FLOAT)),
  StringConcat: tensors(broadcasting, fixed(STRING)),
  StringSplit: tensors(split, fixed(STRING), fixed(INT64)),
  RegexFullMatch: tensors(sameAs(0), fixed(BOOL)),
};
