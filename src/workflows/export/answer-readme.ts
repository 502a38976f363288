/** @file README.md of an exported language model that answers whether a function is vulnerable, with lines of Python that ask it. */
import { type CardQuestion, questionLines, questionReading } from '../../report/card-question.ts';
import { calibrationNote, type ReadmeFacts } from './readme-facts.ts';

export function answerReadme({ source, dtype, notes }: ReadmeFacts, question: CardQuestion): string {
  const { use, model } = source;
  const read = {
    maxLength: use.max_length,
    longFunctions: use.long_functions,
    // config.json counts the layers that are here.
    keepLayers: undefined,
    rawThreshold: use.raw_threshold,
  };
  const base = ['BASE = {"pretrained_model_name_or_path": "."}'];
  return `# A language model that answers whether a function is vulnerable, merged

The base model \`${use.base_model}\` (${model.spec.family}) with an adapter that Vultune trained merged into its weights, under the
language model's own head. Weights are ${dtype}.

${questionReading(question, read)}
A score is the softmax of the two answers' logits. From ${use.raw_threshold} on, a function counts as vulnerable.${calibrationNote(use)}

${notes.map((note) => `- ${note}\n`).join('')}
## Use

Transformers loads it with AutoModelForCausalLM. Run in this folder (pip install torch transformers):

\`\`\`python
${questionLines(question, read, { base, imports: [], isMerged: true }).join('\n')}
\`\`\`

One function at a time: in a batch that is padded on the right, the token behind the code is not the last.
`;
}
