/** @file What a model card says of a language model that answers: what it is asked, and lines of Python that give the same scores. */

export interface CardQuestion {
  /** Token ids before and behind the code. */
  readonly before: readonly number[];
  readonly after: readonly number[];
  /** [safe, vulnerable]: the answer's first token and its text. */
  readonly answers: readonly [CardAnswer, CardAnswer];
  /** Tokens of `maxLength` that are not the code's. */
  readonly askedTokens: number;
  /** Class of the base model is published with it. */
  readonly runsPublishedCode: boolean;
  /** What its config.json calls the number of layers. */
  readonly layersKey: 'num_hidden_layers' | 'num_layers';
}

export interface CardAnswer {
  readonly token: number;
  readonly text: string;
}

interface Read {
  readonly maxLength: number;
  readonly longFunctions: 'truncate' | 'head_tail' | 'drop';
  readonly keepLayers: number | undefined;
  /** On the scale of the Python lines' scores. */
  readonly rawThreshold: number;
}

/** `" NO" (safe) or " YES" (vulnerable)`. */
export const answersInWords = ({ answers: [safe, vulnerable] }: CardQuestion): string =>
  `${JSON.stringify(safe.text)} (safe) or ${JSON.stringify(vulnerable.text)} (vulnerable)`;

/** What is read, in sentences. */
export function questionReading(
  question: CardQuestion,
  { maxLength, longFunctions, keepLayers }: Read,
): string {
  const room = maxLength - question.askedTokens;
  const tail = Math.floor(room / 2);
  const long = {
    truncate: `its first ${room} tokens are`,
    head_tail: `its first ${room - tail} and its last ${tail} tokens are`,
    drop: `its first ${room} tokens are`,
  }[longFunctions];
  const kept =
    keepLayers === undefined
      ? ''
      : `\nOnly the first ${keepLayers} layers of the base model are used (keep_layers): Transformers is told so by ${question.layersKey}.`;
  return `The language model itself answers, with the next token behind the code: ${answersInWords(question)}. Code, question and answer
have at most ${maxLength} tokens (max_length); of a function with more than ${room} tokens ${long} read (long_functions: ${longFunctions}).${kept}`;
}

export interface QuestionBase {
  /** Lines that set `BASE`. */
  readonly base: readonly string[];
  /** Further imports that these need. */
  readonly imports: readonly string[];
  /** The adapter is in the weights of `BASE`, and not beside these lines. Default: false. */
  readonly isMerged?: boolean | undefined;
}

export function questionLines(
  question: CardQuestion,
  read: Read,
  { base, imports, isMerged = false }: QuestionBase,
): string[] {
  const { before, after, answers, runsPublishedCode, layersKey } = question;
  const [safe, vulnerable] = answers;
  const layers = read.keepLayers === undefined ? '' : `${layersKey}=${read.keepLayers}, `;
  return [
    ...imports,
    'import torch',
    ...(isMerged ? [] : ['from peft import PeftModel']),
    'from transformers import AutoModelForCausalLM, AutoTokenizer',
    '',
    ...base,
    ...(runsPublishedCode
      ? ['BASE["trust_remote_code"] = True  # runs the code in the base model\'s repository: read it first']
      : []),
    'tokenizer = AutoTokenizer.from_pretrained(**BASE)',
    `model = AutoModelForCausalLM.from_pretrained(**BASE, ${layers}dtype=torch.float32)${isMerged ? '.eval()' : ''}`,
    ...(isMerged ? [] : ['model = PeftModel.from_pretrained(model, ".").eval()']),
    `BEFORE, AFTER = ${JSON.stringify(before)}, ${JSON.stringify(after)}  # tokens around the code`,
    `SAFE, VULNERABLE = ${safe.token}, ${vulnerable.token}  # ${JSON.stringify(safe.text)}, ${JSON.stringify(vulnerable.text)}`,
    '',
    '',
    'def score(code):',
    '    ids = tokenizer(code, add_special_tokens=False)["input_ids"]',
    ...cutLines(read.maxLength - question.askedTokens, read.longFunctions),
    '    with torch.no_grad():',
    '        logits = model(input_ids=torch.tensor([BEFORE + ids + AFTER])).logits[0, -1]',
    '    return logits[[SAFE, VULNERABLE]].softmax(-1)[1].item()',
    '',
    '',
    'code = "int f(int a) { return a; }"',
    `print(score(code), "vulnerable" if score(code) >= ${read.rawThreshold} else "not flagged")`,
  ];
}

function cutLines(room: number, longFunctions: Read['longFunctions']): string[] {
  const tail = longFunctions === 'head_tail' ? Math.floor(room / 2) : 0;
  if (tail === 0) return [`    ids = ids[:${room}]`];
  return [`    if len(ids) > ${room}:`, `        ids = ids[:${room - tail}] + ids[-${tail}:]`];
}
