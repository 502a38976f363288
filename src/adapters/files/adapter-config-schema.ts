/**
 * @file The fields of adapter_config.json as PEFT 0.21 writes them: which decide what an adapter computes, which must be
 * off because Vultune does not compute what they ask for, and which only say how it was trained.
 */
import { VultuneError } from '../../base/errors.ts';
import { checkValue } from '../../schema/check-value.ts';
import { describeFound } from '../../schema/words.ts';
import { z } from '../../schema/zod.ts';

const HINT = 'Vultune reads LoRA, DoRA and AdaLoRA adapters with a classification head, as PEFT writes them.';

/** EVA writes one for each matrix: 900 for a large model. */
const MOST_PATTERNS = 4096;

/** Values by names of matrices, or by the ends of them. */
const patterns = <Value extends z.ZodType>(value: Value) =>
  z
    .record(z.string(), value)
    .refine((record) => Object.keys(record).length <= MOST_PATTERNS, {
      message: `it has more than ${MOST_PATTERNS} patterns`,
    })
    .nullish();

/** Full fine-tuning saves every module by its full name. */
const MOST_MODULES = 65_536;
const names = () => z.array(z.string().min(1)).max(MOST_MODULES);

const common = {
  base_model_name_or_path: z.string().min(1),
  revision: z.string().nullish(),
  lora_alpha: z.number(),
  lora_dropout: z.number().min(0).lt(1).nullish(),
  target_modules: z.union([z.string(), z.array(z.string()).max(MOST_MODULES)]),
  exclude_modules: z.union([z.string().min(1), names()]).nullish(),
  layers_to_transform: z.union([z.int(), z.array(z.int())]).nullish(),
  /** The part of a name that the layer's number follows: `layers` of Llama, `h` of GPT-2, `layer` of BERT. */
  layers_pattern: z.union([z.string().min(1), z.array(z.string().min(1)).max(8)]).nullish(),
  bias: z.enum(['none', 'all', 'lora_only']).nullish(),
  modules_to_save: names().nullish(),
};

const loraSchema = z.looseObject({
  peft_type: z.literal('LORA'),
  ...common,
  r: z.int().min(1),
  use_rslora: z.boolean().nullish(),
  use_dora: z.boolean().nullish(),
  rank_pattern: patterns(z.int().min(1)),
  alpha_pattern: patterns(z.number()),
});

/** More values a matrix than any matrix has rows. */
const MOST_RANK = 65_536;
const share = z.number().gt(0).lt(1);
const steps = z.int().min(0);

const adaLoraSchema = z.looseObject({
  peft_type: z.literal('ADALORA'),
  ...common,
  init_r: z.int().min(1).max(MOST_RANK),
  target_r: z.int().min(0).nullish(),
  tinit: steps.nullish(),
  tfinal: steps.nullish(),
  deltaT: z.int().min(1).nullish(),
  beta1: share.nullish(),
  beta2: share.nullish(),
  orth_reg_weight: z.number().min(0).nullish(),
  total_step: z.int().min(1).nullish(),
  /** Which values of each matrix were kept. */
  rank_pattern: patterns(z.array(z.boolean()).max(MOST_RANK)),
});

const SCHEMAS = { LORA: loraSchema, ADALORA: adaLoraSchema } as const;

export type LoraConfigFields = z.output<typeof loraSchema>;
export type AdaLoraConfigFields = z.output<typeof adaLoraSchema>;
export type AdapterConfigFields = LoraConfigFields | AdaLoraConfigFields;

/** Fields that change what an adapter computes and that Vultune does not implement: refused unless they are off. */
const MUST_BE_OFF = [
  'use_qalora',
  'use_bdlora',
  'lora_bias',
  'layer_replication',
  'trainable_token_indices',
  'alora_invocation_tokens',
  'target_parameters',
  'arrow_config',
  'kasa_config',
  'monteclora_config',
  'megatron_config',
] as const;

/** PEFT has these fields of AdaLoRA's class from LoRA's, and does not read them. */
const OF_LORA_ALONE = ['r', 'use_rslora', 'use_dora', 'alpha_pattern'];

/** Starts that leave the base model's weights as they are, so that the stored matrices say all. */
const STARTS = ['gaussian', 'eva', 'orthogonal', 'mica'];

/** Say how an adapter was trained, or what it may be merged with; they change nothing of what it computes. */
const ONLY_IN_TRAINING = ['eva_config', 'corda_config', 'lora_ga_config', 'loftq_config', 'velora_config'];

/** Read by nobody, or with a meaning only beside a field that must be off. */
const WITHOUT_EFFECT = [
  // PEFT itself sets it by the kind of each layer: LoRA's matrices are the same either way.
  'fan_in_fan_out',
  'task_type',
  'auto_mapping',
  'peft_version',
  'inference_mode',
  'init_lora_weights',
  'megatron_core',
  'qalora_group_size',
  'ensure_weight_tying',
  'runtime_config',
];

const KNOWN = new Set<string>([
  ...Object.values(SCHEMAS).flatMap(({ shape }) => Object.keys(shape)),
  ...OF_LORA_ALONE,
  ...MUST_BE_OFF,
  ...ONLY_IN_TRAINING,
  ...WITHOUT_EFFECT,
]);

/** @throws VultuneError ADAPTER_CONFIG naming the field that is missing, wrong or not supported. */
export function checkAdapterConfig(
  json: Readonly<Record<string, unknown>>,
  file: string,
): AdapterConfigFields {
  const fail = (name: string, expected: string): never => {
    const found = describeFound(json[name]).slice(0, 120);
    throw new VultuneError('ADAPTER_CONFIG', `"${name}" is ${found}, expected ${expected}`, {
      where: { file, name },
      hint: HINT,
    });
  };
  const type = json.peft_type;
  if (type !== 'LORA' && type !== 'ADALORA') {
    fail('peft_type', '"LORA" or "ADALORA": adapters of other kinds are not supported');
  }
  const kind = type as keyof typeof SCHEMAS;
  const options = { code: 'ADAPTER_CONFIG', file, hint: HINT } as const;
  const fields =
    kind === 'LORA' ? checkValue(loraSchema, json, options) : checkValue(adaLoraSchema, json, options);
  for (const name of MUST_BE_OFF)
    if (!isOff(json[name]) || isMap(json[name])) fail(name, 'it to be off: it is not supported');
  const start = json.init_lora_weights;
  if (!isOff(start) && start !== true && !(typeof start === 'string' && STARTS.includes(start))) {
    fail(
      'init_lora_weights',
      `a start that leaves the base model as it is: true, false, ${STARTS.join(', ')} (PEFT can convert the adapter)`,
    );
  }
  for (const [name, value] of Object.entries(json)) {
    if (!KNOWN.has(name) && !isOff(value)) {
      fail(name, 'a field that Vultune knows, or one that is off: it may change what the adapter computes');
    }
  }
  return fields;
}

/** What a user should know of fields that were passed over. */
export function adapterConfigNotes(json: Readonly<Record<string, unknown>>): string[] {
  const trained = ONLY_IN_TRAINING.filter((name) => !isOff(json[name]));
  const unknown = Object.keys(json).filter((name) => !KNOWN.has(name));
  return [
    ...trained.map((name) => `"${name}" says how the adapter was trained and is not needed to use it`),
    ...unknown.map((name) => `"${name}" is not a field that Vultune knows; it is off`),
  ];
}

/** PEFT takes an empty map for a configuration with its defaults, which is on. */
const isMap = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value);

function isOff(value: unknown): boolean {
  if (value === undefined || value === null || value === false) return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}
