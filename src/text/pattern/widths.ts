/** @file How many characters a part of a pattern takes: none perhaps, always the same number, or neither. */
import type { AlternativeElementNode } from 'oniguruma-parser/parser';

/** Whether it may match without a character. */
export function isNullable(node: AlternativeElementNode): boolean {
  switch (node.type) {
    case 'Character':
    case 'CharacterClass':
    case 'CharacterSet':
      return false;
    case 'Group':
    case 'CapturingGroup':
      return node.body.some((alternative) => alternative.body.every(isNullable));
    case 'Quantifier':
      return node.min === 0 || isNullable(node.body);
    case 'Assertion':
    case 'LookaroundAssertion':
    case 'AbsenceFunction':
    case 'Backreference':
    case 'Directive':
    case 'NamedCallout':
    case 'Subroutine':
      return true;
  }
}

/** Characters of a sequence; undefined where that depends on the text. */
export function widthOf(nodes: readonly AlternativeElementNode[]): number | undefined {
  let width = 0;
  for (const node of nodes) {
    const own = elementWidth(node);
    if (own === undefined) return undefined;
    width += own;
  }
  return width;
}

function elementWidth(node: AlternativeElementNode): number | undefined {
  switch (node.type) {
    case 'Character':
    case 'CharacterClass':
    case 'CharacterSet':
      return 1;
    case 'Assertion':
    case 'LookaroundAssertion':
      return 0;
    case 'Group':
    case 'CapturingGroup': {
      const widths = node.body.map((alternative) => widthOf(alternative.body));
      return widths.every((width) => width === widths[0]) ? widths[0] : undefined;
    }
    case 'Quantifier': {
      const once = elementWidth(node.body);
      return once === undefined || node.min !== node.max ? undefined : node.min * once;
    }
    case 'AbsenceFunction':
    case 'Backreference':
    case 'Directive':
    case 'NamedCallout':
    case 'Subroutine':
      return undefined;
  }
}
