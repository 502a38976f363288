/** @file A family's configuration with some of its fields changed, read or refused in one line. */
import { expect } from 'vitest';
import { readModel } from '../../src/model/families/registry.ts';
import { matricesOf } from '../../src/model/matrices.ts';
import type { Block, Model, Projection } from '../../src/model/spec.ts';

/** What reads `config` with fields of it changed; undefined takes a field out. */
export function familyReader(config: object) {
  const read = (changed: object = {}): Model => readModel({ ...config, ...changed }, 'config.json');
  return {
    read,
    block: (changed: object = {}): Block => read(changed).layers[0]!.block,
    refused: (changed: object, code: 'MODEL_CONFIG_FIELD' | 'MODEL_FEATURE_UNSUPPORTED', name: string) =>
      expect(() => read(changed)).toThrow(
        expect.objectContaining({ code, where: { file: 'config.json', name } }),
      ),
  };
}

/** [name, in, out, bias] of each matrix, in the order of the computation. */
export const matrixRows = (block: Block) =>
  matricesOf(block).map((m) => [m.name, m.inputSize, m.outputSize, m.bias]);

/** Every output column of a projection, in its order. */
export const columnsOf = ({ matrix, columns }: Projection): number[] =>
  (columns ?? [[0, matrix.outputSize]]).flatMap(([from, to]) =>
    Array.from({ length: to - from }, (_, i) => from + i),
  );
