/**
 * @file init_adapter: a training that starts from the adapter and head of a finished one (double fine-tuning). They must be of the
 * same base model, task, head and matrices: anything else would start from numbers that mean something else here.
 */
import { type AdapterParameters, adaptedModules } from '../../adapters/adapter-parameters.ts';
import { type AdapterHeader, adapterWeightsFile, loadAdapter } from '../../adapters/files/adapter-files.ts';
import { loadCweHead, readCweHead, withoutCweHead } from '../../adapters/files/cwe-head-files.ts';
import { VultuneError } from '../../base/errors.ts';
import { hashFile } from '../../base/hash-file.ts';
import { pathFrom } from '../../base/moved-path.ts';
import type { TrainConfig } from '../../config/train-config.ts';
import { locateAdapter } from '../../judging/locate-adapter.ts';
import { differingPart, modelIdentity } from '../../network/model-identity.ts';
import type { InitialAdapter } from '../../runs/run-model.ts';
import { firstParameters, type TrainingPlan } from './setup.ts';

/** What run.json keeps of the adapter that a run starts from; undefined where it starts from random numbers. */
export async function initialAdapter({
  init_adapter: folder,
  output_dir: run,
}: Pick<TrainConfig, 'init_adapter' | 'output_dir'>): Promise<InitialAdapter | undefined> {
  if (folder === null) return undefined;
  const { sha256 } = await hashFile(adapterWeightsFile(locateAdapter(folder).folder));
  return { path: pathFrom(run, folder), sha256 };
}

/**
 * What a training starts from: `firstParameters`, or those of `init_adapter`. A CWE head starts from the adapter's where it has the
 * same classes.
 * @param recorded what run.json says of the adapter, for a run that is resumed before its first checkpoint
 * @throws VultuneError `INIT_ADAPTER_MISMATCH` for an adapter of another base model, task, head, rank or set of matrices,
 * `RUN_INIT_ADAPTER_CHANGED`, the errors of `locateAdapter` and `loadAdapter`
 */
export async function startParameters(
  plan: TrainingPlan,
  recorded?: InitialAdapter,
): Promise<AdapterParameters> {
  const first = await firstParameters(plan);
  const folder = plan.config.init_adapter;
  if (folder === null) return first;
  const header = locateAdapter(folder);
  if (recorded !== undefined) await requireUnchanged(header, recorded);
  requireSameSetting(header, plan);
  const { parameters, adapted } = await loadAdapter(header, plan.model.spec, plan.classifier);
  const mismatch =
    parameterMismatch(withoutCweHead(first), parameters) ?? scaleMismatch(plan.adapted, adapted);
  if (mismatch !== undefined) throw mismatched(header, mismatch);
  const ofCwes = await cweParameters(header, plan);
  return new Map([...first].map(([key, own]) => [key, parameters.get(key) ?? ofCwes.get(key) ?? own]));
}

/** How a training starts, for its first lines; undefined where that says nothing. */
export function initWords({ init_adapter: folder }: Pick<TrainConfig, 'init_adapter'>): string | undefined {
  return folder === null ? undefined : `the adapter and the head start as those of ${folder}`;
}

async function requireUnchanged({ folder }: AdapterHeader, recorded: InitialAdapter): Promise<void> {
  const file = adapterWeightsFile(folder);
  if ((await hashFile(file)).sha256 === recorded.sha256) return;
  throw new VultuneError(
    'RUN_INIT_ADAPTER_CHANGED',
    'the adapter of init_adapter is not the one that the run was started from',
    {
      where: { file, name: 'init_adapter' },
      hint: 'A resumed run must start from what it started from before: put the file back, or start a new run.',
    },
  );
}

const PARTS = { weights: 'weights', configuration: 'config.json', tokenizer: 'tokenizer' } as const;

/** Compares what the folder says of itself. An adapter of another tool says less, and is held to its tensors. */
function requireSameSetting(header: AdapterHeader, { config, model, reading }: TrainingPlan): void {
  const { settings } = header;
  if (settings === undefined) return;
  const part = differingPart(settings, modelIdentity(model));
  const task = settings.question?.task ?? 'classify';
  const layers = settings.topMlpLayers ?? 0;
  const mismatch: Mismatch | undefined =
    part !== undefined
      ? { key: 'base_model', message: `its base model has another ${PARTS[part]}` }
      : task !== config.task
        ? { key: 'task', message: `its task is ${task}, expected ${config.task}` }
        : settings.pooling !== reading.pooling
          ? { key: 'pooling', message: `its pooling is ${settings.pooling}, expected ${reading.pooling}` }
          : layers !== config.top_mlp_layers
            ? {
                key: 'top_mlp_layers',
                message: `its top_mlp_layers is ${layers}, expected ${config.top_mlp_layers}`,
              }
            : undefined;
  if (mismatch !== undefined) throw mismatched(header, mismatch);
}

interface Mismatch {
  /** The key of the configuration that differs. */
  readonly key: keyof TrainConfig;
  readonly message: string;
}

function parameterMismatch(expected: AdapterParameters, found: AdapterParameters): Mismatch | undefined {
  const [wanted, held] = [adaptedModules(expected), adaptedModules(found)];
  const extra = held.find((name) => !wanted.includes(name));
  const missing = wanted.find((name) => !held.includes(name));
  if (extra !== undefined || missing !== undefined) {
    const message =
      missing === undefined
        ? `it also adapts ${extra}, which is not adapted here`
        : `it does not adapt ${missing}`;
    return { key: 'target_modules', message };
  }
  for (const [key, { shape }] of expected) {
    const other = found.get(key)?.shape;
    if (other?.join() === shape.join()) continue;
    if (other === undefined) return { key: 'finetuning_type', message: `it does not train ${key}` };
    return {
      key: 'lora_r',
      message: `its ${key} has shape [${other.join(', ')}], expected [${shape.join(', ')}]`,
    };
  }
  const left = [...found.keys()].find((key) => !expected.has(key));
  return left === undefined
    ? undefined
    : { key: 'finetuning_type', message: `it also trains ${left}, which is not trained here` };
}

/** The same tensors under another factor are another model. */
function scaleMismatch(
  expected: TrainingPlan['adapted'],
  found: TrainingPlan['adapted'],
): Mismatch | undefined {
  const structures = new Map(found.map(({ name, structure }) => [name, structure]));
  const other = expected.find(({ name, structure }) => structures.get(name) !== structure);
  return other === undefined
    ? undefined
    : {
        key: 'lora_alpha',
        message: `its ${other.name} is multiplied by another factor (lora_alpha, use_rslora or alpha_pattern)`,
      };
}

async function cweParameters(
  { folder }: AdapterHeader,
  { cwe: { classes }, model }: TrainingPlan,
): Promise<AdapterParameters> {
  const stored = classes === undefined ? undefined : readCweHead(folder);
  const ids = (list: readonly { readonly id: string }[]) => list.map(({ id }) => id).join();
  if (stored === undefined || ids(stored.classes) !== ids(classes!)) return new Map();
  return await loadCweHead(stored, model.spec.hiddenSize);
}

function mismatched({ folder }: AdapterHeader, { key, message }: Mismatch): VultuneError {
  return new VultuneError('INIT_ADAPTER_MISMATCH', `init_adapter does not fit this training: ${message}`, {
    where: { file: folder, name: key },
    hint: `Set ${key} as that training had it, or leave init_adapter out.`,
  });
}
