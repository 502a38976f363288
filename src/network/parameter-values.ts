/**
 * @file What a network's parameters are: frozen ones out of the base model, trained ones of adapters, of the head, or in the place
 * of the base model's. Says the values that a stage, or the embedding, reads.
 */
import type { AdapterParameters } from '../adapters/adapter-parameters.ts';
import { parameterKey } from '../adapters/parameter-key.ts';
import type { WholeParameter } from '../adapters/whole-parameters.ts';
import type { Model } from '../model/spec.ts';
import type { Tensors } from '../runtime/backend.ts';
import type { HostTensor } from '../tensor/host-tensor.ts';
import { takeRows } from '../tensor/rows.ts';
import type { BaseWeights } from '../weights/base-weights.ts';
import type { EmbeddingWeights } from './embed.ts';
import type { StageParameter } from './stage-graph.ts';
import type { StageParameters } from './stage-programs.ts';

export interface ParameterSources {
  readonly model: Model;
  readonly weights: BaseWeights;
  /** Parameters of the base model that are trained themselves. Default: none. */
  readonly whole?: readonly WholeParameter[];
  readonly parameters: AdapterParameters;
}

export class ParameterValues {
  readonly #sources: ParameterSources;
  /** PEFT's keys of what is trained whole, by full names. */
  readonly #wholeKeys: ReadonlyMap<string, string>;
  readonly trainsEmbedding: boolean;

  constructor(sources: ParameterSources) {
    const { whole = [] } = sources;
    this.#sources = sources;
    this.#wholeKeys = new Map(whole.map(({ fullName, key }) => [fullName, key]));
    this.trainsEmbedding = whole.some(({ inEmbedding }) => inEmbedding);
  }

  /** PEFT's key of a parameter of the base model that is trained itself, by its full name; undefined where it is not. */
  wholeKey(fullName: string): string | undefined {
    return this.#wholeKeys.get(fullName);
  }

  /** PEFT's key of a trained parameter of a stage of these layers. */
  trainedKey(layers: readonly number[], parameter: StageParameter): string {
    const name = this.#fullName(layers, parameter);
    return this.#wholeKeys.get(name) ?? parameterKey(name);
  }

  /** Every parameter of a stage of these layers, by the name of its input. Throws what BaseWeights throws. */
  async feeds({ base, trained }: StageParameters, layers: readonly number[]): Promise<Tensors> {
    const { weights, parameters } = this.#sources;
    const feeds: Record<string, HostTensor> = {};
    for (const parameter of base) {
      const name = this.#fullName(layers, parameter);
      const { part, rows } = parameter;
      feeds[parameter.input.name] =
        rows !== undefined
          ? await weights.rows(name, rows)
          : part === undefined
            ? await weights.get(name)
            : await weights.part(name, part);
    }
    for (const parameter of trained) {
      feeds[parameter.input.name] = parameters.get(this.trainedKey(layers, parameter))!;
    }
    return feeds;
  }

  /** Where the embedding is read: the base model's, or as it is trained. */
  get embedding(): EmbeddingWeights {
    const { weights, parameters } = this.#sources;
    if (!this.trainsEmbedding) return weights;
    const trained = (name: string) => {
      const key = this.#wholeKeys.get(name);
      return key === undefined ? undefined : parameters.get(key)!;
    };
    return {
      get: async (name) => trained(name) ?? (await weights.get(name)),
      rows: async (name, rows) => {
        const matrix = trained(name);
        return matrix === undefined ? await weights.rows(name, rows) : takeRows(matrix, rows);
      },
    };
  }

  #fullName(layers: readonly number[], { block, name }: StageParameter): string {
    return block === undefined ? name : this.#sources.model.layers[layers[block]!]!.prefix + name;
  }
}
