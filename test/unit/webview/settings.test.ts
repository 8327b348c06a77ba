import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { SETTING_VALUES, asSettingChange, asSettings } from '../../../src/protocol/settings.ts';

const usual = { orientation: 'top-down', titles: 'operators', wheel: 'zoom', batchSize: false };

test('settings that do not fit are as if they were not set', () => {
  for (const value of [null, undefined, 7, {}, { orientation: 'up', batchSize: 'yes', wheel: null }])
    assert.deepEqual(asSettings(value), usual);
  assert.deepEqual(asSettings({ wheel: 'pan', titles: 'names', other: 1 }), {
    ...usual,
    wheel: 'pan',
    titles: 'names',
  });
});

test('a change names a setting and one of its values', () => {
  assert.deepEqual(asSettingChange({ name: 'wheel', value: 'pan' }), { name: 'wheel', value: 'pan' });
  for (const value of [
    null,
    {},
    { name: 'wheel', value: 'up' },
    { name: '__proto__', value: 'pan' },
    { name: 'batchSize', value: 1 },
  ])
    assert.equal(asSettingChange(value), undefined);
});

test('package.json offers the same settings, values and defaults', () => {
  const text = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8');
  const { contributes } = JSON.parse(text) as {
    contributes: { configuration: { properties: Record<string, { enum?: string[]; default: unknown }> } };
  };
  for (const [name, values] of Object.entries(SETTING_VALUES)) {
    const property = contributes.configuration.properties[`channelwise.graph.${name}`];
    assert.ok(property, name);
    assert.equal(property.default, values[0], name);
    if (property.enum) assert.deepEqual(property.enum, values, name);
  }
});
