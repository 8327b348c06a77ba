import { FLOAT, UINT8 } from '../../../tensors/dtypes.ts';
import { each, fixed, like, named, sameAs, tensors, type DtypeRule, type Rule } from '../../shapes/shapeRule.ts';
import { matMul } from './matrix.ts';
import { conv } from '../layers/spatial.ts';

/** The zero point's type, or from opset 21 an attribute's: https://onnx.ai/onnx/operators/onnx__QuantizeLinear.html */
const quantized: DtypeRule = (input) => (input.has(2) ? input.dtype(2) : named('output_dtype', fixed(UINT8))(input));
/** float32 until scales could have other types; from opset 23 an attribute may say so. */
const dequantized: DtypeRule = (input) =>
  named('output_dtype', (j) => (j.node.domain === '' && j.opset < 19 ? FLOAT : j.dtype(1)))(input);

export const QUANTISATION: Readonly<Record<string, Rule>> = {
  ...each('QuantizeLinear com.microsoft:QuantizeLinear', tensors(sameAs(0), quantized)),
  ...each('DequantizeLinear com.microsoft:DequantizeLinear', tensors(sameAs(0), dequantized)),
  DynamicQuantizeLinear: tensors((input) => [input.dims(0), [], []], fixed(UINT8), fixed(FLOAT), fixed(UINT8)),
  QLinearConv: tensors(conv(3), like(7)),
  'com.microsoft:QLinearConv': tensors(
    (input) => conv(3, input.int('channels_last', 0) !== 0 ? 'last' : 'first')(input),
    like(7),
  ),
  QLinearMatMul: tensors(matMul(3), like(7)),
};
