import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { configJsonSchema, configKeys, configYaml } from '../../../src/config/describe.ts';
import { loadTrainConfig } from '../../../src/config/load.ts';

const REQUIRED = ['base_model=m', 'train_file=a', 'valid_file=b', 'output_dir=c'];

test('every key is described in one sentence and knows what it takes', () => {
  for (const { key, description, expected } of configKeys()) {
    expect(description, key).toMatch(/^[A-Za-z].{10,}\.$/);
    expect(description.slice(0, -1), key).not.toMatch(/\. [A-Z]/);
    expect(expected, key).not.toBe('');
  }
});

test('the keys are those of a loaded configuration, the required ones without a default', () => {
  const config = loadTrainConfig({ overrides: REQUIRED });
  expect(configKeys().map(({ key }) => key)).toEqual(Object.keys(config));
  expect(
    configKeys()
      .filter(({ required }) => required)
      .map(({ key }) => key),
  ).toEqual(['base_model', 'train_file', 'valid_file', 'output_dir']);
});

test('the JSON Schema describes what is written, not what it becomes', () => {
  const schema = configJsonSchema();
  expect(schema).toMatchObject({
    required: ['base_model', 'train_file', 'valid_file', 'output_dir'],
    additionalProperties: false,
    properties: {
      device: { enum: ['cpu', 'webgpu', 'cuda', 'dml', 'coreml'] },
    },
  });
  expect(schema.properties?.lora_r).toEqual({
    type: 'integer',
    minimum: 1,
    default: 8,
    description: 'Rank of the LoRA matrices.',
  });
  expect(schema.properties?.lora_layers?.anyOf).toHaveLength(4);
});

test('a resolved configuration, printed as YAML, loads again to the same', () => {
  const config = loadTrainConfig({
    overrides: [
      ...REQUIRED,
      'lora_layers=last 8',
      'revision="12"',
      'target_modules=[q_proj]',
      'warmup_steps=5',
    ],
  });
  const folder = mkdtempSync(join(tmpdir(), 'vultune-config-'));
  try {
    const file = join(folder, 'resolved.yaml');
    writeFileSync(file, configYaml(config));
    expect(loadTrainConfig({ file })).toEqual(config);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
