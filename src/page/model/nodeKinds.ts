import type { NodeKind } from '../../protocol/pageModel.ts';

/** Operators by what they do, for the colour of their boxes. Names that several domains share mean the same in all. */
const OPERATORS: Readonly<Record<Exclude<NodeKind, 'plain' | 'constant'>, string>> = {
  layer: `Conv ConvTranspose ConvInteger QLinearConv DeformConv FusedConv NhwcConv QLinearConvTranspose
    Gemm MatMul MatMulInteger QLinearMatMul QGemm FusedMatMul FusedGemm MatMulNBits Einsum Embedding
    Attention MultiHeadAttention GroupQueryAttention LSTM GRU RNN DynamicQuantizeLSTM DynamicQuantizeMatMul`,
  norm: `BatchNormalization InstanceNormalization LayerNormalization GroupNormalization GroupNorm RMSNormalization
    SkipLayerNormalization SimplifiedLayerNormalization SkipSimplifiedLayerNormalization LpNormalization LRN
    MeanVarianceNormalization`,
  activation: `Relu LeakyRelu PRelu Sigmoid HardSigmoid HardSwish Tanh Elu Selu Celu Gelu Mish Swish Softmax LogSoftmax
    Hardmax Softplus Softsign ThresholdedRelu Shrink Clip Erf FastGelu BiasGelu QuickGelu QLinearSigmoid QLinearSoftmax
    QLinearLeakyRelu`,
  pool: `MaxPool AveragePool LpPool GlobalAveragePool GlobalMaxPool GlobalLpPool MaxUnpool QLinearAveragePool
    QLinearGlobalAveragePool ReduceMean ReduceMax ReduceMin ReduceSum ReduceProd ReduceL1 ReduceL2 Resize Upsample
    GridSample RoiAlign MaxRoiPool`,
  merge: `Add Sub Mul Div Sum Mean Max Min Concat Where QLinearAdd QLinearMul QLinearConcat`,
  shape: `Reshape Transpose Flatten Squeeze Unsqueeze Slice Split Gather GatherND GatherElements ScatterND ScatterElements
    Expand Tile Pad Shape Size ConstantOfShape DepthToSpace SpaceToDepth Identity Cast Range Compress CenterCropPad`,
  quantise: 'QuantizeLinear DequantizeLinear DynamicQuantizeLinear',
};

const KIND_OF = new Map<string, NodeKind>(
  Object.entries(OPERATORS).flatMap(([kind, names]) => names.split(/\s+/).map((name) => [name, kind as NodeKind])),
);

/** What an operator does, as far as its colour goes; `plain` for all that the table does not know. */
export function nodeKind(opType: string): NodeKind {
  return KIND_OF.get(opType) ?? 'plain';
}
