import { FLOAT, UINT8 } from '../../../tensors/dtypes.ts';
import { each, fixed, like, named, sameAs, tensors, type DtypeRule, type Rule } from '../../shapes/shapeRule.ts';
import { matMul } from './matrix.ts';
import { conv } from '../layers/spatial.ts';

/** The zero point's type, or from opset 21 an attribute's: https://onnx.ai/onnx/operators/onnx__QuantizeLinear.html */
const quantized: DtypeRule = (i) => (i.has(2) ? i.dtype(2) : named('output_dtype', fixed(UINT8))(i));
/** float32 until scales could have other types; from opset 23 an attribute may say so. */
const dequantized: DtypeRule = (i) =>
  named('output_dtype', (j) => (j.node.domain === '' && j.opset < 19 ? FLOAT : j.dtype(1)))(i);

export const QUANTISATION: Readonly<Record<string, Rule>> = {
  ...each('QuantizeLinear com.microsoft:QuantizeLinear', tensors(sameAs(0), quantized)),
  ...each('DequantizeLinear com.microsoft:DequantizeLinear', tensors(sameAs(0), dequantized)),
  DynamicQuantizeLinear: tensors((i) => [i.dims(0), [], []], fixed(UINT8), fixed(FLOAT), fixed(UINT8)),
  QLinearConv: tensors(conv(3), like(7)),
  'com.microsoft:QLinearConv': tensors((i) => conv(3, i.int('channels_last', 0) !== 0 ? 'last' : 'first')(i), like(7)),
  QLinearMatMul: tensors(matMul(3), like(7)),
};
