/**
 * @file An adapter that all contenders of a scan merge or run: LoRA on every matrix, with numbers drawn where a fresh one has zeros, so that
 * its scores are not the base model's.
 */
import { initialParameters } from '../../dist/adapters/adapter-parameters.js';
import { writeAdapter } from '../../dist/adapters/files/adapter-files.js';
import { planLora } from '../../dist/adapters/lora-plan.js';
import { randomStream } from '../../dist/base/random.js';
import { openModel } from '../../dist/network/open-model.js';
import { classifierJudgement } from '../../dist/tasks/classify.js';
import { drawFirstValues } from '../../dist/tensor/first-values.js';
import { hostTensor } from '../../dist/tensor/host-tensor.js';
import { LORA } from '../lora.mjs';

const SEED = 42;
const DEVIATION = 0.02;

/** Writes the folder of an adapter of the base model. */
export async function writeDrawnAdapter(folder, path) {
  const model = await openModel(path);
  const { spec, checkpoint } = model;
  const adapted = planLora(spec, LORA);
  const { head } = classifierJudgement(spec, 'last');
  const parameters = new Map(
    [...initialParameters(adapted, head, SEED)].map(([key, tensor]) =>
      key.includes('.lora_B.') ? [key, drawn(key, tensor.shape)] : [key, tensor],
    ),
  );
  await writeAdapter(folder, {
    model: spec,
    config: { lora: LORA, baseModel: path, revision: undefined },
    layers: undefined,
    parameters,
    settings: {
      formatVersion: 1,
      threshold: 0.5,
      maxLength: spec.maxPositions,
      longFunctions: 'truncate',
      pooling: 'last',
      baseFingerprint: checkpoint.fingerprint,
      data: {},
    },
  });
  await checkpoint.close();
}

function drawn(key, shape) {
  const first = { kind: 'normal', deviation: DEVIATION };
  return hostTensor('float32', shape, drawFirstValues(first, shape, randomStream(SEED, 'bench', key)));
}
