/** @file A training that has been planned, written as the folder that PyTorch trains from. */
import { ofCweHead, withoutCweHead } from '../../adapters/files/cwe-head-files.ts';
import type { LoraOptions } from '../../adapters/lora-plan.ts';
import { parameterKey } from '../../adapters/parameter-key.ts';
import { VultuneError } from '../../base/errors.ts';
import { packedSteps } from '../../clusters/packed-steps.ts';
import { type PlannedFunction, type PlannedModel, writePlanFolder } from '../../clusters/plan-folder.ts';
import type { LabelledRecord } from '../../dataset/record.ts';
import { isCausal } from '../../model/matrices.ts';
import type { LabelAndCwes } from '../../objectives/classification-with-cwe.ts';
import type { NextTokens } from '../../objectives/next-token.ts';
import type { Example } from '../../objectives/objective.ts';
import { planInference } from '../../packing/plan.ts';
import { separateFunctions } from '../../packing/units.ts';
import type { RunRecord } from '../../runs/run-folder.ts';
import { plannableFunctions } from '../../training/plannable-functions.ts';
import type { WorkflowContext } from '../context.ts';
import { packageVersions } from '../package-versions.ts';
import { trainedSettings } from '../train/adapter-settings.ts';
import { evaluatesOnStart } from '../train/evaluates-on-start.ts';
import { evaluationFunctions, trainingExamples } from '../train/examples.ts';
import { withTotalSteps } from '../train/finish-run.ts';
import type { Learnt, TrainingPlan } from '../train/setup.ts';
import type { RecordsByKey } from '../train/train-into.ts';
import { cardHead, ownClass } from '../train/transformers-class.ts';
import { startOfPlan } from './start-of-plan.ts';

/**
 * Writes the plan folder of a training. The same configuration, data and model give the same bytes.
 * @throws VultuneError `TORCH_CONFIG_UNSUPPORTED` for what only Vultune's own engine trains; as `trainingExamples`
 */
export async function writeTrainingPlan(
  folder: string,
  plan: TrainingPlan,
  records: RecordsByKey,
  data: RunRecord['data'],
  context: WorkflowContext,
): Promise<{ readonly totalSteps: number; readonly functions: number }> {
  requireTrainable(plan);
  const { examples } = await trainingExamples(plan, records.get('train_file')!, context);
  const valid = validFunctions(plan, records.get('valid_file')!);
  return await writePlanOf(folder, plan, { examples, valid, data }, context);
}

export interface PlannedData {
  /** To train on. */
  readonly examples: readonly Example<Learnt>[];
  readonly valid: readonly PlannedFunction[];
  readonly data: RunRecord['data'];
}

/** The same of functions that are token ids already. */
export async function writePlanOf(
  folder: string,
  plan: TrainingPlan,
  { examples, valid, data }: PlannedData,
  context: WorkflowContext,
): Promise<{ readonly totalSteps: number; readonly functions: number }> {
  const { config, model, trainer, task } = plan;
  const { objective } = task;
  const start = await startOfPlan(
    plan,
    {
      examples,
      valid: { ids: valid.map(({ ids }) => ids), labels: valid.map(({ label }) => label) },
    },
    context,
  );
  const steps = packedSteps(
    {
      plannable: plannableFunctions(examples, trainer, start.difficulty),
      weights: examples.map(({ weight }) => weight),
      terms: examples.map((one) => ('rows' in objective ? objective.terms([one]) : 1)),
      shareable:
        trainer.sharePrefixes && config.packing === 'isolated' && isCausal(model.spec)
          ? examples.map(({ ids }) => ids)
          : undefined,
    },
    trainer,
  );
  const totalSteps = steps.steps.length;
  const fixedVersions = fixedVersionsOf(examples);
  await writePlanFolder(folder, {
    ...steps,
    vultune: packageVersions().vultune!,
    config,
    base: {
      reference: config.base_model,
      revision: config.revision,
      path: model.path,
      fingerprint: model.checkpoint.fingerprint,
    },
    model: plannedModel(plan),
    warmupSteps: trainer.warmupSteps(totalSteps),
    train: examples.map(({ ids, target, weight }, i) => ({
      ids,
      label: target.label,
      weight,
      next: learntTokens(target),
      fixedVersion: fixedVersions.get(i),
      cwes: 'cwes' in target ? (target as LabelAndCwes).cwes : undefined,
    })),
    difficulty: start.difficulty,
    cweHead: plan.cwe.classes && {
      classes: plan.cwe.classes.length,
      parameters: ofCweHead(start.parameters),
    },
    valid,
    validation: planInference(separateFunctions(valid.map(({ ids }) => ids.length)), {
      tokensPerBatch: config.tokens_per_batch,
    }).map(({ functions }) => functions),
    start: {
      model: model.spec,
      config: {
        lora: withAllRanks(withTotalSteps(plan.lora, totalSteps)),
        baseModel: config.base_model,
        revision: config.revision ?? undefined,
      },
      layers: plan.layers,
      whole: plan.whole,
      parameters: withoutCweHead(start.parameters),
      settings: { formatVersion: 1, threshold: UNMEASURED, ...trainedSettings(plan, data, folder) },
    },
  });
  return { totalSteps, functions: examples.length };
}

