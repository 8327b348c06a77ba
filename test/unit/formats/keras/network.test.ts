import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseJson } from '../../../../src/bytes/json/json.ts';
import { snakeCase, type Network } from '../../../../src/formats/keras/network/network.ts';
import { readNetwork } from '../../../../src/formats/keras/network/readNetwork.ts';

function network(config: unknown): Network {
  return readNetwork(parseJson(JSON.stringify(config), 'It'));
}

/** A tensor in the calls of Keras 3. */
function tensor(layer: string, node = 0): unknown {
  return {
    class_name: '__keras_tensor__',
    config: { shape: [null, 8, 8, 3], dtype: 'float32', keras_history: [layer, node, 0] },
  };
}

function input(name: string, shape: readonly (number | null)[] = [null, 8, 8, 3]): unknown {
  return {
    module: 'keras.layers',
    class_name: 'InputLayer',
    name,
    config: { name, batch_shape: shape },
    inbound_nodes: [],
  };
}

function layer(className: string, name: string, calls: readonly unknown[]): unknown {
  return { module: 'keras.layers', class_name: className, name, config: { name }, inbound_nodes: calls };
}

const calls = (n: Network): string[] => n.calls.map((call) => `${call.name}(${call.inputs.join(', ')})`);

test('Keras 3: two inputs, a shared layer, a nested model and two outputs', () => {
  const inner = {
    ...(layer('Functional', 'inner', [{ args: [tensor('b')], kwargs: {} }]) as object),
    config: {
      name: 'inner',
      layers: [input('x'), layer('ReLU', 'act', [{ args: [tensor('x')], kwargs: {} }])],
      input_layers: ['x', 0, 0],
      output_layers: ['act', 0, 0],
    },
  };
  const found = network({
    class_name: 'Functional',
    config: {
      name: 'outer',
      layers: [
        input('a'),
        input('b'),
        layer('Add', 'sum', [{ args: [[tensor('twin'), tensor('twin', 1)]], kwargs: {} }]),
        layer('Conv2D', 'twin', [
          { args: [tensor('a')], kwargs: {} },
          { args: [tensor('inner', 1)], kwargs: {} },
        ]),
        inner,
      ],
      input_layers: [
        ['a', 0, 0],
        ['b', 0, 0],
      ],
      output_layers: [
        ['sum', 0, 0],
        ['inner', 1, 0],
      ],
    },
  });
  assert.deepEqual(calls(found).sort(), ['inner/act(b)', 'sum(twin, twin_call2)', 'twin(a)', 'twin_call2(inner/act)']);
  assert.deepEqual(found.outputs, ['sum', 'inner/act']);
  assert.deepEqual(
    found.inputs.map((i) => i.path),
    ['a', 'b'],
  );
  assert.equal(found.calls.find((c) => c.name === 'inner/act')?.layer.group, 'layers/functional/layers/re_lu');
});

test('Keras 2: a Sequential in a functional model and back', () => {
  const found = network({
    class_name: 'Functional',
    config: {
      name: 'outer',
      layers: [
        {
          class_name: 'InputLayer',
          config: { name: 'a', batch_input_shape: [null, 8, 8, 3] },
          name: 'a',
          inbound_nodes: [],
        },
        {
          class_name: 'Sequential',
          name: 'seq',
          config: {
            name: 'seq',
            layers: [{ class_name: 'Conv2D', config: { name: 'c', batch_input_shape: [null, 8, 8, 3] } }],
          },
          inbound_nodes: [[['a', 0, 0, {}]]],
        },
        {
          class_name: 'Add',
          name: 'sum',
          config: { name: 'sum' },
          inbound_nodes: [
            [
              ['seq', 1, 0, {}],
              ['a', 0, 0, {}],
            ],
          ],
        },
      ],
      input_layers: [['a', 0, 0]],
      output_layers: [['sum', 0, 0]],
    },
  });
  assert.deepEqual(calls(found), ['seq/c(a)', 'sum(seq/c, a)']);
  assert.deepEqual(
    found.declared.map((d) => d.value),
    ['a', 'a', 'a', 'a'],
  );
});

test('Keras: graphs that are code and broken ones are told apart', () => {
  assert.throws(() => network({ class_name: 'MyModel', config: {} }), /connected by Python code/);
  const loop = [layer('ReLU', 'p', [{ args: [tensor('q')] }]), layer('ReLU', 'q', [{ args: [tensor('p')] }])];
  assert.throws(
    () =>
      network({ class_name: 'Functional', config: { layers: loop, input_layers: [], output_layers: [['p', 0, 0]] } }),
    /reads what no layer makes/,
  );
});

test('Keras: class names in snake case are those of its weights files', () => {
  const names = ['Conv2D', 'BatchNormalization', 'DepthwiseConv2D', 'Conv2DTranspose', 'ReLU', 'Dense', 'MaxPooling2D'];
  assert.deepEqual(names.map(snakeCase), [
    'conv2d',
    'batch_normalization',
    'depthwise_conv2d',
    'conv2d_transpose',
    're_lu',
    'dense',
    'max_pooling2d',
  ]);
});
