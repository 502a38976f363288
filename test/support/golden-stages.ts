/** @file The stages whose graphs are held to golden hashes, compiled by a backend that only looks at them. */

import { type LoraOptions, planLora } from '../../src/adapters/lora-plan.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { classifier } from '../../src/heads/classifier.ts';
import type { Head } from '../../src/heads/head.ts';
import { hiddenStates } from '../../src/heads/hidden-states.ts';
import { readModel } from '../../src/model/families/registry.ts';
import { isCausal } from '../../src/model/matrices.ts';
import type { Model } from '../../src/model/spec.ts';
import type { Activations } from '../../src/network/keep-policies.ts';
import type { StageSpec } from '../../src/network/stage-graph.ts';
import { type GradientTargets, StagePrograms } from '../../src/network/stage-programs.ts';
import { classification } from '../../src/objectives/classification.ts';
import { classificationWithCwe } from '../../src/objectives/classification-with-cwe.ts';
import type { Backend } from '../../src/runtime/backend.ts';
import { answer } from '../../src/tasks/answer.ts';
import { float32 } from '../../src/weights/float32.ts';
import { graphHashes } from './graph-hash.ts';

const LLAMA = {
  model_type: 'llama',
  hidden_size: 12,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  num_hidden_layers: 3,
  intermediate_size: 20,
  vocab_size: 40,
  hidden_act: 'silu',
  head_dim: 4,
};

const MODELS = {
  llama: LLAMA,
  'llama with biases': { ...LLAMA, attention_bias: true, mlp_bias: true },
  'mistral with a window': { ...LLAMA, model_type: 'mistral', sliding_window: 8 },
  'qwen2 with a window above': {
    ...LLAMA,
    model_type: 'qwen2',
    use_sliding_window: true,
    sliding_window: 8,
    max_window_layers: 2,
  },
} as const;

const ENCODER = {
  hidden_size: 12,
  num_attention_heads: 3,
  num_hidden_layers: 3,
  intermediate_size: 20,
  vocab_size: 40,
};

const ENCODERS = {
  bert: { ...ENCODER, model_type: 'bert' },
  roberta: { ...ENCODER, model_type: 'roberta' },
  modernbert: { ...ENCODER, num_attention_heads: 2, model_type: 'modernbert', local_attention: 8 },
} as const;

const GPT2 = { vocab_size: 40, n_embd: 16, n_inner: 20, n_layer: 3, n_head: 4, n_positions: 64 };

/** Compiled with LoRA on every matrix alone: what differs is the block. */
const OTHER_FAMILIES = {
  gpt2: { ...GPT2, model_type: 'gpt2' },
  gpt_bigcode: { ...GPT2, model_type: 'gpt_bigcode' },
  'gpt_bigcode, a key and value a head': { ...GPT2, model_type: 'gpt_bigcode', multi_query: false },
  codegen: { ...GPT2, model_type: 'codegen', rotary_dim: 2 },
  phi: { ...LLAMA, model_type: 'phi' },
  starcoder2: { ...LLAMA, model_type: 'starcoder2', sliding_window: 8 },
  qwen3: { ...LLAMA, model_type: 'qwen3' },
  gemma3_text: { ...LLAMA, model_type: 'gemma3_text', sliding_window_pattern: 3, sliding_window: 8 },
  glm: { ...LLAMA, model_type: 'glm', attention_bias: true },
  olmo2: { ...LLAMA, model_type: 'olmo2' },
  stablelm: { ...LLAMA, model_type: 'stablelm', partial_rotary_factor: 0.5, use_qkv_bias: true },
  'stablelm, sublayers in parallel': {
    ...LLAMA,
    model_type: 'stablelm',
    partial_rotary_factor: 0.5,
    use_parallel_residual: true,
  },
} as const;

const ALL_LINEAR: LoraOptions = {
  rank: 3,
  alpha: 6,
  dropout: 0,
  targetModules: 'all-linear',
  layers: 'all',
  useRsLora: false,
  rankPattern: {},
  alphaPattern: {},
};

const ADAPTERS = {
  'LoRA on all': ALL_LINEAR,
  'rsLoRA on two': { ...ALL_LINEAR, useRsLora: true, targetModules: ['q_proj', 'down_proj'] },
  'LoRA with patterns': { ...ALL_LINEAR, rankPattern: { v_proj: 2 }, alphaPattern: { up_proj: 12 } },
} as const satisfies Record<string, LoraOptions>;

const FIRST_ADAPTER = { 'LoRA on all': ALL_LINEAR };

