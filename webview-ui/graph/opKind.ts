/** What an operator does, as far as its colour on the page goes. */
export type OpKind = 'layer' | 'norm' | 'activation' | 'pool' | 'merge' | 'plain';

const KINDS: Readonly<Record<Exclude<OpKind, 'plain'>, readonly string[]>> = {
  layer: ['Conv', 'ConvTranspose', 'ConvInteger', 'QLinearConv', 'DeformConv', 'Gemm', 'MatMul', 'MatMulInteger', 'QLinearMatMul', 'FusedConv', 'FusedMatMul', 'Attention', 'LSTM', 'GRU', 'RNN', 'Einsum', 'MatMulNBits'],
  norm: ['BatchNormalization', 'InstanceNormalization', 'LayerNormalization', 'GroupNormalization', 'RMSNormalization', 'SkipLayerNormalization', 'SimplifiedLayerNormalization', 'LpNormalization', 'LRN', 'MeanVarianceNormalization'],
  activation: ['Relu', 'LeakyRelu', 'PRelu', 'Sigmoid', 'HardSigmoid', 'HardSwish', 'Tanh', 'Elu', 'Selu', 'Celu', 'Gelu', 'Mish', 'Swish', 'Softmax', 'LogSoftmax', 'Hardmax', 'Softplus', 'Softsign', 'ThresholdedRelu', 'Clip', 'Erf', 'FastGelu', 'BiasGelu', 'QuickGelu'],
  pool: ['MaxPool', 'AveragePool', 'LpPool', 'GlobalAveragePool', 'GlobalMaxPool', 'GlobalLpPool', 'ReduceMean', 'ReduceMax', 'ReduceMin', 'ReduceSum', 'Resize', 'Upsample'],
  merge: ['Add', 'Sub', 'Mul', 'Div', 'Sum', 'Mean', 'Max', 'Min', 'Concat', 'Where'],
};

const BY_OPERATOR = new Map(Object.entries(KINDS).flatMap(([kind, ops]) => ops.map((op): [string, OpKind] => [op, kind as OpKind])));

export function opKind(opType: string): OpKind {
  return BY_OPERATOR.get(opType) ?? 'plain';
}
