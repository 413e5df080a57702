import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { password_problem, SHORTEST } from './password';

it('judges a new password before the server is asked', () => {
  expect(password_problem('old', 'tooshort', 'tooshort')).toBe('short');
  expect(password_problem('old', 'long enough 1', 'long enough 2')).toBe('differ');
  expect(password_problem('long enough', 'long enough', 'long enough')).toBe('same');
  expect(password_problem('old', '十个汉字也算十个字符', '十个汉字也算十个字符')).toBeNull();
});

it('asks for as many characters as the server', () => {
  const header = readFileSync(new URL('../../../src/server/password.h', import.meta.url), 'utf8');
  expect(Number(/kMinimumPassword = (\d+)/.exec(header)?.[1])).toBe(SHORTEST);
});