const heads = (model: Model): Readonly<Record<string, Head | undefined>> => ({
  nothing: undefined,
  hidden: hiddenStates,
  ...(isCausal(model)
    ? { 'last token': classifier(model, { classes: 2, pooling: 'last' }) }
    : { 'first token': classifier(model, { classes: 2, pooling: 'first' }) }),
  mean: classifier(model, { classes: 2, pooling: 'mean' }),
});

const LOSSES = {
  'cross-entropy': classification({ kind: 'cross_entropy' }),
  focal: classification({ kind: 'focal', gamma: 2 }),
};

/** Hashes by the name of the stage and of what is compiled of it. */
export async function compiledGraphs(): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const [model, config] of Object.entries({ ...MODELS, ...OTHER_FAMILIES })) {
    for (const [adapter, options] of Object.entries(model in MODELS ? ADAPTERS : FIRST_ADAPTER)) {
      // Every form for one model and adapter, a few for the others.
      const isWhole = model === 'llama' && adapter === 'LoRA on all';
      const graphs: Graph[] = [];
      const spec = readModel(config, 'config.json');
      const parts = { model: spec, adapted: planLora(spec, options), format: float32 };
      const programs = new StagePrograms(parts, lookingBackend(graphs));
      for (const { name, compile } of forms(spec, isWhole)) {
        await compile(programs);
        const hashes = graphHashes(graphs.splice(0)).join(' ');
        // A program that two forms share is compiled for the first of them.
        if (hashes !== '') found[`${model}, ${adapter}: ${name}`] = hashes;
      }
    }
  }
  for (const [model, config] of Object.entries(ENCODERS)) {
    const spec = readModel(config, 'config.json');
    const adapted = planLora(spec, ALL_LINEAR, classifier(spec, { classes: 2, pooling: 'first' }));
    const graphs: Graph[] = [];
    const programs = new StagePrograms({ model: spec, adapted, format: float32 }, lookingBackend(graphs));
    for (const { name, compile } of forms(spec, false)) {
      await compile(programs);
      found[`${model}, LoRA on all: ${name}`] = graphHashes(graphs.splice(0)).join(' ');
    }
  }
  Object.assign(found, await graphsWithCwes(), await joinedGraphs(), await graphsOfAnswers());
  return found;
}

/** The last stage with a head of labels and CWEs, of a decoder and of an encoder with a layer before the matrices. */
async function graphsWithCwes(): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  const objective = classificationWithCwe({ kind: 'cross_entropy' }, { classes: 3, weight: 0.2 });
  for (const [name, config, pooling] of [
    ['llama', LLAMA, 'last'],
    ['roberta', ENCODERS.roberta, 'first'],
  ] as const) {
    const model = readModel(config, 'config.json');
    const head = classifier(model, { classes: 2, pooling, cweClasses: 3 });
    const graphs: Graph[] = [];
    const parts = { model, adapted: planLora(model, ALL_LINEAR, head), format: float32 };
    const programs = new StagePrograms(parts, lookingBackend(graphs));
    const spec = { layers: [1, 2], head, queryChunks: 1, sharesPrefixes: false, dropout: 0 };
    await programs.forward(spec);
    await programs.loss(spec, objective, 'adapters and x');
    found[`${name}, LoRA on all: labels and CWEs`] = graphHashes(graphs).join(' ');
  }
  return found;
}

/** Stages of functions joined to one text: a cut one, and the last one with its classifier. */
async function joinedGraphs(): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const model of ['llama', 'qwen2 with a window above'] as const) {
    const spec = readModel(MODELS[model], 'config.json');
    const graphs: Graph[] = [];
    const parts = { model: spec, adapted: planLora(spec, ALL_LINEAR), format: float32 };
    const programs = new StagePrograms(parts, lookingBackend(graphs));
    const joined = { layers: [1, 2], queryChunks: 4, sharesPrefixes: false, isJoined: true, dropout: 0.1 };
    await programs.split({ ...joined, head: undefined }, 'products', 'adapters and x');
    const head = classifier(spec, { classes: 2, pooling: 'last' });
    await programs.loss({ ...joined, head }, LOSSES['cross-entropy'], 'adapters and x');
    found[`${model}, LoRA on all: joined`] = graphHashes(graphs).join(' ');
  }
  return found;
}

