/** @file Guards docs/reference: a key, a command or an event that changes shows there, or fails here. */
import { expect, test } from 'vitest';
import { commandsPage, configurationPage, eventsPage } from '../support/reference-pages.ts';

test.each([
  ['configuration', configurationPage],
  ['commands', commandsPage],
  ['events', eventsPage],
])('docs/reference/%s.md is current (npm run reference writes it anew)', async (name, page) => {
  const text = page();
  // A field without words would leave a hole.
  expect(text).not.toMatch(/\| +\|/);
  await expect(text).toMatchFileSnapshot(`../../docs/reference/${name}.md`);
});