/** By the index of a vulnerable function of a pair that of the other one. */
function fixedVersionsOf(examples: readonly Pick<Example<unknown>, 'pair'>[]): ReadonlyMap<number, number> {
  const fixed = new Map<number, number>();
  for (const [index, { pair }] of examples.entries()) {
    if (pair?.isVulnerable === false) fixed.set(pair.number, index);
  }
  return new Map(
    examples.flatMap(({ pair }, index) =>
      pair?.isVulnerable === true ? [[index, fixed.get(pair.number)!] as const] : [],
    ),
  );
}

/** Where the language model answers, what is learnt of a function are tokens. */
function learntTokens(target: Learnt | NextTokens): readonly number[] | undefined {
  if (!('next' in target)) return undefined;
  return target.next.map((token, at) => (at < target.from ? NOT_LEARNT : token));
}

const NOT_LEARNT = -1;

/** Until validation says another one. */
const UNMEASURED = 0.5;

function validFunctions(plan: TrainingPlan, records: readonly LabelledRecord[]): readonly PlannedFunction[] {
  const encoded = evaluationFunctions(plan, records);
  return records.map(({ target }, i) => ({ ids: encoded[i]!.ids, label: target, weight: 1 }));
}

/** AdaLoRA's first values are 0, which a file would leave out as taken away. */
const withAllRanks = ({ adalora, ...lora }: LoraOptions): LoraOptions =>
  adalora === undefined ? lora : { ...lora, adalora: { ...adalora, kept: {} } };

function plannedModel({ config, model, reading, task, whole, trainer }: TrainingPlan): PlannedModel {
  const { spec } = model;
  const { pooling, asked } = reading;
  const [safe, vulnerable] = asked?.question.answers ?? [];
  const { token, module, takesTokens, isToldPooling, top } = cardHead(spec, config.top_mlp_layers);
  return {
    family: spec.family,
    pooling,
    layout: isCausal(spec) ? 'packed' : 'rows',
    token,
    answers: safe === undefined || vulnerable === undefined ? null : [safe[0]!, vulnerable[0]!],
    separator: trainer.packing.separator ?? null,
    evaluatesOnStart: evaluatesOnStart(config),
    head: module,
    takesTokens,
    isToldPooling,
    poolingSetting: isToldPooling ? (pooling === 'mean' ? 'mean' : 'cls') : null,
    topLayers: config.top_mlp_layers,
    topModule: top?.module ?? module,
    ownClass: asked === undefined && ownClass(model) !== undefined,
    headKeys: task.head.parameters.map(({ name }) => parameterKey(name)),
    transposed: whole.flatMap(({ key, transposed }) => (transposed ? [key] : [])),
  };
}

/** What the Python side does not do, each by the key that asks for it. */
function requireTrainable({ config, model }: TrainingPlan): void {
  const own = ownClass(model);
  const refused: readonly (readonly [boolean, string, string])[] = [
    [config.active_sampling !== null, 'active_sampling', `active_sampling is ${config.active_sampling}`],
    [
      own?.runsPublishedCode === true || model.spec.family === 'chatglm',
      'base_model',
      `the base model is a ${model.spec.family} whose code is published with it`,
    ],
  ];
  const found = refused.find(([isAsked]) => isAsked);
  if (found === undefined) return;
  const [, key, message] = found;
  throw new VultuneError('TORCH_CONFIG_UNSUPPORTED', `${message}, which --engine torch does not do`, {
    where: { name: key },
    hint: "Change it, or train with Vultune's own engine (without --engine torch).",
  });
}
