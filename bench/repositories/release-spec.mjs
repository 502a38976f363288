/** @file A release as it is typed: `maven:org.jsoup:jsoup@1.17.2`, `npm:@scope/name@1.0.0`. Pure. */

/** @returns {{ ecosystem: string, name: string, version: string } | undefined} undefined for anything else */
export function parseSpec(spec) {
  return /^(?<ecosystem>npm|pypi|maven):(?<name>.+)@(?<version>[^@]+)$/.exec(spec)?.groups;
}
