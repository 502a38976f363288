import { describe, expect, test } from 'vitest';
import { splitArguments, torchOptions } from '../../../src/cli/train/torch-options.ts';

describe('options of train --engine torch', () => {
  test('overrides stand before what is given to the launcher', () => {
    expect(splitArguments(['lora_r=16', '--nnodes=2', 'x=1'])).toEqual({
      overrides: ['lora_r=16'],
      launcherArgs: ['--nnodes=2', 'x=1'],
    });
    expect(splitArguments(['nice', '-n', '10'])).toEqual({
      overrides: [],
      launcherArgs: ['nice', '-n', '10'],
    });
    expect(splitArguments(['seed=1'])).toEqual({ overrides: ['seed=1'], launcherArgs: [] });
  });

  test('what was given goes on; the rest is the default', () => {
    expect(torchOptions({ engine: 'torch', nprocPerNode: 2, dtype: 'bf16' }, ['--a'])).toEqual({
      launcherArgs: ['--a'],
      processes: 2,
      dtype: 'bf16',
    });
  });

  test('an option without the engine that it is of is a slip', () => {
    expect(torchOptions({ engine: 'vultune' }, [])).toBeUndefined();
    expect(() => torchOptions({ engine: 'vultune', launcher: 'ray' }, [])).toThrow(
      /found --launcher without --engine torch/,
    );
    expect(() => torchOptions({ engine: 'vultune' }, ['--nnodes=2'])).toThrow(/found --nnodes=2/);
  });
});
