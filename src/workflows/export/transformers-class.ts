/** @file Which class of Transformers computes an exported model: one with the head, or the base model's, and the head by hand. */
import { invariant } from '../../base/errors.ts';
import { FAMILIES } from '../../model/families/registry.ts';
import type { HeadLayer, Model, Pooling } from '../../model/spec.ts';

export type Reading =
  /** ...ForCausalLM gives the logits of the next token, which the answers are of. */
  | {
      readonly kind: 'causal';
      /** Undefined where the class is published with the base model. */
      readonly architecture: string | undefined;
    }
  /** ...ForSequenceClassification gives the logits. */
  | { readonly kind: 'class'; readonly architecture: string }
  /** The base model's class gives hidden states; the head lies in a file of its own. */
  | {
      readonly kind: 'by hand';
      /** Undefined where the class is published with the base model. */
      readonly architecture: string | undefined;
      /** Between the pooled vector and the last matrix. */
      readonly layer: HeadLayer | undefined;
      /** Full name of the matrix to the classes, or of the module that it is the last of. */
      readonly classes: string;
      readonly hasBias: boolean;
      readonly why: string;
    };

/** The file of a head that no class of Transformers reads. */
export const CLASSIFIER_FILE = 'classifier.safetensors';

/** Names that are not the prefix and ForCausalLM. */
const CAUSAL_CLASSES: Readonly<Record<string, string>> = {
  GPT2: 'GPT2LMHeadModel',
  Gemma3Text: 'Gemma3ForCausalLM',
};

/** Where the language model itself answers. */
export function causalReading({ family }: Model): Reading {
  const prefix = FAMILIES[family]!.transformersClass;
  const architecture = prefix === undefined ? undefined : (CAUSAL_CLASSES[prefix] ?? `${prefix}ForCausalLM`);
  return { kind: 'causal', architecture };
}

/** @param topLayers layers of the classifier before its last matrix */
export function readingOf({ family, heads }: Model, pooling: Pooling, topLayers: number): Reading {
  const prefix = FAMILIES[family]!.transformersClass;
  const { encoder, lacksClassifier, classifier } = heads;
  const own = encoder === undefined ? 'last' : 'first';
  const pools = encoder?.poolsAsConfigured === true || pooling === own;
  if (lacksClassifier !== true && pools && topLayers === 0) {
    invariant(prefix !== undefined, `Transformers has a classifier of ${family}, and no class of it`);
    return { kind: 'class', architecture: `${prefix}ForSequenceClassification` };
  }
  const layer = encoder?.classifier;
  return {
    kind: 'by hand',
    architecture: prefix === undefined ? undefined : `${prefix}Model`,
    layer: layer === undefined || (layer.ofFirstToken && pooling !== 'first') ? undefined : layer,
    classes: encoder?.classes ?? classifier,
    hasBias: encoder !== undefined,
    why: pools
      ? lacksClassifier === true
        ? `Transformers has no class of ${family} with a classifier`
        : "Transformers' classes have no layers before the last matrix of the classifier (top_mlp_layers)"
      : `Transformers' ${prefix}ForSequenceClassification reads the ${own} token, and this model was trained on the mean over all tokens`,
  };
}