/** What a next_token or instruct training computes of its rows, and the last stage that scores a function; phi's head has a bias. */
async function graphsOfAnswers(): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  const asked = {
    next_token: { before: [], after: [], answers: [[3, 1] as const, [7, 1] as const] as const },
    instruct: { before: [5, 6], after: [8, 9], answers: [[4, 2, 1] as const, [7, 2, 1] as const] as const },
  };
  for (const [name, config] of [
    ['llama', LLAMA],
    ['phi', OTHER_FAMILIES.phi],
  ] as const) {
    const model = readModel(config, 'config.json');
    for (const [task, question] of Object.entries(asked)) {
      const { head, objective } = answer(model, {
        question,
        lossOn: task === 'instruct' ? 'answer' : 'all',
      });
      if (!('rows' in objective)) throw new Error('an answer is learnt row by row');
      const graphs: Graph[] = [];
      const parts = { model, adapted: planLora(model, ALL_LINEAR, head), format: float32 };
      const programs = new StagePrograms(parts, lookingBackend(graphs));
      const spec = { queryChunks: 1, sharesPrefixes: false, dropout: 0 };
      await programs.rows({ ...spec, layers: [], head: objective.head }, objective);
      await programs.forward({ ...spec, layers: [1, 2], head });
      found[`${name}, LoRA on all: ${task}`] = graphHashes(graphs).join(' ');
    }
  }
  return found;
}

interface Form {
  readonly name: string;
  readonly compile: (programs: StagePrograms) => Promise<unknown>;
}

function forms(model: Model, isWhole: boolean): readonly Form[] {
  return stages(model, isWhole).flatMap(({ name, spec }): Form[] => {
    const forward: Form = { name: `${name}, forward`, compile: (p) => p.forward({ ...spec, dropout: 0 }) };
    if (spec.head === hiddenStates) return [forward];
    return [forward, ...(spec.head === undefined ? cuts(name, spec, isWhole) : losses(name, spec, isWhole))];
  });
}

function cuts(name: string, spec: StageSpec, isWhole: boolean): Form[] {
  const kinds: readonly (readonly [Activations, GradientTargets])[] = isWhole
    ? [
        ['products', 'adapters and x'],
        ['products', 'x'],
        ['recompute', 'adapters'],
        ['keep', 'adapters and x'],
      ]
    : [['products', 'adapters and x']];
  return kinds.map(([kept, wanted]) => ({
    name: `${name}, cut for ${wanted}, ${kept} kept`,
    compile: (p) => p.split(spec, kept, wanted),
  }));
}

function losses(name: string, spec: StageSpec, isWhole: boolean): Form[] {
  const kinds: readonly (readonly [keyof typeof LOSSES, GradientTargets])[] = isWhole
    ? [
        ['cross-entropy', 'adapters and x'],
        ['focal', 'adapters'],
        ['cross-entropy', 'x'],
      ]
    : [['cross-entropy', 'adapters and x']];
  return kinds.map(([loss, wanted]) => ({
    name: `${name}, ${loss} for ${wanted}`,
    compile: (p) => p.loss(spec, LOSSES[loss], wanted),
  }));
}

function stages(
  model: Model,
  isWhole: boolean,
): readonly { readonly name: string; readonly spec: StageSpec }[] {
  const layerSets = isWhole ? [[0, 1], [2]] : [[1, 2]];
  return Object.entries(heads(model)).flatMap(([ending, head]) =>
    layerSets.flatMap((layers) =>
      chunkCounts(model, isWhole, layers.length, head).flatMap((queryChunks) =>
        (isWhole ? [false, true] : [false]).flatMap((sharesPrefixes) =>
          [0, 0.1].map((dropout) => ({
            name: `layers ${layers.join(' ')}, ${ending} behind, ${queryChunks} chunks${sharesPrefixes ? ', shared' : ''}${dropout > 0 ? ', dropout' : ''}`,
            spec: { layers, head, queryChunks, sharesPrefixes, dropout },
          })),
        ),
      ),
    ),
  );
}

/** A stage of the pruned block alone has one query a row, and without causality nothing is saved: they are never chunked. */
function chunkCounts(
  model: Model,
  isWhole: boolean,
  layerCount: number,
  head: Head | undefined,
): readonly number[] {
  const isPruned = layerCount === 1 && head?.reads === 'last';
  if (isPruned || !isCausal(model)) return [1];
  return isWhole ? [1, 4] : [4];
}

function lookingBackend(graphs: Graph[]): Backend {
  return {
    name: 'looking',
    device: 'cpu',
    compile: async (graph) => {
      graphs.push(graph);
      return { graph, run: async () => ({}), release: async () => {} };
    },
  };
}
