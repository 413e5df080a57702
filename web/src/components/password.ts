// What can be said of a new password before the server is asked; the server judges again. Pure.

/** As src/server/password.h has it. */
export const SHORTEST = 10;

export type PasswordProblem = 'short' | 'differ' | 'same';

export function password_problem(old: string, fresh: string, again: string): PasswordProblem | null {
  if ([...fresh].length < SHORTEST) return 'short';
  if (fresh !== again) return 'differ';
  if (fresh === old) return 'same';
  return null;
}
