import { expect } from 'vitest';
import { Failure, type FailureKind } from '../../../src/core/failure.ts';

/** The Failure that a promise is rejected with; anything else fails the test. */
export async function failureOf(promise: Promise<unknown>): Promise<Failure> {
  const thrown: unknown = await promise.then(
    (value) => new Error(`expected a Failure, got ${JSON.stringify(value)}`),
    (error: unknown) => error,
  );
  if (!(thrown instanceof Failure)) throw thrown as Error;
  return thrown;
}

/** Expects a promise to be rejected with a Failure of one of these kinds. */
export async function expectFailure(
  promise: Promise<unknown>,
  ...kinds: readonly FailureKind[]
): Promise<Failure> {
  const failure = await failureOf(promise);
  expect(kinds, failure.message).toContain(failure.kind);
  return failure;
}
