/** @file README.md of an exported classifier: what it is, what is left out, and lines of Python that give the run's logits. */
import { invariant } from '../../base/errors.ts';
import { idLines, POOLED } from '../../report/card-usage.ts';
import type { ExportSource } from './export-source.ts';
import { calibrationNote, type ReadmeFacts } from './readme-facts.ts';
import { CLASSIFIER_FILE, type Reading } from './transformers-class.ts';
import { runsPublishedCode } from './transformers-config.ts';

export function classifierReadme({ source, reading, dtype, padTokenId, notes }: ReadmeFacts): string {
  invariant(reading.kind !== 'causal', 'a classifier is read by its own class, or by hand');
  const { use, model } = source;
  const kept = source.header.settings?.keepLayers;
  return `# A vulnerability classifier, merged

The base model \`${use.base_model}\` (${model.spec.family}) with an adapter that Vultune trained merged into its weights, and the
classifier behind it. Weights are ${dtype}. Classes: 0 is safe, 1 is vulnerable.

The head reads ${POOLED[use.pooling]} of a function, at most ${use.max_length} tokens (long_functions: ${use.long_functions}).
From a softmax of ${use.raw_threshold} for class 1 on, a function counts as vulnerable.${calibrationNote(use)}
${kept === undefined ? '' : `Only the lowest ${kept} layers of the base model are in it (keep_layers).\n`}
${notes.map((note) => `- ${note}\n`).join('')}
## Use

${how(reading)}

\`\`\`python
${pythonLines(source, reading).join('\n')}
\`\`\`

${batches(source, reading, padTokenId)}
`;
}

/** How a classifier is read. */
type ClassifierReading = Exclude<Reading, { readonly kind: 'causal' }>;

const how = (reading: ClassifierReading) =>
  reading.kind === 'class'
    ? `Transformers loads it as ${reading.architecture}. Run in this folder (pip install torch transformers):`
    : `${reading.why}: AutoModelForSequenceClassification would give other logits. The base model lies here as one of Transformers', the classifier in
${CLASSIFIER_FILE}. Run in this folder (pip install torch transformers safetensors):`;

function batches(
  { pooling }: ExportSource,
  reading: ClassifierReading,
  padTokenId: number | undefined,
): string {
  if (reading.kind === 'by hand') return 'One function at a time: in a batch, padding must not be pooled.';
  if (pooling !== 'last')
    return 'Give the model the attention mask of the tokenizer where functions are padded to a batch.';
  return padTokenId === undefined
    ? 'One function at a time: the model names no padding token (pad_token_id), so Transformers refuses batches.'
    : `In a batch, pad on the right with token ${padTokenId} (pad_token_id), and give the attention mask: the last token that is another one is read.`;
}

function pythonLines(source: ExportSource, reading: ClassifierReading): string[] {
  const { use, model } = source;
  const token = model.spec.heads.encoder === undefined ? 'last' : 'first';
  const ids = idLines({ maxLength: use.max_length, longFunctions: use.long_functions, head: { token } });
  const tail = [
    '',
    '',
    'code = "int f(int a) { return a; }"',
    `print(logits(code), "vulnerable" if logits(code).softmax(-1)[1] >= ${use.raw_threshold} else "not flagged")`,
  ];
  if (reading.kind === 'class') {
    return [
      'import torch',
      'from transformers import AutoModelForSequenceClassification, AutoTokenizer',
      '',
      'tokenizer = AutoTokenizer.from_pretrained(".")',
      'model = AutoModelForSequenceClassification.from_pretrained(".", dtype=torch.float32).eval()',
      '',
      '',
      'def logits(code):',
      ...ids,
      '    with torch.no_grad():',
      '        return model(input_ids=torch.tensor([ids])).logits[0]',
      ...tail,
    ];
  }
  return [
    'import torch',
    'from safetensors.torch import load_file',
    `from transformers import ${runsPublishedCode(model) ? 'AutoModelForCausalLM' : 'AutoModel'}, AutoTokenizer`,
    '',
    'tokenizer = AutoTokenizer.from_pretrained(".")',
    ...baseLines(source),
    `head = {name: tensor.float() for name, tensor in load_file("${CLASSIFIER_FILE}").items()}`,
    '',
    '',
    'def logits(code):',
    ...ids,
    ...withoutPadding(source),
    '    with torch.no_grad():',
    '        hidden = model(input_ids=torch.tensor([ids])).last_hidden_state[0]  # [tokens, width]',
    `    vector = ${{ last: 'hidden[-1]', first: 'hidden[0]', mean: 'hidden.mean(dim=0)' }[use.pooling]}`,
    ...layerLines(reading),
    ...topLines(reading, source.topLayers),
    ...tail,
  ];
}

function baseLines({ model }: ExportSource): string[] {
  if (runsPublishedCode(model)) {
    return [
      '# This runs the code in this folder, which is published with the base model: read it first.',
      'model = AutoModelForCausalLM.from_pretrained(".", trust_remote_code=True, dtype=torch.float32).transformer.eval()',
    ];
  }
  // Transformers would fill a pooler that is not stored with random numbers, and warn.
  const pooler = model.spec.heads.encoder === undefined ? '' : 'add_pooling_layer=False, ';
  return [`model = AutoModel.from_pretrained(".", ${pooler}dtype=torch.float32).eval()`];
}

/** As the classes of Transformers do: the rightmost token that is not padding stands for the function. */
function withoutPadding({ model, pooling }: ExportSource): string[] {
  const { padTokenId } = model.spec;
  if (pooling !== 'last' || padTokenId === undefined) return [];
  return [`    while len(ids) > 1 and ids[-1] == ${padTokenId}:`, '        ids.pop()'];
}

const FUNCTIONS = {
  tanh: 'torch.tanh',
  relu: 'torch.relu',
  silu: 'torch.nn.functional.silu',
  gelu: 'torch.nn.functional.gelu',
  'gelu-tanh': '(lambda x: torch.nn.functional.gelu(x, approximate="tanh"))',
} as const;

function layerLines({ layer }: Extract<Reading, { kind: 'by hand' }>): string[] {
  if (layer === undefined) return [];
  const { dense, activation, norm } = layer;
  const bias = dense.bias ? ` + head["${dense.name}.bias"]` : '';
  const activated = `    vector = ${FUNCTIONS[activation]}(vector @ head["${dense.name}.weight"].T${bias})`;
  if (norm.kind === 'none') return [activated];
  invariant(norm.kind === 'layer', 'a head with another norm than a layer norm');
  const { name, epsilon, bias: hasBias } = norm;
  const of = `head["${name}.weight"], ${hasBias ? `head["${name}.bias"]` : 'None'}, ${epsilon}`;
  return [activated, `    vector = torch.nn.functional.layer_norm(vector, vector.shape, ${of})`];
}

function topLines({ classes, hasBias }: Extract<Reading, { kind: 'by hand' }>, topLayers: number): string[] {
  const last = topLayers === 0 ? classes : `${classes}.${2 * topLayers}`;
  return [
    ...Array.from({ length: topLayers }, (_, i) => {
      const module = `${classes}.${2 * i}`;
      return `    vector = torch.nn.functional.gelu(vector @ head["${module}.weight"].T + head["${module}.bias"])`;
    }),
    `    return vector @ head["${last}.weight"].T${hasBias ? ` + head["${last}.bias"]` : ''}`,
  ];
}
